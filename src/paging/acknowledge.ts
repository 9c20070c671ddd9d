import type { ExpressionBuilder } from 'kysely';
import { cancelIn, isOpen } from '../calls/asking/cancel.ts';
import { audit } from '../calls/request/audit.ts';
import type { CallsDeps } from '../calls/request/deps.ts';
import { lockRequest, type RequestRow } from '../calls/request/rows.ts';
import { VoicecallError } from '../errors.ts';
import { redactNumbers } from '../log.ts';
import { changed, tellTaken } from '../outbox/outbox.ts';
import { transactionReadBack } from '../store/read-back.ts';
import type { Schema } from '../store/schema.ts';
import type { Tx } from '../store/types.ts';
import { lockAlert } from './known-alerts.ts';

/** Who acknowledged first, and how many calls this stopped. */
export interface Acknowledged {
  first: string;
  stopped: number;
}

/** The *I've got it* button on the board of an alert's request. A second press changes nothing. */
export async function acknowledge(deps: CallsDeps, requestId: string, userId: string): Promise<Acknowledged> {
  return await transactionReadBack(deps.store, async (tx) => {
    const alertId = await alertOf(tx, requestId);
    if (alertId !== null) return await acknowledgeAlert(tx, deps, alertId, userId, requestId);
    const request = await lockRequest(tx, requestId);
    if (request === null) throw new VoicecallError('not_found', `no request ${requestId}`);
    if (request.acked_by !== null) return { first: request.acked_by, stopped: 0 };
    return { first: userId, stopped: await acknowledgeRequest(tx, deps, request, userId) };
  });
}

/**
 * Acknowledges an alert: stores who and when, shows it on the alert's boards, and stops the calls that are not sent
 * yet, for every rule. The first acknowledgement counts.
 * @param by a Slack user's id; "tool:" with the tool's words (see `byTool`); or "callee:" with the name of the callee
 * who pressed the key that confirms
 * @param pressed the request whose board was pressed: it is marked even if it belongs to an earlier episode
 */
export async function acknowledgeAlert(
  tx: Tx,
  deps: CallsDeps,
  alertId: string,
  by: string,
  pressed?: string,
): Promise<Acknowledged> {
  await lockAlert(tx, alertId);
  const alert = await tx
    .selectFrom('alerts')
    .select(['acked_by', 'episode_at'])
    .where('id', '=', alertId)
    .executeTakeFirst();
  if (alert === undefined) throw new VoicecallError('not_found', `no alert ${alertId}`);
  const ids = await tx
    .selectFrom('requests')
    .select('id')
    .where('alert_id', '=', alertId)
    .where((eb) =>
      eb.or([somethingToStop(eb), eb('created_at', '>=', alert.episode_at), eb('id', '=', pressed ?? '')]),
    )
    .execute();
  const requests = await lockRequests(
    tx,
    ids.map(({ id }) => id),
  );
  const before = requests.find(({ id }) => id === pressed)?.acked_by ?? null;
  if (before !== null) return { first: before, stopped: 0 };
  if (pressed === undefined && alert.acked_by !== null) return { first: alert.acked_by, stopped: 0 };
  await tx
    .updateTable('alerts')
    .set({ acked_by: by, acked_at: deps.clock.now() })
    .where('id', '=', alertId)
    .execute();
  let stopped = 0;
  for (const request of requests)
    if (request.acked_by === null) stopped += await acknowledgeRequest(tx, deps, request, by);
  // Once for all rules that called for it: under the pressed board, else under the last one.
  const told = requests.find(({ id }) => id === pressed) ?? requests.at(-1);
  if (told !== undefined) await tellTaken(tx, deps.clock.now(), told.id);
  return { first: by, stopped };
}

/** The `by` for an acknowledgement that a tool reports. The words are foreign, so numbers in them are masked. */
export function byTool(person: string, tool: string): string {
  const words = person === '' ? tool : tool === '' ? person : `${person} (${tool})`;
  return `tool:${redactNumbers(words === '' ? 'the alerting tool' : words).slice(0, 80)}`;
}

/** Returns how many calls were stopped. */
export async function acknowledgeRequest(
  tx: Tx,
  deps: CallsDeps,
  request: RequestRow,
  by: string,
): Promise<number> {
  const now = deps.clock.now();
  await tx
    .updateTable('requests')
    .set({ acked_by: by, changed_at: now })
    .where('id', '=', request.id)
    .execute();
  await audit(tx, request.id, { at: now, actor: by, action: 'acknowledged' });
  const { stopped } = isOpen(request)
    ? await cancelIn(tx, deps, request.id, { by, action: 'stopped' })
    : { stopped: 0 };
  await changed(tx, now, request.id);
  return stopped;
}

/** The alert of a request; it never changes. Null: the request has none. */
async function alertOf(tx: Tx, requestId: string): Promise<string | null> {
  const row = await tx
    .selectFrom('requests')
    .select('alert_id')
    .where('id', '=', requestId)
    .executeTakeFirst();
  return row?.alert_id ?? null;
}

function somethingToStop(eb: ExpressionBuilder<Schema, 'requests'>) {
  return eb.or([
    eb('state', 'in', ['awaiting_approval', 'scheduled', 'approved', 'sending']),
    eb.and([eb('state', '=', 'sent'), eb('reaching', '=', 1)]),
  ]);
}

/**
 * An alert's requests since it began to fire, and earlier ones that can still be stopped, locked. The caller has
 * locked the alert.
 */
export async function lockUnresolved(
  tx: Tx,
  alert: { id: string; episodeAt: number },
): Promise<RequestRow[]> {
  const found = await tx
    .selectFrom('requests')
    .select('id')
    .where('alert_id', '=', alert.id)
    .where('resolved_at', 'is', null)
    .where((eb) => eb.or([somethingToStop(eb), eb('created_at', '>=', alert.episodeAt)]))
    .execute();
  return await lockRequests(
    tx,
    found.map(({ id }) => id),
  );
}

/** Locks in the order of the ids. Every transaction that locks several requests does so, to avoid deadlocks. */
async function lockRequests(tx: Tx, ids: readonly string[]): Promise<RequestRow[]> {
  const locked: RequestRow[] = [];
  for (const id of [...ids].sort()) {
    const row = await lockRequest(tx, id);
    if (row !== null) locked.push(row);
  }
  return locked;
}
