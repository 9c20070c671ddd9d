import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Selectable } from 'kysely';
import { newId } from '../../ids.ts';
import { enqueue } from '../../queue/enqueue.ts';
import type { TaskHandler } from '../../queue/types.ts';
import type { CallsTable, ReportsTable } from '../../store/schema.ts';
import type { Tx } from '../../store/types.ts';
import type { CallRecord } from '../../voice/types.ts';
import { advance } from '../request/advance.ts';
import type { CallsDeps } from '../request/deps.ts';
import { lockRequest } from '../request/rows.ts';
import { callTransitions, mayBecome } from '../request/states.ts';
import { findToken } from '../request/token.ts';
import type { CallState } from '../request/types.ts';
import { settleByReports } from './taken-by-report.ts';
import { isFinal, judgeTermination, winningReport } from './terminations.ts';
import { writeCalls } from './write-calls.ts';

type CallRow = Selectable<CallsTable>;
type ReportRow = Selectable<ReportsTable>;

const batchSize = 200;
/** Reports applied in one transaction: on SQLite nothing else of the process runs meanwhile. */
const appliedAtOnce = 100;

/**
 * Stores delivery reports or records as they came, in one transaction; the same one twice is stored once. They are
 * applied by a task, so that the platform gets its answer as soon as they are on disk.
 */
export async function storeReports(deps: CallsDeps, records: readonly CallRecord[]): Promise<void> {
  const now = deps.clock.now();
  await deps.store.transaction(async (tx) => {
    for (let start = 0; start < records.length; start += batchSize) {
      const rows = records.slice(start, start + batchSize).map((each) => reportRow(deps, each, now));
      await tx
        .insertInto('reports')
        .values(rows)
        .onConflict((conflict) => conflict.column('digest').doNothing())
        .execute();
    }
    await enqueue(tx, { kind: 'reports', key: 'apply', runAt: now, priority: 3 });
  });
}

function reportRow(deps: CallsDeps, report: CallRecord, now: number): ReportRow {
  const body = JSON.stringify(report);
  const { raw: _, ...told } = report;
  return {
    id: newId('p'),
    digest: createHash('sha256').update(JSON.stringify(told)).digest('hex'),
    voice_id: report.voiceId,
    token: findToken(deps.tokenSecret, report.calledInfo),
    // Told by some with a plus sign.
    callee: report.callee?.replace(/\D/g, '') || null,
    body,
    received_at: now,
    applied_at: null,
  };
}

/** The handler of "reports" tasks: applies what is stored and not yet applied. */
export function createReportApplier(deps: CallsDeps): TaskHandler {
  return async (_task, lease) => {
    let after = '';
    while (lease.valid()) {
      const rows = await deps.store.read
        .selectFrom('reports')
        .selectAll()
        .where('applied_at', 'is', null)
        .where('id', '>', after)
        .where('received_at', '>', deps.clock.now() - waitForCallMs)
        .orderBy('id')
        .limit(appliedAtOnce)
        .execute();
      if (rows.length === 0) return undefined;
      after = rows.at(-1)?.id ?? '';
      await deps.store.transaction((tx) => applyReports(tx, deps, rows));
      await nextTurn();
    }
    return { againAt: deps.clock.now() };
  };
}

/** A report that fits no call yet is kept this long in case its call is told later, ms. */
const waitForCallMs = 24 * 3_600_000;

/** After an answer told new voiceIds: applies the reports that came before it. */
export async function applyWaitingReports(
  tx: Tx,
  deps: CallsDeps,
  voiceIds: readonly string[],
): Promise<void> {
  if (voiceIds.length === 0) return;
  const rows = await tx
    .selectFrom('reports')
    .selectAll()
    .where('voice_id', 'in', voiceIds)
    .where('applied_at', 'is', null)
    .execute();
  await applyReports(tx, deps, rows, { advanceToo: false });
}

/**
 * Applies reports to the calls they belong to, all in a few statements. Idempotent and commutative: a call's end is
 * judged anew from all reports stored for its voiceId, so that any order and any repetition gives the same end.
 */
