import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { type Clock, systemClock } from '../../src/clock.ts';
import { VoicecallError } from '../../src/errors.ts';
import { addTask } from '../../src/queue/enqueue.ts';
import type { Lease } from '../../src/queue/types.ts';
import { createWorker } from '../../src/queue/worker.ts';
import { databaseClock } from '../../src/store/clock.ts';
import { readMeta, writeMeta } from '../../src/store/meta.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/types.ts';
import { startPostgres } from '../support/postgres.ts';
import { startProxy } from '../support/proxy.ts';
import { databaseKinds, silentLog, withStore } from '../support/store.ts';

const dataDir = '/nonexistent';

function unavailable(error: unknown): boolean {
  assert.ok(error instanceof VoicecallError, String(error));
  assert.equal(error.code, 'store_unavailable');
  assert.equal(error.facts.problem, 'connection');
  return true;
}

/** Reads until a read fails or the time is over. */
async function readFor(store: Store, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    await readMeta(store.read, 'a');
    await sleep(5);
  }
}

async function until(condition: () => boolean, withinMs = 60_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition() && performance.now() < end) await sleep(5);
  assert.ok(condition(), 'it did not come to pass in time');
}

const open = (databaseUrl: string): Promise<Store> =>
  openStore({ databaseUrl, dataDir, clock: systemClock, log: silentLog });

