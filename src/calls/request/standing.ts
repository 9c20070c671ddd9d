import { type RawBuilder, sql } from 'kysely';
import type { Queryable } from '../../store/types.ts';
import type { Standing } from './plan.ts';
import type { RequestRow } from './rows.ts';
import { outsideHours, type Plan } from './types.ts';

/** How long after a call its end may still be reported, ms. */
export const mayStillEndMs = 24 * 3_600_000;

/** SQL: the callee was reached, by this call or an earlier one. Never null, so that it can be negated. */
export function isReached({ until, confirmKey }: Plan): RawBuilder<boolean> {
  const now =
    until === 'confirmed'
      ? sql`(state = 'answered' and feedback_value = ${confirmKey}) or earlier = 'confirmed'`
      : sql`state = 'answered' or earlier in ('answered', 'confirmed')`;
  return sql<boolean>`(case when ${now} then 1 else 0 end = 1)`;
}

/**
 * SQL: the call has a known end that is not reached, according to a report and not to a person. Never true for an
 * open call, an unknown one, a refused one, or a number that does not exist.
 */
export function endedInVain(plan: Plan): RawBuilder<boolean> {
  const ends = plan.until === 'confirmed' ? sql`('not_answered', 'answered')` : sql`('not_answered')`;
  return sql<boolean>`(state in ${ends} and ended_at is not null and coalesce(ending, '') <> 'invalid_number' and not ${isReached(plan)})`;
}

/** SQL: the same, with an attempt left, and not of a person who went off duty. */
export function isRetryable(plan: Plan): RawBuilder<boolean> {
  return sql<boolean>`(${endedInVain(plan)} and attempt < ${plan.attempts} and coalesce(cause, '') <> 'left_list')`;
}

/** The counts of a request. `stepCalls`: how many callees of its latest step were called or will be. */
export type RequestStanding = Standing & { stepCalls: number; attempt: number };

/** Counts in one statement, for any number of callees. */
export async function readStanding(
  from: Queryable,
  request: Pick<RequestRow, 'id' | 'step'>,
  plan: Plan,
  now: number,
): Promise<RequestStanding> {
  const reached = isReached(plan);
  const retryable = isRetryable(plan);
  const count = (when: RawBuilder<unknown>) =>
    sql<number>`coalesce(sum(case when ${when} then 1 else 0 end), 0)`;
  // A call without a report for a day is not waited for.
  const open = sql`not ${reached} and ((state in ('ready', 'sending') and submission_id is not null and not ${waitsForHours(request.id)}) or (state = 'accepted' and coalesce(dialled_at, 0) > ${now - mayStillEndMs}))`;
  const row = await from
    .selectFrom('calls')
    .select([
      sql<number>`count(*)`.as('callees'),
      count(reached).as('reached'),
      count(sql`state = 'ready' and submission_id is null`).as('unreleased'),
      count(sql`step = ${request.step} and ${open}`).as('inFlight'),
      count(sql`step <> ${request.step} and ${open}`).as('before'),
      count(sql`state = 'ready' and ${waitsForHours(request.id)}`).as('outside'),
      count(
        sql`state = 'held' and submission_id in (select id from submissions where request_id = ${request.id} and state = 'ready')`,
      ).as('held'),
      count(retryable).as('retryable'),
      sql<number | null>`min(case when ${retryable} then ended_at end)`.as('firstEndAt'),
      sql<number | null>`max(case when ${retryable} then ended_at end)`.as('lastEndAt'),
      count(
        sql`step = ${request.step} and (state in ('ready', 'sending', 'accepted', 'unknown', 'answered', 'not_answered') or attempt > 1)`,
      ).as('stepCalls'),
      sql<number | null>`max(case when step = ${request.step} then attempt end)`.as('attempt'),
    ])
    .where('request_id', '=', request.id)
    .where('superseded', '=', 0)
    .executeTakeFirstOrThrow();
  const timeOf = (at: number | null) => (at === null ? null : Number(at));
  return {
    reached: Number(row.reached),
    callees: Number(row.callees),
    unreleased: Number(row.unreleased),
    inFlight: Number(row.inFlight),
    waiting:
      Number(row.before) + Number(row.held) + Number(row.outside) + (await waitingResends(from, request.id)),
    retryable: Number(row.retryable),
    firstEndAt: timeOf(row.firstEndAt),
    lastEndAt: timeOf(row.lastEndAt),
    stepCalls: Number(row.stepCalls),
    attempt: Number(row.attempt ?? 1),
  };
}

/** SQL: it is outside the callee's hours, so the call waits; others are called first. Never null. */
function waitsForHours(requestId: string): RawBuilder<boolean> {
  return sql<boolean>`(coalesce(submission_id, '') in (select id from submissions where request_id = ${requestId} and state = 'ready' and code = ${outsideHours}))`;
}

/** How many submissions will be sent again because their result was lost. */
async function waitingResends(from: Queryable, requestId: string): Promise<number> {
  const row = await from
    .selectFrom('submissions')
    .select(sql<number>`count(*)`.as('submissions'))
    .where('request_id', '=', requestId)
    .where('resend_at', 'is not', null)
    .executeTakeFirst();
  return Number(row?.submissions ?? 0);
}
