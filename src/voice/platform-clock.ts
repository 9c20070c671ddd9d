import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';

/** Both measured against the platform's window of half an hour either side: small skew is harmless, large is not. */
const warnAboveMs = 60_000;
const correctAboveMs = 5 * 60_000;

/** What this machine knows of the platform's time. */
export interface PlatformClock {
  /** The time to sign with, epoch ms: ours, or corrected where the two are far apart or a signature was refused for it. */
  now(): number;
  /** Learns from the Date header of an answer; a missing or unreadable one is ignored. */
  observe(dateHeader: string | null): void;
  /** The platform refused the time (code -16): from now on every signature uses the corrected time. */
  refused(): void;
  /** Platform's clock minus ours, ms; 0 before the first answer. */
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
