import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import { newId } from '../ids.ts';
import type { CallsTable, ReportsTable } from '../store/schema.ts';
import { enqueue } from '../store/tasks.ts';
import type { TaskHandler, Tx } from '../store/types.ts';
import type { CallRecord } from '../voice/types.ts';
import { settleByReports } from './answer.ts';
import type { CallsDeps } from './deps.ts';
import { advance, lockRequest } from './progress.ts';
import { callTransitions, mayBecome } from './states.ts';
import { isFinal, judgeTermination, winningReport } from './terminations.ts';
import { findToken } from './token.ts';
import type { CallState } from './types.ts';

type CallRow = Selectable<CallsTable>;
type ReportRow = Selectable<ReportsTable>;

const batchSize = 100;

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
    callee: report.callee,
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
        .limit(batchSize)
        .execute();
      if (rows.length === 0) return undefined;
      after = rows.at(-1)?.id ?? '';
      await deps.store.transaction((tx) => applyReports(tx, deps, rows));
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
 * Applies reports to the calls they belong to. Idempotent and commutative: a call's end is judged anew from all reports
 * stored for its voiceId, so that any order and any repetition gives the same end.
 */
export async function applyReports(
  tx: Tx,
  deps: CallsDeps,
  rows: readonly ReportRow[],
  { advanceToo = true } = {},
): Promise<void> {
  const touched = new Set<string>();
  for (const row of rows) {
    const found = await findCall(tx, deps, row);
    if (found === null) continue;
    if (advanceToo && !touched.has(found.request_id)) await lockRequest(tx, found.request_id);
    touched.add(found.request_id);
    // Read anew under the lock: the answer to its submission may have been stored in between.
    const call = await findCall(tx, deps, row);
    if (call === null) continue;
    await applyToCall(tx, deps, call, row);
  }
  if (!advanceToo) return;
  for (const requestId of touched) await advance(tx, deps, requestId);
}

/** By voiceId, else by the token in calledInfo and the callee. What contradicts what we know is set aside. */
async function findCall(tx: Tx, deps: CallsDeps, row: ReportRow): Promise<CallRow | null> {
  const byVoiceId = await tx
    .selectFrom('calls')
    .selectAll()
    .where('voice_id', '=', row.voice_id)
    .executeTakeFirst();
  if (byVoiceId !== undefined) {
    if (row.callee === null || row.callee === byVoiceId.callee) return byVoiceId;
    deps.log.warn(
      { voiceId: row.voice_id },
      'a report names another callee than the call it is for: set aside',
    );
    return null;
  }
  if (row.token === null || row.callee === null) return null;
  const byToken = await tx
    .selectFrom('calls')
    .innerJoin('submissions', 'submissions.id', 'calls.submission_id')
    .selectAll('calls')
    .where('submissions.token', '=', row.token)
    .where('calls.callee', '=', row.callee)
    .executeTakeFirst();
  if (byToken === undefined) return null;
  if (byToken.voice_id === null || byToken.voice_id === row.voice_id) return byToken;
  deps.log.warn(
    { voiceId: row.voice_id },
    'a second call of one submission to one callee was reported: set aside',
  );
  return null;
}

async function applyToCall(tx: Tx, deps: CallsDeps, call: CallRow, row: ReportRow): Promise<void> {
  const stored = await tx
    .selectFrom('reports')
    .select('body')
    .where('voice_id', '=', row.voice_id)
    // One that names another callee was set aside: it must not win now.
    .where((eb) => eb.or([eb('callee', 'is', null), eb('callee', '=', call.callee)]))
    .execute();
  const report = winningReport(stored.map((each) => JSON.parse(each.body) as CallRecord));
  if (report === null) return;
  const now = deps.clock.now();
  const final = isFinal(report);
  const end: CallState = !final
    ? 'accepted'
    : judgeTermination(report).answered
      ? 'answered'
      : 'not_answered';
  const from = call.state as CallState;
  const to = from === end || mayBecome(callTransitions, from, end) ? end : from;
  await tx
    .updateTable('calls')
    .set({
      state: to,
      voice_id: row.voice_id,
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
    })
    .where('request_id', '=', call.request_id)
    .where('position', '=', call.position)
    .execute();
  await tx.updateTable('reports').set({ applied_at: now }).where('voice_id', '=', row.voice_id).execute();
  if (call.submission_id !== null) await settleByReports(tx, deps, call.submission_id);
}
