import type { Until } from '../../config/types.ts';

/** How a request goes on until people are reached. Fixed when the request is made; an approval binds to it. */
export interface Plan {
  until: Until;
  /** Calls to each callee at most. */
  attempts: number;
  /** The pause after a known end, ms. */
  everyMs: number;
  /** Stop when so many are reached; null: all. */
  enough: number | null;
  /** The key that confirms; null: none does. */
  confirmKey: string | null;
}

/** Each callee once, and no key confirms: what a request without a plan does. */
export const onePlan: Plan = { until: 'answered', attempts: 1, everyMs: 0, enough: null, confirmKey: null };

/** Where a request stands, counted over its callees by the last attempt of each. */
export interface Standing {
  /** Callees, as `plan.until` counts them. */
  reached: number;
  callees: number;
  /** Cut into no submission yet: the rest of a request that calls in groups. */
  unreleased: number;
  /** Ready, sending, or accepted without a known end. */
  inFlight: number;
  /** A known end that is not reached, and attempts left. */
  retryable: number;
  /** When the first and the last of `retryable` ended; null where there is none. */
  firstEndAt: number | null;
  lastEndAt: number | null;
}

export type EndOfPlan = 'enough' | 'all' | 'exhausted';

/** What to do next for a request whose plan runs. */
export type NextMove =
  /** So many more callees may go out now. */
  | { do: 'release'; callees: number }
  /** A further attempt to those whose call ended at `endedBy` or before. */
  | { do: 'attempt'; endedBy: number }
  /** Nothing before `at`; null: the next news decides. */
  | { do: 'wait'; at: number | null }
  | { do: 'end'; because: EndOfPlan };

/** Above this a crowd's calls end all over a minute; they are gathered into few submissions. */
const crowd = 20;
const gatherMs = 60_000;

/** How long a further attempt waits for others to fall due, ms: a POST for each of 3,000 callees would take an hour. */
export function gatherFor(plan: Plan, callees: number): number {
  return callees <= crowd ? 0 : Math.min(gatherMs, Math.floor(plan.everyMs / 2));
}

/** How many may be in flight when so many more are needed: what is needed plus half, at least one more. */
export function groupSize(needed: number): number {
  return needed + Math.max(1, Math.ceil(needed / 2));
}

/**
 * Decides what a plan does next. Silence is no end: a call without a report is in flight and is never called again.
 * `now` in epoch ms.
 */
export function nextMove(plan: Plan, standing: Standing, now: number): NextMove {
  const { reached, callees, unreleased, inFlight, retryable, firstEndAt, lastEndAt } = standing;
  if (plan.enough !== null && reached >= plan.enough) return { do: 'end', because: 'enough' };
  if (reached >= callees) return { do: 'end', because: 'all' };
  const needed = plan.enough === null ? callees - reached : plan.enough - reached;
  if (unreleased > 0 && inFlight < needed) {
    return { do: 'release', callees: Math.min(unreleased, groupSize(needed) - inFlight) };
  }
  if (retryable > 0 && firstEndAt !== null && lastEndAt !== null) {
    // Where nothing is in flight any more, nobody else can fall due: the last end is the latest to wait for.
    const gathered = firstEndAt + gatherFor(plan, callees);
    const at = plan.everyMs + (inFlight === 0 ? Math.min(gathered, lastEndAt) : gathered);
    return at <= now ? { do: 'attempt', endedBy: now - plan.everyMs } : { do: 'wait', at };
  }
  if (unreleased > 0 || inFlight > 0) return { do: 'wait', at: null };
  return { do: 'end', because: 'exhausted' };
}
