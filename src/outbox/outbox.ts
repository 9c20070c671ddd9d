import { createHash } from 'node:crypto';
import { z } from 'zod';
import { newId } from '../ids.ts';
import { enqueue } from '../queue/enqueue.ts';
import type { Tx } from '../store/types.ts';
import type { RequestState } from '../store/values.ts';
import { type Post, type PostPlace, slotOf, toColumns } from './post.ts';

/** How long posting waits for a POST that calls people, ms: a write at the same moment would delay the call. */
const phoneFirstMs = 30;

/** More callees than one submission takes. */
const crowd = 200;

/**
 * The most callees that the table in the thread shows. For more, a file is posted (Slack: 100 rows, one is the
 * header).
 */
export const shownInTable = 99;

/** Kinds of posts that are edited when their request changes. */
const live = ['board', 'results', 'card', 'tested'];

/**
 * True if a post is edited when its request changes. Of the replies, only the one about the end of an alert is: it has
 * a button until somebody has acknowledged the alert.
 */
export function isEdited({ kind, slot }: { kind: string | null; slot: string | null }): boolean {
  return live.includes(kind ?? '') || (kind === 'told' && slot?.endsWith(':end') === true);
}

let lastSequence = 0;

/** Adds a post to the outbox, in the caller's transaction. Returns its id. */
export async function post(
  tx: Tx,
  now: number,
  what: { requestId: string | null; post: Post; place: PostPlace },
): Promise<string> {
  const { requestId, place } = what;
  const id = newId('m');
  // An alert that a tool posted to us may have no channel.
  if (place.channelId === '') return id;
  // Always increasing, so that the first message of a thread is posted before the replies to it.
  lastSequence = Math.max(now * 1000, lastSequence + 1);
  const inserted = await tx
    .insertInto('posts')
    .values({
      id,
      request_id: requestId,
      ...toColumns(what.post),
      slot: slotOf(what.post, requestId),
      channel_id: place.channelId,
      parent_id: place.parentId ?? null,
      thread_ts: place.threadTs ?? null,
      user_id: null,
      state: 'pending',
      sequence: lastSequence,
      ts: null,
      shown: null,
      tries: 0,
      tried_at: null,
      posted_at: null,
      created_at: now,
    })
    .onConflict((conflict) => conflict.column('slot').doNothing())
    .executeTakeFirst();
  if ((inserted.numInsertedOrUpdatedRows ?? 0n) > 0n) await deliverSoon(tx, place.channelId, now);
  return id;
}

/** Posts the pending posts of a channel soon. */
export async function deliverSoon(tx: Tx, channelId: string, now: number): Promise<void> {
  await enqueue(tx, { kind: 'slack.deliver', key: channelId, runAt: now + phoneFirstMs });
}

/** Edits a post if its content has changed. Waits up to `withinMs` for further changes, to show them together. */
export async function editSoon(tx: Tx, messageId: string, now: number, withinMs = 0): Promise<void> {
  await enqueue(tx, { kind: 'slack.edit', key: messageId, runAt: now + Math.max(phoneFirstMs, withinMs) });
}

/**
 * A request has changed. In the caller's transaction: adds the posts that must now appear in Slack, and edits those
 * that show the request. `progress`: one of many similar changes; the board of a crowd may show it later together
 * with the next ones.
 */
