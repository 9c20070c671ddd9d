import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addTask, removeTask } from '../../src/queue/enqueue.ts';
import { freeAllTasks } from '../../src/queue/leases.ts';
import type { Lease, Task, TaskResult } from '../../src/queue/types.ts';
import { createWorker, type Worker, type WorkerOptions } from '../../src/queue/worker.ts';
import type { Store } from '../../src/store/types.ts';
import { createFakeClock, type FakeClock } from '../support/clock.ts';
import { forEachDatabase, silentLog, type TestDatabase } from '../support/store.ts';
import { eventually } from '../support/world.ts';

type Handler = (task: Task, lease: Lease) => Promise<TaskResult>;

interface Bench {
  database: TestDatabase;
  store: Store;
  clock: FakeClock;
  worker(run: Handler, options?: Partial<WorkerOptions> & { concurrency?: number }): Worker;
  ask(
    key: string,
    runAt?: number,
    others?: { payload?: unknown; priority?: number; kind?: string },
  ): Promise<void>;
  rows(): Promise<Record<string, unknown>[]>;
}

/** A promise with its resolve function, for handlers that a test ends. */
function gate() {
  return Promise.withResolvers<void>();
}

/**
 * Moves the clock in small steps, with real time for PostgreSQL's answers. With a worker whose handler ends by itself,
 * each step waits until what is due has run.
 */
async function pass(bench: Bench, ms: number, worker?: Worker): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    await bench.clock.advance(Math.min(500, ms - passed));
    if (bench.database.kind === 'sqlite') continue;
    if (worker !== undefined) {
      await worker.idle();
      continue;
    }
    await sleep(15);
    // A busy machine takes longer.
    for (let turn = 0; turn < 5; turn++) await bench.rows();
  }
}

async function until(condition: () => boolean): Promise<void> {
  await eventually('it comes to pass', condition);
}

