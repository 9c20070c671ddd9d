import type { Tx } from '../../store/types.ts';
import { moveCalls, moveSubmissions, noLongerHeld } from '../request/transitions.ts';
import { type CallCause, limitCauses } from '../request/types.ts';

/**
 * Stops everything of a request that is not sent yet: ready calls, calls that wait for a limit, and calls to be sent
 * again because their result was lost. Returns how many calls were stopped.
 */
export async function stopUnsent(tx: Tx, requestId: string, cause: CallCause | null = null): Promise<number> {
  const waiting = await waitingForLimit(tx, requestId);
  await moveSubmissions(tx, { requestId }, ['ready'], 'cancelled');
  const why = { ...noLongerHeld, cause };
  const stopped =
    (await moveCalls(tx, { requestId }, ['ready'], 'cancelled', why)) +
    (await moveCalls(tx, { requestId, callees: waiting }, ['held'], 'cancelled', why));
  await tx
    .updateTable('submissions')
    .set({ resend_at: null })
    .where('request_id', '=', requestId)
    .where('resend_at', 'is not', null)
    .execute();
  return stopped;
}

/** Callees whose calls a limit holds and that would be made later. */
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
