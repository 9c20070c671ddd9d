import { changed } from '../../outbox/outbox.ts';
import { enqueue } from '../../queue/enqueue.ts';
import type { Tx } from '../../store/types.ts';
import { audit } from './audit.ts';
import type { CallsDeps } from './deps.ts';
import { crowd } from './plan.ts';
import { countCalls, hasReadySubmission, lockRequest, type RequestRow } from './rows.ts';
import { planIn } from './stored.ts';
import { moveRequest } from './transitions.ts';
import type { CallState, Counts } from './types.ts';

/**
 * Changes a request's state after one of its parts changed: to `sent` when nothing is left to send (then the thread
 * gets its results), to `done` when nothing is left to learn, to `failed` if nothing could be sent. It does not end
 * while its plan or ladder may still call somebody: a task decides what comes next (calls/reaching). `progress`: one
 * of many similar changes, which the board may show later together.
 */
export async function advance(
  tx: Tx,
  deps: CallsDeps,
  requestId: string,
  { progress = false } = {},
): Promise<void> {
  const now = deps.clock.now();
  const request = await lockRequest(tx, requestId);
  if (request === null) return;
  if (request.reaching !== 0) await lookSoon(tx, request, now);
  if (request.state === 'sending' || request.state === 'approved') {
    if (!(await anyCall(tx, requestId, ['ready', 'sending']))) {
      const counts = await countCalls(tx, requestId, planIn(request));
      // A callee who was called again counts by their best call, so `counts` may show no unknown or held calls
      // although there are some. Then the tables are read in any case.
      const calledAgain = request.plan !== null;
      const again = (calledAgain || counts.unknown > 0) && (await willBeResent(tx, requestId));
      // Calls that a limit holds are ready submissions that wait for it.
      const later = (calledAgain || counts.held > 0) && (await hasReadySubmission(tx, requestId));
      if (!again && !later) await finishSending(tx, request, counts, now);
    }
  } else if (request.state === 'sent' && request.reaching === 0) {
    if (!(await anyCall(tx, requestId, ['unknown', 'accepted']))) await finish(tx, request, 'done', now);
  }
  await changed(tx, now, requestId, { progress });
}

/**
 * Many changes at about the same time are looked at together: for 10,000 callees every two seconds. In ms for each
 * callee.
 */
const gatherForEachMs = 0.2;

/** Adds the task that decides what the plan and the ladder do next. Many changes share one run. */
export async function lookSoon(
  tx: Tx,
  request: Pick<RequestRow, 'id' | 'callees'>,
  now: number,
): Promise<void> {
  const runAt = request.callees <= crowd ? now : now + Math.floor(request.callees * gatherForEachMs);
  await enqueue(tx, { kind: 'reach', key: request.id, runAt });
}

/**
 * True if a call that counts is in one of these states. Checked for each change of a crowd, where counting would cost
 * much more.
 */
async function anyCall(tx: Tx, requestId: string, states: readonly CallState[]): Promise<boolean> {
  const call = await tx
    .selectFrom('calls')
    .select('position')
    .where('request_id', '=', requestId)
    .where('superseded', '=', 0)
    .where('state', 'in', states)
    .limit(1)
    .executeTakeFirst();
  return call !== undefined;
}

/** True while a submission of the request will be sent again because its result was lost. */
async function willBeResent(tx: Tx, requestId: string): Promise<boolean> {
  const waiting = await tx
    .selectFrom('submissions')
    .select('id')
    .where('request_id', '=', requestId)
    .where('resend_at', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return waiting !== undefined;
}

async function finishSending(tx: Tx, request: RequestRow, counts: Counts, now: number): Promise<void> {
  const nothingSent = counts.accepted + counts.refused + counts.unknown === 0;
  if (request.reaching !== 0) {
    if (!nothingSent && request.state === 'sending') await becomeSent(tx, request, counts, now);
  } else if (nothingSent && counts.failed > 0) await finish(tx, request, 'failed', now);
  else if (nothingSent && counts.cancelled > 0) await finish(tx, request, 'cancelled', now);
  else if (request.state === 'approved') await finish(tx, request, 'done', now);
  else {
    await becomeSent(tx, request, counts, now);
    if (!(await anyCall(tx, request.id, ['unknown', 'accepted'])))
      await finish(tx, { ...request, state: 'sent' }, 'done', now);
  }
}

async function becomeSent(tx: Tx, request: RequestRow, counts: Counts, now: number): Promise<void> {
  await moveRequest(tx, request, 'sent', now);
  await audit(tx, request.id, { at: now, actor: 'voicecall', action: 'sent', detail: { ...counts } });
}

async function finish(
  tx: Tx,
  request: Pick<RequestRow, 'id' | 'state'>,
  to: 'done' | 'failed' | 'cancelled',
  now: number,
): Promise<void> {
  await moveRequest(tx, request, to, now, { finished_at: now });
  await audit(tx, request.id, { at: now, actor: 'voicecall', action: to });
}
