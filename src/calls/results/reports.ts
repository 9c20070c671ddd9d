import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Selectable } from 'kysely';
import { newId } from '../../ids.ts';
import { enqueue } from '../../queue/enqueue.ts';
import type { TaskHandler } from '../../queue/types.ts';
import { inChunks } from '../../store/chunks.ts';
import { lockAlone, lockShared } from '../../store/locks.ts';
import type { CallsTable, ReportsTable } from '../../store/schema.ts';
import type { Tx } from '../../store/types.ts';
import { toJson } from '../../store/values.ts';
import type { CallRecord } from '../../voice/types.ts';
import { advance } from '../request/advance.ts';
import type { CallsDeps } from '../request/deps.ts';
import { noteLastReached } from '../request/last-reached.ts';
import { lockRequest, type RequestRow } from '../request/rows.ts';
import { callTransitions, mayBecome } from '../request/states.ts';
import { readRecord } from '../request/stored.ts';
import { findToken } from '../request/token.ts';
import { type CallChange, writeCalls } from '../request/transitions.ts';
import type { CallState } from '../request/types.ts';
import { soonMs } from './first-ask.ts';
import { markTaken } from './mark-taken.ts';
import { noteReached } from './reached.ts';
import { isFinal, judgeTermination, winningReport } from './terminations.ts';

type CallRow = Selectable<CallsTable>;
type ReportRow = Selectable<ReportsTable>;

/** How many reports one transaction stores or applies: on SQLite nothing else of the process runs during it. */
const storedAtOnce = 100;
const appliedAtOnce = 200;

/** Reports come in many small pushes. Those within this time are applied together, ms. */
const gatherMs = 100;
/** The same after a push of many reports: more of the same crowd follow, and its board shows them later anyway. */
const gatherManyMs = 500;
const many = 50;

/**
 * Stores reports or records as they came, in several transactions; the same one twice is stored once. A task applies
 * them, so that the platform gets its answer as soon as they are on disk.
 */
export async function storeReports(deps: CallsDeps, records: readonly CallRecord[]): Promise<void> {
  const tokens = new Map<string | null, string | null>();
  const waitMs = records.length < many ? gatherMs : gatherManyMs;
  for (let start = 0; start < records.length; start += storedAtOnce) {
    if (start > 0) await nextTurn();
    const now = deps.clock.now();
    const applyAt = now + waitMs;
    const batch = `p${now.toString(36)}${newId('')}`;
    const rows = records.slice(start, start + storedAtOnce).map((record, index) => ({
      // Ids begin with the time, so that reports stored together are close together in the database and fewer pages
      // are written.
      id: `${batch}${index}`,
      ...reportRow(deps, record, tokens, now),
    }));
    await deps.store.transaction(async (tx) => {
      await tx
        .insertInto('reports')
        .values(rows)
        .onConflict((conflict) => conflict.column('digest').doNothing())
        .execute();
      await enqueue(tx, { kind: 'reports', key: 'apply', runAt: applyAt });
    });
  }
}

/** `tokens`: those found so far, because the calls of one submission carry the same calledInfo. */
function reportRow(
  deps: CallsDeps,
  report: CallRecord,
  tokens: Map<string | null, string | null>,
  now: number,
): Omit<ReportRow, 'id'> {
  const { calledInfo } = report;
  const token = tokens.get(calledInfo) ?? findToken(deps.tokenSecret, calledInfo);
  tokens.set(calledInfo, token);
  const body = toJson(report);
  const { raw: _, ...told } = report;
  return {
    digest: hash('sha256', JSON.stringify(told)),
    voice_id: report.voiceId,
    token,
    // Some senders add a plus sign.
    callee: report.callee?.replace(/\D/g, '') || null,
    body,
    received_at: now,
    tried_at: null,
    applied_at: null,
    outdone: 0,
  };
}

/**
 * The handler of "reports" tasks: matches stored reports that were not tried yet. A report that matches no call is
 * marked as tried, and tried again when a result brings its voiceId. If other programs share the platform's account,
 * we also get reports of their calls.
 */
export function createReportApplier(deps: CallsDeps): TaskHandler {
  return async (_task, lease) => {
    while (lease.valid()) {
      const rows = await deps.store.read
        .selectFrom('reports')
        .selectAll()
        .where('tried_at', 'is', null)
        .orderBy('id')
        .limit(appliedAtOnce)
        .execute();
      if (rows.length === 0) return undefined;
      const applied = await deps.store.transaction((tx) => applyReports(tx, deps, rows));
      const others = rows.filter((row) => !applied.has(row.voice_id));
      if (others.length > 0) await setAside(deps, others);
      // Those that match a call by now were not set aside: they are read again.
      else if (rows.length < appliedAtOnce) return undefined;
      await nextTurn();
    }
    return { againAt: deps.clock.now() };
  };
}

/** The lock between storing a result's voiceIds and marking reports that match none. */
const voiceIdsLock = 'voice-ids';

