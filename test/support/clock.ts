import type { Clock } from '../../src/clock.ts';

export interface FakeClock extends Clock {
  /** Moves time on by `ms`: runs the timers that fall due, in order, letting what they started settle in between. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock alone, as when somebody sets it: timers and monotonic time stay. */
  set(at: number): void;
  /** How many timers wait. */
  timers(): number;
}

/** A clock that stands still until a test moves it; starts at `startAt` (epoch ms). */
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

/** Lets promises, and SQLite queries behind them, come to an end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
