import { type Insertable, sql } from 'kysely';
import { newId } from '../../ids.ts';
import type { SubmissionsTable } from '../../store/schema.ts';
import type { Tx } from '../../store/types.ts';
import type { CallsDeps } from '../request/deps.ts';
import type { RequestRow } from '../request/rows.ts';
import { readMessage } from '../request/stored.ts';
import { makeToken } from '../request/token.ts';
import { moveRequest } from '../request/transitions.ts';
import { holdForbidden } from './forbidden.ts';
import { wakeLanes } from './lanes.ts';

/**
 * Cuts an approved request into submissions, in the order asked, and wakes the lanes that send them: up to
 * voice.limits.callees for a recording, exactly one for spoken text. What the configuration forbids by now is held.
 */
export async function release(
  tx: Tx,
  deps: CallsDeps,
  request: Pick<RequestRow, 'id' | 'state' | 'message' | 'options' | 'priority' | 'callees'>,
): Promise<void> {
  const { id: requestId, callees } = request;
  if (request.state === 'awaiting_approval') await moveRequest(tx, request, 'approved', deps.clock.now());
  await holdForbidden(tx, deps.config(), request);
  const message = readMessage(request.message);
  const size = message.kind === 'text' ? 1 : deps.config().voice.limits.callees;
  const rows = Array.from({ length: Math.ceil(callees / size) }, (_, index) =>
    newSubmission(deps, {
      requestId,
      ordinal: index + 1,
      priority: request.priority,
      callees: Math.min(size, callees - index * size),
      againOf: null,
    }),
  );
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    await tx
      .insertInto('submissions')
      .values(rows.slice(start, start + rowsAtOnce))
      .execute();
  }
  // One statement for all, since spoken text makes a submission of each of ten thousand callees.
  await tx
    .updateTable('calls')
    .set({
      submission_id: sql<string>`(select id from submissions where submissions.request_id = calls.request_id and submissions.ordinal = (calls.position - 1) / ${sql.lit(size)} + 1)`,
    })
    .where('request_id', '=', requestId)
    .execute();
  await wakeLanes(tx, deps, deps.clock.now());
}

export function newSubmission(
  deps: CallsDeps,
  part: { requestId: string; ordinal: number; priority: number; callees: number; againOf: string | null },
): Insertable<SubmissionsTable> {
  const now = deps.clock.now();
  const id = newId('s');
  return {
    id,
    request_id: part.requestId,
    ordinal: part.ordinal,
    priority: part.priority,
    state: 'ready',
    token: makeToken(deps.tokenSecret, id),
    callees: part.callees,
    again_of: part.againOf,
    code: null,
    reason: null,
    ready_at: now,
    next_try_at: now,
    first_try_at: null,
    tries: 0,
    sending_at: null,
    sender: null,
    lane: null,
    resend_at: null,
    answered_at: null,
    checked_at: null,
    settled_by: null,
    settled_at: null,
  };
}

/** The number of the request's next submission. */
export async function nextOrdinal(tx: Tx, requestId: string): Promise<number> {
  const row = await tx
    .selectFrom('submissions')
    .select((eb) => eb.fn.max('ordinal').as('ordinal'))
    .where('request_id', '=', requestId)
    .executeTakeFirst();
  return Number(row?.ordinal ?? 0) + 1;
}

/** One more submission for the calls at positions `first` to `last`, ready to be sent. */
export async function addSubmission(
  tx: Tx,
  deps: CallsDeps,
  part: {
    requestId: string;
    ordinal: number;
    priority: number;
    first: number;
    last: number;
    againOf: string | null;
  },
): Promise<string> {
  const { first, last, ...rest } = part;
  const row = newSubmission(deps, { ...rest, callees: last - first + 1 });
  const { id } = row;
  await tx.insertInto('submissions').values(row).execute();
  await tx
    .updateTable('calls')
    .set({ submission_id: id })
    .where('request_id', '=', part.requestId)
    .where('position', '>=', part.first)
    .where('position', '<=', part.last)
    .execute();
  return id;
}

export const rowsAtOnce = 500;
