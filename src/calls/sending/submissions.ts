import { type Insertable, sql } from 'kysely';
import { newId } from '../../ids.ts';
import { inChunks } from '../../store/chunks.ts';
import type { SubmissionsTable } from '../../store/schema.ts';
import type { Tx } from '../../store/types.ts';
import type { RequestPriority } from '../../store/values.ts';
import { lookSoon } from '../request/advance.ts';
import type { CallsDeps } from '../request/deps.ts';
import { groupSize } from '../request/plan.ts';
import type { RequestRow } from '../request/rows.ts';
import { readAudio, readPlan } from '../request/stored.ts';
import { makeToken } from '../request/token.ts';
import { moveRequest } from '../request/transitions.ts';
import type { Audio } from '../request/types.ts';
import { holdForbidden } from './forbidden.ts';
import { delayOutside } from './hours.ts';
import { wakeLanes } from './lanes.ts';

/**
 * Divides an approved request into submissions, in the order of its callees, and wakes the lanes: up to
 * voice.limits.callees for a recording, one for spoken text. Calls that the configuration now forbids are held.
 */
export async function release(
  tx: Tx,
  deps: CallsDeps,
  request: Pick<
    RequestRow,
    'id' | 'state' | 'audio' | 'options' | 'priority' | 'callees' | 'plan' | 'rule_name' | 'any_hour'
  >,
): Promise<void> {
  const { id: requestId, callees } = request;
  const now = deps.clock.now();
  if (request.state !== 'approved') await moveRequest(tx, request, 'approved', now);
  await tx.updateTable('requests').set({ step_started_at: now }).where('id', '=', requestId).execute();
  await holdForbidden(tx, deps.config(), request);
  const audio = readAudio(request.audio);
  const { enough } = readPlan(request.plan);
  // The first step of a ladder could call nobody: the next one starts now.
  if (callees === 0) return await lookSoon(tx, request, now);
  if (enough !== null) {
    await cutIntoSubmissions(tx, deps, request, { audio, step: 1, calls: groupSize(enough) });
    await lookSoon(tx, request, now);
    return;
  }
  const size = audio.kind === 'text' ? 1 : deps.config().voice.limits.callees;
  const rows = Array.from({ length: Math.ceil(callees / size) }, (_, index) =>
    newSubmission(deps, {
      requestId,
      ordinal: index + 1,
      priority: request.priority,
      callees: Math.min(size, callees - index * size),
      againOf: null,
    }),
  );
  await inChunks(rows, (some) => tx.insertInto('submissions').values(some).execute());
  // One statement for all, because spoken text makes a submission for each of ten thousand callees.
  await tx
    .updateTable('calls')
    .set({
      submission_id: sql<string>`(select id from submissions where submissions.request_id = calls.request_id and submissions.ordinal = (calls.position - 1) / ${sql.lit(size)} + 1)`,
    })
    .where('request_id', '=', requestId)
    .execute();
  await delayOutside(tx, deps, request);
  await wakeLanes(tx, deps, now);
}

/**
 * Puts ready calls without a submission into as few submissions as possible, in the order of callees, and wakes the
 * lanes: the first `calls` of those from position `from` on. Returns how many calls.
 */
export async function cutIntoSubmissions(
  tx: Tx,
  deps: CallsDeps,
  request: Pick<RequestRow, 'id' | 'priority' | 'rule_name' | 'any_hour'>,
  part: { audio: Audio; step: number; from?: number; calls: number },
): Promise<number> {
  const uncut = tx
    .selectFrom('calls')
    .where('request_id', '=', request.id)
    .where('state', '=', 'ready')
    .where('submission_id', 'is', null)
    .where('superseded', '=', 0)
    .where('step', '=', part.step)
    .where('position', '>=', part.from ?? 0);
  const found = await uncut.select(sql<number>`count(*)`.as('calls')).executeTakeFirstOrThrow();
  const calls = Math.min(Number(found.calls), part.calls);
  if (calls === 0) return 0;
  const size = part.audio.kind === 'text' ? 1 : deps.config().voice.limits.callees;
  const first = await nextOrdinal(tx, request.id);
  const rows = Array.from({ length: Math.ceil(calls / size) }, (_, index) => ({
    ...newSubmission(deps, {
      requestId: request.id,
      ordinal: first + index,
      priority: request.priority,
      callees: Math.min(size, calls - index * size),
      againOf: null,
    }),
    step: part.step,
  }));
  await inChunks(rows, (some) => tx.insertInto('submissions').values(some).execute());
  const cut = uncut
    .select([
      'position',
      sql<number>`(row_number() over (order by position) - 1) / ${sql.lit(size)}`.as('part'),
    ])
    .orderBy('position')
    .limit(calls)
    .as('cut');
  await tx
    .updateTable('calls')
    .from(cut)
    .innerJoin('submissions', (join) =>
      join
        .on('submissions.request_id', '=', request.id)
        .on('submissions.ordinal', '=', sql<number>`cut.part + ${sql.lit(first)}`),
    )
    .set((eb) => ({ submission_id: eb.ref('submissions.id') }))
    .where('calls.request_id', '=', request.id)
    .whereRef('calls.position', '=', 'cut.position')
    .execute();
  await delayOutside(tx, deps, request);
  await wakeLanes(tx, deps, deps.clock.now());
  return calls;
}

export function newSubmission(
  deps: Pick<CallsDeps, 'tokenSecret'> & { clock: Pick<CallsDeps['clock'], 'now'> },
  part: {
    requestId: string;
    ordinal: number;
    priority: RequestPriority;
    callees: number;
    againOf: string | null;
  },
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

/** Adds a submission for the calls at positions `first` to `last`, ready to be sent. */
export async function addSubmission(
  tx: Tx,
  deps: CallsDeps,
  part: {
    requestId: string;
    ordinal: number;
    priority: RequestPriority;
    first: number;
    last: number;
    againOf: string | null;
    step: number;
  },
): Promise<string> {
  const { first, last, step, ...rest } = part;
  const row = { ...newSubmission(deps, { ...rest, callees: last - first + 1 }), step };
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
