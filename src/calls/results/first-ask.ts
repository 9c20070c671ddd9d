import type { CallOptions } from '../../config/types.ts';
import type { CallsDeps } from '../request/deps.ts';

/** When to ask again about a call that is ringing, ms. */
export const soonMs = 15_000;

/**
 * How long to wait for reports before asking for records, ms. If reports are pushed to us: the longest a call can
 * ring and last, plus three minutes. Otherwise 15 s.
 */
export function firstAskMs(deps: Pick<CallsDeps, 'reportsExpected'>, options: CallOptions): number {
  if (!deps.reportsExpected) return soonMs;
  return ((options.maxRingingTime ?? 60) + (options.maxDuration ?? 120) + 180) * 1000;
}
