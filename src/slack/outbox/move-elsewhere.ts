import { startApprovalClock } from '../../calls/approval/deadline.ts';
import type { Config } from '../../config/types.ts';
import { boardOf, deliverSoon, post } from '../../outbox/outbox.ts';
import { type Post, readPost, toColumns } from '../../outbox/post.ts';
import { isUserId } from '../../slack-ids.ts';
import type { Tx } from '../../store/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import { restMs } from './try-again.ts';
import type { PostRow } from './types.ts';

/** How long a message without another place is tried again, ms: somebody may invite the app, or open the channel. */
const openAgainWithinMs = 24 * 3_600_000;

/** `waits`: it has no other place, so it is tried again here. */
type Moved = 'done' | 'waits';

/**
 * Posts that may be shown in another place. A file with full numbers is not one of them: it goes only to the person
 * who asked for it.
 */
type News = Extract<Post, { kind: 'board' | 'results' | 'file' | 'card' | 'told' }>;

function isNews(what: Post): what is News {
  return ['board', 'results', 'file', 'card', 'told'].includes(what.kind);
}

interface Asked {
  requested_by: string | null;
  rule_name: string | null;
  channel_id: string;
  thread_ts: string | null;
}

/**
 * Called when a message's place is closed to the app (archived, deleted, or the app is not a member). An approvers'
 * card moves to the board's thread. Other news goes to the person who asked, with the reason. If there is no such
 * person, or they cannot be reached in Slack, it goes to the next place of `fallbacks`. If no place is left, an error is
 * logged, and the news waits in its own channel for a day, in case somebody opens that channel.
 */
export async function moveElsewhere(deps: SlackDeps, message: PostRow, error: string): Promise<Moved> {
  return await deps.store.transaction(async (tx) => {
    const request = message.request_id === null ? undefined : await askedBy(tx, message.request_id);
    const what = readPost(message);
    if (request === undefined || what === null) return await waitOrDrop(tx, deps, message, error);
    // A card that was tried everywhere waits in its own channel.
    const isNew = what.kind === 'card' && what.movedFrom === undefined && what.tried === undefined;
    if (isNew && message.channel_id !== request.channel_id)
      return await done(moveCard(tx, deps, message, request, error));
    if (!isNews(what) && what.kind !== 'instead') return await waitOrDrop(tx, deps, message, error);
    const tried = [...(what.tried ?? []), message.channel_id];
    const followed = await boardsChannel(tx, message, tried);
    if (followed !== null) return await done(moveTo(tx, deps, message, { what, to: followed, tried, error }));
    const next = fallbacks(request, deps.config()).find((each) => !tried.includes(each));
    // Nobody can approve there. The time for approval starts anyway, so that the request expires.
    if (what.kind === 'card') await startApprovalClock(tx, message.request_id ?? '', deps.clock.now());
    if (next === undefined) return await waitOrDrop(tx, deps, message, error);
    // The person gets the state and the results in direct messages, so the reply would only repeat them.
    if (what.kind === 'told' && (await isToldInstead(tx, message)))
      return await done(drop(tx, deps, message, error));
    // Otherwise the reply says all that the person must know, also in a direct message.
    if (what.kind === 'instead' || what.kind === 'told' || !isUserId(next))
      return await done(moveTo(tx, deps, message, { what, to: next, tried, error }));
    await drop(tx, deps, message, error);
    const from = { instead: what.kind, of: message.id, channelId: message.channel_id, error };
    await post(tx, deps.clock.now(), {
      requestId: message.request_id,
      post: { kind: 'instead', ...from, tried },
      place: { channelId: next },
    });
    return 'done';
  });
}

async function done(work: Promise<void>): Promise<Moved> {
  await work;
  return 'done';
}

/** Where a request's news may go if its channel is closed, the best place first: people (U…) and channels (C…). */
export function fallbacks(
  request: Pick<Asked, 'requested_by' | 'rule_name'>,
  { rules, approval }: Pick<Config, 'rules' | 'approval'>,
): string[] {
  const rule = rules.find(({ name }) => name === request.rule_name);
  const approvers = approval?.approvers ?? [];
  return [
    ...(request.requested_by === null ? [] : [request.requested_by]),
    ...(rule?.channels ?? []),
    ...(approval?.channel === undefined ? [] : [approval.channel]),
    ...approvers.filter(isUserId),
  ];
}

