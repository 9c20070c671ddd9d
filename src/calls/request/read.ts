import { type Selectable, sql } from 'kysely';
import type { Callee } from '../../callees/types.ts';
import type { CallsTable, RequestsTable, SubmissionsTable } from '../../store/schema.ts';
import type { Queryable } from '../../store/types.ts';
import { shownCallee } from './erased.ts';
import { isConfirmed } from './plan.ts';
import { loadReach } from './reach-view.ts';
import { countBoth } from './rows.ts';
import {
  planIn,
  readApproval,
  readAudio,
  readCountries,
  readNames,
  readOptions,
  readPlan,
  readRosters,
} from './stored.ts';
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
  type TerminationKind,
} from './types.ts';

/** A request for boards and answers. Null if it does not exist. */
export async function loadRequest(from: Queryable, requestId: string): Promise<RequestView | null> {
  const row = await from.selectFrom('requests').selectAll().where('id', '=', requestId).executeTakeFirst();
  if (row === undefined) return null;
  const [{ counts, current }, submissions, decisions, unsure, reach, repeatedBy] = await Promise.all([
    countBoth(from, requestId, planIn(row)),
    from
      .selectFrom('submissions')
      .selectAll()
      .where('request_id', '=', requestId)
      .orderBy('ordinal')
      .execute(),
    from.selectFrom('decisions').selectAll().where('request_id', '=', requestId).orderBy('at').execute(),
    unsureCalls(from, requestId),
    loadReach(from, row),
    latestRepeat(from, requestId),
  ]);
  return {
    ...requestFields(row),
    counts,
    ...(reach === null ? {} : { current }),
    reach,
    repeatedBy,
    submissions: submissions.map((each) => submissionView(each, unsure.get(each.id))),
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

/** The latest request that repeats this one. */
async function latestRepeat(from: Queryable, requestId: string): Promise<string | null> {
  const row = await from
    .selectFrom('requests')
    .select('id')
    .where('previous_id', '=', requestId)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}

/** The first request of the chain of repeats that leads to this one. A deleted request ends the chain. */
export async function firstOfRepeats(from: Queryable, requestId: string): Promise<string> {
  let first = requestId;
  for (;;) {
    const row = await from
      .selectFrom('requests as repeat')
      .innerJoin('requests as repeated', 'repeated.id', 'repeat.previous_id')
      .select('repeated.id')
      .where('repeat.id', '=', first)
      .executeTakeFirst();
    if (row === undefined) return first;
    first = row.id;
  }
}

/**
 * The callees whom a later request of the same chain of repeats has reached, may have reached or is calling. Nobody
 * needs to call them again.
 */
export async function maybeReachedSince(from: Queryable, requestId: string): Promise<Set<string>> {
  const callees = new Set<string>();
  const own = await from
    .selectFrom('requests')
    .select('created_at')
    .where('id', '=', requestId)
    .executeTakeFirst();
  let repeated = [await firstOfRepeats(from, requestId)];
  while (repeated.length > 0) {
    const repeats = await from
      .selectFrom('requests')
      .select(['id', 'created_at', 'state'])
      .where('previous_id', 'in', repeated)
      .execute();
    repeated = repeats.map(({ id }) => id);
    const later = repeats.filter(
      ({ id, created_at: at, state }) =>
        id !== requestId && at >= (own?.created_at ?? 0) && state !== 'rejected' && state !== 'expired',
    );
    if (later.length === 0) continue;
    const calls = await from
      .selectFrom('calls')
      .select('callee')
      .where(
        'request_id',
        'in',
        later.map(({ id }) => id),
      )
      .where('state', 'in', ['ready', 'sending', 'accepted', 'unknown', 'answered'])
      .execute();
    for (const { callee } of calls) callees.add(callee);
  }
  return callees;
}

/** The unknown calls of a submission, and those that a person has settled. */
interface Unsure {
  unknown: number;
  saidCalled: number;
  saidSilent: number;
}

async function unsureCalls(from: Queryable, requestId: string): Promise<Map<string, Unsure>> {
  const rows = await from
    .selectFrom('calls')
    .select(['submission_id', 'state', sql<number>`count(*)`.as('calls')])
    .where('request_id', '=', requestId)
    .where('superseded', '=', 0)
    // The index finds these states, so that the answered calls of a crowd are not read.
    .where('state', 'in', ['unknown', 'accepted', 'failed'])
    .where((eb) =>
      eb.or([eb('state', '=', 'unknown'), eb('cause', 'in', ['settled_called', 'settled_not_called'])]),
    )
    .groupBy(['submission_id', 'state'])
    .execute();
  const unsure = new Map<string, Unsure>();
  for (const { submission_id: id, state, calls } of rows) {
    const each = unsure.get(id ?? '') ?? { unknown: 0, saidCalled: 0, saidSilent: 0 };
    const key = state === 'unknown' ? 'unknown' : state === 'accepted' ? 'saidCalled' : 'saidSilent';
    unsure.set(id ?? '', { ...each, [key]: Number(calls) });
  }
  return unsure;
}

function requestFields(
  row: Selectable<RequestsTable>,
): Omit<RequestView, 'counts' | 'reach' | 'repeatedBy' | 'submissions' | 'decisions'> {
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
    threadPost: row.thread_post,
    hash: row.hash,
    audio: readAudio(row.audio),
    options: readOptions(row.options),
    note: row.note,
    duplicates: row.duplicates,
    countries: readCountries(row.countries),
    approval: readApproval(row.approval),
    expiresAt: row.expires_at,
    whenAt: row.when_at,
    ...(row.rosters === null ? {} : { rosters: readRosters(row.rosters) }),
    ...(row.named_lists === null ? {} : { namedLists: readNames(row.named_lists) }),
    createdAt: row.created_at,
    changedAt: row.changed_at,
    finishedAt: row.finished_at,
    cancelledBy: row.cancelled_by,
    ackedBy: row.acked_by,
    resolvedAt: row.resolved_at,
    repeats: row.previous_id,
    outcome: row.outcome,
    onUnknown: row.on_unknown,
  };
}

function submissionView(
  row: Selectable<SubmissionsTable>,
  unsure: Unsure = { unknown: 0, saidCalled: 0, saidSilent: 0 },
): SubmissionView {
  return {
    id: row.id,
    ordinal: row.ordinal,
    state: row.state,
    callees: row.callees,
    unknown: unsure.unknown,
    code: row.code,
    reason: row.reason,
    sendingAt: row.sending_at,
    answeredAt: row.answered_at,
    checkedAt: row.checked_at,
    settledBy: row.settled_by,
    settledAsCalled: unsure.saidCalled > 0,
    settledCalls: unsure.saidCalled + unsure.saidSilent,
    again: row.again_of !== null,
    nextTryAt:
      row.state === 'ready' && row.tries > 0 && !isLimitCause(row.code) && row.code !== outsideHours
        ? row.next_try_at
        : null,
    heldUntil: row.state === 'ready' && isLimitCause(row.code) ? row.next_try_at : null,
    opensAt: row.state === 'ready' && row.code === outsideHours ? row.next_try_at : null,
  };
}

const readAtOnce = 1_000;

/**
 * A request's calls in the order in which they were asked for. `states` and `latest` filter them; `page` (from 0, of
 * `size`) selects a part.
 */
export async function loadCalls(
  from: Queryable,
  requestId: string,
  {
    states,
    page = 0,
    size = 100_000,
    latest = false,
  }: { states?: readonly CallState[]; page?: number; size?: number; latest?: boolean } = {},
): Promise<CallView[]> {
  let query = from.selectFrom('calls').selectAll().where('request_id', '=', requestId);
  if (states !== undefined) query = query.where('state', 'in', states);
  if (latest) query = query.where('superseded', '=', 0);
  const request = await from
    .selectFrom('requests')
    .select('plan')
    .where('id', '=', requestId)
    .executeTakeFirst();
  const plan = readPlan(request?.plan ?? null);
  const calls: CallView[] = [];
  // In parts, so that the rows of ten thousand calls are not in memory together.
  for (let start = 0; start < size; start += readAtOnce) {
    const rows = await query
      .orderBy('position')
      .limit(Math.min(readAtOnce, size - start))
      .offset(page * size + start)
      .execute();
    for (const row of rows) calls.push(callView(row, plan));
    if (rows.length < readAtOnce) break;
  }
  return calls;
}

/** The callees of a request, each once, with what is known of their places. */
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

/** How many calls without an answer ended in one way. Null: the way was not stored. */
export interface Ending {
  ending: TerminationKind | null;
  calls: number;
}

/** How the unanswered calls of a request ended, the most frequent way first. */
export async function countEndings(from: Queryable, requestId: string): Promise<Ending[]> {
  const rows = await from
    .selectFrom('calls')
    .select(['ending', sql<number>`count(*)`.as('calls')])
    .where('request_id', '=', requestId)
    .where('superseded', '=', 0)
    .where('state', '=', 'not_answered')
    .groupBy('ending')
    .execute();
  return rows
    .map(({ ending, calls }) => ({ ending, calls: Number(calls) }))
    .toSorted(
      (one, other) => other.calls - one.calls || String(one.ending).localeCompare(String(other.ending)),
    );
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

/** As `loadRequest`, for several. Leaves out those that do not exist. */
export async function loadRequests(from: Queryable, ids: readonly string[]): Promise<RequestView[]> {
  const requests = await Promise.all(ids.map((id) => loadRequest(from, id)));
  return requests.filter((request) => request !== null);
}

/** Ids of requests, newest first: of one person, or of everybody if `userId` is null. */
export async function listRequests(
  from: Queryable,
  {
    userId,
    open,
    state,
    reaching,
    page,
    size,
  }: {
    userId: string | null;
    open: boolean;
    state?: RequestState;
    /** True: only requests of alerts that go on until people are reached. */
    reaching?: boolean;
    page: number;
    size: number;
  },
): Promise<{ ids: string[]; more: boolean }> {
  let query = from.selectFrom('requests').select('id');
  if (userId !== null) query = query.where('requested_by', '=', userId);
  if (open)
    query = query.where('state', 'in', ['awaiting_approval', 'scheduled', 'approved', 'sending', 'sent']);
  if (state !== undefined) query = query.where('state', '=', state);
  // A literal, so that the index of these few rows is used.
  if (reaching === true) query = query.where(sql<boolean>`reaching = 1`).where('origin', '=', 'alert');
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(size + 1)
    .offset(page * size)
    .execute();
  return { ids: rows.slice(0, size).map((row) => row.id), more: rows.length > size };
}
