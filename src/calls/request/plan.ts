import type { CallRow } from './rows.ts';
import type { EndOfReaching, Plan } from './types.ts';

/** The plan of a request without one: each callee is called once, and no key confirms. */
export const onePlan: Plan = { until: 'answered', attempts: 1, everyMs: 0, enough: null, confirmKey: null };

/** The plan of a request or a rule. Null if each callee is called once and no key confirms. */
export function planOf(
  asked: Pick<Plan, 'until' | 'attempts' | 'everyMs'> & { enough?: number | null | undefined },
  confirmKey: string | undefined,
): Plan | null {
  const plan: Plan = {
    until: asked.until,
    attempts: asked.attempts,
    everyMs: asked.attempts > 1 ? asked.everyMs : 0,
    enough: asked.enough ?? null,
    confirmKey: confirmKey ?? null,
  };
  const isUsual = plan.until === 'answered' && !mayGoOn(plan) && plan.confirmKey === null;
  return isUsual ? null : plan;
}

/** True if a plan may call somebody after its first calls. */
export function mayGoOn(plan: Plan): boolean {
  return plan.attempts > 1 || plan.enough !== null;
}

/** True if the key that confirms was pressed. */
export function isConfirmed(
  call: Pick<CallRow, 'state' | 'feedback_value'>,
  { confirmKey }: Pick<Plan, 'confirmKey'>,
): boolean {
  return confirmKey !== null && call.state === 'answered' && call.feedback_value === confirmKey;
}

/** The state of a request: counts of its callees, each by its last attempt. */
export interface Standing {
  /** Callees who are reached, as `plan.until` defines it. */
  reached: number;
  callees: number;
  /** In no submission yet: the rest of a request that calls in groups. */
  unreleased: number;
  /** Of the latest step: ready, sending, or accepted without a known end. */
  inFlight: number;
  /** Others that may still be called or may still end: of earlier steps, held by a limit, or to be sent again. */
  waiting: number;
  /** A known end that is not reached, with attempts left. */
  retryable: number;
  /** When the first and the last of `retryable` ended. Null if there is none. */
  firstEndAt: number | null;
  lastEndAt: number | null;
}

export type EndOfPlan = Extract<EndOfReaching, 'enough' | 'all' | 'exhausted'>;

/** The next move of a request whose plan runs. */
export type NextMove =
  /** Send this many more callees now. */
  | { do: 'release'; callees: number }
  /** Make a further attempt for those whose call ended at `endedBy` or before, the earliest `callees` of them. */
  | { do: 'attempt'; endedBy: number; callees: number }
  /** Nothing to do before `at`. Null: wait for the next report. */
  | { do: 'wait'; at: number | null }
  | { do: 'end'; because: EndOfPlan };

/** The calls of a larger crowd end over a whole minute, so they are gathered into few submissions. */
export const crowd = 20;
const gatherMs = 60_000;

/**
 * How long a further attempt waits for other callees to become due, ms. One POST for each of 3,000 callees would take
 * an hour.
 */
export function gatherFor(plan: Plan, callees: number): number {
  return callees <= crowd ? 0 : Math.min(gatherMs, Math.floor(plan.everyMs / 2));
}

/** How many calls may be in flight if `needed` people are still needed: that number plus half, at least one more. */
export function groupSize(needed: number): number {
  return needed + Math.max(1, Math.ceil(needed / 2));
}

/**
 * Decides what a plan does next. Silence is not an end: a call without a report is in flight and is never called
 * again. `now` is epoch ms.
 */
export function nextMove(plan: Plan, standing: Standing, now: number): NextMove {
  const { reached, callees, unreleased, inFlight, waiting, retryable, firstEndAt, lastEndAt } = standing;
  if (plan.enough !== null && reached >= plan.enough) return { do: 'end', because: 'enough' };
  if (callees > 0 && reached >= callees) return { do: 'end', because: 'all' };
  const needed = plan.enough === null ? callees - reached : plan.enough - reached;
  // A plan with `enough` calls in groups, because the people who are being called may be enough.
  const room = plan.enough === null ? callees : inFlight < needed ? groupSize(needed) - inFlight : 0;
  if (unreleased > 0 && room > 0) return { do: 'release', callees: Math.min(unreleased, room) };
  if (retryable > 0 && room > 0 && firstEndAt !== null && lastEndAt !== null) {
    // Waits for more callees to become due, so that one submission calls many of them. If nothing is in flight, nobody
    // becomes due after the last end, so it waits no longer than that.
    const gathered = firstEndAt + gatherFor(plan, callees);
    const at = plan.everyMs + (inFlight === 0 ? Math.min(gathered, lastEndAt) : gathered);
    return at <= now
      ? { do: 'attempt', endedBy: now - plan.everyMs, callees: Math.min(retryable, room) }
      : { do: 'wait', at };
  }
  if (unreleased + inFlight + waiting > 0) return { do: 'wait', at: null };
  return { do: 'end', because: 'exhausted' };
}
