/** The only source of time: a test sets it, a PostgreSQL store corrects it by the database's own. */
export interface Clock {
  /** Wall-clock time, integer ms since the epoch. */
  now(): number;
  /**
   * What the wall clock says, or said about `at`, a time of `now`: another one while `now` catches up with a clock that was
   * set. For what is compared with other people's time: of the day, of Slack's messages.
   */
  wallOf(at: number): number;
  /** Time that never jumps, in ms; only differences mean something. For leases and time-outs. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`; the returned function cancels it. Does not keep the process alive. */
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

/** A clock that is set by more than this is worth a line in the log, ms. */
const noticeableMs = 2_000;
/** Somebody sets a clock by more than this seldom enough that the new time may count at once, ms. */
const takenAtOnceMs = 24 * 3_600_000;
/** How much slower or faster than real time may go until it is right again. */
const mostChange = 0.25;

/**
 * A `now` for everything that is stored and waited for. It goes by monotonic time and follows `wall` without a jump:
 * after somebody set the clock it goes at most a quarter faster or slower until both agree. So nothing is due at once,
 * nothing waits for hours, no stored time lies ahead, and what was asked for in ten seconds comes in eight to thirteen.
 * It begins at `startAt`, or at `wall` where that is later. More than a day ahead is taken at once: the machine slept,
 * or began without knowing the time.
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