// These need a server. Without one, the summary says that they were skipped.
if (databaseKinds.includes('postgres')) {
  test('a connection cut during a transaction: it runs again, and takes effect once', () =>
    withStore(
      async (store, database) => {
        const other = await database.open();
        let runs = 0;
        await store.transaction(async (tx) => {
          runs++;
          await writeMeta(tx, `run ${runs}`, '1');
          if (runs > 1) return;
          const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
          await sql`select pg_terminate_backend(${rows[0]?.pid ?? 0})`.execute(other.read);
          await sql`select 1`.execute(tx);
        });
        assert.equal(runs, 2);
        assert.equal(await readMeta(store.read, 'run 1'), undefined);
        assert.equal(await readMeta(store.read, 'run 2'), '1');
      },
      { kind: 'postgres' },
    ));

  test('a connection cut during the commit: nobody knows whether it was stored, so it is not retried', () =>
    withStore(
      async (direct, { databaseUrl = '' }) => {
        const proxy = await startProxy(databaseUrl);
        const store = await open(proxy.url);
        try {
          let armed = false;
          proxy.cutAfter((bytes) => armed && bytes.includes('commit'));
          let runs = 0;
          const writing = store.transaction(async (tx) => {
            runs++;
            await writeMeta(tx, 'ambiguous', '1');
            armed = true;
          });
          await assert.rejects(writing, unavailable);
          armed = false;
          assert.equal(runs, 1);
          assert.equal(await readMeta(direct.read, 'ambiguous'), '1', 'this one was kept');
          await store.transaction((tx) => writeMeta(tx, 'after', '1'));
        } finally {
          await store.close();
          await proxy.close();
        }
      },
      { kind: 'postgres' },
    ));

  test('deadlocks are retried', () =>
    withStore(
      async (store) => {
        await store.transaction(async (tx) => {
          for (const name of ['a', 'b']) await tx.insertInto('pacing').values({ name, next_at: 0 }).execute();
        });
        const add = (names: string[]) =>
          store.transaction(async (tx) => {
            for (const name of names) {
              await sql`update pacing set next_at = next_at + 1 where name = ${name}`.execute(tx);
              await sleep(30);
            }
          });
        await Promise.all([add(['a', 'b']), add(['b', 'a'])]);
        const rows = await store.read.selectFrom('pacing').select('next_at').execute();
        assert.deepEqual(rows, [{ next_at: 2 }, { next_at: 2 }]);
      },
      { kind: 'postgres' },
    ));

  test('tasks that one instance adds wake the other within 50 ms', () =>
    withStore(
      async (store, database) => {
        const other = await database.open();
        const seen: number[] = [];
        const run = async () => {
          seen.push(performance.now());
          return undefined;
        };
        const handlers = { job: { concurrency: 1, run } };
        const options = { clock: systemClock, log: silentLog, instance: 'two', handlers, pollMs: 60_000 };
        const worker = createWorker({ store: other, ...options });
        worker.start();
        await worker.idle();
        const tookMs: number[] = [];
        for (let round = 0; round < 50 && !tookMs.some((each) => each < 50); round++) {
          await store.transaction((tx) =>
            addTask(tx, { kind: 'job', key: String(round), runAt: Date.now() - 60_000 }),
          );
          const committed = performance.now();
          await until(() => seen.length === round + 1);
          tookMs.push((seen[round] ?? 0) - committed);
          await worker.idle();
        }
        await worker.stop();
        assert.ok(Math.min(...tookMs) < 50, `took ${tookMs.map(Math.round).join(', ')} ms`);
      },
      { kind: 'postgres' },
    ));

  test('instances whose own clocks are an hour off use the time of the database', () =>
    withStore(
      async (store) => {
        const hour = 3_600_000;
        let offset = hour;
        const wrong: Clock = { ...systemClock, now: () => Date.now() + offset };
        const clock = await databaseClock(store, wrong, silentLog);
        const off = () => Math.abs(clock.now() - Date.now());
        assert.ok(off() < 10_000, `off by ${off()} ms`);
        offset = -hour;
        assert.ok(off() < 10_000, 'setting the machine clock changes nothing');
        assert.ok(Number.isInteger(clock.now()));
        clock.stop();
      },
      { kind: 'postgres' },
    ));

  test('an instance without its database stops before another can take its task', () =>
    withStore(
      async (direct, { databaseUrl = '' }) => {
        const proxy = await startProxy(databaseUrl);
        const store = await open(proxy.url);
        const stopped: number[] = [];
        const takenOver: number[] = [];
        const hold = async (_task: unknown, lease: Lease) => {
          while (lease.valid()) await sleep(5);
          stopped.push(performance.now());
          return undefined;
        };
        const common = { clock: systemClock, log: silentLog, leaseMs: 4_000, pollMs: 50 };
        let started = false;
        const cutOff = createWorker({
          ...common,
          store,
          instance: 'one',
          handlers: {
            job: {
              concurrency: 1,
              run: (task, lease) => {
                started = true;
                return hold(task, lease);
              },
            },
          },
        });
        const other = createWorker({
          ...common,
          store: direct,
          instance: 'two',
          handlers: { job: { concurrency: 1, run: async () => void takenOver.push(performance.now()) } },
        });
        try {
          await direct.transaction((tx) => addTask(tx, { kind: 'job', key: 'a', runAt: Date.now() - 10 }));
          cutOff.start();
          await until(() => started);
          other.start();
          await sleep(5_000);
          assert.deepEqual([stopped, takenOver], [[], []], 'the lease is extended');
          proxy.freeze();
          await until(() => takenOver.length === 1);
          assert.equal(stopped.length, 1);
          assert.ok((stopped[0] ?? Number.POSITIVE_INFINITY) < (takenOver[0] ?? 0));
        } finally {
          await other.stop();
          await proxy.close();
          await cutOff.stop();
          await store.close();
        }
      },
      { kind: 'postgres' },
    ));

  test('a server restarted and killed under load: what was committed is there, once, and work continues', async () => {
    const postgres = await startPostgres();
    const stores = [await open(postgres.url), await open(postgres.url)];
    const ran = new Set<string>();
    const workers = stores.map((store, index) =>
      createWorker({
        store,
        clock: systemClock,
        log: silentLog,
        instance: `instance ${index}`,
        leaseMs: 2000,
        pollMs: 200,
        handlers: { job: { concurrency: 4, run: async ({ key }) => void ran.add(key) } },
      }),
    );
    let working = true;
    try {
      for (const worker of workers) worker.start();
      const committed: string[] = [];
      const load = stores.map(async (store, index) => {
        for (let count = 0; working; count++) {
          const key = `${index} ${count}`;
          try {
            await store.transaction(async (tx) => {
              await writeMeta(tx, key, 'kept');
              await addTask(tx, { kind: 'job', key, runAt: Date.now() });
            });
            committed.push(key);
          } catch (error) {
            unavailable(error);
          }
          await sleep(5);
        }
      });
      await sleep(300);
      await postgres.restart();
      await sleep(300);
      await postgres.kill();
      // A connection of a killed server answers until its own process ends.
      for (const store of stores) await assert.rejects(readFor(store, 60_000), unavailable);
      await postgres.start();
      const before = committed.length;
      await until(() => committed.length > before + 10);
      working = false;
      await Promise.all(load);
      await until(() => committed.every((key) => ran.has(key)));
      for (const store of stores) {
        const rows = await store.read.selectFrom('meta').select('name').execute();
        const kept = new Set(rows.map(({ name }) => name));
        assert.deepEqual(
          committed.filter((key) => !kept.has(key)),
          [],
        );
      }
    } finally {
      working = false;
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all(stores.map((store) => store.close()));
      await postgres.remove();
    }
  });

  test('openStore reports a server that is not there', async () => {
    const started = performance.now();
    await assert.rejects(open('postgres://nobody@127.0.0.1:1/none'), unavailable);
    assert.ok(performance.now() - started < 60_000);
  });
}
