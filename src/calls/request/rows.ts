import { type Selectable, sql } from 'kysely';
import { VoicecallError } from '../../errors.ts';
import type { CallsTable, RequestsTable, SubmissionsTable } from '../../store/schema.ts';
import type { Queryable, Tx } from '../../store/types.ts';
import { assertTransition, callTransitions, requestTransitions } from './states.ts';
import type { Counts, RequestState } from './types.ts';

export type RequestRow = Selectable<RequestsTable>;

/** Reads a request and keeps others from changing it until the transaction ends; null where there is none. */
export async function lockRequest(tx: Tx, requestId: string): Promise<RequestRow | null> {
  const row = await tx
    .updateTable('requests')
    .set((eb) => ({ changed_at: eb.ref('changed_at') }))
    .where('id', '=', requestId)
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

/** Changes a request's state by the table of transitions; throws VoicecallError bad_transition, too where it is in another state than the caller read. */
export async function moveRequest(
  tx: Tx,
  request: Pick<RequestRow, 'id' | 'state'>,
  to: RequestState,
  now: number,
  more: Partial<Pick<RequestRow, 'outcome' | 'cancelled_by' | 'finished_at' | 'expires_at'>> = {},
): Promise<void> {
  assertTransition(requestTransitions, request.state as RequestState, to);
  const moved = await tx
    .updateTable('requests')
    .set({ state: to, changed_at: now, ...more })
    .where('id', '=', request.id)
    .where('state', '=', request.state)
    .executeTakeFirst();
  if (moved.numUpdatedRows === 0n)
    throw new VoicecallError('bad_transition', `request ${request.id} is not ${request.state} any more`);
}

/** Stops the calls of a request that have not been sent; returns how many. */
export async function cancelReadyCalls(tx: Tx, requestId: string): Promise<number> {
  assertTransition(callTransitions, 'ready', 'cancelled');
  const calls = await tx
    .updateTable('calls')
    .set({ state: 'cancelled' })
    .where('request_id', '=', requestId)
    .where('state', '=', 'ready')
    .executeTakeFirst();
  return Number(calls.numUpdatedRows);
}

/** Counts a request's calls by state; calls that a later submission replaced do not count. */
export async function countCalls(from: Queryable, requestId: string): Promise<Counts> {
  const rows = await from
    .selectFrom('calls')
    .select(['state', sql<number>`count(*)`.as('calls')])
    .where('request_id', '=', requestId)
    .where('superseded', '=', 0)
    .groupBy('state')
    .execute();
  const of = (state: string) => Number(rows.find((row) => row.state === state)?.calls ?? 0);
  const answered = of('answered');
  const notAnswered = of('not_answered');
  return {
    callees: rows.reduce((sum, row) => sum + Number(row.calls), 0),
    accepted: of('accepted') + answered + notAnswered,
    refused: of('refused'),
    unknown: of('unknown'),
    held: of('held'),
    cancelled: of('cancelled'),
    failed: of('failed'),
    answered,
    not_answered: notAnswered,
    waiting: of('ready') + of('sending'),
  };
}

export type SubmissionRow = Selectable<SubmissionsTable>;

export type CallRow = Selectable<CallsTable>;
