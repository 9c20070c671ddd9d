import { plural } from '../kit/text.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Returns "last reached 3 weeks ago" or "never reached". */
export function lastReachedWords(atMs: number | null, nowMs: number): string {
  if (atMs === null) return 'never reached';
  const ago = Math.max(0, nowMs - atMs);
  if (ago < hourMs) return 'last reached within the hour';
  if (ago < dayMs) return `last reached ${plural(Math.floor(ago / hourMs), 'hour')} ago`;
  const days = Math.floor(ago / dayMs);
  if (days < 14) return `last reached ${plural(days, 'day')} ago`;
  if (days < 61) return `last reached ${plural(Math.floor(days / 7), 'week')} ago`;
  return `last reached ${plural(Math.floor(days / 30.4), 'month')} ago`;
}
