import { cancelIn, isOpen } from '../calls/asking/cancel.ts';
import { record } from '../calls/request/audit.ts';
import type { CallsDeps } from '../calls/request/deps.ts';
import { lockRequest, type RequestRow } from '../calls/request/rows.ts';
import { VoicecallError } from '../errors.ts';
import { refresh } from '../outbox/outbox.ts';
import { transactionReadBack } from '../store/read-back.ts';
import type { Tx } from '../store/types.ts';
import { lockAlert } from './known-alerts.ts';

/**
 * An alert's request: somebody has taken the alert. Records who and when, and stops what has not been sent for it, by
 * whatever rule. Taking it twice changes nothing: `first` is who took it first.
 */
export async function acknowledge(
  deps: CallsDeps,
  requestId: string,
  userId: string,
): Promise<{ first: string; stopped: number }> {
  return await transactionReadBack(deps.store, async (tx) => {
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
export async function alertOf(tx: Tx, requestId: string): Promise<string | null> {
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
