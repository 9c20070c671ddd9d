/** So many tries fail before a message stops holding up the others of its channel. */
export const othersPassAfter = 3;

/** So many tries, searches included, before a message is posted although nobody can tell whether it was posted before. */
export const postUnseenAfter = 5;

/** How long a message rests after so many tries in a row that failed: 1 s doubling to a minute, later ten minutes. */
export function restMs(tries: number): number {
  if (tries > 20) return 600_000;
  return Math.min(1000 * 2 ** Math.min(Math.max(0, tries - 1), 6), 60_000);
}
