import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';

/** The platform accepts half an hour either side: a small difference does no harm. */
const warnAboveMs = 60_000;
const correctAboveMs = 5 * 60_000;

/** The platform's time, as far as this machine knows it. */
export interface PlatformClock {
  /**
   * The time to sign with, epoch ms: our clock, or the platform's if the two differ much or a signature was refused
   * for its time.
   */
  now(): number;
  /** Learns from the Date header of an answer. Ignores a missing or unreadable one. */
  observe(dateHeader: string | null): void;
  /** The platform refused our time (code -16): from now on every signature uses the platform's time. */
  refused(): void;
  /** The platform's clock minus ours, ms. 0 before the first answer. */
  offset(): number;
}

export function createPlatformClock(clock: Clock, log: Log): PlatformClock {
  let offsetMs = 0;
  let alwaysCorrect = false;
  let warned = false;
  return {
    now() {
      const correct = alwaysCorrect || Math.abs(offsetMs) > correctAboveMs;
      return clock.now() + (correct ? offsetMs : 0);
    },
    observe(dateHeader) {
      const platformAt = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
      if (Number.isNaN(platformAt)) return;
      offsetMs = platformAt - Math.round(clock.now());
      const off = Math.abs(offsetMs) > warnAboveMs;
      if (off && !warned) log.warn({ offsetMs }, "this machine's clock and the voice platform's differ");
      warned = off;
    },
    refused() {
      alwaysCorrect = true;
    },
    offset: () => offsetMs,
  };
}
