import { VoicecallError } from '../../errors.ts';
import { transactionReadBack } from '../../store/read-back.ts';
import type { Tx } from '../../store/types.ts';
import { closeApproval } from '../approval/deadline.ts';
import { advance } from '../request/advance.ts';
import { readAudit, record } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { lockRequest } from '../request/rows.ts';
import { finishedRequestStates } from '../request/states.ts';
import { heldNoMore, moveCalls, moveRequest, moveSubmissions } from '../request/transitions.ts';
import { limitCauses, type RequestState } from '../request/types.ts';

/**
 * Stops everything of a request that has not been sent; calls already placed cannot be stopped. Returns how many
 * calls were stopped. Throws VoicecallError not_found, or already_decided when nothing is left to stop. Whether
 * `userId` may do it is the caller's to check.
 */
export async function cancelRequest(
  deps: CallsDeps,
  requestId: string,
  userId: string,
): Promise<{ stopped: number }> {
  const at = deps.clock.now();
  return await transactionReadBack(
    deps.store,
    (tx) => cancelIn(tx, deps, requestId, { by: userId, action: 'cancelled', at }),
    (tx) => storedCancel(tx, requestId, userId, at),
  );
}

/** What this very press stopped, if it is stored already; null if it is not. */
async function storedCancel(
  tx: Tx,
  requestId: string,
  userId: string,
  at: number,
): Promise<{ stopped: number } | null> {
  await lockRequest(tx, requestId);
  const audit = await readAudit(tx, requestId);
  const stored = audit.find((each) => each.action === 'cancelled' && each.actor === userId && each.at === at);
  return stored === undefined ? null : { stopped: Number(stored.detail.stopped) };
}

export function isOpen(state: RequestState): boolean {
  return state !== 'sent' && !finishedRequestStates.includes(state);
}

/** The same in the caller's transaction; `by` is a user, a rule or the program itself. */
export async function cancelIn(
  tx: Tx,
  deps: CallsDeps,
  requestId: string,
  { by, action, at: now = deps.clock.now() }: { by: string; action: string; at?: number },
): Promise<{ stopped: number }> {
  const request = await lockRequest(tx, requestId);
  if (request === null) throw new VoicecallError('not_found', `no request ${requestId}`);
  if (!isOpen(request.state)) {
    throw new VoicecallError('already_decided', `request ${requestId} is ${request.state}`, {
      facts: { state: request.state, at: String(request.changed_at), by: request.cancelled_by ?? '' },
    });
  }
  const waiting = request.alert_id === null ? [] : await waitingForLimit(tx, requestId);
  await moveSubmissions(tx, { requestId }, ['ready'], 'cancelled');
  const stopped =
    (await moveCalls(tx, { requestId }, ['ready'], 'cancelled')) +
    (await moveCalls(tx, { requestId, callees: waiting }, ['held'], 'cancelled', heldNoMore));
  await tx
    .updateTable('requests')
    .set({ cancelled_by: by, changed_at: now })
    .where('id', '=', requestId)
    .execute();
  await record(tx, requestId, { at: now, actor: by, action, detail: { stopped } });
  // What stayed unknown does not go out once more.
  await tx
    .updateTable('submissions')
    .set({ resend_at: null })
    .where('request_id', '=', requestId)
    .where('resend_at', 'is not', null)
    .execute();
  if (request.state === 'awaiting_approval') {
    await moveRequest(tx, request, 'cancelled', now, { cancelled_by: by, finished_at: now });
    await closeApproval(tx, requestId, now);
  } else await advance(tx, deps, requestId);
  return { stopped };
}

/** Callees whose calls a limit holds back, and that would be made when it lets them. */
async function waitingForLimit(tx: Tx, requestId: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('calls')
    .innerJoin('submissions', 'submissions.id', 'calls.submission_id')
    .select('calls.callee')
    .where('calls.request_id', '=', requestId)
    .where('calls.state', '=', 'held')
    .where('calls.cause', 'in', limitCauses)
    .where('submissions.state', '=', 'ready')
    .execute();
  return rows.map((row) => row.callee);
}
