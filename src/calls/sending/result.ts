import { enqueue } from '../../queue/enqueue.ts';
import type { Tx } from '../../store/types.ts';
import { restMs } from '../../voice/reads.ts';
import type { NotSentReason, SendResult, SubmittedRow } from '../../voice/types.ts';
import { advance } from '../request/advance.ts';
import { audit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { type CallRow, lockRequest, type SubmissionRow } from '../request/rows.ts';
import { readOptions } from '../request/stored.ts';
import {
  type CallChange,
  moveCalls,
  moveSubmission,
  noLongerHeld,
  writeCalls,
} from '../request/transitions.ts';
import type { CallCause } from '../request/types.ts';
import { firstAskMs } from '../results/first-ask.ts';
import { markTaken } from '../results/mark-taken.ts';
import { lookUpToResendMs, reconcileAfterMs } from '../results/reconcile.ts';
import { tryReportsAgain } from '../results/reports.ts';
import { alertStillFires, isStopped } from './keep-trying.ts';
import { wakeLanes } from './lanes.ts';
import { openCalls } from './limits.ts';

/** How long to retry a submission that cannot leave this machine, ms. */
export const keepTryingMs = 10 * 60_000;

/** `onUnknown: again`: resend an unknown submission this long after sending, ms. It is looked up before that. */
export const resendAfterMs = 60_000;

/** Codes that refuse the whole account: the ready rest of the request would be refused too. */
const accountCodes = new Set(['-1', '-2', '-10', '-13', '-19', '-29', '-30', '-31', '-32']);

/**
 * Stores the result of a POST if `sender` still owns the submission. A paused process that lost it changes nothing,
 * because recovery has made the submission unknown. Exception: a definite result is proof and is always stored, also
 * after a report has shown that the platform accepted the submission (for its other calls), and after a person has
 * said what happened (the platform knows better).
 */
export async function applySendResult(
  tx: Tx,
  deps: CallsDeps,
  submissionId: string,
  sender: string,
  result: SendResult,
): Promise<void> {
  const requestId = await requestOf(tx, submissionId);
  if (requestId === null) return;
  const request = await lockRequest(tx, requestId);
  if (request === null) return;
  const submission = await tx
    .selectFrom('submissions')
    .selectAll()
    .where('id', '=', submissionId)
    .executeTakeFirstOrThrow();
  const ours = submission.sender === sender;
  const proof =
    submission.state === 'unknown' || submission.state === 'settled'
      ? result.outcome === 'answered' || (ours && result.outcome === 'refused')
      : submission.state === 'accepted' && result.outcome === 'answered';
  if (!(submission.state === 'sending' && ours) && !proof) return;
  if (result.outcome === 'not_sent') await notSent(tx, deps, submission, { code: null, cause: result.why });
  else if (result.outcome === 'refused') await refused(tx, deps, submission, result);
  else if (result.outcome === 'ambiguous') {
    const { code, why: cause, detail: reason } = result;
    await becomeUnknown(tx, deps, submission, { code, cause, reason });
  } else {
    const askAt = deps.clock.now() + firstAskMs(deps, readOptions(request.options));
    await answered(tx, deps, submission, result, askAt);
  }
  await advance(tx, deps, requestId, { progress: result.outcome === 'answered' });
}

async function requestOf(tx: Tx, submissionId: string): Promise<string | null> {
  const row = await tx
    .selectFrom('submissions')
    .select('request_id')
    .where('id', '=', submissionId)
    .executeTakeFirst();
  return row?.request_id ?? null;
}

/** Back to `ready`, because certainly nobody was called. Retried after at least `leastMs`, longer with each try. */
async function notSent(
  tx: Tx,
  deps: CallsDeps,
  submission: SubmissionRow,
  why: { code: string | null; cause: NotSentReason | null },
  leastMs = 0,
): Promise<void> {
  const now = deps.clock.now();
  const code = why.code ?? why.cause;
  await moveSubmission(tx, submission, 'ready', { code, sender: null, lane: null, sending_at: null });
  await moveCalls(tx, { submissionId: submission.id }, ['sending'], 'ready', { dialled_at: null });
  if (await isStopped(tx, submission.request_id)) {
    await moveSubmission(tx, { id: submission.id, state: 'ready' }, 'cancelled');
    await moveCalls(tx, { submissionId: submission.id }, ['ready'], 'cancelled');
    return;
  }
  const patient = await alertStillFires(tx, deps, submission.request_id);
  if (!patient && now - (submission.first_try_at ?? now) >= keepTryingMs) {
    await moveSubmission(tx, { id: submission.id, state: 'ready' }, 'failed', { code });
    await moveCalls(tx, { submissionId: submission.id }, ['ready'], 'failed', {
      submit_code: why.code,
      cause: why.cause,
    });
    return;
  }
  const growingMs = Math.min(1000 * 2 ** Math.max(0, submission.tries - 1), 60_000);
  const pauseMs = why.cause === 'stopped' ? 0 : Math.max(leastMs, growingMs);
  const nextTryAt = now + pauseMs;
  await tx
    .updateTable('submissions')
    .set({ next_try_at: nextTryAt })
    .where('id', '=', submission.id)
    .execute();
  // Another instance may hold the lane by now; it saw nothing ready and ended.
  await wakeLanes(tx, deps, nextTryAt);
}

async function refused(
  tx: Tx,
  deps: CallsDeps,
  submission: SubmissionRow,
  result: { code: string; reason: string },
): Promise<void> {
  const now = deps.clock.now();
  const told = { submit_code: result.code, submit_reason: result.reason, cause: null };
  // "Too often" means that nobody was called and that a retry may work a minute later.
  if (result.code === '-15' && submission.state === 'sending')
    return await notSent(tx, deps, submission, { code: result.code, cause: null }, restMs);
  await moveSubmission(tx, submission, 'refused', {
    code: result.code,
    reason: result.reason,
    answered_at: now,
  });
  await moveCalls(
    tx,
    { submissionId: submission.id },
    ['sending', 'unknown', 'accepted', 'failed'],
    'refused',
    {
      ...told,
      dialled_at: null,
      ask_at: null,
    },
  );
  if (!accountCodes.has(result.code)) return;
  const waiting = await tx
    .selectFrom('submissions')
    .select(['id', 'state'])
    .where('request_id', '=', submission.request_id)
    .where('state', '=', 'ready')
    .execute();
  for (const each of waiting) {
    await moveSubmission(tx, each, 'failed', { code: result.code, reason: result.reason });
    const { ready, waited } = await openCalls(tx, each.id);
    const which = { submissionId: each.id, callees: [...ready, ...waited] };
    await moveCalls(tx, which, ['ready', 'held'], 'failed', { ...noLongerHeld, ...told });
  }
}

/** The phones may or may not ring. It is looked up in the platform's records, and never sent again automatically. */
export async function becomeUnknown(
  tx: Tx,
  deps: CallsDeps,
  submission: Pick<SubmissionRow, 'id' | 'state' | 'request_id' | 'sending_at' | 'again_of'>,
  told: { code: string | null; cause: CallCause; reason: string | null },
): Promise<void> {
  const now = deps.clock.now();
  const code = told.code ?? told.cause;
  await moveSubmission(tx, submission, 'unknown', { code, reason: told.reason, answered_at: null });
  await moveCalls(tx, { submissionId: submission.id }, ['sending'], 'unknown', {
    submit_code: told.code,
    cause: told.cause,
  });
  // Reports may have come before the result was lost: then the platform has accepted it.
  await markTaken(tx, deps, submission.id);
  await audit(tx, submission.request_id, {
    at: now,
    actor: 'voicecall',
    action: 'unknown',
    detail: { submission: submission.id, code },
  });
  await lookForUnknown(tx, submission, submission.sending_at ?? now, now);
}

/** Schedules the look-up in the platform's records and, if the rule says so, the resend. */
async function lookForUnknown(
  tx: Tx,
  submission: Pick<SubmissionRow, 'id' | 'request_id' | 'again_of'>,
  sentAt: number,
  now: number,
): Promise<void> {
  const request = await tx
    .selectFrom('requests')
    .select(['on_unknown', 'cancelled_by', 'acked_by'])
    .where('id', '=', submission.request_id)
    .executeTakeFirst();
  const again =
    request?.on_unknown === 'again' &&
    request.cancelled_by === null &&
    request.acked_by === null &&
    // A resend is not sent a third time.
    submission.again_of === null;
  const firstAt = sentAt + (again ? lookUpToResendMs : reconcileAfterMs[0]);
  await enqueue(tx, { kind: 'reconcile', key: 'voice', runAt: firstAt });
  if (!again) return;
  // Also after a long pause, leaves time to look it up before the resend.
  const resendAt = Math.max(sentAt + resendAfterMs, now + resendAfterMs - lookUpToResendMs);
  await tx.updateTable('submissions').set({ resend_at: resendAt }).where('id', '=', submission.id).execute();
  await enqueue(tx, { kind: 'resend', key: submission.id, runAt: resendAt });
}

async function answered(
  tx: Tx,
  deps: CallsDeps,
  submission: SubmissionRow,
  result: { code: string; reason: string; rows: SubmittedRow[] },
  askAt: number,
): Promise<void> {
  const now = deps.clock.now();
  const calls = await tx.selectFrom('calls').selectAll().where('submission_id', '=', submission.id).execute();
  const rows = new Map(result.rows.map((row) => [row.callee, row]));
  const changed: CallChange[] = [];
  for (const call of calls) {
    const row = rows.get(call.callee);
    const next = row === undefined ? null : withRow(call, row, { sentAt: submission.sending_at, askAt });
    if (next !== null) changed.push({ from: call.state, call: next });
  }
  await writeCalls(tx, changed, answeredColumns);
  const states = new Set(changed.map(({ call }) => call.state));
  const taken = states.has('accepted') || states.has('answered') || states.has('not_answered');
  const to = taken ? 'accepted' : states.has('unknown') ? 'unknown' : 'refused';
  // For callees that the result does not mention, the person's word stays.
  if (submission.state === 'settled' && !taken && changed.length < calls.length) return;
  // Rows that all refuse with one code say it of the whole submission.
  const refusals = new Set(changed.map(({ call }) => call.submit_code));
  const [code = null] = to === 'refused' && refusals.size === 1 ? refusals : [];
  const told = { code: code ?? result.code, reason: result.reason, answered_at: now };
  if (to === 'unknown') {
    if (submission.state === 'sending') {
      await becomeUnknown(tx, deps, submission, { code: null, cause: 'no_rows', reason: result.reason });
    }
    return;
  }
  if (submission.state !== 'accepted') await moveSubmission(tx, submission, to, told);
  if (states.has('unknown')) {
    await lookForUnknown(tx, submission, submission.sending_at ?? now, now);
  }
  await tryReportsAgain(
    tx,
    deps,
    changed.flatMap(({ call }) => (call.voice_id === null ? [] : [call.voice_id])),
  );
}

/** The columns that `withRow` changes. */
const answeredColumns = [
  ...['state', 'voice_id', 'submit_code', 'submit_reason', 'cause', 'dialled_at', 'ask_at', 'asked'],
] as const;

/** The call with its row of the result. Null if the row says nothing new. A report that came first is kept. */
function withRow(
  call: CallRow,
  row: SubmittedRow,
  { sentAt, askAt }: { sentAt: number | null; askAt: number },
): CallRow | null {
  const told = { submit_code: row.terminationCode, submit_reason: row.terminationReason, cause: null };
  const settled = call.cause === 'settled_called' || call.cause === 'settled_not_called';
  if (settled) {
    // The result says nothing about this callee, so the person's word stays.
    if (row.outcome === 'unknown') return null;
  } else if (call.state === 'accepted' || call.state === 'answered' || call.state === 'not_answered') {
    return { ...call, ...told, voice_id: call.voice_id ?? row.voiceId };
  } else if (call.state !== 'sending' && call.state !== 'unknown') return null;
  return {
    ...call,
    ...told,
    state: row.outcome,
    voice_id: row.voiceId,
    dialled_at: row.outcome === 'refused' ? null : (call.dialled_at ?? sentAt),
    ask_at: row.outcome === 'accepted' ? askAt : null,
    asked: row.voiceId === null ? 2 : 0,
  };
}
