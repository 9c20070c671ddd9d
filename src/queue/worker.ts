import type { Clock } from '../clock.ts';
import { newId } from '../ids.ts';
import type { Queryable, Store, StoreLog } from '../store/types.ts';
import {
  anyDue,
  backOffMs,
  extendLeases,
  failTask,
  finishTask,
  freeAllTasks,
  freeTasks,
  giveBack,
  type HeldTask,
  heldTasks,
  type LeasedTask,
  leaseDue,
  leaseId,
  nextRunAt,
  type WantedKind,
} from './leases.ts';
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

interface Run {
  task: LeasedTask;
  controller: AbortController;
  /** By the monotonic clock. After it another instance may hold the task. */
  validUntil: number;
  cancelExpiry: () => void;
  ended: Promise<void>;
}

/** The pause before extending a lease again, if another transaction was changing its task, ms. */
const beatAgainMs = 250;

/** Another instance notices the missing heartbeat up to a second late, twice. With 7 s it takes over within 10 s. */
const usualLeaseMs = 7_000;

/**
 * Runs the tasks in the database. Each is held by a lease that is extended while it runs. A task may run twice (a
 * lapsed lease, or a crash before its end was stored); its effect may not: see `Lease.valid`.
 * A lease has lapsed when this process saw it unchanged for `leaseMs` of its own monotonic time. No wall clock is
 * used, so setting a clock takes no task from a live holder and leaves none with a dead one.
 */
