import type { Clock } from '../clock.ts';
import type { Queryable, Store, StoreLog } from '../store/types.ts';
import { backOffMs, failTask, finishTask, onTasks } from './leases.ts';
import type { Run, Runs } from './runs.ts';
import type { Handlers, Lease, TaskResult } from './types.ts';

interface Parts {
  store: Store;
  clock: Clock;
  log: StoreLog;
  handlers: Handlers;
  runs: Runs;
  /** True once the worker stops: a run that ends then was aborted, and did not fail. */
  isStopped: () => boolean;
}

/** Runs a task and stores how it ended. Returns whether it was deleted from the table. */
export async function execute(parts: Parts, run: Run): Promise<boolean> {
  const { clock, log, handlers, runs, isStopped } = parts;
  const { task } = run;
  const lease: Lease = { valid: () => runs.stillValid(run), signal: run.controller.signal };
  let result: TaskResult;
  try {
    const { kind, key, attempts } = task;
    result = await handlers[kind]?.run({ kind, key, payload: JSON.parse(task.payload), attempts }, lease);
  } catch (err) {
    // After a stop the next instance must not wait.
    const retryAt = clock.now() + (isStopped() ? 0 : backOffMs(task.attempts));
    const facts = { err, kind: task.kind, key: task.key, attempts: task.attempts + 1, retryAt };
    if (!isStopped()) log.warn(facts, 'a task failed; it is retried');
    return await storeEnd(parts, run, (on) => failTask(on, task, retryAt, err));
  }
  const againAt = result === undefined ? undefined : Math.ceil(result.againAt);
  return await storeEnd(parts, run, (on) => finishTask(on, task, againAt));
}

/** Stores the end of a run while the lease is ours. If that fails, the task runs again after its lease lapses. */
async function storeEnd(
  { store, clock, log, runs, isStopped }: Parts,
  run: Run,
  write: (on: Queryable) => Promise<boolean>,
): Promise<boolean> {
  for (let tries = 0; ; tries++) {
    try {
      return await onTasks(store, write);
    } catch (error) {
      const { kind, key } = run.task;
      if (tries === 0) log.warn({ err: error, kind, key }, 'the end of a task could not be stored');
      if (isStopped() || !runs.stillValid(run)) return false;
      await new Promise<void>((resolve) => clock.after(500, resolve));
    }
  }
}
