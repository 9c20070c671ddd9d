import { VoicecallError } from '../../errors.ts';
import { changed } from '../../outbox/outbox.ts';
import { cancelTask } from '../../queue/enqueue.ts';
import { transactionReadBack } from '../../store/read-back.ts';
import type { Tx } from '../../store/types.ts';
import { closeApproval } from '../approval/deadline.ts';
import { advance } from '../request/advance.ts';
import { audit, readAudit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { endOfReaching } from '../request/next.ts';
import { lockRequest, type RequestRow } from '../request/rows.ts';
import { finishedRequestStates } from '../request/states.ts';
import { moveRequest } from '../request/transitions.ts';
import type { EndOfReaching } from '../request/types.ts';
import { stopUnsent } from '../sending/stop.ts';

/** How many calls were stopped, and whether the request would have made further calls. */
export interface Stopped {
  stopped: number;
  goesOn: boolean;
}

/**
 * Stops everything of a request that is not sent yet, with its further attempts and steps. Calls already placed
 * cannot be stopped. Returns how many calls were stopped. Throws VoicecallError not_found, or already_decided if
 * nothing is left to stop. The caller checks that `userId` may do this.
 */
export async function cancelRequest(deps: CallsDeps, requestId: string, userId: string): Promise<Stopped> {
  const at = deps.clock.now();
  return await transactionReadBack(
    deps.store,
    (tx) => cancelIn(tx, deps, requestId, { by: userId, action: 'cancelled', at }),
    (tx) => storedCancel(tx, requestId, userId, at),
  );
}

/** What this press stopped, if it is stored already. Null if not. */
async function storedCancel(tx: Tx, requestId: string, userId: string, at: number): Promise<Stopped | null> {
  await lockRequest(tx, requestId);
  const lines = await readAudit(tx, requestId);
  const stored = lines.find((each) => each.action === 'cancelled' && each.actor === userId && each.at === at);
  return stored === undefined
    ? null
    : { stopped: Number(stored.detail.stopped), goesOn: stored.detail.goesOn === true };
}

/** True if something of the request can still be stopped. */
export function isOpen({ state, reaching }: Pick<RequestRow, 'state' | 'reaching'>): boolean {
  return (state !== 'sent' || reaching !== 0) && !finishedRequestStates.includes(state);
}

/** How each way to stop a request ends its plan and ladder. */
const endsReaching: Record<StopAction, EndOfReaching> = {
  cancelled: 'stopped',
  stopped: 'acknowledged',
  resolved: 'resolved',
};

/** How a request is stopped: by Cancel or Stop, by an acknowledgement, or by the end of its alert. */
export type StopAction = 'cancelled' | 'stopped' | 'resolved';

/** The same in the caller's transaction. `by` is a user, a rule or Voicecall itself. */
export async function cancelIn(
  tx: Tx,
  deps: CallsDeps,
  requestId: string,
  { by, action, at: now = deps.clock.now() }: { by: string; action: StopAction; at?: number },
): Promise<Stopped> {
  const request = await lockRequest(tx, requestId);
  if (request === null) throw new VoicecallError('not_found', `no request ${requestId}`);
  if (!isOpen(request)) {
    throw new VoicecallError('already_decided', `request ${requestId} is ${request.state}`, {
      facts: { state: request.state, at: String(request.changed_at), by: request.cancelled_by ?? '' },
    });
  }
  const stopped = await stopUnsent(tx, requestId);
  const goesOn = request.reaching !== 0;
  await tx
    .updateTable('requests')
    .set({ cancelled_by: by, changed_at: now, ...endOfReaching(request, endsReaching[action], now) })
    .where('id', '=', requestId)
    .execute();
  await audit(tx, requestId, {
    at: now,
    actor: by,
    action,
    detail: { stopped, ...(goesOn ? { goesOn } : {}) },
  });
  if (request.state === 'awaiting_approval') {
    await moveRequest(tx, request, 'cancelled', now, { cancelled_by: by, finished_at: now });
    await closeApproval(tx, requestId, now);
  } else if (request.state === 'scheduled') {
    await moveRequest(tx, request, 'cancelled', now, { finished_at: now });
    await cancelTask(tx, 'scheduled', requestId);
    await changed(tx, now, requestId);
  } else await advance(tx, deps, requestId);
  return { stopped, goesOn };
}
