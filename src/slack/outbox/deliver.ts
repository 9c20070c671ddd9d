import { startApprovalClock } from '../../calls/approval/deadline.ts';
import { VoicecallError } from '../../errors.ts';
import { editSoon, isEdited } from '../../outbox/outbox.ts';
import type { Lease, TaskHandler, TaskResult } from '../../queue/types.ts';
import { isClosedPlace, isGoneThread, isRefusedShape, slackFailure } from '../client/errors.ts';
import type { SlackDeps } from '../context/deps.ts';
import { shownDigest } from './digest.ts';
import { findPosted, hasMetadata, type Place } from './find-posted.ts';
import { drop, moveElsewhere } from './move-elsewhere.ts';
import { renderMessage } from './render.ts';
import { repostDeleted } from './repost-deleted.ts';
import { othersPassAfter, postUnseenAfter, restMs } from './try-again.ts';
import type { PostRow, Rendered } from './types.ts';
import { uploadFile } from './upload.ts';

/** Slack accepts about one message a second in a channel: https://docs.slack.dev/apis/web-api/rate-limits */
const oneChannelEveryMs = 1_000;

/** `done`: go on with the channel's next message. Else the channel pauses for `waitMs`. */
type Outcome = 'done' | { waitMs: number };

/**
 * The handler of "slack.deliver" tasks (key: channel). Posts the messages that wait for this channel, each once.
 * Messages of one request keep their order. A message that keeps failing does not hold up other requests.
 */
export function createDeliverer(deps: SlackDeps): TaskHandler {
  return async (task, lease): Promise<TaskResult> => {
    for (let posted = 1; lease.valid(); posted++) {
      const message = await nextPending(deps, task.key);
      if (message === undefined) return await whenNext(deps, task.key);
      const outcome = await deliverOne(deps, message, lease);
      if (outcome !== 'done') return { againAt: deps.clock.now() + outcome.waitMs };
      // Posts two at once, such as a board and its results, then pauses for both. On average this is one a second.
      if (posted === 2 && (await nextPending(deps, task.key)) !== undefined) {
        return { againAt: deps.clock.now() + 2 * oneChannelEveryMs };
      }
    }
    return { againAt: deps.clock.now() };
  };
}

/** The first message that may be posted now. */
async function nextPending(deps: SlackDeps, channelId: string): Promise<PostRow | undefined> {
  return await inTurn(deps, channelId)
    .selectAll()
    .where('next_try_at', '<=', deps.clock.now())
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst();
}

async function whenNext(deps: SlackDeps, channelId: string): Promise<TaskResult> {
  const row = await inTurn(deps, channelId)
    .select((eb) => eb.fn.min('next_try_at').as('at'))
    .executeTakeFirst();
  const at = row?.at ?? null;
  return at === null ? undefined : { againAt: Math.max(Number(at), deps.clock.now()) };
}

/**
 * Messages that wait for this channel. Leaves out a message that has an earlier one of its request before it, or
 * whose thread has not begun.
 */
function inTurn(deps: SlackDeps, channelId: string) {
  return deps.store.read
    .selectFrom('posts')
    .where('state', '=', 'pending')
    .where('channel_id', '=', channelId)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('posts as earlier')
            .select('earlier.id')
            .whereRef('earlier.request_id', '=', 'posts.request_id')
            .whereRef('earlier.channel_id', '=', 'posts.channel_id')
            .whereRef('earlier.sequence', '<', 'posts.sequence')
            .where('earlier.state', '=', 'pending'),
        ),
      ),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('posts as parent')
            .select('parent.id')
            .whereRef('parent.id', '=', 'posts.parent_id')
            .whereRef('parent.channel_id', '=', 'posts.channel_id')
            .where('parent.state', '=', 'pending'),
        ),
      ),
    );
}

async function deliverOne(deps: SlackDeps, message: PostRow, lease: Lease): Promise<Outcome> {
  let rendered: Rendered | null;
  try {
    rendered = await renderMessage(deps, message);
  } catch (error) {
    if (error instanceof VoicecallError && error.code === 'store_unavailable') throw error;
    deps.log.error(
      { err: error, requestId: message.request_id, kind: message.kind },
      'a message cannot be drawn',
    );
    return await putOff(deps, message, { tries: message.tries + 1 });
  }
  if (rendered === null) {
    await deps.store.transaction((tx) => drop(tx, deps, message, 'nothing to show'));
    return 'done';
  }
  const threadTs = await threadOf(deps, message);
  if (message.tried_at !== null) {
    const before = await lookFor(deps, message, rendered, { threadTs, sinceAt: message.tried_at });
    // The digest is null, because nobody stored what the found message shows.
    if (before.posted !== null) return await delivered(deps, message, before.posted, null);
    if (before.outcome !== null) return before.outcome;
  }
  return await tryToPost(deps, message, rendered, threadTs, lease);
}