export async function changed(
  tx: Tx,
  now: number,
  requestId: string,
  { progress = false } = {},
): Promise<void> {
  const rows = await tx
    .selectFrom('requests')
    .leftJoin('posts', 'posts.request_id', 'requests.id')
    .select(['requests.id', 'requests.state', 'requests.callees', 'requests.changed_at'])
    .select([
      'requests.channel_id',
      'requests.thread_ts',
      'requests.thread_post',
      'requests.asked_in',
      'requests.approval',
    ])
    .select(['requests.requested_by', 'requests.cancelled_by', 'requests.when_at', 'requests.outcome'])
    .select(['posts.id as post_id', 'posts.slot', 'posts.kind', 'posts.state as post_state'])
    .select((eb) =>
      eb
        .exists(
          eb
            .selectFrom('submissions')
            .select('submissions.id')
            .whereRef('submissions.request_id', '=', 'requests.id'),
        )
        .as('released'),
    )
    .select((eb) =>
      eb
        .exists(
          eb
            .selectFrom('calls')
            .select('calls.position')
            .whereRef('calls.request_id', '=', 'requests.id')
            .where('calls.state', '=', 'unknown')
            .where('calls.superseded', '=', 0),
        )
        .as('unsure'),
    )
    .where('requests.id', '=', requestId)
    .execute();
  const [request] = rows;
  if (request === undefined) return;
  const idOf = new Map(rows.flatMap(({ slot, post_id: id }) => (slot && id ? [[slot, id] as const] : [])));
  await addMissing(
    tx,
    now,
    { ...request, released: Boolean(request.released), unsure: Boolean(request.unsure) },
    idOf,
  );
  const withinMs = progress ? showWithinMs(request, now) : 0;
  for (const { post_id: id, kind, slot, post_state: state } of rows) {
    // A post that is being posted right now is edited too: its content may have been read before this commit.
    if (id !== null && isEdited({ kind, slot }) && (state === 'pending' || state === 'posted'))
      await editSoon(tx, id, now, withinMs);
  }
}

interface ShownRequest {
  id: string;
  state: RequestState;
  callees: number;
  channel_id: string;
  thread_ts: string | null;
  thread_post: string | null;
  asked_in: string | null;
  approval: string | null;
  requested_by: string | null;
  cancelled_by: string | null;
  when_at: number | null;
  outcome: string | null;
  /** True if any submission was ever released for sending. */
  released: boolean;
  /** True if a call of it is unknown. */
  unsure: boolean;
}

async function addMissing(
  tx: Tx,
  now: number,
  request: ShownRequest,
  idOf: ReadonlyMap<string, string>,
): Promise<void> {
  const add = async (what: Post, place: PostPlace): Promise<string> =>
    idOf.get(slotOf(what, request.id) ?? '') ??
    (await post(tx, now, { requestId: request.id, post: what, place }));
  const here = { channelId: request.channel_id, threadTs: request.thread_ts };
  const board = await add({ kind: 'board' }, { ...here, parentId: request.thread_post });
  const underBoard = { ...here, parentId: board };
  if (request.state === 'awaiting_approval') {
    const channelId = approvalChannel(request);
    await add({ kind: 'card' }, channelId === null ? { ...underBoard, threadTs: null } : { channelId });
  }
  if (isSent(request)) {
    await add({ kind: 'results' }, underBoard);
    // The file is posted once, when nothing in it can change.
    if (request.callees > shownInTable && request.state !== 'sent')
      await add({ kind: 'file', when: 'done' }, underBoard);
  }
  const { id, state, outcome, requested_by: asker } = request;
  if (isNotStarted(request) && asker) {
    // The channel may be the reason, and the request was made long ago, so tell the person in a direct message.
    const plain = `Your scheduled request ${id} is not started. ${outcome ?? ''}`;
    await add({ kind: 'words', plain, once: `not_started:${id}` }, { channelId: asker });
  }
  // Only a scheduled request has words while it waits for approval: it was due before the approvers were asked.
  if (state === 'awaiting_approval' && outcome !== null && asker) {
    const plain = `Your scheduled request ${id} does not start yet. ${outcome}`;
    await add({ kind: 'words', plain, once: `asks_first:${id}` }, { channelId: asker });
  }
  // It started late, or does not call people whom its lists or rosters name now.
  if (['approved', 'sending', 'sent'].includes(state) && outcome !== null)
    await add({ kind: 'words', plain: outcome, once: `said:${id}:${digestOf(outcome)}` }, underBoard);
  await addTold(tx, request, idOf, { add, underBoard });
}

/** So that the same words are said once. The slot has no words, because they hold names. */
function digestOf(words: string): string {
  return createHash('sha256').update(words).digest('hex').slice(0, 16);
}