/** Marks reports as tried that still match no call. */
async function setAside(deps: CallsDeps, rows: readonly ReportRow[]): Promise<void> {
  await deps.store.transaction(async (tx) => {
    // A result that is being stored now cannot see this mark, and we cannot see its voiceIds. After this lock both
    // can.
    await lockAlone(tx, deps.store, voiceIdsLock);
    const calls = await findCalls(tx, rows);
    const ids = rows.filter((row) => !calls.has(row.voice_id)).map((row) => row.id);
    await inChunks(ids, (some) =>
      tx.updateTable('reports').set({ tried_at: deps.clock.now() }).where('id', 'in', some).execute(),
    );
  });
}

/** After a result brought new voiceIds: tries those earlier reports again that matched nothing. */
export async function tryReportsAgain(tx: Tx, deps: CallsDeps, voiceIds: readonly string[]): Promise<void> {
  if (voiceIds.length === 0) return;
  await lockShared(tx, deps.store, voiceIdsLock);
  let waited = 0;
  await inChunks(voiceIds, async (some) => {
    const result = await tx
      .updateTable('reports')
      .set({ tried_at: null })
      .where('voice_id', 'in', some)
      .where('applied_at', 'is', null)
      .where('tried_at', 'is not', null)
      .executeTakeFirst();
    waited += Number(result.numUpdatedRows);
  });
  if (waited > 0) {
    await enqueue(tx, { kind: 'reports', key: 'apply', runAt: deps.clock.now() });
  }
}

/**
 * Applies reports to their calls, in a few statements. Returns the voiceIds of those calls. Idempotent and
 * commutative: of all reports of one voiceId the same one counts, in any order and repetition.
 */
export async function applyReports(
  tx: Tx,
  deps: CallsDeps,
  rows: readonly ReportRow[],
): Promise<ReadonlySet<string>> {
  // Locked before the calls are read, because the result of a submission may be stored at the same time.
  const concerned = new Set((await findCalls(tx, rows)).values().map((call) => call.request_id));
  const requests: RequestRow[] = [];
  for (const requestId of [...concerned].sort()) {
    const request = await lockRequest(tx, requestId);
    if (request !== null) requests.push(request);
  }
  const calls = await findCalls(tx, rows, (voiceId, why) => {
    deps.log.warn({ voiceId }, `${why}: set aside`);
  });
  const voiceIds = [...calls.keys()];
  if (voiceIds.length === 0) return new Set();
  const now = deps.clock.now();
  const reports = await thatMayCount(tx, rows, voiceIds);
  const { changed, counting, outdone } = chooseReports(calls, reports, now);
  await writeCalls(tx, changed, reportedColumns);
  const done = { applied_at: now, tried_at: now };
  await inChunks(counting, (ids) => tx.updateTable('reports').set(done).where('id', 'in', ids).execute());
  await inChunks(outdone, (ids) =>
    tx
      .updateTable('reports')
      .set({ ...done, outdone: 1 })
      .where('id', 'in', ids)
      .execute(),
  );
  for (const submissionId of new Set(changed.map(({ call }) => call.submission_id))) {
    if (submissionId !== null) await markTaken(tx, deps, submissionId);
  }
  const requestIds = new Set(changed.map(({ call }) => call.request_id));
  for (const request of requests) await noteReached(tx, request, changed, now);
  const answered = changed.filter(({ from, call }) => call.state === 'answered' && from !== 'answered');
  await noteLastReached(
    tx,
    deps.tokenSecret,
    answered.map(({ call }) => ({ callee: call.callee, at: call.ended_at ?? now })),
  );
  for (const requestId of [...requestIds].sort()) {
    await advance(tx, deps, requestId, { progress: true });
  }
  return new Set(voiceIds);
}

/**
 * Which report counts for each call, and how it changes the call. Pure. `counting` and `outdone`: ids of reports. The
 * outdone ones need not be read again.
 */
function chooseReports(
  calls: ReadonlyMap<string, CallRow>,
  reports: readonly MayCount[],
  now: number,
): { changed: CallChange[]; counting: string[]; outdone: string[] } {
  const byVoiceId = Map.groupBy(reports, (each) => each.voice_id);
  const changed: CallChange[] = [];
  const counting: string[] = [];
  const outdone: string[] = [];
  for (const [voiceId, call] of calls) {
    const told = (byVoiceId.get(voiceId) ?? []).map(({ id, callee, body, received_at }) => ({
      ...{ id, received_at },
      // A report that names another callee must not win.
      record: callee === null || callee === call.callee ? readRecord(body) : null,
    }));
    const report = winningReport(told.flatMap(({ record }) => record ?? []));
    for (const { id, record } of told) (record !== null && record === report ? counting : outdone).push(id);
    if (report === null) continue;
    const receivedAt = told.find(({ record }) => record === report)?.received_at ?? now;
    changed.push({ from: call.state, call: withReport(call, { voiceId, receivedAt }, report, now) });
  }
  return { changed, counting, outdone };
}

type MayCount = Pick<ReportRow, 'id' | 'voice_id' | 'callee' | 'body' | 'received_at'>;

