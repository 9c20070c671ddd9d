/** The only source of time: a test sets it, a PostgreSQL store corrects it by the database's own. */
export interface Clock {
  /** Wall-clock time, integer ms since the epoch. */
  now(): number;
  /** Time that never jumps, in ms; only differences mean something. For leases and time-outs. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`; the returned function cancels it. Does not keep the process alive. */
  after(delayMs: number, run: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
