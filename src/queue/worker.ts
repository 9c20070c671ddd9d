import type { Clock } from '../clock.ts';
import type { Added, Store, StoreLog } from '../store/types.ts';
import { execute } from './execute.ts';
import { createFreeLapsed } from './lapsed.ts';
import { anyDue, nextRunAt, type WantedKind } from './leases.ts';
import { createRuns, type Run } from './runs.ts';
import { roomFor, takeTasks, wantedKinds } from './take.ts';
import type { Handlers } from './types.ts';

export interface WorkerOptions {
  store: Store;
  /** `databaseClock` if several instances share a database, so that they agree on the time. */
  clock: Clock;
  log: StoreLog;
  /** The name of this process in its leases. */
  instance: string;
  handlers: Handlers;
  /** True if no other process runs tasks of this database: tasks that are held at the start are taken at once. */
  alone?: boolean;
  /** How long a task of a dead instance stays leased, ms. */
  leaseMs?: number;
  /** The longest time between two reads of the task table, ms. */
  pollMs?: number;
}

export interface Worker {
  start(): void;
  /** Takes no more tasks, aborts the running ones, and resolves when they have ended. */
  stop(): Promise<void>;
  /** For tests: resolves when nothing is due at clock.now() and nothing runs. */
  idle(): Promise<void>;
  /** Reads the task table now. */
  wake(): void;
}

/** Another instance notices the missing heartbeat up to a second late, twice. With 7 s it takes over within 10 s. */
const usualLeaseMs = 7_000;

/**
 * Runs the tasks in the database. Each is held by a lease that is extended while it runs. A task may run twice (a
 * lapsed lease, or a crash before its end was stored); its effect may not: see `Lease.valid`.
 */
export function createWorker(options: WorkerOptions): Worker {
  const { store, clock, log, handlers, leaseMs = usualLeaseMs, pollMs = 1000 } = options;
  const kinds = Object.keys(handlers);
  const runs = createRuns({ store, clock, log, leaseMs });
  const freeLapsed = createFreeLapsed({
    store,
    clock,
    kinds,
    leaseMs,
    pollMs,
    alone: options.alone === true,
  });
  /** Kinds of which the last read took as many as it had room for: more may be due. */
  const leftSome = new Set<string>();
  let taking = false;
  /** True if any task may be due. The next look then reads the tasks of all kinds. */
  let anyMayBeDue = false;
  /** The tasks that were added here since the last look. If no other may be due, it reads only theirs. */
  let added = new Map<string, number>();
  /** When the last look at all tasks began: by the clock that they go by (epoch ms), and by the monotonic one. */
  let readUntil = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  let unreachable = false;
  let cancelSleep = () => {};
  let unsubscribe = () => {};

  function wake(tasks?: Added): void {
    if (tasks === undefined) anyMayBeDue = true;
    for (const [kind, runAt] of tasks ?? []) added.set(kind, Math.min(runAt, added.get(kind) ?? runAt));
    lookUnlessLooking();
  }

  function lookUnlessLooking(): void {
    if (!taking || looking !== undefined) return;
    cancelSleep();
    looking = look().then((delayMs) => {
      looking = undefined;
      if (!taking) return;
      if (mustLookAgain()) return lookUnlessLooking();
      cancelSleep = clock.after(delayMs, () => wake());
    });
  }

  function mustLookAgain(): boolean {
    return anyMayBeDue || added.size > 0;
  }

  /** Takes due tasks. Returns how long to sleep, ms. */
  async function look(): Promise<number> {
    try {
      const [all, tasks] = [anyMayBeDue || clock.monotonic() - readAt >= pollMs, added];
      anyMayBeDue = false;
      added = new Map();
      const wanted = wantedKinds(handlers, runs);
      if (wanted.length === 0) return pollMs;
      if (all) await takeAllDue(wanted);
      else await takeAdded(wanted, tasks);
      if (unreachable) log.info({}, 'the database is reachable again');
      unreachable = false;
      if (mustLookAgain()) return 0;
      const next = await nextRunAt(store, namesOf(wanted), readUntil);
      const pollInMs = all ? pollMs : readAt + pollMs - clock.monotonic();
      return Math.max(0, Math.min(pollInMs, next === undefined ? pollMs : next - clock.now()));
    } catch (error) {
      if (!unreachable) log.warn({ err: error }, 'the worker cannot read its tasks; it keeps retrying');
      unreachable = true;
      // A wake-up during the read would find the same tasks.
      anyMayBeDue = false;
      added = new Map();
      return pollMs;
    }
  }

  async function takeAllDue(wanted: WantedKind[]): Promise<void> {
    readUntil = clock.now();
    readAt = clock.monotonic();
    await freeLapsed(runs.has);
    // Often nothing is due, and a read costs much less than a transaction.
    if (await anyDue(store, namesOf(wanted), clock.now())) await takeDue(wanted);
    else for (const { kind } of wanted) leftSome.delete(kind);
  }

  /** Takes tasks that were just added here. A read of all kinds would delay the call that they may be. */
  async function takeAdded(wanted: WantedKind[], tasks: Added): Promise<void> {
    const now = clock.now();
    const due = wanted.filter(({ kind }) => (tasks.get(kind) ?? Number.POSITIVE_INFINITY) <= now);
    if (due.length > 0) await takeDue(due);
  }

  async function takeDue(wanted: WantedKind[]): Promise<void> {
    const { taken, started } = await takeTasks({ ...options, leaseMs, runs }, wanted);
    for (const run of started) run.ended = runToEnd(run);
    for (const { kind, count } of wanted) {
      const isFull = taken.get(kind) === count;
      if (isFull) leftSome.add(kind);
      else leftSome.delete(kind);
      // Runs that ended during the read have made room.
      if (isFull && roomFor(handlers, runs, kind) > 0) anyMayBeDue = true;
    }
  }

  async function runToEnd(run: Run): Promise<void> {
    let gone = false;
    try {
      gone = await execute({ ...options, runs, isStopped: () => !taking }, run);
    } finally {
      runs.remove(run);
      // If the last read did not leave tasks of this kind for lack of room, nothing else of it is due.
      if (!gone || leftSome.has(run.task.kind)) wake();
    }
  }

  return {
    start() {
      if (taking) return;
      taking = true;
      unsubscribe = store.onTasks(wake);
      wake();
    },
    async stop() {
      taking = false;
      unsubscribe();
      cancelSleep();
      await looking;
      for (const run of runs.list()) run.controller.abort(new Error('The worker stops.'));
      await Promise.all(runs.list().map(({ ended }) => ended));
      runs.stop();
    },
    async idle() {
      while (taking) {
        await looking;
        await Promise.all(runs.list().map(({ ended }) => ended));
        if (looking !== undefined || runs.list().length > 0) continue;
        if (!(await anyDue(store, kinds, clock.now()))) return;
        wake();
      }
    },
    wake,
  };
}

function namesOf(wanted: readonly WantedKind[]): string[] {
  return wanted.map(({ kind }) => kind);
}
