import { type Selectable, sql } from 'kysely';
import type { Callee } from '../../callees/types.ts';
import type { CallsTable, RequestsTable, SubmissionsTable } from '../../store/schema.ts';
import type { Queryable } from '../../store/types.ts';
import { shownCallee } from './erased.ts';
import { isConfirmed } from './plan.ts';
import { loadReach } from './reach-view.ts';
import { countCalls } from './rows.ts';
import { planIn, readApproval, readAudio, readCountries, readOptions, readPlan } from './stored.ts';
import {
  type CallState,
  type CallView,
  type Decision,
  isLimitCause,
  outsideHours,
  type Plan,
  type RequestState,
  type RequestView,
  type SubmissionView,
} from './types.ts';

/** A request for boards and answers. Null if it does not exist. */
export async function loadRequest(from: Queryable, requestId: string): Promise<RequestView | null> {
  const row = await from.selectFrom('requests').selectAll().where('id', '=', requestId).executeTakeFirst();
  if (row === undefined) return null;
  const [counts, submissions, decisions, unknown, reach] = await Promise.all([
    countCalls(from, requestId, planIn(row)),
    from
      .selectFrom('submissions')
      .selectAll()
      .where('request_id', '=', requestId)
      .orderBy('ordinal')
      .execute(),
    from.selectFrom('decisions').selectAll().where('request_id', '=', requestId).orderBy('at').execute(),
    unknownCalls(from, requestId),
    loadReach(from, row),
  ]);
  return {
    ...requestFields(row),
    counts,
    reach,
    submissions: submissions.map((each) => submissionView(each, unknown)),
    decisions: decisions.map(
      (each): Decision => ({
        userId: each.user_id,
        decision: each.decision,
        reason: each.reason,
        at: each.at,
      }),
    ),
  };
}

/** How many calls of each submission are unknown. */
async function unknownCalls(from: Queryable, requestId: string): Promise<Map<string, number>> {
  const rows = await from
    .selectFrom('calls')
    .select(['submission_id', sql<number>`count(*)`.as('calls')])
    .where('request_id', '=', requestId)
    .where('state', '=', 'unknown')
    .where('superseded', '=', 0)
    .groupBy('submission_id')
    .execute();
  return new Map(rows.map((row) => [row.submission_id ?? '', Number(row.calls)]));
}

function requestFields(
  row: Selectable<RequestsTable>,
): Omit<RequestView, 'counts' | 'reach' | 'submissions' | 'decisions'> {
  return {
    id: row.id,
    teamId: row.team_id,
    origin: row.origin,
    state: row.state,
    requestedBy: row.requested_by,
    ruleName: row.rule_name,
    alertTitle: row.alert_title,
    channelId: row.channel_id,
    askedIn: row.asked_in,
    threadTs: row.thread_ts,
    hash: row.hash,
    message: readAudio(row.message),
    options: readOptions(row.options),
    note: row.note,
    duplicates: row.duplicates,
    countries: readCountries(row.countries),
    approval: readApproval(row.approval),
    expiresAt: row.expires_at,
    whenAt: row.when_at,
    createdAt: row.created_at,
    changedAt: row.changed_at,
    finishedAt: row.finished_at,
    cancelledBy: row.cancelled_by,
    ackedBy: row.acked_by,
    outcome: row.outcome,
    onUnknown: row.on_unknown,
  };
}

function submissionView(
  row: Selectable<SubmissionsTable>,
  unknown: ReadonlyMap<string, number>,
): SubmissionView {
  return {
    id: row.id,
    ordinal: row.ordinal,
    state: row.state,
    callees: row.callees,
    unknown: unknown.get(row.id) ?? 0,
    code: row.code,
    reason: row.reason,
    sendingAt: row.sending_at,
    answeredAt: row.answered_at,
    checkedAt: row.checked_at,
    settledBy: row.settled_by,
    again: row.again_of !== null,
    nextTryAt:
      row.state === 'ready' && row.tries > 0 && !isLimitCause(row.code) && row.code !== outsideHours
        ? row.next_try_at
        : null,
    heldUntil: row.state === 'ready' && isLimitCause(row.code) ? row.next_try_at : null,
    opensAt: row.state === 'ready' && row.code === outsideHours ? row.next_try_at : null,
  };
}

/** A request's calls in the order of asking. `states` filters them; `page` (from 0, of `size`) selects a part. */
export async function loadCalls(
  from: Queryable,
  requestId: string,
  { states, page = 0, size = 100_000 }: { states?: readonly CallState[]; page?: number; size?: number } = {},
): Promise<CallView[]> {
  let query = from.selectFrom('calls').selectAll().where('request_id', '=', requestId);
  if (states !== undefined) query = query.where('state', 'in', states);
  const [rows, request] = await Promise.all([
    query
      .orderBy('position')
      .limit(size)
      .offset(page * size)
      .execute(),
    from.selectFrom('requests').select('plan').where('id', '=', requestId).executeTakeFirst(),
  ]);
  const plan = readPlan(request?.plan ?? null);
  return rows.map((row) => callView(row, plan));
}

/** Whom a request is to call, each once, with what is known of where they are. */
export async function loadCallees(from: Queryable, requestId: string): Promise<Callee[]> {
  const rows = await from
    .selectFrom('calls')
    .select(['callee', 'name', 'time_zone'])
    .where('request_id', '=', requestId)
    .where('superseded', '=', 0)
    .orderBy('position')
    .execute();
  return rows.map(({ callee, name, time_zone: timeZone }) => ({
    callee: shownCallee(callee),
    name,
    ...(timeZone === null ? {} : { timeZone }),
  }));
}

function callView(row: Selectable<CallsTable>, plan: Plan): CallView {
  return {
    position: row.position,
    callee: shownCallee(row.callee),
    name: row.name,
    state: row.state,
    submissionId: row.submission_id,
    voiceId: row.voice_id,
    submitCode: row.submit_code,
    submitReason: row.submit_reason,
    cause: row.cause,
    heldUntil: row.held_until,
    terminationCode: row.termination_code,
    terminationReason: row.termination_reason,
    sipCode: row.sip_code,
    callStatus: row.call_status,
    answerTimeAt: row.answer_time_at,
    hangupTimeAt: row.hangup_time_at,
    callDuration: row.call_duration,
    feedbackValue: row.feedback_value,
    attempt: row.attempt,
    step: row.step,
    confirmed: isConfirmed(row, plan),
    superseded: row.superseded !== 0,
  };
}

/** Ids of requests, newest first: of one person, or of everybody if `userId` is null. */
export async function listRequests(
  from: Queryable,
  {
    userId,
    open,
    state,
    page,
    size,
  }: { userId: string | null; open: boolean; state?: RequestState; page: number; size: number },
): Promise<{ ids: string[]; more: boolean }> {
  let query = from.selectFrom('requests').select('id');
  if (userId !== null) query = query.where('requested_by', '=', userId);
  if (open)
    query = query.where('state', 'in', ['awaiting_approval', 'scheduled', 'approved', 'sending', 'sent']);
  if (state !== undefined) query = query.where('state', '=', state);
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(size + 1)
    .offset(page * size)
    .execute();
  return { ids: rows.slice(0, size).map((row) => row.id), more: rows.length > size };
}
