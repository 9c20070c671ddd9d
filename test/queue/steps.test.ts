import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { followTime } from '../../src/clock.ts';
import { addTask } from '../../src/queue/enqueue.ts';
import type { Lease } from '../../src/queue/types.ts';
import { createWorker, type Worker } from '../../src/queue/worker.ts';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { hasHadItsTime } from '../support/quick.ts';
import { silentLog, withStore } from '../support/store.ts';

const minute = 60_000;
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('ask' as const), key: fc.constantFrom('a', 'b', 'c') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('set' as const), byMs: fc.integer({ min: -180, max: 60 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 6_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), worker: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const) }) },
);

interface Running {
  key: string;
  lease: Lease;
  end: () => void;
}

/** Two instances on one database. A killed one is replaced; it runs no timer and finishes nothing. */
function createInstances(
  store: Parameters<typeof createWorker>[0]['store'],
  machine: FakeClock,
  notedAt: () => number,
) {
  const running = new Set<Running>();
  const ran = new Map<string, number>();
  let names = 0;

  function startOne(): { worker: Worker; kill: () => void } {
    let alive = true;
    const mine = new Set<Running>();
    const follow = followTime({ clock: machine, wall: machine.now, startAt: notedAt(), log: silentLog });
    const clock = {
      now: follow,
      wallOf: (at: number) => at,
      monotonic: machine.monotonic,
      after: (delayMs: number, run: () => void) => machine.after(delayMs, () => alive && run()),
    };
    const worker = createWorker({
      store,
      clock,
      log: silentLog,
      instance: `i${names++}`,
      handlers: {
        job: {
          concurrency: 2,
          run: async ({ key }, lease) => {
            for (const each of running)
              assert.ok(each.key !== key || !each.lease.valid(), `${key} runs twice at the same time`);
            const { promise, resolve } = Promise.withResolvers<void>();
            const run = { key, lease, end: resolve };
            running.add(run);
            mine.add(run);
            await promise;
            running.delete(run);
            ran.set(key, (ran.get(key) ?? 0) + 1);
            return undefined;
          },
        },
      },
    });
    worker.start();
    const kill = () => {
      alive = false;
      for (const run of mine) running.delete(run);
    };
    return { worker, kill };
  }

  return { running, ran, startOne };
}

test('clocks that are set and processes that are killed: no task runs twice at once, and every task finishes', async () => {
  const over = hasHadItsTime();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      if (over()) return;
      const machine = createFakeClock();
      await withStore(
        async (store) => {
          const due = followTime({ clock: machine, wall: machine.now, startAt: 0, log: silentLog });
          // The time that the database has stored; a new process continues from it.
          let notedAt = due();
          const note = () => {
            notedAt = due();
            machine.after(30_000, note);
          };
          note();
          const { running, ran, startOne } = createInstances(store, machine, () => notedAt);
          const instances = [startOne(), startOne()];
          const asked = new Set<string>();
          for (const each of steps) {
            if (each.do === 'ask') {
              asked.add(each.key);
              await store.transaction((tx) =>
                addTask(tx, { kind: 'job', key: each.key, runAt: due() + 2_000 }),
              );
            } else if (each.do === 'set') machine.set(machine.now() + each.byMs * minute);
            else if (each.do === 'pass') await machine.advance(each.ms);
            else if (each.do === 'end') for (const run of running) run.end();
            else {
              instances[each.worker]?.kill();
              instances[each.worker] = startOne();
            }
          }
          // The time that was not stored, plus a wait of 2 s at the slowest pace, plus a killed one's lease, twice.
          for (let second = 0; second < 80; second++) {
            await machine.advance(1_000);
            for (const run of running) run.end();
          }
          for (const key of asked) assert.ok((ran.get(key) ?? 0) > 0, `${key} never ran`);
          const left = await store.read.selectFrom('tasks').select('key').execute();
          assert.deepEqual(left, []);
          for (const { worker } of instances) await worker.stop();
        },
        { clock: machine },
      );
    }),
    { numRuns: 25, endOnFailure: true },
  );
});
