/** The only source of time. A test sets it; a PostgreSQL store corrects it by the database's time. */
export interface Clock {
  /** Wall-clock time, integer ms since the epoch. */
  now(): number;
  /**
   * The wall clock's time at `at`, a time of `now`. The two differ while `now` catches up with a clock that was set.
   * For comparisons with other people's time: the time of day, Slack's messages.
   */
  wallOf(at: number): number;
  /** Time in ms that never jumps; only differences mean something. For leases and time-outs. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`. The returned function cancels it. Does not keep the process alive. */
  after(delayMs: number, run: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wallOf: (at) => at,
  monotonic: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Waits for an answer for at most `ms`, then returns `otherwise`. An answer that fails later is ignored. */
export async function within<Value, Otherwise>(
  clock: Pick<Clock, 'after'>,
  ms: number,
  answer: Promise<Value>,
  otherwise: Otherwise,
): Promise<Value | Otherwise> {
  const { promise: late, resolve } = Promise.withResolvers<Otherwise>();
  const cancel = clock.after(ms, () => resolve(otherwise));
  try {
    return await Promise.race([answer, late]);
  } finally {
    cancel();
  }
}

/** Waits for `ms`, or until the signal aborts. */
export async function waitOrAbort(
  clock: Pick<Clock, 'after'>,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  const stop = () => resolve();
  signal.addEventListener('abort', stop, { once: true });
  await promise;
  cancel();
  signal.removeEventListener('abort', stop);
}

/** A clock that is set by more than this (ms) is logged. */
const noticeableMs = 2_000;
/** A step forward by more than this is taken at once, ms, because it is rare. */
const takenAtOnceMs = 24 * 3_600_000;
/** How much faster or slower than real time it may run until it is right again. */
const mostChange = 0.25;

/**
 * A `now` for everything that is stored and waited for. It runs on monotonic time and follows `wall` without a jump:
 * after a person sets the clock, it runs at most a quarter faster or slower until both agree. So nothing becomes due
 * at once, nothing waits for hours, no stored time is in the future, and a task for in ten seconds runs after eight
 * to thirteen. It begins at `startAt`, or at `wall` if that is later. A step of more than a day forward is taken at
 * once: the machine slept, or started without knowing the time.
 */
export function followTime(options: {
  clock: Clock;
  wall: () => number;
  startAt: number;
  log: { warn(facts: object, message: string): void };
}): () => number {
  const { clock, wall, log } = options;
  let lastMonotonic = clock.monotonic();
  let now = Math.max(options.startAt, wall());
  let knownApart = 0;

  function noticeStep(apart: number): void {
    if (Math.abs(apart - knownApart) > noticeableMs) {
      const facts = { setByMs: Math.round(apart - knownApart), apartMs: Math.round(apart) };
      log.warn(
        facts,
        'the clock was set: due times follow, and the time shown is wrong until it has caught up',
      );
    }
    knownApart = apart;
  }

  return () => {
    const monotonic = clock.monotonic();
    const passed = Math.max(0, monotonic - lastMonotonic);
    lastMonotonic = monotonic;
    now += passed;
    const apart = wall() - now;
    noticeStep(apart);
    const most = apart > takenAtOnceMs ? apart : passed * mostChange;
    const change = Math.min(most, Math.max(-passed * mostChange, apart));
    now += change;
    knownApart -= change;
    return Math.round(now);
  };
}
