import { sql } from 'kysely';
import type { Queryable } from '../../store/types.ts';
import { shownCallee } from './erased.ts';
import { nextOf } from './next.ts';
import type { RequestRow } from './rows.ts';
import { isReached, readStanding } from './standing.ts';
import { readLadder, readPlan } from './stored.ts';
import type { Plan, ReachedBy, ReachView, StepView } from './types.ts';

/** The most names that a board shows. */
const named = 5;

/** The state of a request's plan and ladder. Null if each callee is called once. */
export async function loadReach(from: Queryable, request: RequestRow): Promise<ReachView | null> {
  if (request.plan === null && request.ladder === null) return null;
  const plan = readPlan(request.plan);
  const ladder = readLadder(request.ladder);
  const running = request.reaching !== 0 && ['approved', 'sending', 'sent'].includes(request.state);
  const [standing, steps, calling, reachedBy] = await Promise.all([
    readStanding(from, request, plan, request.changed_at),
    startedSteps(from, request.id),
    running ? callingNow(from, request.id) : [],
    whoWasReached(from, request.id, plan),
  ]);
  // With time 0, so that a due move shows its time and not that it happens now.
  const next = running ? nextOf(request, { plan, ladder, standing }, 0) : null;
  return {
    plan,
    ladder,
    running,
    step: request.step,
    attempt: standing.attempt,
    nextAttemptAt: next?.do === 'wait' ? next.attemptAt : null,
    nextStepAt: next?.do === 'wait' ? next.stepAt : null,
    endedBy: request.reach_ended_by,
    endedAt: request.reach_ended_at,
    steps,
    calling,
    reachedBy,
  };
}

async function startedSteps(from: Queryable, requestId: string): Promise<StepView[]> {
  const rows = await from
    .selectFrom('steps')
    .select(['step', 'started_at', 'callees', 'problem'])
    .where('request_id', '=', requestId)
    .orderBy('step')
    .execute();
  return rows.map(({ started_at: startedAt, ...row }) => ({ ...row, startedAt }));
}

async function callingNow(
  from: Queryable,
  requestId: string,
): Promise<{ callee: string; name: string | null }[]> {
  const rows = await from
    .selectFrom('calls')
    .select(['callee', 'name'])
    .where('request_id', '=', requestId)
    .where('superseded', '=', 0)
    .where('state', 'in', ['sending', 'accepted'])
    .orderBy('position')
    .limit(named + 1)
    .execute();
  return rows.map(({ callee, name }) => ({ callee: shownCallee(callee), name }));
}

/**
 * The first callees who were reached, each once: by the call in which the key was pressed, or else by the first that
 * was answered. A superseded call counts too.
 */
async function whoWasReached(from: Queryable, requestId: string, plan: Plan): Promise<ReachedBy[]> {
  const rows = await from
    .selectFrom('calls')
    .select(['callee', 'name', 'ended_at', 'feedback_value'])
    .select(sql<number>`case when feedback_value = ${plan.confirmKey} then 1 else 0 end`.as('pressed'))
    .where('request_id', '=', requestId)
    .where('state', '=', 'answered')
    .where('ended_at', 'is not', null)
    .where(isReached(plan))
    .orderBy('pressed', 'desc')
    .orderBy('ended_at')
    .orderBy('position')
    // More than the names, because a callee may have several such calls.
    .limit(named * 10)
    .execute();
  const first = new Map<string, ReachedBy>();
  for (const row of rows) {
    if (first.has(row.callee)) continue;
    first.set(row.callee, {
      callee: shownCallee(row.callee),
      name: row.name,
      key: Number(row.pressed) === 1 ? row.feedback_value : null,
      at: row.ended_at ?? 0,
    });
  }
  return [...first.values()].slice(0, named);
}