export async function applyReports(
  tx: Tx,
  deps: CallsDeps,
  rows: readonly ReportRow[],
  { advanceToo = true } = {},
): Promise<void> {
  if (advanceToo) {
    // Locked before the calls are read: the answer to a submission may be being stored right now.
    const concerned = new Set((await findCalls(tx, rows, () => {})).values().map((call) => call.request_id));
    for (const requestId of [...concerned].sort()) await lockRequest(tx, requestId);
  }
  const calls = await findCalls(tx, rows, (voiceId, why) => {
    deps.log.warn({ voiceId }, `${why}: set aside`);
  });
  const voiceIds = [...calls.keys()];
  if (voiceIds.length === 0) return;
  const now = deps.clock.now();
  const stored = await tx
    .selectFrom('reports')
    .select(['id', 'voice_id', 'callee', 'body'])
    .where('voice_id', 'in', voiceIds)
    .execute();
  const reports = Map.groupBy(stored, (each) => each.voice_id);
  const changed: CallRow[] = [];
  for (const [voiceId, call] of calls) {
    // One that names another callee was set aside: it must not win now.
    const told = (reports.get(voiceId) ?? []).filter(
      ({ callee }) => callee === null || callee === call.callee,
    );
    const report = winningReport(told.map((each) => JSON.parse(each.body) as CallRecord));
    if (report !== null) changed.push(withReport(call, voiceId, report, now));
  }
  await writeCalls(tx, changed, reportedColumns);
  // Those that were read, not all of these voiceIds: another one may have been stored since.
  const judged = stored.map((each) => each.id);
  await tx.updateTable('reports').set({ applied_at: now }).where('id', 'in', judged).execute();
  for (const submissionId of new Set(changed.map((call) => call.submission_id))) {
    if (submissionId !== null) await settleByReports(tx, deps, submissionId);
  }
  if (!advanceToo) return;
  const requestIds = new Set(changed.map((call) => call.request_id));
  for (const requestId of [...requestIds].sort()) {
    await advance(tx, deps, requestId, { step: true });
  }
}

/** The calls that reports belong to, by the reports' voiceIds. What contradicts what we know is left out, and told why. */
async function findCalls(
  tx: Tx,
  rows: readonly ReportRow[],
  setAside: (voiceId: string, why: string) => void,
): Promise<Map<string, CallRow>> {
  if (rows.length === 0) return new Map();
  const voiceIds = [...new Set(rows.map((row) => row.voice_id))];
  const known = await tx.selectFrom('calls').selectAll().where('voice_id', 'in', voiceIds).execute();
  const byVoiceId = new Map(known.map((call) => [call.voice_id, call]));
  const found = new Map<string, CallRow>();
  const taken = new Set<string>();
  for (const row of rows) {
    if (found.has(row.voice_id)) continue;
    const call = byVoiceId.get(row.voice_id) ?? (await findByToken(tx, row));
    if (call === undefined) continue;
    if (row.callee !== null && row.callee !== call.callee) {
      setAside(row.voice_id, 'a report names another callee than the call it is for');
      continue;
    }
    const place = `${call.request_id} ${call.position}`;
    if ((call.voice_id !== null && call.voice_id !== row.voice_id) || taken.has(place)) {
      setAside(row.voice_id, 'a second call of one submission to one callee was reported');
      continue;
    }
    taken.add(place);
    found.set(row.voice_id, call);
  }
  return found;
}

/** For a call whose voiceId never reached us: by the token in calledInfo and the callee. */
async function findByToken(tx: Tx, row: ReportRow): Promise<CallRow | undefined> {
  if (row.token === null || row.callee === null) return undefined;
  return await tx
    .selectFrom('calls')
    .innerJoin('submissions', 'submissions.id', 'calls.submission_id')
    .selectAll('calls')
    .where('submissions.token', '=', row.token)
    .where('calls.callee', '=', row.callee)
    .executeTakeFirst();
}

/** What `withReport` changes. */
const reportedColumns = [
  'state',
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
] as const satisfies (keyof CallRow)[];

/** The call after the report that counts for it. */
function withReport(call: CallRow, voiceId: string, report: CallRecord, now: number): CallRow {
  const final = isFinal(report);
  const end: CallState = !final
    ? 'accepted'
    : judgeTermination(report).answered
      ? 'answered'
      : 'not_answered';
  const from = call.state as CallState;
  return {
    ...call,
    state: from === end || mayBecome(callTransitions, from, end) ? end : from,
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
  };
}