/** Drops a message that is no longer needed or that another one replaces. */
export async function drop(tx: Tx, deps: SlackDeps, message: PostRow, why: string): Promise<void> {
  deps.log.info({ requestId: message.request_id, kind: message.kind, why }, 'a message was not posted');
  await tx.updateTable('posts').set({ state: 'dropped' }).where('id', '=', message.id).execute();
}

/**
 * For a message without another place. News of a request, and a reply in plain words, wait in their own channel for a
 * day, because somebody may open it. Everything else is dropped, also the post of an alert; that post waits again
 * together with news in its thread. The log says when news begins to wait and when it is dropped.
 */
async function waitOrDrop(tx: Tx, deps: SlackDeps, message: PostRow, error: string): Promise<Moved> {
  const now = deps.clock.now();
  const what = readPost(message);
  const home = await homeOf(tx, message, what);
  if (home === null || now - home.row.created_at >= openAgainWithinMs) {
    if (!(await isAwaited(tx, message))) logNowhere(deps, message, what, error);
    await tx.updateTable('posts').set({ state: 'dropped' }).where('id', '=', message.id).execute();
    return 'done';
  }
  const { row, post: news } = home;
  if (news.kind === 'board') await startClockOfWaitingCard(tx, deps, row);
  const isThere = row.id === message.id && row.channel_id === home.channelId;
  // The error is stored when it is logged, because earlier tries may have failed for another reason.
  if (!isThere || news.error === undefined) logNowhere(deps, message, what, error);
  const nextTryAt = now + restMs(isThere ? message.tries + 1 : 1);
  if (row.id !== message.id) await drop(tx, deps, message, error);
  await tx
    .updateTable('posts')
    .set(toColumns({ ...news, error: news.error ?? error }))
    .where('id', '=', row.id)
    .execute();
  if (!isThere) await bringHome(tx, home, nextTryAt);
  await tx
    .updateTable('posts')
    .set({ state: 'pending', next_try_at: nextTryAt })
    .where('id', '=', row.parent_id ?? '')
    .where('kind', '=', 'alert')
    .where('state', '=', 'dropped')
    .where('channel_id', '=', home.channelId)
    .execute();
  return isThere ? 'waits' : 'done';
}

/** A post and the channel in which it waits. */
interface Home {
  row: PostRow;
  post: News | Extract<Post, { kind: 'words' }>;
  channelId: string;
  threadTs: string | null;
}

/**
 * Moves news back to its own channel. Replies that were dropped because a person got a message instead are posted again.
 */
async function bringHome(tx: Tx, { row, channelId, threadTs }: Home, nextTryAt: number): Promise<void> {
  const waits = { state: 'pending', next_try_at: nextTryAt } as const;
  await tx
    .updateTable('posts')
    .set({ ...waits, channel_id: channelId, thread_ts: threadTs })
    .set({ tries: 0, tried_at: null, last_try_at: null })
    .where('id', '=', row.id)
    .execute();
  await tx
    .updateTable('posts')
    .set(waits)
    .where('request_id', '=', row.request_id)
    .where('kind', '=', 'told')
    .where('state', '=', 'dropped')
    .execute();
  await deliverSoon(tx, channelId, nextTryAt);
}

/**
 * The news of a message as it waits in its own channel: of a message to a person, the post that it replaced. Null if
 * there is none: what is for one person has no other place.
 */
async function homeOf(tx: Tx, message: PostRow, what: Post | null): Promise<Home | null> {
  if (what?.kind === 'words') {
    const { channel_id: channelId, thread_ts: threadTs } = message;
    return isUserId(channelId) ? null : { row: message, post: what, channelId, threadTs };
  }
  const instead = what?.kind === 'instead' ? what : null;
  const row = instead === null ? message : await readRow(tx, instead.of);
  const news = instead === null ? what : row === undefined ? null : readPost(row);
  if (row === undefined || row.request_id === null || news === null || !isNews(news)) return null;
  const { movedFrom, ...post } = news;
  const channelId = movedFrom ?? row.channel_id;
  if (isUserId(channelId)) return null;
  const tried = [...new Set([...((instead ?? news).tried ?? []), message.channel_id])];
  if (movedFrom === undefined && instead === null) return { row, post, channelId, threadTs: row.thread_ts };
  const request = await askedBy(tx, row.request_id);
  const threadTs = request?.channel_id === channelId ? request.thread_ts : null;
  return { row, post: { ...post, tried }, channelId, threadTs };
}

/**
 * The approvers' card waits for its board. Nobody can approve before a person opens the channel, and what they approve
 * a day later would be late, so the request expires as if the card were there.
 */