/** The ts of the thread for a message; null if it goes into the channel. */
async function threadOf(
  deps: SlackDeps,
  message: Pick<PostRow, 'thread_ts' | 'parent_id' | 'channel_id'>,
): Promise<string | null> {
  if (message.thread_ts !== null) return message.thread_ts;
  if (message.parent_id === null) return null;
  const parent = await deps.store.read
    .selectFrom('posts')
    .select(['state', 'channel_id', 'thread_ts', 'parent_id', 'ts'])
    .where('id', '=', message.parent_id)
    .executeTakeFirst();
  if (parent === undefined || parent.state !== 'posted' || parent.channel_id !== message.channel_id)
    return null;
  // If the parent is in a thread itself, the message goes into that thread.
  return (await threadOf(deps, parent)) ?? parent.ts;
}

/**
 * Looks for a message that an earlier try may have posted. A failed search counts as a try. After a few, the message
 * is posted without a search.
 */
async function lookFor(
  deps: SlackDeps,
  message: PostRow,
  rendered: Rendered,
  { threadTs, sinceAt }: { threadTs: string | null; sinceAt: number },
): Promise<{ posted: string | null; outcome: Outcome | null }> {
  const untilAt = message.last_try_at ?? sinceAt;
  try {
    const place = { channelId: message.channel_id, threadTs, sinceAt, untilAt };
    return { posted: await findAgain(deps, place, rendered), outcome: null };
  } catch (error) {
    const failure = slackFailure(error);
    const { request_id: requestId, kind, tries } = message;
    deps.log.warn({ requestId, kind, failure, tries }, 'the search for a message failed');
    if (tries >= postUnseenAfter) return { posted: null, outcome: null };
    const atLeastMs = failure.kind === 'limited' ? failure.retryAfterMs : 0;
    return { posted: null, outcome: await putOff(deps, message, { tries: tries + 1, atLeastMs }) };
  }
}

async function findAgain(deps: SlackDeps, place: Place, rendered: Rendered): Promise<string | null> {
  if (rendered.kind === 'file') {
    return await findPosted(
      deps,
      place,
      (each) => each.files?.some((file) => file.name === rendered.name) ?? false,
    );
  }
  const { event_type, event_payload } = rendered.metadata;
  const field = 'message_id' in event_payload ? 'message_id' : 'request_id';
  return await findPosted(deps, place, (each) =>
    hasMetadata(each, event_type, field, String(event_payload[field])),
  );
}

async function tryToPost(
  deps: SlackDeps,
  message: PostRow,
  rendered: Rendered,
  threadTs: string | null,
  lease: Lease,
): Promise<Outcome> {
  await beginTry(deps, message);
  // The lease was lost: another worker may have posted this.
  if (!lease.valid()) return { waitMs: 0 };
  try {
    const ts = await post(deps, message, rendered, threadTs);
    return await delivered(deps, message, ts, shownDigest(rendered));
  } catch (error) {
    return await failed(deps, message, error, threadTs);
  }
}

async function post(
  deps: SlackDeps,
  message: PostRow,
  rendered: Rendered,
  threadTs: string | null,
): Promise<string> {
  if (rendered.kind === 'file') {
    return await uploadFile(deps, { channelId: message.channel_id, threadTs, ...rendered });
  }
  const { text, blocks, metadata } = rendered;
  const thread = threadTs === null ? {} : inThread(threadTs, rendered.broadcast);
  const plain = { channel: message.channel_id, text, unfurl_links: false, unfurl_media: false, ...thread };
  try {
    return tsOf(await deps.web.chat.postMessage({ ...plain, blocks, metadata }));
  } catch (error) {
    const failure = slackFailure(error);
    if (failure.kind !== 'refused' || !isRefusedShape(failure.error)) throw error;
    // A bug in our blocks must not keep news from people, so the text is posted without them.
    deps.log.error(
      { requestId: message.request_id, error: failure.error },
      'Slack refused the blocks: text alone is posted',
    );
    return tsOf(await deps.web.chat.postMessage({ ...plain, metadata }));
  }
}

/** `broadcast`: also shown in the channel, for people who do not follow the thread. */
function inThread(threadTs: string, broadcast = false) {
  return broadcast ? { thread_ts: threadTs, reply_broadcast: true as const } : { thread_ts: threadTs };
}

function tsOf(answer: { ts?: unknown }): string {
  if (typeof answer.ts !== 'string' || !/^\d+\.\d+$/.test(answer.ts)) throw new Error('Slack gave no ts');
  return answer.ts;
}

