import type { Clock } from '../clock.ts';
import { newId } from '../ids.ts';
import type { Added, Queryable, Store, StoreLog } from '../store/types.ts';
import { createFreeLapsed } from './lapsed.ts';
import {
  anyDue,
  backOffMs,
  failTask,
  finishTask,
  giveBack,
  type LeasedTask,
  leaseDue,
  nextRunAt,
  onTasks,
  type WantedKind,
} from './leases.ts';
import { createRuns, type Run } from './runs.ts';
import type { Lease, TaskHandler, TaskResult } from './types.ts';

export interface WorkerOptions {
  store: Store;
  /** `databaseClock` if several instances share a database, so that they agree on the time. */
  clock: Clock;
  log: StoreLog;
  /** The name of this process in its leases. */
  instance: string;
  /** For each kind of task: how many may run at once, and what to run. */
  handlers: Record<string, { concurrency: number; run: TaskHandler }>;
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
      const wanted = wantedKinds();
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

  /** How many more tasks of a kind may run now. */
  function roomFor(kind: string): number {
    let room = handlers[kind]?.concurrency ?? 0;
    for (const { task } of runs.list()) if (task.kind === kind) room--;
    return room;
  }

  function wantedKinds(): WantedKind[] {
    return kinds
      .map((kind) => ({ kind, count: roomFor(kind), except: lostKeys(kind) }))
      .filter(({ count }) => count > 0);
  }

  /** A task that runs here is never taken here again, even if its lease was lost and freed. */
  function lostKeys(kind: string): string[] {
    const lost = runs.list().filter(({ task, validUntil }) => task.kind === kind && validUntil === 0);
    return lost.map(({ task }) => task.key);
  }

  async function takeDue(wanted: WantedKind[]): Promise<void> {
    const owner = `${options.instance} ${newId('l')}`;
    let leasedAt = 0;
    const take = (on: Queryable) => {
      leasedAt = clock.monotonic();
      const now = clock.now();
      return leaseDue(on, store.dialect, wanted, owner, now, now + leaseMs);
    };
    const leased = await onTasks(store, take);
    for (const task of await withoutRunning(leased)) {
      const run = runs.add(task, leasedAt);
      run.ended = runToEnd(run);
    }
    for (const { kind, count } of wanted) {
      const taken = leased.filter((task) => task.kind === kind).length;
      if (taken < count) leftSome.delete(kind);
      else leftSome.add(kind);
      // Runs that ended during the read have made room.
      if (taken === count && roomFor(kind) > 0) anyMayBeDue = true;
    }
  }

  /**
   * A task that still runs here lost its lease and was freed by another worker. It waits until its run here has
   * ended.
   */
  async function withoutRunning(leased: LeasedTask[]): Promise<LeasedTask[]> {
    const again = leased.filter((task) => runs.find(task.kind, task.key) !== undefined);
    if (again.length === 0) return leased;
    for (const task of again) {
      const run = runs.find(task.kind, task.key);
      if (run !== undefined) runs.loseLease(run);
    }
    await onTasks(store, (on) => giveBack(on, again));
    return leased.filter((task) => !again.includes(task));
  }

  async function runToEnd(run: Run): Promise<void> {
    let gone = false;
    try {
      gone = await execute(run);
    } finally {
      runs.remove(run);
      // If the last read did not leave tasks of this kind for lack of room, nothing else of it is due.
      if (!gone || leftSome.has(run.task.kind)) wake();
    }
  }

  /** Runs a task to its end. Returns whether it was deleted from the table. */
  async function execute(run: Run): Promise<boolean> {
    const { task } = run;
    const lease: Lease = { valid: () => runs.stillValid(run), signal: run.controller.signal };
    let result: TaskResult;
    let failure: { error: unknown } | undefined;
    try {
      const { kind, key, attempts } = task;
      result = await handlers[kind]?.run({ kind, key, payload: JSON.parse(task.payload), attempts }, lease);
    } catch (error) {
      failure = { error };
    }
    if (failure !== undefined) {
      // It was stopped and did not fail: the next instance must not wait.
      const retryAt = clock.now() + (taking ? backOffMs(task.attempts) : 0);
      const err = failure.error;
      const facts = { err, kind: task.kind, key: task.key, attempts: task.attempts + 1, retryAt };
      if (taking) log.warn(facts, 'a task failed; it is retried');
      return await keep(run, (on) => failTask(on, task, retryAt, err));
    }
    const againAt = result?.againAt;
    return await keep(run, (on) =>
      finishTask(on, task, againAt === undefined ? undefined : Math.ceil(againAt)),
    );
  }

  /** Stores the end of a run while the lease is ours. If that fails, the task runs again after its lease lapses. */
  async function keep(run: Run, write: (on: Queryable) => Promise<boolean>): Promise<boolean> {
    for (let tries = 0; ; tries++) {
      try {
        return await onTasks(store, write);
      } catch (error) {
        const { kind, key } = run.task;
        if (tries === 0) log.warn({ err: error, kind, key }, 'the end of a task could not be stored');
        if (!taking || !runs.stillValid(run)) return false;
        await new Promise<void>((resolve) => clock.after(500, resolve));
      }
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
