// The cost of a long past: the same measurements with a million past calls and with a few.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/types.ts';
import { voicecall } from '../child.ts';
import { type Measurement, median, ms, type Row } from '../figures.ts';
import { startSlackStub } from '../slack-stub.ts';
import { fill, numberOf, type Stage, startStage, untilPost } from '../stage.ts';
import { measureStart } from './start.ts';

const callsPerRequest = 50;
const few = 20;
const many = 20_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Stores `count` past requests of one person, each with 50 answered calls, an hour apart. */
async function writePast(dataDir: string, databaseUrl: string | undefined, count: number): Promise<void> {
  const store = await openStore({ dataDir, databaseUrl, clock: systemClock, log: silent });
  try {
    for (let start = 0; start < count; start += 100) {
      const numbers = Array.from({ length: Math.min(100, count - start) }, (_, index) => start + index);
      await writeSome(store, numbers);
    }
  } finally {
    await store.close();
  }
}

async function writeSome(store: Store, numbers: number[]): Promise<void> {
  const longAgo = Date.now() - (many + 48) * 3_600_000;
  const at = (number: number) => longAgo + number * 3_600_000;
  await store.transaction(async (tx) => {
    await tx
      .insertInto('requests')
      .values(
        numbers.map((number) => ({
          ...({ id: `rpast${number}`, team_id: 'T0SANDBOX', origin: 'person', state: 'done' } as const),
          ...{ requested_by: 'U0ASHA', channel_id: 'C0OPS', asked_in: 'C0OPS', note: '', duplicates: 0 },
          audio: '{"kind":"recording","fileId":"f.mp3","name":"drill"}' as never,
          ...{ options: '{}' as never, countries: '[{"country":"IN","callees":50}]' as never },
          ...{ callees: callsPerRequest, hash: 'h', on_unknown: 'hold' as const, priority: 5 },
          ...{ created_at: at(number), changed_at: at(number), finished_at: at(number) },
        })),
      )
      .execute();
    await tx
      .insertInto('submissions')
      .values(
        numbers.map((number) => ({
          ...{ id: `spast${number}`, request_id: `rpast${number}`, ordinal: 1, priority: 5, tries: 1 },
          ...{ state: 'accepted' as const, token: `tpast${number}`, callees: callsPerRequest },
          ...{ ready_at: at(number), next_try_at: at(number), sending_at: at(number) },
        })),
      )
      .execute();
    for (const number of numbers) {
      await tx
        .insertInto('calls')
        .values(
          Array.from({ length: callsPerRequest }, (_, index) => ({
            ...{ request_id: `rpast${number}`, position: index + 1, submission_id: `spast${number}` },
            ...{ callee: `9197${String(index).padStart(8, '0')}`, name: null, state: 'answered' as const },
            ...{ voice_id: `past${number}-${index}`, dialled_at: at(number), reported_at: at(number) },
          })),
        )
        .execute();
    }
  });
}

type Times = Record<'start' | 'submit' | 'history' | 'page', number[]>;

/** Starts the app on a database, five times in turns with the other. */
async function measureStarts(databases: readonly string[]): Promise<number[][]> {
  const slack = await startSlackStub();
  try {
    const times = databases.map((): number[] => []);
    for (let turn = 0; turn < 5; turn++) {
      for (const [index, dataDir] of databases.entries())
        times[index]?.push((await measureStart(voicecall, slack.url, dataDir)).startMs);
    }
    return times;
  } finally {
    await slack.stop();
  }
}

async function submitOnce(stage: Stage, index: number): Promise<number> {
  const modal = await fill(stage, { callee: numberOf(index) });
  await wait(50);
  const took = await untilPost(stage, modal.submit);
  if (took === undefined) throw new Error('no POST came within 3 s');
  return took;
}

/** From the command to its answer, ms. */
async function historyOnce(stage: Stage, text: string): Promise<number> {
  const startedAt = performance.now();
  await stage.slack.command('U0ASHA', 'C0OPS', text);
  const took = performance.now() - startedAt;
  await wait(10);
  return took;
}

/** Measures both databases in turns, so that what else the machine does affects both alike. */
async function measure(databases: readonly string[], quick: boolean): Promise<Times[]> {
  const starts = await measureStarts(databases);
  const config = 'voice: { submit: { concurrency: 1, perSecond: 1000 } }\n';
  const stages: Stage[] = [];
  try {
    for (const dataDir of databases) stages.push(await startStage({ config, env: { DATA_DIR: dataDir } }));
    const all = stages.map(
      (_, index): Times => ({ start: starts[index] ?? [], submit: [], history: [], page: [] }),
    );
    const inTurns = async (
      what: keyof Times,
      times: number,
      once: (stage: Stage, index: number) => Promise<number>,
    ) => {
      for (let index = 0; index < times; index++) {
        for (const [which, stage] of stages.entries()) {
          const took = await once(stage, index);
          // The first ones load code.
          if (index >= times / 10) all[which]?.[what].push(took);
        }
      }
    };
    await inTurns('submit', quick ? 30 : 100, submitOnce);
    await inTurns('history', quick ? 20 : 60, (stage) => historyOnce(stage, 'history'));
    await inTurns('page', quick ? 20 : 60, (stage) =>
      // Page 300 of the long past; of the short one there is page 2.
      historyOnce(stage, stage === stages[0] ? 'history 2' : 'history 300'),
    );
    return all;
  } finally {
    for (const stage of stages) await stage.stop();
  }
}

/** Submit → POST, the history and the start with a million past calls, compared with a thousand. */
export const million: Measurement = {
  name: 'million',
  async run({ quick }) {
    const folder = await mkdtemp(join(tmpdir(), 'voicecall-bench-'));
    try {
      const databases = [join(folder, 'few'), join(folder, 'many')] as const;
      await writePast(databases[0], undefined, few);
      await writePast(databases[1], undefined, quick ? many / 5 : many);
      const [empty, full] = await measure(databases, quick);
      const row = (what: string, key: keyof Times): Row => {
        const [short, long] = [median(empty?.[key] ?? []), median(full?.[key] ?? [])];
        return {
          what: `${quick ? '200,000' : '1,000,000'} past calls: ${what}`,
          voicecall: ms(long),
          wanted: `≤ 1.2 × with a thousand (${ms(short)}): ${(long / short).toFixed(2)}`,
          met: long <= 1.2 * short,
        };
      };
      return [
        row('Submit → POST, p50', 'submit'),
        row('`/voicecall history`', 'history'),
        row('`/voicecall history 300`', 'page'),
        row('start → ready, median of 5', 'start'),
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
