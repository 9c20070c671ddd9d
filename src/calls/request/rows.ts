import { type Selectable, sql } from 'kysely';
import type { CallsTable, RequestsTable, SubmissionsTable } from '../../store/schema.ts';
import type { Queryable, Tx } from '../../store/types.ts';
import type { CallState, Counts } from './types.ts';

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

/** Counts a request's calls by state; calls that a later submission replaced do not count. */
export async function countCalls(from: Queryable, requestId: string): Promise<Counts> {
  const rows = await from
    .selectFrom('calls')
    .select(['state', sql<number>`count(*)`.as('calls')])
    .where('request_id', '=', requestId)
    .where('superseded', '=', 0)
    .groupBy('state')
    .execute();
  const of = (state: CallState) => Number(rows.find((row) => row.state === state)?.calls ?? 0);
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
