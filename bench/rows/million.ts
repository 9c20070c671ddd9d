// The cost of a long past: the same measurements with a million past calls and with a few.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/types.ts';
import { type Measurement, median, ms, type Row } from '../figures.ts';
import { fill, numberOf, type Stage, startStage, untilPost } from '../stage.ts';

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

interface Times {
  start: number;
  submit: number;
  history: number;
  page: number;
}

async function measure(count: number, page: number, quick: boolean): Promise<Times> {
  const stage = await startStage({
    config: 'voice: { submit: { concurrency: 1, perSecond: 1000 } }\n',
    prepare: (folder) => writePast(join(folder, 'data'), undefined, count),
  });
  try {
    const submits: number[] = [];
    for (let index = 0; index < (quick ? 30 : 100); index++) {
      const modal = await fill(stage, { callee: numberOf(index) });
      await wait(50);
      const took = await untilPost(stage, modal.submit);
      if (took === undefined) throw new Error('no POST came within 3 s');
      if (index >= 10) submits.push(took);
    }
    return {
      start: stage.app.startMs,
      submit: median(submits),
      history: await historyOf(stage, 'history', quick),
      page: await historyOf(stage, `history ${page}`, quick),
    };
  } finally {
    await stage.stop();
  }
}

/** The median time from the command to its answer, ms. */
async function historyOf(stage: Stage, text: string, quick: boolean): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < (quick ? 20 : 60); index++) {
    const startedAt = performance.now();
    await stage.slack.command('U0ASHA', 'C0OPS', text);
    times.push(performance.now() - startedAt);
    await wait(10);
  }
  return median(times.slice(5));
}

/** Submit → POST, the history and the start with a million past calls, compared with a thousand. */
export const million: Measurement = {
  name: 'million',
  async run({ quick }) {
    const empty = await measure(few, 2, quick);
    const full = await measure(quick ? many / 5 : many, 300, quick);
    const row = (what: string, key: keyof Times): Row => ({
      what: `${quick ? '200,000' : '1,000,000'} past calls: ${what}`,
      voicecall: ms(full[key]),
      wanted: `≤ 1.2 × with a thousand (${ms(empty[key])}): ${(full[key] / empty[key]).toFixed(2)}`,
      met: full[key] <= 1.2 * empty[key],
    });
    return [
      row('Submit → POST, p50', 'submit'),
      row('`/voicecall history`', 'history'),
      row('`/voicecall history 300`', 'page'),
      row('start → ready', 'start'),
    ];
  },
};
