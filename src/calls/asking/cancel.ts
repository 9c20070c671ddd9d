import { VoicecallError } from '../../errors.ts';
import { refresh } from '../../outbox/outbox.ts';
import { lockAlert } from '../../paging/known-alerts.ts';
import { cancelTask } from '../../queue/enqueue.ts';
import type { Tx } from '../../store/types.ts';
import { closeApproval } from '../approval/decide.ts';
import { advance, cancelReadyCalls, lockRequest, moveRequest, type RequestRow } from '../request/advance.ts';
import { record } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { finishedRequestStates } from '../request/states.ts';
import type { RequestState } from '../request/types.ts';

/**
 * Stops everything of a request that has not been sent; what was dialled cannot be called back. Returns how many
 * calls were stopped. Throws VoicecallError not_found, or already_decided when nothing is left to stop. Whether
 * `userId` may do it is the caller's to check.
 */
export async function cancelRequest(
  deps: CallsDeps,
  requestId: string,
  userId: string,
): Promise<{ stopped: number }> {
  return await deps.store.transaction((tx) =>
    cancelIn(tx, deps, requestId, { by: userId, action: 'cancelled' }),
  );
}

/**
 * An alert's request: somebody has taken the alert. Records who and when, and stops what has not been sent for it, by
 * whatever rule. Taking it twice changes nothing: `first` is who took it first.
 */
export async function acknowledge(
  deps: CallsDeps,
  requestId: string,
  userId: string,
): Promise<{ first: string; stopped: number }> {
  return await deps.store.transaction(async (tx) => {
    const now = deps.clock.now();
    const alertId = await alertOf(tx, requestId);
    if (alertId !== null) await lockAlert(tx, alertId);
    const locked = await lockOpenRequests(tx, alertId, requestId);
    const request = locked.find(({ id }) => id === requestId);
    if (request === undefined) throw new VoicecallError('not_found', `no request ${requestId}`);
    if (request.acked_by !== null) return { first: request.acked_by, stopped: 0 };
    if (alertId !== null) {
      await tx
        .updateTable('alerts')
        .set({ acked_by: userId, acked_at: now })
        .where('id', '=', alertId)
        .execute();
    }
    let stopped = 0;
    for (const each of locked.filter(({ acked_by }) => acked_by === null)) {
      await tx
        .updateTable('requests')
        .set({ acked_by: userId, changed_at: now })
        .where('id', '=', each.id)
        .execute();
      await record(tx, each.id, { at: now, actor: userId, action: 'acknowledged' });
      if (isOpen(each.state))
        stopped += (await cancelIn(tx, deps, each.id, { by: userId, action: 'stopped' })).stopped;
      await refresh(tx, now, each.id);
    }
    return { first: userId, stopped };
  });
}

/** Of which alert a request is, which never changes; null: of none. */
async function alertOf(tx: Tx, requestId: string): Promise<string | null> {
  const row = await tx
    .selectFrom('requests')
    .select('alert_id')
    .where('id', '=', requestId)
    .executeTakeFirst();
  return row?.alert_id ?? null;
}

/**
 * An alert's requests with something left to stop, and `pressed` whatever its state, locked in the order of their ids:
 * as everybody locks several requests. The alert is locked before.
 */
export async function lockOpenRequests(
  tx: Tx,
  alertId: string | null,
  pressed?: string,
): Promise<RequestRow[]> {
  const open = await tx
    .selectFrom('requests')
    .select('id')
    .where('alert_id', '=', alertId)
    .where('state', 'in', ['awaiting_approval', 'approved', 'sending'])
    .execute();
  const ids = new Set(open.map(({ id }) => id));
  if (pressed !== undefined) ids.add(pressed);
  const locked: RequestRow[] = [];
  for (const id of [...ids].sort()) {
    const row = await lockRequest(tx, id);
    // While it was waited for, another one may have moved it on.
    if (row !== null && (id === pressed || isOpen(row.state))) locked.push(row);
  }
  return locked;
}

function isOpen(state: string): boolean {
  return state !== 'sent' && !finishedRequestStates.includes(state as RequestState);
}

/** The same in the caller's transaction; `by` is a user, a rule or the program itself. */
export async function cancelIn(
  tx: Tx,
  deps: CallsDeps,
  requestId: string,
  { by, action }: { by: string; action: string },
): Promise<{ stopped: number }> {
  const now = deps.clock.now();
  const request = await lockRequest(tx, requestId);
  if (request === null) throw new VoicecallError('not_found', `no request ${requestId}`);
  if (!isOpen(request.state)) {
    throw new VoicecallError('already_decided', `request ${requestId} is ${request.state}`, {
      facts: { state: request.state, at: String(request.changed_at), by: request.cancelled_by ?? '' },
    });
  }
  await tx
    .updateTable('submissions')
    .set({ state: 'cancelled' })
    .where('request_id', '=', requestId)
    .where('state', '=', 'ready')
    .execute();
  const stopped = await cancelReadyCalls(tx, requestId);
  await tx
    .updateTable('requests')
    .set({ cancelled_by: by, changed_at: now })
    .where('id', '=', requestId)
    .execute();
  await record(tx, requestId, { at: now, actor: by, action, detail: { stopped } });
  await dropAgain(tx, requestId);
  if (request.state === 'awaiting_approval') {
    await moveRequest(tx, request, 'cancelled', now, { cancelled_by: by, finished_at: now });
    await closeApproval(tx, request, now, by);
  } else await advance(tx, deps, requestId);
  return { stopped };
}

/** What stayed unknown does not go out once more. */
async function dropAgain(tx: Tx, requestId: string): Promise<void> {
  const unknown = await tx
    .selectFrom('tasks')
    .innerJoin('submissions', 'submissions.id', 'tasks.key')
    .select('tasks.key')
    .where('tasks.kind', '=', 'again')
    .where('submissions.request_id', '=', requestId)
    .execute();
  for (const { key } of unknown) await cancelTask(tx, 'again', key);
}
