import { nextStep } from './ladder.ts';
import { type NextMove, nextMove } from './plan.ts';
import type { RequestRow } from './rows.ts';
import type { RequestStanding } from './standing.ts';
import type { EndOfReaching, Ladder, Plan } from './types.ts';

/** The next move of a request that is reaching people. */
export type Next =
  | Extract<NextMove, { do: 'release' | 'attempt' }>
  | { do: 'step'; step: number }
  /** The times of the next attempt and the next step, if planned. Both null: wait for the next report. */
  | { do: 'wait'; attemptAt: number | null; stepAt: number | null }
  | { do: 'end'; because: EndOfReaching };

/** How many people must be reached. A ladder without `enough` continues until one is. */
export function enoughOf(plan: Plan, ladder: Ladder | null): number | null {
  return plan.enough ?? (ladder === null ? null : 1);
}

/**
 * Decides what a plan and its ladder do next, together. The calls of a step continue while later steps call: an
 * attempt of one step does not wait for another step.
 */
export function nextOf(
  request: Pick<RequestRow, 'step' | 'step_started_at'>,
  { plan, ladder, standing }: { plan: Plan; ladder: Ladder | null; standing: RequestStanding },
  now: number,
): Next {
  const enough = enoughOf(plan, ladder);
  if (enough !== null && standing.reached >= enough) return { do: 'end', because: 'enough' };
  const move = nextMove(plan, standing, now);
  if (move.do === 'release' || move.do === 'attempt') return move;
  const startedAt = request.step_started_at;
  const step =
    ladder === null || startedAt === null
      ? null
      : nextStep(ladder, { step: request.step, startedAt, callsNobody: standing.stepCalls === 0 }, now);
  if (step?.do === 'start') return { do: 'step', step: step.step };
  if (step?.do === 'wait')
    return { do: 'wait', attemptAt: move.do === 'wait' ? move.at : null, stepAt: step.at };
  return move.do === 'end' ? move : { do: 'wait', attemptAt: move.at, stepAt: null };
}

/** The columns that end a plan and its ladder. Empty if they have ended before. */
export function endOfReaching(
  { reaching }: Pick<RequestRow, 'reaching'>,
  because: EndOfReaching,
  now: number,
): { reaching?: number; reach_ended_by?: EndOfReaching; reach_ended_at?: number } {
  return reaching === 0 ? {} : { reaching: 0, reach_ended_by: because, reach_ended_at: now };
}