export function createWorker(options: WorkerOptions): Worker {
  const { store, clock, log, handlers, leaseMs = usualLeaseMs, pollMs = 1000 } = options;
  // We stop after three quarters of the lease, because clocks differ and a running write needs time.
  const validMs = leaseMs * 0.75;
  const kinds = Object.keys(handlers);
  const runs = new Map<string, Run>();
  /** Kinds of which the last read took as many as it had room for: more may be due. */
  const leftSome = new Set<string>();
  /** Leases of other workers, each with the monotonic time since which it was seen unchanged. */
  let seenSince = new Map<string, number>();
  let lookedAtHeld = Number.NEGATIVE_INFINITY;
  let freedAll = options.alone !== true;
  let taking = false;
  let lookAgain = false;
  let looking: Promise<void> | undefined;
  let unreachable = false;
  let cancelSleep = () => {};
  let cancelBeat = () => {};
  let beating = false;
  let unsubscribe = () => {};

  function wake(): void {
    lookAgain = true;
    if (!taking || looking !== undefined) return;
    cancelSleep();
    looking = look().then((delayMs) => {
      looking = undefined;
      if (!taking) return;
      if (lookAgain) return wake();
      cancelSleep = clock.after(delayMs, wake);
    });
  }

  /** Takes due tasks. Returns how long to sleep, ms. */
  async function look(): Promise<number> {
    try {
      lookAgain = false;
      const wanted = wantedKinds();
      if (wanted.length === 0) return pollMs;
      const now = clock.now();
      await freeLapsed(now);
      await takeDue(wanted);
      if (unreachable) log.info({}, 'the database is reachable again');
      unreachable = false;
      if (lookAgain) return 0;
      const next = await nextRunAt(
        store,
        wanted.map(({ kind }) => kind),
        now,
      );
      return next === undefined ? pollMs : Math.max(0, Math.min(pollMs, next - clock.now()));
    } catch (error) {
      if (!unreachable) log.warn({ err: error }, 'the worker cannot read its tasks; it keeps retrying');
      unreachable = true;
      // A wake-up during the read would find the same tasks.
      lookAgain = false;
      return pollMs;
    }
  }

  /** How many more tasks of a kind may run now. */
  function roomFor(kind: string): number {
    let room = handlers[kind]?.concurrency ?? 0;
    for (const { task } of runs.values()) if (task.kind === kind) room--;
    return room;
  }

  function wantedKinds(): WantedKind[] {
    return kinds
      .map((kind) => ({ kind, count: roomFor(kind), except: lostKeys(kind) }))
      .filter(({ count }) => count > 0);
  }

  /** A task that runs here is never taken here again, even if its lease was lost and freed. */
  function lostKeys(kind: string): string[] {
    const lost = [...runs.values()].filter(({ task, validUntil }) => task.kind === kind && validUntil === 0);
    return lost.map(({ task }) => task.key);
  }

  /** Frees the tasks whose leases have not changed for `leaseMs`. */
  async function freeLapsed(now: number): Promise<void> {
    if (!freedAll) {
      await onTasks((on) => freeAllTasks(on, store.dialect));
      freedAll = true;
      return;
    }
    const at = clock.monotonic();
    // A quarter of a lease is often enough, and saves a read for each task that ends.
    if (at - lookedAtHeld < Math.min(pollMs, leaseMs / 4)) return;
    lookedAtHeld = at;
    const held = await heldTasks(store, kinds, now);
    const seen = new Map<string, number>();
    const gone: HeldTask[] = [];
    for (const task of held) {
      if (runs.has(leaseId(task))) continue;
      const id = `${task.lease_until} ${leaseId(task)}`;
      const since = seenSince.get(id) ?? at;
      seen.set(id, since);
      if (at - since >= leaseMs) gone.push(task);
    }
    seenSince = seen;
    if (gone.length > 0) await onTasks((on) => freeTasks(on, store.dialect, gone));
  }

  /** Runs one statement in its own transaction. */
  async function onTasks<T>(run: (on: Queryable) => Promise<T>): Promise<T> {
    return store.tasks === undefined ? await store.transaction(run) : await run(store.tasks);
  }

  async function takeDue(wanted: WantedKind[]): Promise<void> {
    const owner = `${options.instance} ${newId('l')}`;
    let leasedAt = 0;
    const take = (on: Queryable) => {
      leasedAt = clock.monotonic();
      const now = clock.now();
      return leaseDue(on, store.dialect, wanted, owner, now, now + leaseMs);
    };
    // Often nothing is due, and a read costs much less than a transaction.
    const names = wanted.map(({ kind }) => kind);
    const leased = (await anyDue(store, names, clock.now())) ? await onTasks(take) : [];
    for (const task of await withoutRunning(leased)) begin(task, leasedAt + validMs);
    for (const { kind, count } of wanted) {
      const taken = leased.filter((task) => task.kind === kind).length;
      if (taken < count) leftSome.delete(kind);
      else leftSome.add(kind);
      // Runs that ended during the read have made room.
      if (taken === count && roomFor(kind) > 0) lookAgain = true;
    }
  }

  /**
   * A task that still runs here lost its lease and was freed by another worker. It waits until its run here has
   * ended.
   */
  async function withoutRunning(leased: LeasedTask[]): Promise<LeasedTask[]> {
    const runningHere = (task: LeasedTask) =>
      [...runs.values()].find((run) => run.task.kind === task.kind && run.task.key === task.key);
    const again = leased.filter((task) => runningHere(task) !== undefined);
    if (again.length === 0) return leased;
    for (const task of again) {
      const run = runningHere(task);
      if (run !== undefined) loseLease(run);
    }
    await onTasks((on) => giveBack(on, again));
    return leased.filter((task) => !again.includes(task));
  }

  function begin(task: LeasedTask, validUntil: number): void {
    const id = leaseId(task);
    const run: Run = {
      task,
      controller: new AbortController(),
      validUntil,
      cancelExpiry: () => {},
      ended: Promise.resolve(),
    };
    runs.set(id, run);
    watchExpiry(run);
    if (runs.size === 1) scheduleBeat();
    run.ended = end(run, id);
  }

  async function end(run: Run, id: string): Promise<void> {
    let gone = false;
    try {
      gone = await execute(run);
    } finally {
      run.cancelExpiry();
      runs.delete(id);
      if (runs.size === 0) cancelBeat();
      // If the last read did not leave tasks of this kind for lack of room, nothing else of it is due.
      if (!gone || leftSome.has(run.task.kind)) wake();
    }
  }

  /** True while no other instance can hold the task. Once false, it stays false. */
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
      const { extended, lost } = await onTasks((on) => {
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

  /** Runs a task to its end. Returns whether it was deleted from the table. */
  async function execute(run: Run): Promise<boolean> {
    const { task } = run;
    const lease: Lease = { valid: () => stillValid(run), signal: run.controller.signal };
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
        return await onTasks(write);
      } catch (error) {
        const { kind, key } = run.task;
        if (tries === 0) log.warn({ err: error, kind, key }, 'the end of a task could not be stored');
        if (!taking || !stillValid(run)) return false;
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
      for (const run of runs.values()) run.controller.abort(new Error('The worker stops.'));
      await Promise.all([...runs.values()].map(({ ended }) => ended));
      cancelBeat();
    },
    async idle() {
      while (taking) {
        await looking;
        await Promise.all([...runs.values()].map(({ ended }) => ended));
        if (looking !== undefined || runs.size > 0) continue;
        if (!(await anyDue(store, kinds, clock.now()))) return;
        wake();
      }
    },
    wake,
  };
}
