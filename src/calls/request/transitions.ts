import { type ExpressionBuilder, sql, type UpdateObject } from 'kysely';
import { VoicecallError } from '../../errors.ts';
import type { Schema } from '../../store/schema.ts';
import type { Tx } from '../../store/types.ts';
import type { CallRow, RequestRow, SubmissionRow } from './rows.ts';
import { assertTransition, callTransitions, requestTransitions, submissionTransitions } from './states.ts';
import type { CallState, RequestState, SubmissionState } from './types.ts';

// The only place that changes the state of a request, a submission or a call. Every move is checked against the table
// of transitions, and no row is written that is in another state than the caller says.

type Changes<Table extends 'requests' | 'submissions' | 'calls'> = UpdateObject<Schema, Table>;

/** The schema does not let an update set a state; here it may. */
function into(state: RequestState | SubmissionState | CallState): object {
  return { state };
}

/** Moves a request on. Throws VoicecallError bad_transition, also where it is in another state than the caller read. */
export async function moveRequest(
  tx: Tx,
  request: Pick<RequestRow, 'id' | 'state'>,
  to: RequestState,
  now: number,
  more: Changes<'requests'> = {},
): Promise<void> {
  assertTransition(requestTransitions, request.state, to);
  const moved = await tx
    .updateTable('requests')
    .set({ changed_at: now, ...more, ...into(to) })
    .where('id', '=', request.id)
    .where('state', '=', request.state)
    .executeTakeFirst();
  if (moved.numUpdatedRows === 0n) throw notAnyMore('request', request);
}

/** Moves one submission. Throws VoicecallError bad_transition, also where it is in another state than the caller read. */
export async function moveSubmission(
  tx: Tx,
  submission: Pick<SubmissionRow, 'id' | 'state'>,
  to: SubmissionState,
  more: Changes<'submissions'> = {},
): Promise<void> {
  const moved = await moveSubmissions(tx, { id: submission.id }, [submission.state], to, more);
  if (moved === 0) throw notAnyMore('submission', submission);
}

function notAnyMore(what: string, row: { id: string; state: string }): VoicecallError {
  return new VoicecallError('bad_transition', `${what} ${row.id} is not ${row.state} any more`);
}

/** Moves those of the submissions that are in `from`; returns how many. */
export async function moveSubmissions(
  tx: Tx,
  which: { id: string } | { requestId: string },
  from: readonly SubmissionState[],
  to: SubmissionState,
  more: Changes<'submissions'> = {},
): Promise<number> {
  for (const each of from) assertTransition(submissionTransitions, each, to);
  const update = tx
    .updateTable('submissions')
    .set({ ...more, ...into(to) })
    .where('state', 'in', from);
  const moved = await ('id' in which
    ? update.where('id', '=', which.id)
    : update.where('request_id', '=', which.requestId)
  ).executeTakeFirst();
  return Number(moved.numUpdatedRows);
}

/** What the platform took is never refused later; what a person said is corrected by the platform's word. */
function refusable(eb: ExpressionBuilder<Schema, 'calls'>) {
  return eb.or([
    eb('calls.state', 'in', ['sending', 'unknown', 'refused']),
    eb('calls.cause', 'in', ['settled_rang', 'settled_silent']),
  ]);
}

/** Callees that one statement names at most. */
const namedAtOnce = 500;

/** Moves those of the calls that are in `from`, in one statement; returns how many. `callees` narrows them. */
export async function moveCalls(
  tx: Tx,
  which: ({ submissionId: string } | { requestId: string }) & { callees?: readonly string[] },
  from: readonly CallState[],
  to: CallState,
  more: Changes<'calls'> = {},
): Promise<number> {
  for (const each of from) assertTransition(callTransitions, each, to);
  const update = tx
    .updateTable('calls')
    .set({ ...more, ...into(to) })
    .where('state', 'in', from)
    .$if(to === 'refused', (those) => those.where(refusable));
  const ofThem =
    'requestId' in which
      ? update.where('request_id', '=', which.requestId)
      : update.where('submission_id', '=', which.submissionId);
  const { callees } = which;
  if (callees === undefined) return updated(await ofThem.executeTakeFirst());
  let moved = 0;
  for (let start = 0; start < callees.length; start += namedAtOnce) {
    const named = callees.slice(start, start + namedAtOnce);
    moved += updated(await ofThem.where('callee', 'in', named).executeTakeFirst());
  }
  return moved;
}

function updated(result: { numUpdatedRows: bigint }): number {
  return Number(result.numUpdatedRows);
}

/** A call as it shall be, and the state it was read in. */
export interface CallChange {
  from: CallState;
  call: CallRow;
}

const writtenAtOnce = 200;

/**
 * Writes these columns of many calls, each with its own values, 200 in a statement: thousands of single updates are
 * what a large request would spend its time with. Throws VoicecallError bad_transition where a state may not follow the
 * one before, or where a call is in another state than it was read in.
 */
export async function writeCalls(
  tx: Tx,
  changes: readonly CallChange[],
  columns: readonly (keyof CallRow)[],
): Promise<void> {
  for (const [from, group] of Map.groupBy(changes, (each) => each.from)) {
    for (const { call } of group) {
      if (call.state !== from) assertTransition(callTransitions, from, call.state);
    }
    for (let start = 0; start < group.length; start += writtenAtOnce) {
      const part = group.slice(start, start + writtenAtOnce);
      if ((await writePart(tx, from, part, columns)) === part.length) continue;
      throw new VoicecallError('bad_transition', `a call is not ${from} any more`);
    }
  }
}

async function writePart(
  tx: Tx,
  from: CallState,
  part: readonly CallChange[],
  columns: readonly (keyof CallRow)[],
): Promise<number> {
  const rows = part.map(({ call }) => {
    // What no call can be without: no row is inserted, but the database asks for these before it finds the conflict.
    const { request_id, position, callee, state } = call;
    const changed = Object.fromEntries(columns.map((column) => [column, call[column]]));
    return { ...changed, request_id, position, callee, state };
  });
  const written = await tx
    .insertInto('calls')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['request_id', 'position'])
        .doUpdateSet(() =>
          Object.fromEntries(columns.map((column) => [column, sql.ref(`excluded.${column}`)])),
        )
        .where('calls.state', '=', from)
        .where((eb) => eb.or([eb('excluded.state', '!=', 'refused'), refusable(eb)])),
    )
    .executeTakeFirst();
  return Number(written.numInsertedOrUpdatedRows ?? 0n);
}

/** What a call that is held no more loses. */
export const heldNoMore = { cause: null, held_until: null };

/** A submission is won for sending: the values that `ready → sending` brings with it. */
export function sendingSince(at: number): Changes<'submissions'> {
  return {
    sending_at: at,
    first_try_at: sql<number>`coalesce(first_try_at, ${at})`,
    tries: sql<number>`tries + 1`,
  };
}
