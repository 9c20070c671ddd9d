import { type ExpressionBuilder, sql, type UpdateObject } from 'kysely';
import { VoicecallError } from '../../errors.ts';
import { inChunks } from '../../store/chunks.ts';
import type { Schema } from '../../store/schema.ts';
import type { Tx } from '../../store/types.ts';
import type { CallRow, RequestRow, SubmissionRow } from './rows.ts';
import { assertTransition, callTransitions, requestTransitions, submissionTransitions } from './states.ts';
import type { CallState, RequestState, SubmissionState } from './types.ts';

// The only place that changes the state of a request, a submission or a call. Checks every change against the table
// of transitions, and writes only rows that are in the state that the caller expects.

type Changes<Table extends 'requests' | 'submissions' | 'calls'> = UpdateObject<Schema, Table>;

/** The schema's type forbids setting a state in an update; this is the exception. */
function into(state: RequestState | SubmissionState | CallState): object {
  return { state };
}

/**
 * Changes a request's state. Throws VoicecallError bad_transition, also if it is no longer in the state that the
 * caller read.
 */
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
  if (moved.numUpdatedRows === 0n) throw noLonger('request', request);
}

/**
 * Changes one submission's state. Throws VoicecallError bad_transition, also if it is no longer in the state that the
 * caller read.
 */
export async function moveSubmission(
  tx: Tx,
  submission: Pick<SubmissionRow, 'id' | 'state'>,
  to: SubmissionState,
  more: Changes<'submissions'> = {},
): Promise<void> {
  const moved = await moveSubmissions(tx, { id: submission.id }, [submission.state], to, more);
  if (moved === 0) throw noLonger('submission', submission);
}

function noLonger(what: string, row: { id: string; state: string }): VoicecallError {
  return new VoicecallError('bad_transition', `${what} ${row.id} is no longer ${row.state}`);
}

/** Changes the state of those submissions that are in `from`. Returns how many. */
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

/** A call that the platform accepted is never refused later; what a person said is corrected by the platform. */
function refusable(eb: ExpressionBuilder<Schema, 'calls'>) {
  return eb.or([
    eb('calls.state', 'in', ['sending', 'unknown', 'refused']),
    eb('calls.cause', 'in', ['settled_called', 'settled_not_called']),
  ]);
}

/** Changes the state of those calls that are in `from`, in one statement. Returns how many. `callees` limits them. */
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
  await inChunks(callees, async (some) => {
    moved += updated(await ofThem.where('callee', 'in', some).executeTakeFirst());
  });
  return moved;
}

function updated(result: { numUpdatedRows: bigint }): number {
  return Number(result.numUpdatedRows);
}

/** A call with its new values, and the state in which it was read. */
export interface CallChange {
  from: CallState;
  call: CallRow;
}

const writtenAtOnce = 200;

/**
 * Writes these columns of many calls, each with its own values, 200 in a statement, because thousands of single
 * updates would take most of a large request's time. Throws VoicecallError bad_transition if a change of state is not
 * allowed, or if a call is no longer in the state in which it was read.
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
      throw new VoicecallError('bad_transition', `a call is no longer ${from}`);
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
    // The required columns of a call. No row is inserted, but the database checks them before it finds the conflict.
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

/** What to clear in a call that is no longer held. */
export const noLongerHeld = { cause: null, held_until: null };

/** The values to set with `ready → sending`. */
export function sendingSince(at: number): Changes<'submissions'> {
  return {
    sending_at: at,
    first_try_at: sql<number>`coalesce(first_try_at, ${at})`,
    tries: sql<number>`tries + 1`,
  };
}
