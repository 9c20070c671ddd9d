import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { addTask, removeTask } from '../../src/queue/enqueue.ts';
import {
  extendLeases,
  failTask,
  finishTask,
  freeAllTasks,
  freeTasks,
  heldTasks,
  type LeasedTask,
  leaseDue,
  leaseId,
} from '../../src/queue/leases.ts';
import type { Store } from '../../src/store/types.ts';
import { forEachDatabase, withStore } from '../support/store.ts';

/** The model of a task: when it is due, its payload, and what was added while it ran. */
interface ModelTask {
  runAt: number;
  priority: number;
  payload: number;
  attempts: number;
  asked: number | undefined;
  leased: { payload: number; runAt: number } | undefined;
}

const key = fc.constantFrom('a', 'b');
const time = fc.integer({ min: 0, max: 20 });
const step = fc.oneof(
  fc.record({
    do: fc.constant('enqueue' as const),
    key,
    runAt: time,
    priority: fc.constantFrom(0, 5),
    payload: fc.nat(99),
  }),
  fc.record({ do: fc.constant('cancel' as const), key }),
  fc.record({ do: fc.constant('lease' as const), now: time }),
  fc.record({
    do: fc.constantFrom('finish' as const, 'fail' as const),
    key,
    againAt: fc.option(time, { nil: undefined, freq: 2 }),
  }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

forEachDatabase((kind) => {
  suite(`tasks on ${kind}`, () => {
    test('add, cancel, lease, finish and fail in any order do what the model says', () =>
      withStore(
        async (store) => {
          const play = async (steps: Step[]) => {
            await store.transaction((tx) => tx.deleteFrom('tasks').execute());
            const model = new Map<string, ModelTask>();
            const held = new Map<string, LeasedTask>();
            for (const [index, each] of steps.entries()) {
              await store.transaction(async (tx) => {
                if (each.do === 'enqueue') {
                  await addTask(tx, { kind: 'k', ...each });
                  const known = model.get(each.key);
                  const { runAt, priority, payload } = each;
                  if (known === undefined) {
                    model.set(each.key, {
                      runAt,
                      priority,
                      payload,
                      attempts: 0,
                      asked: undefined,
                      leased: undefined,
                    });
                    return;
                  }
                  known.payload = payload;
                  known.priority = Math.min(known.priority, priority);
                  if (known.leased === undefined) known.runAt = Math.min(known.runAt, runAt);
                  else known.asked = Math.min(known.asked ?? runAt, runAt);
                } else if (each.do === 'cancel') {
                  await removeTask(tx, 'k', each.key);
                  model.delete(each.key);
                } else if (each.do === 'lease') {
                  const wanted = [{ kind: 'k', count: 9, except: [] }];
                  const leased = await leaseDue(tx, store.dialect, wanted, `owner ${index}`, each.now, 1000);
                  const due = [...model].filter(([, task]) => !task.leased && task.runAt <= each.now);
                  due.sort(([, one], [, other]) => one.priority - other.priority || one.runAt - other.runAt);
                  const order = ([name, task]: [string, ModelTask]) => [name, task.payload, task.attempts];
                  const got = leased.map((task) => [task.key, JSON.parse(task.payload), task.attempts]);
                  // Two equal ones may come in either order.
                  const tie =
                    due.length === 2 && new Set(due.map(([, t]) => `${t.priority} ${t.runAt}`)).size === 1;
                  const wants = due.map(order);
                  assert.deepEqual(tie ? got.sort() : got, tie ? wants.sort() : wants);
                  for (const task of leased) held.set(task.key, task);
                  for (const [, task] of due) task.leased = { payload: task.payload, runAt: task.runAt };
                } else {
                  const lease = held.get(each.key);
                  if (lease === undefined) return;
                  held.delete(each.key);
                  const task = model.get(each.key);
                  const live = task?.leased !== undefined;
                  if (each.do === 'finish') await finishTask(tx, lease, each.againAt);
                  else await failTask(tx, lease, each.againAt ?? 7, 'error');
                  if (!live) return;
                  const wish = each.do === 'finish' ? each.againAt : (each.againAt ?? 7);
                  const times = [wish, task.asked].filter((at) => at !== undefined);
                  if (times.length === 0) {
                    model.delete(each.key);
                    return;
                  }
                  task.runAt = Math.min(...times);
                  task.asked = undefined;
                  task.leased = undefined;
                  task.attempts = each.do === 'finish' ? 0 : task.attempts + 1;
                }
              });
              const rows = await store.read.selectFrom('tasks').selectAll().orderBy('key').execute();
              const stored = rows.map((row) => [
                row.key,
                row.run_at,
                row.next_run_at,
                row.priority,
                JSON.parse(row.payload),
                row.attempts,
                row.lease_owner !== null,
              ]);
              const expected = [...model]
                .sort(([one], [other]) => (one < other ? -1 : 1))
                .map(([name, task]) => [
                  name,
                  task.runAt,
                  task.asked ?? null,
                  task.priority,
                  task.payload,
                  task.attempts,
                  task.leased !== undefined,
                ]);
              assert.deepEqual(stored, expected);
            }
          };
          const numRuns = kind === 'sqlite' ? 60 : 15;
          await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 40 }), play), {
            numRuns,
          });
        },
        { kind },
      ));

    const freeHeld = async (store: Store, now: number) => {
      const held = await heldTasks(store, ['k'], now);
      await store.transaction((tx) => freeTasks(tx, store.dialect, held));
    };

    test('a freed task goes to the next worker, and the first holder no longer counts', () =>
      withStore(
        async (store) => {
          const lease = (owner: string, now: number) =>
            store.transaction((tx) =>
              leaseDue(tx, store.dialect, [{ kind: 'k', count: 1, except: [] }], owner, now, now + 100),
            );
          await store.transaction((tx) => addTask(tx, { kind: 'k', key: 'a', runAt: 0 }));
          const [first] = await lease('one', 0);
          assert.ok(first);
          // Whatever the clock says, only a process that saw no sign of the holder frees its tasks.
          assert.deepEqual(await lease('two', 1_000_000), []);
          await freeHeld(store, 100);
          const [second] = await lease('two', 100);
          assert.equal(second?.attempts, 1);
          await store.transaction((tx) => finishTask(tx, first, undefined));
          await store.transaction((tx) => failTask(tx, first, 0, 'late'));
          const row = await store.read.selectFrom('tasks').selectAll().executeTakeFirst();
          assert.equal(row?.lease_owner, 'two');
          assert.equal(row?.last_error, null);
        },
        { kind },
      ));

    test('what was added while a dead holder had the task is kept: its later time remains after the takeover', () =>
      withStore(
        async (store) => {
          const lease = (now: number) =>
            store.transaction((tx) =>
              leaseDue(tx, store.dialect, [{ kind: 'k', count: 1, except: [] }], `at ${now}`, now, now + 100),
            );
          await store.transaction((tx) => addTask(tx, { kind: 'k', key: 'a', runAt: 0 }));
          await lease(0);
          await store.transaction((tx) => addTask(tx, { kind: 'k', key: 'a', runAt: 5000 }));
          await freeHeld(store, 200);
          const [heir] = await lease(200);
          assert.ok(heir);
          await store.transaction((tx) => finishTask(tx, heir, undefined));
          const row = await store.read
            .selectFrom('tasks')
            .select(['run_at', 'lease_owner'])
            .executeTakeFirst();
          assert.deepEqual(row, { run_at: 5000, lease_owner: null });
        },
        { kind },
      ));

    test('what changed since it was seen is not freed', () =>
      withStore(
        async (store) => {
          await store.transaction((tx) => addTask(tx, { kind: 'k', key: 'a', runAt: 0 }));
          const wanted = [{ kind: 'k', count: 1, except: [] }];
          const [task] = await store.transaction((tx) => leaseDue(tx, store.dialect, wanted, 'one', 0, 100));
          assert.ok(task);
          const seen = await heldTasks(store, ['k'], 0);
          const beat = () => store.transaction((tx) => extendLeases(tx, store.dialect, [task], 200));
          assert.deepEqual(await beat(), { extended: new Set([leaseId(task)]), lost: new Set() });
          await store.transaction((tx) => freeTasks(tx, store.dialect, seen));
          assert.equal((await heldTasks(store, ['k'], 0)).length, 1);
          await store.transaction((tx) => freeAllTasks(tx, store.dialect));
          assert.deepEqual(await beat(), { extended: new Set(), lost: new Set([leaseId(task)]) });
        },
        { kind },
      ));

    if (kind === 'postgres')
      test('a heartbeat does not wait for a transaction that adds its tasks, and loses none', () =>
        withStore(
          async (store) => {
            for (const each of ['a', 'b'])
              await store.transaction((tx) => addTask(tx, { kind: 'k', key: each, runAt: 0 }));
            const wanted = [{ kind: 'k', count: 9, except: [] }];
            const tasks = store.tasks;
            assert.ok(tasks);
            const leased = await leaseDue(tasks, store.dialect, wanted, 'one', 0, 100);
            const asked = Promise.withResolvers<void>();
            const done = Promise.withResolvers<void>();
            const asking = store.transaction(async (tx) => {
              await addTask(tx, { kind: 'k', key: 'b', runAt: 5 });
              asked.resolve();
              await done.promise;
              // The opposite order of a heartbeat over both.
              await addTask(tx, { kind: 'k', key: 'a', runAt: 5 });
            });
            await asked.promise;
            const first = await extendLeases(tasks, store.dialect, leased, 200);
            assert.deepEqual(
              [...first.extended].map((id) => JSON.parse(id)[2]),
              ['a'],
            );
            assert.equal(first.lost.size, 0);
            done.resolve();
            await asking;
            const second = await extendLeases(tasks, store.dialect, leased, 300);
            assert.equal(second.extended.size, 2);
          },
          { kind },
        ));

    if (kind === 'postgres')
      test('all tasks are freed without waiting for one that a transaction holds', () =>
        withStore(
          async (store) => {
            for (const each of ['a', 'b'])
              await store.transaction((tx) => addTask(tx, { kind: 'k', key: each, runAt: 0 }));
            const wanted = [{ kind: 'k', count: 9, except: [] }];
            await store.transaction((tx) => leaseDue(tx, store.dialect, wanted, 'one', 0, 100));
            await store.transaction(async (tx) => {
              await addTask(tx, { kind: 'k', key: 'b', runAt: 5 });
              await store.transaction((other) => freeAllTasks(other, store.dialect));
            });
            assert.deepEqual(
              (await heldTasks(store, ['k'], 0)).map((each) => each.key),
              ['b'],
            );
          },
          { kind },
        ));
  });
});
