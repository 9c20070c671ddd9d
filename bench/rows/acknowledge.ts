import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startVoicePlatform } from '../../sandbox/voice/server.ts';
import { bareBolt, startMeasured, voicecall } from '../child.ts';
import { type Measurement, ms, quantile } from '../figures.ts';
import { startSlackStub } from '../slack-stub.ts';
import { recording } from '../stage.ts';

const run = promisify(execFile);
const perSecond = 100;
const signingSecret = 'bench-signing-secret';

/** Measures the answers' times (ms) of both programs, one after the other, with the same Slack. */
async function measure(program: string, seconds: number): Promise<{ times: number[]; modals: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'voicecall-bench-'));
  await writeFile(join(folder, 'voicecall.yaml'), `recordings: { fire-drill: ${recording} }\n`);
  const slack = await startSlackStub();
  const voice = await startVoicePlatform({ apiKey: 'bench-key', apiSecret: 'bench-secret' });
  const env = {
    SLACK_BOT_TOKEN: 'xoxb-bench',
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_API_URL: slack.url,
    VOICE_API_URL: voice.url,
    VOICE_API_KEY: voice.credentials.apiKey,
    VOICE_API_SECRET: voice.credentials.apiSecret,
    VOICE_APP_ID: voice.credentials.appId,
    VOICECALL_CONFIG: join(folder, 'voicecall.yaml'),
    DATA_DIR: join(folder, 'data'),
    LOG_LEVEL: 'error',
  };
  const app = await startMeasured(program, env, folder);
  try {
    const load = fileURLToPath(new URL('../load.ts', import.meta.url));
    const parameters = [load, String(app.port), String(perSecond), String(seconds), signingSecret];
    const { stdout } = await run(process.execPath, parameters);
    return { times: JSON.parse(stdout) as number[], modals: slack.calls.get('views.open') ?? 0 };
  } finally {
    await app.stop();
    await Promise.all([slack.stop(), voice.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Acknowledging /voicecall and opening its modal, compared with a Bolt app that only acknowledges. */
export const acknowledge: Measurement = {
  name: 'ack',
  async run({ quick }) {
    const seconds = quick ? 3 : 10;
    const bare = await measure(bareBolt, seconds);
    const ours = await measure(voicecall, seconds);
    const row = (share: number) => {
      const [here, there] = [quantile(ours.times, share), quantile(bare.times, share)];
      return { voicecall: ms(here), bareBolt: ms(there), ratio: here / there, here };
    };
    const [half, most] = [row(0.5), row(0.99)];
    const what = `acknowledge /voicecall, ${perSecond} requests/s for ${seconds} s (${ours.modals} modals opened)`;
    return [
      { ...half, what: `${what}, p50`, wanted: '≤ 1.5 × bare Bolt', met: half.ratio <= 1.5 },
      { ...most, what: 'the same, p99', wanted: '≤ 50 ms', met: most.here <= 50 },
    ];
  },
};