async function delivered(
  deps: SlackDeps,
  message: PostRow,
  ts: string,
  shown: string | null,
): Promise<Outcome> {
  await deps.store.transaction(async (tx) => {
    const now = deps.clock.now();
    // Lock the request first, as a decision does: two transactions that lock in different orders would block each
    // other.
    if (message.kind === 'card' && message.request_id !== null) {
      await startApprovalClock(tx, message.request_id, now);
    }
    await tx
      .updateTable('posts')
      .set({ state: 'posted', ts, posted_at: now, shown, tries: 0, tried_at: null, next_try_at: 0 })
      .where('id', '=', message.id)
      .execute();
    // The request may have changed while the message was being posted. A message that is not posted yet gets no
    // edits, so ask for one now.
    if (isEdited(message) || message.kind === 'alert') await editSoon(tx, message.id, now);
  });
  return 'done';
}

/**
 * Decides what happens after a failed try. If the place is closed or the thread is gone, the message goes elsewhere;
 * all other errors are tried again.
 */
async function failed(
  deps: SlackDeps,
  message: PostRow,
  error: unknown,
  threadTs: string | null,
): Promise<Outcome> {
  if (error instanceof VoicecallError && error.code === 'store_unavailable') throw error;
  const failure = slackFailure(error);
  const { request_id: requestId, kind, tries } = message;
  deps.log.warn({ requestId, kind, failure, tries: tries + 1 }, 'Slack did not accept a message');
  if (failure.kind === 'unclear') return await putOff(deps, message, { tries: tries + 1 });
  if (failure.kind === 'limited') {
    await takeTryBack(deps, message, 1);
    return { waitMs: failure.retryAfterMs };
  }
  if (threadTs !== null && isGoneThread(failure.error)) {
    await takeTryBack(deps, message, 1);
    await leaveThread(deps, message);
    return 'done';
  }
  if (isClosedPlace(failure.error)) {
    if ((await moveElsewhere(deps, message, failure.error)) === 'done') return 'done';
    await takeTryBack(deps, message, 0);
    return await putOff(deps, message, { tries: tries + 1 });
  }
  await takeTryBack(deps, message, 0);
  return await putOff(deps, message, { tries: tries + 1 });
}

/**
 * Counts a try and stores its time before it is made, so that after a crash the next try looks for the message first.
 */
async function beginTry(deps: SlackDeps, message: PostRow): Promise<void> {
  const now = deps.clock.now();
  await deps.store.transaction((tx) =>
    tx
      .updateTable('posts')
      .set((eb) => ({
        tries: eb('tries', '+', 1),
        tried_at: eb.fn.coalesce('tried_at', eb.val(now)),
        last_try_at: now,
      }))
      .where('id', '=', message.id)
      .execute(),
  );
}

/**
 * Undoes `beginTry`, because this try certainly posted nothing. If another instance has tried since, its time stays,
 * so that the next try looks for its message.
 */
async function takeTryBack(deps: SlackDeps, message: PostRow, by: 0 | 1): Promise<void> {
  await deps.store.transaction(async (tx) => {
    await tx
      .updateTable('posts')
      .set({ tried_at: message.tried_at })
      .where('id', '=', message.id)
      .where('tries', '=', message.tries + 1)
      .execute();
    await tx
      .updateTable('posts')
      .set((eb) => ({ tries: eb('tries', '-', by) }))
      .where('id', '=', message.id)
      .execute();
  });
}

/**
 * Delays a message after a failure. At first the whole channel waits too, so that the order stays; after a few
 * failures other messages pass.
 */
async function putOff(
  deps: SlackDeps,
  message: PostRow,
  { tries, atLeastMs = 0 }: { tries: number; atLeastMs?: number },
): Promise<Outcome> {
  const waitMs = Math.max(restMs(tries), atLeastMs);
  await deps.store.transaction((tx) =>
    tx
      .updateTable('posts')
      .set((eb) => ({
        next_try_at: deps.clock.now() + waitMs,
        tries: eb.case().when('tries', '<', tries).then(tries).else(eb.ref('tries')).end(),
      }))
      .where('id', '=', message.id)
      .execute(),
  );
  return { waitMs: tries < othersPassAfter ? restMs(tries) : oneChannelEveryMs };
}

/**
 * The message that began the thread was deleted. If it was our board and is still needed, the board is posted again
 * first. Else the message goes to another thread or into the channel.
 */
async function leaveThread(deps: SlackDeps, message: PostRow): Promise<void> {
  if (message.thread_ts === null) {
    const parent = await deps.store.read
      .selectFrom('posts')
      .selectAll()
      .where('id', '=', message.parent_id ?? '')
      .executeTakeFirst();
    if (parent?.thread_ts === null && (await repostDeleted(deps, parent))) return;
  }
  const gone = message.thread_ts === null ? { parent_id: null } : { thread_ts: null };
  await deps.store.transaction((tx) =>
    tx.updateTable('posts').set(gone).where('id', '=', message.id).execute(),
  );
}
