import { type Selectable, sql } from 'kysely';
import type { CallsTable, RequestsTable, SubmissionsTable } from '../../store/schema.ts';
import type { Queryable, Tx } from '../../store/types.ts';
import { type CallState, type Counts, type EarlierEnd, earlierEnds, type Plan } from './types.ts';

export type RequestRow = Selectable<RequestsTable>;

/** Reads a request and locks it until the transaction ends. Null if it does not exist. */
export async function lockRequest(tx: Tx, requestId: string): Promise<RequestRow | null> {
  const row = await tx
    .updateTable('requests')
    .set((eb) => ({ changed_at: eb.ref('changed_at') }))
    .where('id', '=', requestId)
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

/** The position of a request's last call. 0: it has none. */
export async function lastPosition(from: Queryable, requestId: string): Promise<number> {
  const row = await from
    .selectFrom('calls')
    .select((eb) => eb.fn.max('position').as('position'))
    .where('request_id', '=', requestId)
    .executeTakeFirst();
  return Number(row?.position ?? 0);
}

/** The columns of a call that counting needs. */
interface Counted {
  state: CallState;
  earlier: EarlierEnd | null;
  confirmed: boolean;
  calls: number;
}

/**
 * Counts a request's callees, each once by its best call, so that no number falls because somebody is called again.
 */
export async function countCalls(
  from: Queryable,
  requestId: string,
  plan: Plan | null = null,
): Promise<Counts> {
  return (await countBoth(from, requestId, plan)).counts;
}

/** Both counts of a request: see `counts` and `current` of RequestView. */
export async function countBoth(
  from: Queryable,
  requestId: string,
  plan: Plan | null,
): Promise<{ counts: Counts; current: Counts }> {
  const rows = plan === null ? await countStates(from, requestId) : await countBest(from, requestId, plan);
  return {
    counts: countRows(rows, plan, bestEnd),
    current: countRows(rows, plan, (row) => currentEnd(row, plan)),
  };
}

type CountedEnd = CallState | 'confirmed';

function bestEnd({ state, earlier, confirmed }: Counted): CountedEnd {
  const now = confirmed ? 'confirmed' : state;
  return earlierEnds.find((end) => end === now || end === earlier) ?? state;
}

const openStates: readonly CallState[] = ['ready', 'sending', 'accepted', 'unknown'];

function currentEnd(row: Counted, plan: Plan | null): CountedEnd {
  const best = bestEnd(row);
  const isReached = best === 'confirmed' || (best === 'answered' && plan?.until !== 'confirmed');
  return !isReached && openStates.includes(row.state) ? row.state : best;
}

function countRows(rows: readonly Counted[], plan: Plan | null, endOf: (row: Counted) => CountedEnd): Counts {
  const best = new Map<CountedEnd, number>();
  for (const row of rows) best.set(endOf(row), (best.get(endOf(row)) ?? 0) + row.calls);
  const of = (state: CountedEnd) => best.get(state) ?? 0;
  const confirmed = of('confirmed');
  const answered = of('answered') + confirmed;
  const notAnswered = of('not_answered');
  return {
    callees: rows.reduce((sum, row) => sum + row.calls, 0),
    accepted: of('accepted') + answered + notAnswered,
    refused: of('refused'),
    unknown: of('unknown'),
    held: of('held'),
    cancelled: of('cancelled'),
    failed: of('failed'),
    answered,
    not_answered: notAnswered,
    confirmed,
    reached: plan?.until === 'confirmed' ? confirmed : answered,
    waiting: of('ready') + of('sending'),
  };
}

/** Without a plan, an index alone has the counts. */
async function countStates(from: Queryable, requestId: string): Promise<Counted[]> {
  const rows = await from
    .selectFrom('calls')
    .select(['state', sql<number>`count(*)`.as('calls')])
    .where('request_id', '=', requestId)
    .where('superseded', '=', 0)
    .groupBy('state')
    .execute();
  return rows.map((row) => ({ ...row, earlier: null, confirmed: false, calls: Number(row.calls) }));
}

async function countBest(from: Queryable, requestId: string, { confirmKey }: Plan): Promise<Counted[]> {
  const rows = await from
    .selectFrom('calls')
    .select(['state', 'earlier', sql<number>`count(*)`.as('calls')])
    .select(
      sql<number>`case when state = 'answered' and feedback_value = ${confirmKey} then 1 else 0 end`.as(
        'pressed',
      ),
    )
    .where('request_id', '=', requestId)
    .where('superseded', '=', 0)
    .groupBy(['state', 'earlier', 'pressed'])
    .execute();
  return rows.map(({ state, earlier, calls, pressed }) => ({
    ...{ state, earlier, calls: Number(calls), confirmed: Number(pressed) === 1 },
  }));
}

export type SubmissionRow = Selectable<SubmissionsTable>;

export type CallRow = Selectable<CallsTable>;

/** True while a submission of the request waits to be sent. */
export async function hasReadySubmission(from: Queryable, requestId: string): Promise<boolean> {
  const row = await from
    .selectFrom('submissions')
    .select('id')
    .where('request_id', '=', requestId)
    .where('state', '=', 'ready')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