forEachDatabase((kind, create) => {
  suite(`worker on ${kind}`, () => {
    async function withBench(use: (bench: Bench) => Promise<void>): Promise<void> {
      const database = await create();
      const clock = createFakeClock();
      const workers: Worker[] = [];
      try {
        const store = await database.open({ clock });
        await use({
          database,
          store,
          clock,
          worker(run, { concurrency = 1, ...options } = {}) {
            const handlers = { job: { concurrency, run } };
            const worker = createWorker({
              store,
              clock,
              log: silentLog,
              instance: 'one',
              handlers,
              ...options,
            });
            workers.push(worker);
            worker.start();
            return worker;
          },
          ask: (key, runAt = clock.now(), others = {}) =>
            store.transaction((tx) => addTask(tx, { kind: 'job', key, runAt, ...others })),
          rows: () => store.read.selectFrom('tasks').selectAll().orderBy('key').execute(),
        });
      } finally {
        // After a failed assertion a handler may never end.
        await Promise.race([Promise.all(workers.map((worker) => worker.stop())), sleep(2000)]);
        await database.remove();
      }
    }

    test('runs an added task with its payload, and deletes it', () =>
      withBench(async (bench) => {
        const seen: Task[] = [];
        const worker = bench.worker(async (task) => {
          seen.push(task);
          return undefined;
        });
        await bench.ask('a', bench.clock.now(), { payload: { x: [1] } });
        await worker.idle();
        assert.deepEqual(seen, [{ kind: 'job', key: 'a', payload: { x: [1] }, attempts: 0 }]);
        assert.deepEqual(await bench.rows(), []);
      }));

    test('waits until the task is due, by the clock', () =>
      withBench(async (bench) => {
        const ranAt: number[] = [];
        const worker = bench.worker(async () => {
          ranAt.push(bench.clock.now());
          return undefined;
        });
        const due = bench.clock.now() + 90_250;
        await bench.ask('a', due);
        await worker.idle();
        await pass(bench, 90_000, worker);
        assert.deepEqual(ranAt, []);
        await pass(bench, 500, worker);
        await worker.idle();
        assert.equal(ranAt.length, 1);
        assert.ok((ranAt[0] ?? 0) >= due);
      }));

    test('a look that finds nothing due changes nothing in the database', () =>
      withBench(async (bench) => {
        let writes = 0;
        const store: Store = {
          ...bench.store,
          transaction: (run, options) => {
            writes++;
            return bench.store.transaction(run, options);
          },
        };
        const worker = bench.worker(async () => undefined, { store });
        await bench.ask('later', bench.clock.now() + 90_000);
        await pass(bench, 5_000);
        await worker.idle();
        assert.equal(writes, 0);
      }));

    test('low priority numbers go first, then the earlier time', () =>
      withBench(async (bench) => {
        const now = bench.clock.now();
        await bench.ask('c', now - 10);
        await bench.ask('b', now - 20);
        await bench.ask('d', now - 30, { priority: 9 });
        await bench.ask('a', now - 1, { priority: 0 });
        const order: string[] = [];
        const worker = bench.worker(async ({ key }) => {
          order.push(key);
          return undefined;
        });
        await worker.idle();
        assert.deepEqual(order, ['a', 'b', 'c', 'd']);
      }));

    test('keeps to the concurrency of each kind, and a full kind does not delay others', () =>
      withBench(async (bench) => {
        const held = gate();
        let running = 0;
        let most = 0;
        let others = 0;
        const worker = bench.worker(async () => undefined, {
          handlers: {
            slow: {
              concurrency: 2,
              run: async () => {
                most = Math.max(most, ++running);
                await held.promise;
                running--;
                return undefined;
              },
            },
            quick: { concurrency: 1, run: async () => void others++ },
          },
        });
        for (const key of ['1', '2', '3', '4', '5'])
          await bench.ask(key, undefined, { kind: 'slow', priority: 0 });
        for (const key of ['1', '2', '3']) await bench.ask(key, undefined, { kind: 'quick', priority: 9 });
        await until(() => others === 3);
        assert.equal(running, 2);
        held.resolve();
        await worker.idle();
        assert.equal(most, 2);
        assert.deepEqual(await bench.rows(), []);
      }));

    test('added again while it runs, it runs once more; added for later, it runs later', () =>
      withBench(async (bench) => {
        const held = gate();
        const payloads: unknown[] = [];
        const worker = bench.worker(async ({ payload }) => {
          payloads.push(payload);
          if (payloads.length === 1) await held.promise;
          return undefined;
        });
        await bench.ask('a', undefined, { payload: 1 });
        await until(() => payloads.length === 1);
        await bench.ask('a', bench.clock.now() + 60_000, { payload: 2 });
        await bench.ask('a', bench.clock.now() + 30_000, { payload: 3 });
        held.resolve();
        await worker.idle();
        assert.deepEqual(payloads, [1]);
        await pass(bench, 29_000, worker);
        await worker.idle();
        assert.deepEqual(payloads, [1]);
        await pass(bench, 1500, worker);
        await worker.idle();
        assert.deepEqual(payloads, [1, 3]);
        assert.deepEqual(await bench.rows(), []);
      }));

    test('againAt runs it again; a task cancelled while it runs does not run again', () =>
      withBench(async (bench) => {
        const ranAt: number[] = [];
        const start = bench.clock.now();
        const worker = bench.worker(async () => {
          ranAt.push(bench.clock.now() - start);
          if (ranAt.length === 2) await bench.store.transaction((tx) => removeTask(tx, 'job', 'a'));
          return { againAt: bench.clock.now() + 5000 };
        });
        await bench.ask('a');
        await worker.idle();
        await pass(bench, 20_000, worker);
        await worker.idle();
        assert.deepEqual(ranAt, [0, 5000]);
        assert.deepEqual(await bench.rows(), []);
      }));

    test('a failing task is retried after 1 s, 2 s, 4 s … and its error is stored', () =>
      withBench(async (bench) => {
        const ranAt: number[] = [];
        const attempts: number[] = [];
        const start = bench.clock.now();
        const worker = bench.worker(async (task) => {
          ranAt.push(bench.clock.now() - start);
          attempts.push(task.attempts);
          if (ranAt.length < 4) throw new Error('first line\nsecond line');
          return undefined;
        });
        await bench.ask('a');
        await worker.idle();
        const [row] = await bench.rows();
        assert.equal(row?.last_error, 'first line');
        assert.equal(row?.lease_owner, null);
        await pass(bench, 12_000, worker);
        await worker.idle();
        assert.deepEqual(attempts, [0, 1, 2, 3]);
        const gaps = ranAt.slice(1).map((at, index) => at - (ranAt[index] ?? 0));
        for (const [index, gap] of gaps.entries()) {
          const backOff = 1000 * 2 ** index;
          assert.ok(gap >= backOff * 0.8 && gap <= backOff * 1.2 + 1000, `gap ${index}: ${gap}`);
        }
        assert.deepEqual(await bench.rows(), []);
      }));

    test('two workers never run one task at the same time, and every task runs', () =>
      withBench(async (bench) => {
        const other = kind === 'postgres' ? await bench.database.open({ clock: bench.clock }) : bench.store;
        const running = new Set<string>();
        const ran: string[] = [];
        const run: Handler = async ({ key }) => {
          assert.ok(!running.has(key), `${key} runs twice`);
          running.add(key);
          await sleep(1);
          running.delete(key);
          ran.push(key);
          return undefined;
        };
        const workers = [
          bench.worker(run, { concurrency: 3 }),
          bench.worker(run, { concurrency: 3, store: other, instance: 'two' }),
        ];
        const keys = Array.from({ length: 60 }, (_, index) => `task ${index}`);
        await Promise.all(keys.map((key) => bench.ask(key)));
        await until(() => ran.length >= keys.length);
        await Promise.all(workers.map((worker) => worker.idle()));
        assert.deepEqual(ran.sort(), keys.sort());
      }));

    test("a dead instance's task is taken over within 10 s, as another attempt", () =>
      withBench(async (bench) => {
        const dead = bench.worker(() => new Promise(() => {}), {
          clock: { ...bench.clock, after: () => () => {} },
        });
        dead.stop = async () => {};
        await bench.ask('a');
        await eventually('it is leased', async () => (await bench.rows())[0]?.lease_owner !== null);
        const seen: number[] = [];
        const heir = bench.worker(
          async ({ attempts }) => {
            seen.push(attempts);
            return undefined;
          },
          { instance: 'two' },
        );
        await pass(bench, 6000);
        assert.deepEqual(seen, []);
        await pass(bench, 3000);
        await heir.idle();
        assert.deepEqual(seen, [1]);
      }));

    test('the lease of a running task is extended while it runs', () =>
      withBench(async (bench) => {
        const held = gate();
        let lease: Lease | undefined;
        let others = 0;
        const worker = bench.worker(async (_task, given) => {
          lease = given;
          await held.promise;
          return undefined;
        });
        await bench.ask('a');
        await until(() => lease !== undefined);
        const other = bench.worker(async () => void others++, { instance: 'two' });
        await pass(bench, 60_000);
        assert.equal(lease?.valid(), true);
        assert.equal(lease?.signal.aborted, false);
        held.resolve();
        await worker.idle();
        await other.idle();
        assert.equal(others, 0);
        assert.deepEqual(await bench.rows(), []);
      }));

    test('an instance that was paused knows that its lease has lapsed, and its end does not affect the new holder', () =>
      withBench(async (bench) => {
        const held = gate();
        const otherHeld = gate();
        let lease: Lease | undefined;
        let paused = 0;
        // Like SIGSTOP: time passes, and no timer runs.
        const clock = {
          ...bench.clock,
          monotonic: () => bench.clock.monotonic() + paused,
          after: () => () => {},
        };
        const worker = bench.worker(
          async (_task, given) => {
            lease = given;
            await held.promise;
            return undefined;
          },
          { clock },
        );
        await bench.ask('a');
        await until(() => lease !== undefined);
        assert.equal(lease?.valid(), true);
        paused = 6000;
        assert.equal(lease?.valid(), false);
        assert.equal(lease?.signal.aborted, true);
        paused = 0;
        assert.equal(lease?.valid(), false, 'lost for good');
        let otherRuns = 0;
        const other = bench.worker(
          async () => {
            otherRuns++;
            await otherHeld.promise;
            return undefined;
          },
          { instance: 'two' },
        );
        await pass(bench, 9500);
        await until(() => otherRuns === 1);
        held.resolve();
        await worker.stop();
        const [row] = await bench.rows();
        assert.ok(String(row?.lease_owner).startsWith('two '));
        otherHeld.resolve();
        await other.idle();
        assert.deepEqual(await bench.rows(), []);
      }));

    test('stop waits for running tasks, aborts their signals, and takes no more', () =>
      withBench(async (bench) => {
        const held = gate();
        const started: string[] = [];
        let aborted = false;
        const worker = bench.worker(async ({ key }, lease) => {
          started.push(key);
          lease.signal.addEventListener('abort', () => {
            aborted = true;
          });
          await held.promise;
          return undefined;
        });
        await bench.ask('a');
        await until(() => started.length === 1);
        let stopped = false;
        const stopping = worker.stop().then(() => {
          stopped = true;
        });
        await bench.ask('b');
        await sleep(20);
        assert.equal(aborted, true);
        assert.equal(stopped, false);
        held.resolve();
        await stopping;
        assert.deepEqual(started, ['a']);
        assert.deepEqual(
          (await bench.rows()).map(({ key }) => key),
          ['b'],
        );
      }));

    const hour = 3_600_000;
    for (const [name, stepMs] of [
      ['an hour ahead', hour],
      ['three hours back', -3 * hour],
    ] as const) {
      test(`a clock set ${name} while a task runs: it runs once, here and elsewhere`, () =>
        withBench(async (bench) => {
          const held = gate();
          let lease: Lease | undefined;
          let runs = 0;
          const run: Handler = async (_task, given) => {
            runs++;
            lease ??= given;
            await held.promise;
            return undefined;
          };
          const workers = [bench.worker(run, { concurrency: 3 }), bench.worker(run, { instance: 'two' })];
          await bench.ask('a');
          await until(() => runs === 1);
          bench.clock.set(bench.clock.now() + stepMs);
          await pass(bench, 30_000);
          assert.equal(runs, 1);
          assert.equal(lease?.valid(), true);
          held.resolve();
          await Promise.all(workers.map((worker) => worker.idle()));
          assert.deepEqual(await bench.rows(), []);
        }));
    }

    test('a lease far in the future is taken over like any other', () =>
      withBench(async (bench) => {
        await bench.ask('a');
        await bench.store.transaction((tx) =>
          tx
            .updateTable('tasks')
            .set({ lease_owner: 'dead l_1', lease_until: bench.clock.now() + hour })
            .execute(),
        );
        let runs = 0;
        const worker = bench.worker(async () => void runs++);
        await pass(bench, 6_000);
        assert.equal(runs, 0);
        await pass(bench, 3_000);
        await worker.idle();
        assert.equal(runs, 1);
      }));

    test('tasks that are added all the time delay neither a timed task nor the tasks of a dead instance', () =>
      withBench(async (bench) => {
        const { clock, store } = bench;
        const startAt = clock.now();
        await bench.ask('dead', startAt);
        await store.transaction((tx) =>
          tx
            .updateTable('tasks')
            .set({ lease_owner: 'dead l_1', lease_until: startAt + 7_000 })
            .execute(),
        );
        await bench.ask('timed', startAt + 5_250);
        const ranAt = new Map<string, number>();
        const job = async ({ key }: Task) => void ranAt.set(key, clock.now());
        // With room for more, the end of a run is no reason to look at all tasks.
        const handlers = { job: { concurrency: 5, run: job }, other: { concurrency: 5, run: job } };
        bench.worker(job, { handlers });
        for (let passed = 0; passed < 10_000; passed += 250) {
          // A busy process notices late that a task is due; here something is added before that.
          if (passed === 5_000) clock.set(startAt + 5_300);
          await bench.ask('other', clock.now(), { kind: 'other' });
          await eventually('it has run', async () =>
            (await bench.rows()).every(({ key }) => key !== 'other'),
          );
          await pass(bench, 250);
        }
        const lateMs = (ranAt.get('timed') ?? Number.NaN) - startAt - 5_250;
        assert.ok(lateMs >= 0 && lateMs < 1_000, `${lateMs} ms`);
        const takenAfterMs = (ranAt.get('dead') ?? Number.NaN) - startAt;
        assert.ok(takenAfterMs >= 7_000 && takenAfterMs < 10_000, `${takenAfterMs} ms`);
      }));

    test('a process that is alone takes at once what another left', () =>
      withBench(async (bench) => {
        await bench.ask('a');
        await bench.store.transaction((tx) =>
          tx
            .updateTable('tasks')
            .set({ lease_owner: 'dead l_1', lease_until: bench.clock.now() + hour })
            .execute(),
        );
        const attempts: number[] = [];
        const worker = bench.worker(async (task) => void attempts.push(task.attempts), { alone: true });
        await worker.idle();
        await until(() => attempts.length === 1);
        assert.deepEqual(attempts, [1]);
      }));

    test('a task that runs here is never taken here again, also when its lease was lost and freed', () =>
      withBench(async (bench) => {
        const held = gate();
        let runs = 0;
        let lease: Lease | undefined;
        const worker = bench.worker(
          async (_task, given) => {
            runs++;
            lease = given;
            await held.promise;
            return undefined;
          },
          { concurrency: 2 },
        );
        await bench.ask('a');
        await until(() => runs === 1);
        await bench.store.transaction((tx) => freeAllTasks(tx, bench.store.dialect));
        await pass(bench, 12_000);
        assert.equal(lease?.valid(), false);
        assert.equal(runs, 1);
        held.resolve();
        await until(() => runs === 2);
        await worker.idle();
        assert.deepEqual(await bench.rows(), []);
      }));
  });
});