/** What a person must notice: a decision, unknown calls, the end. Each is posted once. */
async function addTold(
  tx: Tx,
  request: ShownRequest,
  idOf: ReadonlyMap<string, string>,
  { add, underBoard }: { add: (what: Post, place: PostPlace) => Promise<string>; underBoard: PostPlace },
): Promise<void> {
  const { id, state, requested_by: asker } = request;
  const isTold = idOf.has(`outcome:${id}`) || idOf.has(`told:${id}:decision`);
  if (!isTold && (await isDecidedByOther(tx, request))) {
    if (request.asked_in === request.channel_id) await add({ kind: 'told', about: 'decision' }, underBoard);
    else await add({ kind: 'outcome' }, { channelId: asker ?? '' });
  }
  // A test call has its own message, which shows the result.
  const isTest = idOf.has(slotOf({ kind: 'tested' }, id) ?? '');
  if (state === 'sent' && request.unsure && !isTest)
    await add({ kind: 'told', about: 'unknown' }, underBoard);
  const ended = state === 'done' || state === 'failed' || (state === 'cancelled' && request.released);
  const endedByAsker = state === 'cancelled' && request.cancelled_by === asker;
  // A request that was not started has a message of its own for the person.
  if (ended && !endedByAsker && !isTest && !isNotStarted(request))
    await add({ kind: 'told', about: 'end' }, underBoard);
}

/** True for a scheduled request that could not be started at its time. */
function isNotStarted({ state, when_at: whenAt, released }: ShownRequest): boolean {
  return state === 'failed' && whenAt !== null && !released;
}

/** True if nothing is left to send and something was sent. */
function isSent({ state, released }: ShownRequest): boolean {
  if (state === 'cancelled' || state === 'failed') return released;
  return state === 'sent' || state === 'done';
}

/** The channel where the approvers are asked. Null: in the board's thread. */
function approvalChannel({ approval }: ShownRequest): string | null {
  const shape = z.object({ channelId: z.string().nullable() });
  return approval === null ? null : shape.parse(JSON.parse(approval)).channelId;
}

/** True if another person than the requester has just decided, or nobody did in time. */
async function isDecidedByOther(tx: Tx, request: ShownRequest): Promise<boolean> {
  const { id, state, approval, requested_by: asker, cancelled_by: canceller, released } = request;
  if (approval === null || asker === null) return false;
  if (state === 'expired') return true;
  if (state === 'cancelled') return !released && canceller !== asker;
  if (state !== 'approved' && state !== 'scheduled' && state !== 'rejected') return false;
  const last = await tx
    .selectFrom('decisions')
    .select('user_id')
    .where('request_id', '=', id)
    .orderBy('at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last?.user_id !== asker;
}

/**
 * A crowd's board changes for minutes. While its state stays the same it is edited less and less often (after 1, 4,
 * 13, 40 s, then once a minute), to leave the workspace's few edits to others.
 */
function showWithinMs(request: { callees: number; changed_at: number }, now: number): number {
  return request.callees <= crowd ? 0 : Math.min(2 * Math.max(0, now - request.changed_at), 60_000);
}

/** Reminds the approvers of a request, once, in the thread of their card. Does nothing if no card is posted. */
export async function remind(tx: Tx, now: number, requestId: string): Promise<void> {
  // Found by its kind, because a card that was moved has another slot.
  const card = await tx
    .selectFrom('posts')
    .select(['id', 'channel_id', 'parent_id'])
    .where('request_id', '=', requestId)
    .where('kind', '=', 'card')
    .where('state', '=', 'posted')
    .executeTakeFirst();
  if (card === undefined) return;
  const place = { channelId: card.channel_id, parentId: card.parent_id ?? card.id };
  await post(tx, now, { requestId, post: { kind: 'reminder' }, place });
}

/** Says once, in the thread of a request's board, who has acknowledged the alert. */
export async function tellTaken(tx: Tx, now: number, requestId: string): Promise<void> {
  const board = await tx
    .selectFrom('posts')
    .select(['id', 'channel_id', 'thread_ts'])
    .where('slot', '=', slotOf({ kind: 'board' }, requestId))
    .executeTakeFirst();
  if (board === undefined) return;
  const place = { channelId: board.channel_id, threadTs: board.thread_ts, parentId: board.id };
  await post(tx, now, { requestId, post: { kind: 'told', about: 'taken' }, place });
}

/** The id of a request's board, or null. */
export async function boardOf(tx: Tx, requestId: string): Promise<string | null> {
  const row = await tx
    .selectFrom('posts')
    .select('id')
    .where('slot', '=', slotOf({ kind: 'board' }, requestId))
    .executeTakeFirst();
  return row?.id ?? null;
}
