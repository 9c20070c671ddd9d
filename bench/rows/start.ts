import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { bareBolt, startMeasured, voicecall } from '../child.ts';
import { type Measurement, median, megabytes, ms } from '../figures.ts';
import { startSlackStub } from '../slack-stub.ts';

/** How long after readiness memory is read, ms: by then the start's garbage is collected. */
const idleAfterMs = 1_000;

/** Starts a program once, without `dataDir` on a new database, and stops it. */
export async function measureStart(
  program: string,
  slackUrl: string,
  dataDir?: string,
): Promise<{ startMs: number; memory: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'voicecall-bench-'));
  const env = {
    SLACK_BOT_TOKEN: 'xoxb-bench',
    SLACK_SIGNING_SECRET: 'bench-signing-secret',
    SLACK_API_URL: slackUrl,
    VOICE_API_URL: 'http://127.0.0.1:9/voice',
    VOICE_API_KEY: 'bench-key',
    VOICE_API_SECRET: 'bench-secret',
    VOICE_APP_ID: 'bench-app',
    DATA_DIR: dataDir ?? join(folder, 'data'),
  };
  const app = await startMeasured(program, env, folder);
  try {
    await wait(idleAfterMs);
    return { startMs: app.startMs, memory: app.memory() };
  } finally {
    await app.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The time from spawn to ready and the idle memory, compared with a bare Bolt app, in turns. */
export const start: Measurement = {
  name: 'start',
  async run({ quick }) {
    const slack = await startSlackStub();
    try {
      const [ours, bare] = [[], []] as [
        { startMs: number; memory: number }[],
        { startMs: number; memory: number }[],
      ];
      for (let turn = 0; turn < (quick ? 3 : 5); turn++) {
        bare.push(await measureStart(bareBolt, slack.url));
        ours.push(await measureStart(voicecall, slack.url));
      }
      const startOf = (runs: typeof ours) => median(runs.map((run) => run.startMs));
      const memoryOf = (runs: typeof ours) => median(runs.map((run) => run.memory));
      const [startRatio, memoryRatio] = [startOf(ours) / startOf(bare), memoryOf(ours) / memoryOf(bare)];
      return [
        {
          what: `start → ready (median of ${ours.length})`,
          voicecall: ms(startOf(ours)),
          bareBolt: ms(startOf(bare)),
          ratio: startRatio,
          wanted: '< 1 s',
          met: startOf(ours) < 1_000,
        },
        {
          what: 'idle memory',
          voicecall: megabytes(memoryOf(ours)),
          bareBolt: megabytes(memoryOf(bare)),
          ratio: memoryRatio,
          wanted: '≤ 1.2 × bare Bolt',
          met: memoryRatio <= 1.2,
        },
      ];
    } finally {
      await slack.stop();
    }
  },
};