async function startClockOfWaitingCard(tx: Tx, deps: SlackDeps, board: PostRow): Promise<void> {
  const card = await tx
    .selectFrom('posts')
    .select('id')
    .where('parent_id', '=', board.id)
    .where('kind', '=', 'card')
    .where('state', '=', 'pending')
    .executeTakeFirst();
  if (card !== undefined) await startApprovalClock(tx, board.request_id ?? '', deps.clock.now());
}

async function readRow(tx: Tx, id: string): Promise<PostRow | undefined> {
  return await tx.selectFrom('posts').selectAll().where('id', '=', id).executeTakeFirst();
}

function logNowhere(deps: SlackDeps, message: PostRow, what: Post | null, error: string): void {
  const { request_id: requestId, channel_id: channel, kind } = message;
  const words = what?.kind === 'words' ? { plain: what.plain } : {};
  const todo = isUserId(channel) ? '' : ': invite the app to it, or open it again';
  deps.log.error(
    { requestId, kind, channel, error, ...words },
    `a message can be shown nowhere in Slack, because its place is closed to the app${todo}`,
  );
}

/** True if a message for its thread was tried and waits for a place: the log said so then. */
async function isAwaited(tx: Tx, message: PostRow): Promise<boolean> {
  const waiting = await tx
    .selectFrom('posts')
    .select('id')
    .where('parent_id', '=', message.id)
    .where('state', '=', 'pending')
    .where('tries', '>', 0)
    .limit(1)
    .executeTakeFirst();
  return waiting !== undefined;
}

/**
 * True if a person gets the news of this reply instead: in a message that is not posted yet, or was posted since. An
 * earlier one shows an older state, and is never edited.
 */
async function isToldInstead(tx: Tx, reply: PostRow): Promise<boolean> {
  const instead = await tx
    .selectFrom('posts')
    .select('id')
    .where('request_id', '=', reply.request_id)
    .where('kind', '=', 'instead')
    .where((eb) => eb.or([eb('state', '=', 'pending'), eb('posted_at', '>=', reply.created_at)]))
    .limit(1)
    .executeTakeFirst();
  return instead !== undefined;
}

async function askedBy(tx: Tx, requestId: string): Promise<Asked | undefined> {
  return await tx
    .selectFrom('requests')
    .select(['requested_by', 'rule_name', 'channel_id', 'thread_ts'])
    .where('id', '=', requestId)
    .executeTakeFirst();
}

async function moveCard(
  tx: Tx,
  deps: SlackDeps,
  message: PostRow,
  request: Asked,
  error: string,
): Promise<void> {
  await drop(tx, deps, message, error);
  await post(tx, deps.clock.now(), {
    requestId: message.request_id,
    post: { kind: 'card', movedFrom: message.channel_id, error },
    place: {
      channelId: request.channel_id,
      threadTs: request.thread_ts,
      parentId: await boardOf(tx, message.request_id ?? ''),
    },
  });
}

/** The channel of the parent message, if the parent has moved to another channel. */
async function boardsChannel(tx: Tx, message: PostRow, tried: readonly string[]): Promise<string | null> {
  if (message.parent_id === null) return null;
  const parent = await tx
    .selectFrom('posts')
    .select(['channel_id', 'state'])
    .where('id', '=', message.parent_id)
    .executeTakeFirst();
  if (parent === undefined || parent.state === 'dropped') return null;
  return tried.includes(parent.channel_id) ? null : parent.channel_id;
}

/** Moves the message to another place. It stays the same kind: a moved board keeps its buttons and its edits. */
async function moveTo(
  tx: Tx,
  deps: SlackDeps,
  message: PostRow,
  move: { what: News | Extract<Post, { kind: 'instead' }>; to: string; tried: string[]; error: string },
): Promise<void> {
  const { request_id: requestId, kind, channel_id: from } = message;
  const { what, to, tried, error } = move;
  deps.log.warn({ requestId, kind, error, from, to }, 'a message goes elsewhere');
  const moved: Post =
    what.kind === 'instead'
      ? { ...what, tried }
      : { ...what, movedFrom: what.movedFrom ?? from, error, tried };
  await tx
    .updateTable('posts')
    .set({ ...toColumns(moved), channel_id: to, thread_ts: null })
    .set({ tries: 0, tried_at: null, last_try_at: null, next_try_at: 0 })
    .where('id', '=', message.id)
    .execute();
  await deliverSoon(tx, to, deps.clock.now());
}