/**
 * The reports that may count for these voiceIds: those of `rows`, and those tried before. Without this, thousands of
 * different reports of one call would be read again for each slice.
 */
async function thatMayCount(
  tx: Tx,
  rows: readonly ReportRow[],
  voiceIds: readonly string[],
): Promise<MayCount[]> {
  const before = await tx
    .selectFrom('reports')
    .select(['id', 'voice_id', 'callee', 'body', 'received_at'])
    .where('voice_id', 'in', voiceIds)
    .where('tried_at', 'is not', null)
    .where('outdone', '=', 0)
    .execute();
  const wanted = new Set(voiceIds);
  const all = [...before, ...rows.filter((row) => wanted.has(row.voice_id))];
  return [...new Map(all.map((each) => [each.id, each])).values()];
}

/** The calls of the reports, by voiceId. A report that contradicts what we know is left out and logged. */
async function findCalls(
  tx: Tx,
  rows: readonly ReportRow[],
  contradicts: (voiceId: string, why: string) => void = () => {},
): Promise<Map<string, CallRow>> {
  if (rows.length === 0) return new Map();
  const voiceIds = [...new Set(rows.map((row) => row.voice_id))];
  const known = await tx.selectFrom('calls').selectAll().where('voice_id', 'in', voiceIds).execute();
  const byVoiceId = new Map(known.map((call) => [call.voice_id, call]));
  const byToken = await findByToken(
    tx,
    rows.filter((row) => !byVoiceId.has(row.voice_id)),
  );
  const found = new Map<string, CallRow>();
  const taken = new Set<string>();
  for (const row of rows) {
    if (found.has(row.voice_id)) continue;
    const call = byVoiceId.get(row.voice_id) ?? byToken.get(`${row.token} ${row.callee}`);
    if (call === undefined) continue;
    if (row.callee !== null && row.callee !== call.callee) {
      contradicts(row.voice_id, 'a report names another callee than the call it is for');
      continue;
    }
    const place = `${call.request_id} ${call.position}`;
    if ((call.voice_id !== null && call.voice_id !== row.voice_id) || taken.has(place)) {
      contradicts(row.voice_id, 'a second call of one submission to one callee was reported');
      continue;
    }
    taken.add(place);
    found.set(row.voice_id, call);
  }
  return found;
}

/**
 * For calls whose voiceId never reached us: finds them by the token in calledInfo and the callee, as `token callee`.
 */
async function findByToken(tx: Tx, rows: readonly ReportRow[]): Promise<Map<string, CallRow>> {
  const told = rows.filter((row) => row.token !== null && row.callee !== null);
  if (told.length === 0) return new Map();
  const tokens = [...new Set(told.flatMap((row) => row.token ?? []))];
  const callees = [...new Set(told.flatMap((row) => row.callee ?? []))];
  const calls = await tx
    .selectFrom('calls')
    .innerJoin('submissions', 'submissions.id', 'calls.submission_id')
    .selectAll('calls')
    .select('submissions.token')
    .where('submissions.token', 'in', tokens)
    .where('calls.callee', 'in', callees)
    .execute();
  return new Map(calls.map(({ token, ...call }) => [`${token} ${call.callee}`, call]));
}

/** The columns that `withReport` changes. */
const reportedColumns = [
  'state',
  'cause',
  'voice_id',
  'dialled_at',
  'termination_code',
  'termination_reason',
  'sip_code',
  'call_status',
  'answer_time_at',
  'hangup_time_at',
  'call_duration',
  'feedback_value',
  'out_recall_count',
  'reported_at',
  'ending',
  'ended_at',
  'ask_at',
] as const satisfies (keyof CallRow)[];

/** The call with the report that counts for it. */
function withReport(
  call: CallRow,
  { voiceId, receivedAt }: { voiceId: string; receivedAt: number },
  report: CallRecord,
  now: number,
): CallRow {
  const final = isFinal(report);
  const { answered, kind } = judgeTermination(report);
  const end: CallState = !final ? 'accepted' : answered ? 'answered' : 'not_answered';
  const { state: from } = call;
  const state = from === end || mayBecome(callTransitions, from, end) ? end : from;
  return {
    ...call,
    state,
    cause: null,
    voice_id: voiceId,
    dialled_at: call.dialled_at ?? report.submitTimeAt ?? now,
    termination_code: final ? report.terminationCode : null,
    termination_reason: final ? report.terminationReason : null,
    sip_code: report.sipCode,
    call_status: report.callStatus,
    answer_time_at: report.answerTimeAt,
    hangup_time_at: report.hangupTimeAt,
    call_duration: report.callDuration,
    feedback_value: report.feedbackValue,
    out_recall_count: report.outRecallCount,
    reported_at: now,
    ending: final ? kind : null,
    // A later report of the same end does not start the pause again.
    ended_at: final ? (call.ended_at ?? receivedAt) : null,
    ask_at: state === 'accepted' ? (call.ask_at ?? now + soonMs) : null,
  };
}
