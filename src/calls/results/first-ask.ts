import type { CallOptions } from '../../config/types.ts';
import type { CallsDeps } from '../request/deps.ts';

/** Ask again after this about a call that is ringing, ms. */
export const soonMs = 15_000;

/**
 * How long to wait for delivery reports before asking for records, ms: the longest a call can ring and last and three
 * minutes more where reports are pushed to us, 15 s where asking is the only way.
 */
export function firstAskMs(deps: Pick<CallsDeps, 'reportsExpected'>, options: CallOptions): number {
  if (!deps.reportsExpected) return soonMs;
  return ((options.maxRingingTime ?? 60) + (options.maxDuration ?? 120) + 180) * 1000;
}
