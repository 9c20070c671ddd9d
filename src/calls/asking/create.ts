import { createHmac } from 'node:crypto';
import { type Insertable, sql } from 'kysely';
import { countryOf } from '../../callees/numbering-plan.ts';
import type { CallOptions } from '../../config/types.ts';
import { newId } from '../../ids.ts';
import { afterPostMs, announce } from '../../outbox/outbox.ts';
import type { SubmissionsTable } from '../../store/schema.ts';
import type { Tx } from '../../store/types.ts';
import type { RequestRow } from '../request/advance.ts';
import { record } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { assertTransition, requestTransitions } from '../request/states.ts';
import { makeToken } from '../request/token.ts';
import type { ApprovalAsk, Callee, Message, Origin, RequestState } from '../request/types.ts';
import { wakeLanes } from '../sending/lanes.ts';

export interface NewRequest {
  teamId: string;
  origin: Origin;
  requestedBy: string | null;
  ruleName?: string | null;
  alertId?: string | null;
  alertTitle?: string | null;
  /** The request that this one repeats. */
  previousId?: string | null;
  /** Of the modal that asked: one opened modal makes one request. */
  rootViewId?: string | null;
  channelId: string;
  /** Where the person was when asking. */
  askedIn?: string | null;
  threadTs?: string | null;
  message: Message;
  options: CallOptions;
  /** What goes out in calledInfo before the token. */
  note: string;
  /** Unique by number. */
  callees: Callee[];
  duplicates: number;
  /** Null: nobody needs to approve. */
  approval: ApprovalAsk | null;
  /** 0 goes ahead of a long queue of others (alerts). */
  priority: number;
  onUnknown: 'again' | 'hold';
}

/**
 * What an approval binds to: callees, message, options, note and channel. Keyed, because a part of it stands in the
 * card's buttons, where a plain hash of a single number could be guessed.
 */
export function hashRequest(
  secret: string,
  request: Pick<NewRequest, 'message' | 'options' | 'note' | 'channelId' | 'threadTs'> & {
    callees: string[];
  },
): string {
  const parts = [
    request.callees.toSorted(),
    Object.entries(request.message).toSorted(),
    Object.entries(request.options).toSorted(),
    request.note,
    request.channelId,
    request.threadTs ?? null,
  ];
  return createHmac('sha256', secret).update(JSON.stringify(parts)).digest('hex');
}

/** Stands for a country that is not known. */
export const unknownCountry = '??';

/** Countries of the numbers with how many of each, most first; "??" where none is known. */
export function countCountries(callees: readonly Callee[]): { country: string; callees: number }[] {
  const counts = new Map<string, number>();
  for (const { callee } of callees) {
    const country = countryOf(callee) ?? unknownCountry;
    counts.set(country, (counts.get(country) ?? 0) + 1);
  }
  return [...counts]
    .map(([country, count]) => ({ country, callees: count }))
    .sort((a, b) => b.callees - a.callees || a.country.localeCompare(b.country));
}

const rowsAtOnce = 500;

/**
 * Writes a request, its callees, its board and its first task in the caller's transaction.
 * A root view that has made a request already makes no second one: `created` is then false and the id is the first one's.
 */
export async function createRequest(
  tx: Tx,
  deps: CallsDeps,
  ask: NewRequest,
): Promise<{ id: string; created: boolean; state: RequestState }> {
  const now = deps.clock.now();
  const id = newId('r');
  const state: RequestState = ask.approval === null ? 'approved' : 'awaiting_approval';
  const message = JSON.stringify(ask.message);
  const inserted = await tx
    .insertInto('requests')
    .values({
      id,
      team_id: ask.teamId,
      origin: ask.origin,
      state,
      requested_by: ask.requestedBy,
      rule_name: ask.ruleName ?? null,
      alert_id: ask.alertId ?? null,
      alert_title: ask.alertTitle ?? null,
      previous_id: ask.previousId ?? null,
      root_view_id: ask.rootViewId ?? null,
      channel_id: ask.channelId,
      asked_in: ask.askedIn ?? null,
      thread_ts: ask.threadTs ?? null,
      message,
      options: JSON.stringify(ask.options),
      note: ask.note,
      callees: ask.callees.length,
      duplicates: ask.duplicates,
      countries: JSON.stringify(countCountries(ask.callees)),
      hash: hashRequest(deps.tokenSecret, { ...ask, callees: ask.callees.map((each) => each.callee) }),
      approval: ask.approval === null ? null : JSON.stringify(ask.approval),
      expires_at: null,
      on_unknown: ask.onUnknown,
      priority: ask.priority,
      cancelled_by: null,
      acked_by: null,
      outcome: null,
      created_at: now,
      changed_at: now,
      finished_at: null,
      erased_at: null,
    })
    .onConflict((conflict) => conflict.column('root_view_id').doNothing())
    .executeTakeFirst();
  if ((inserted.numInsertedOrUpdatedRows ?? 0n) === 0n) {
    const first = await tx
      .selectFrom('requests')
      .select(['id', 'state'])
      .where('root_view_id', '=', ask.rootViewId ?? '')
      .executeTakeFirstOrThrow();
    return { id: first.id, created: false, state: first.state as RequestState };
  }
  await insertCalls(tx, id, ask.callees);
  await record(tx, id, {
    at: now,
    actor: ask.requestedBy ?? `rule:${ask.ruleName ?? ''}`,
    action: 'asked',
    detail: { callees: ask.callees.length, approval: ask.approval?.reasons ?? [] },
  });
  const board = await announce(
    tx,
    now,
    {
      requestId: id,
      kind: 'board',
      slot: `board:${id}`,
      channelId: ask.channelId,
      threadTs: ask.threadTs ?? null,
    },
    ask.approval === null ? afterPostMs : 0,
  );
  if (ask.approval === null) {
    await release(tx, deps, { id, state, message, priority: ask.priority, callees: ask.callees.length });
  } else {
    await announce(tx, now, {
      requestId: id,
      kind: 'card',
      slot: `card:${id}`,
      channelId: ask.approval.channelId ?? ask.channelId,
      parentId: ask.approval.channelId === null ? board : null,
    });
  }
  return { id, created: true, state };
}

async function insertCalls(tx: Tx, requestId: string, callees: readonly Callee[]): Promise<void> {
  for (let start = 0; start < callees.length; start += rowsAtOnce) {
    const rows = callees.slice(start, start + rowsAtOnce).map((each, index) => ({
      request_id: requestId,
      position: start + index + 1,
      submission_id: null,
      callee: each.callee,
      name: each.name,
      state: 'ready',
    }));
    await tx.insertInto('calls').values(rows).execute();
  }
}

/**
 * Cuts an approved request into submissions, in the order asked, and wakes the lanes that send them: up to
 * voice.limits.callees for a recording, exactly one for spoken text.
 */
export async function release(
  tx: Tx,
  deps: CallsDeps,
  request: Pick<RequestRow, 'id' | 'state' | 'message' | 'priority' | 'callees'>,
): Promise<void> {
  const { id: requestId, callees } = request;
  if (request.state === 'awaiting_approval') {
    assertTransition(requestTransitions, request.state, 'approved');
    await tx
      .updateTable('requests')
      .set({ state: 'approved', changed_at: deps.clock.now() })
      .where('id', '=', requestId)
      .execute();
  }
  const message = JSON.parse(request.message) as Message;
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

function newSubmission(
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
    answered_at: null,
    checked_at: null,
    settled_by: null,
    settled_at: null,
  };
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
