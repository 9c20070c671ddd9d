import type { Clock } from '../../src/clock.ts';

export interface FakeClock extends Clock {
  /** Moves time forward by `ms`: runs the timers that become due, in order, and lets their work settle in between. */
  advance(ms: number): Promise<void>;
  /** Sets only the wall clock, as a person may do. Timers and monotonic time do not change. */
  set(at: number): void;
  /** How many timers are waiting. */
  timers(): number;
}

/** A clock that only a test moves. Starts at `startAt` (epoch ms). */
export function createFakeClock(startAt = Date.UTC(2026, 0, 5, 9, 0, 0)): FakeClock {
  let wall = startAt;
  let monotonic = 1000;
  let order = 0;
  const waiting = new Set<{ at: number; order: number; run: () => void }>();

  const next = (until: number) => {
    let first: { at: number; order: number; run: () => void } | undefined;
    for (const timer of waiting) {
      if (timer.at > until) continue;
      const earlier = first === undefined || timer.at < first.at;
      if (earlier || (timer.at === first?.at && timer.order < first.order)) first = timer;
    }
    return first;
  };
  const moveTo = (at: number) => {
    wall += at - monotonic;
    monotonic = at;
  };

  return {
    now: () => wall,
    wallOf: (at) => at,
    monotonic: () => monotonic,
    after(delayMs, run) {
      const timer = { at: monotonic + Math.max(0, Math.ceil(delayMs)), order: order++, run };
      waiting.add(timer);
      return () => {
        waiting.delete(timer);
      };
    },
    async advance(ms) {
      const until = monotonic + ms;
      await settle();
      for (let timer = next(until); timer !== undefined; timer = next(until)) {
        waiting.delete(timer);
        moveTo(Math.max(timer.at, monotonic));
        timer.run();
        await settle();
      }
      moveTo(until);
      await settle();
    },
    set(at) {
      wall = at;
    },
    timers: () => waiting.size,
  };
}

/** Lets promises, and SQLite queries behind them, finish. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
