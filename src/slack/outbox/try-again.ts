/** After this many failed tries, a message no longer holds up others of its channel. */
export const othersPassAfter = 3;

/**
 * After this many tries, searches included, a message is posted even if we cannot tell whether it was posted before.
 */
export const postUnseenAfter = 5;

/**
 * How long a message waits after this many failed tries in a row, in ms: 1 s, doubling up to a minute; after 20 tries
 * ten minutes.
 */
export function restMs(tries: number): number {
  if (tries > 20) return 600_000;
  return Math.min(1000 * 2 ** Math.min(Math.max(0, tries - 1), 6), 60_000);
}
