import type { Clock } from '../clock.ts';
import type { Store, StoreLog } from '../store/types.ts';
import { extendLeases, type LeasedTask, leaseId, onTasks } from './leases.ts';

/** A task that runs in this process. */
export interface Run {
  task: LeasedTask;
  controller: AbortController;
  /** By the monotonic clock, ms. After it another instance may hold the task. 0 once the lease is lost. */
  validUntil: number;
  cancelExpiry: () => void;
  ended: Promise<void>;
}

/** The tasks that run in this process. Their leases are extended while they run. */
export interface Runs {
  list(): Run[];
  /** The run of a task, also if its lease is lost. */
  find(kind: string, key: string): Run | undefined;
  has(id: string): boolean;
  /** Adds the run of a task that was leased at `leasedAt` (monotonic ms). */
  add(task: LeasedTask, leasedAt: number): Run;
  remove(run: Run): void;
  /** True while no other instance can hold the task. Once false, it stays false. */
  stillValid(run: Run): boolean;
  /** Aborts a run whose task another instance may hold. */
  loseLease(run: Run): void;
  /** Extends no more leases. */
  stop(): void;
}

/** The pause before extending a lease again, if another transaction was changing its task, ms. */
const beatAgainMs = 250;

/** Keeps the leases of running tasks: extends each every third of `leaseMs`, aborts the run of a lost one. */
export function createRuns(options: {
  store: Store;
  clock: Clock;
  log: StoreLog;
  /** How long a task of a dead instance stays leased, ms. */
  leaseMs: number;
}): Runs {
  const { store, clock, log, leaseMs } = options;
  // We stop after three quarters of the lease, because clocks differ and a running write needs time.
  const validMs = leaseMs * 0.75;
  const runs = new Map<string, Run>();
  let cancelBeat = () => {};
  let beating = false;

  function stillValid(run: Run): boolean {
    if (run.validUntil === 0) return false;
    if (clock.monotonic() < run.validUntil) return true;
    loseLease(run);
    return false;
  }

  function loseLease(run: Run): void {
    if (run.validUntil === 0) return;
    run.validUntil = 0;
    run.cancelExpiry();
    log.warn({ kind: run.task.kind, key: run.task.key }, 'the lease of a task was lost while it ran');
    run.controller.abort(new Error('The lease was lost.'));
  }

  function watchExpiry(run: Run): void {
    run.cancelExpiry();
    run.cancelExpiry = clock.after(run.validUntil - clock.monotonic(), () => {
      if (stillValid(run)) watchExpiry(run);
    });
  }

  function scheduleBeat(inMs = Math.floor(leaseMs / 3)): void {
    cancelBeat();
    cancelBeat = clock.after(inMs, () => {
      void beat();
      if (runs.size > 0) scheduleBeat();
    });
  }

  /** Extends the leases of all running tasks, and aborts the runs whose lease is lost. */
  async function beat(): Promise<void> {
    const held = [...runs.values()].filter(stillValid);
    if (beating || held.length === 0) return;
    beating = true;
    try {
      let extendedAt = 0;
      const { extended, lost } = await onTasks(store, (on) => {
        extendedAt = clock.monotonic();
        const tasks = held.map(({ task }) => task);
        return extendLeases(on, store.dialect, tasks, clock.now() + leaseMs);
      });
      for (const run of held) {
        const id = leaseId(run.task);
        if (!runs.has(id) || !stillValid(run)) continue;
        if (lost.has(id)) loseLease(run);
        if (!extended.has(id)) continue;
        run.validUntil = extendedAt + validMs;
        watchExpiry(run);
      }
      if (runs.size > 0 && extended.size + lost.size < held.length) scheduleBeat(beatAgainMs);
    } catch (error) {
      log.warn({ err: error }, 'leases could not be extended');
    } finally {
      beating = false;
    }
  }

  return {
    list: () => [...runs.values()],
    find: (kind, key) => [...runs.values()].find(({ task }) => task.kind === kind && task.key === key),
    has: (id) => runs.has(id),
    add(task, leasedAt) {
      const run: Run = {
        task,
        controller: new AbortController(),
        validUntil: leasedAt + validMs,
        cancelExpiry: () => {},
        ended: Promise.resolve(),
      };
      runs.set(leaseId(task), run);
      watchExpiry(run);
      if (runs.size === 1) scheduleBeat();
      return run;
    },
    remove(run) {
      run.cancelExpiry();
      runs.delete(leaseId(run.task));
      if (runs.size === 0) cancelBeat();
    },
    stillValid,
    loseLease,
    stop: () => cancelBeat(),
  };
}
