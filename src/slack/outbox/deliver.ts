import { startApprovalClock } from '../../calls/approval/deadline.ts';
import { VoicecallError } from '../../errors.ts';
import { announce } from '../../outbox/outbox.ts';
import { enqueue } from '../../queue/enqueue.ts';
import type { Lease, TaskHandler, TaskResult } from '../../queue/types.ts';
import type { Tx } from '../../store/types.ts';
import { isClosedPlace, isTokenFault, type SlackFailure, slackFailure } from '../client/errors.ts';
import type { SlackDeps } from '../context/deps.ts';
import { shownDigest } from './digest.ts';
import { findPosted, hasMetadata } from './find-posted.ts';
import { renderMessage } from './render.ts';
import type { MessageRow, Rendered } from './types.ts';
import { uploadFile } from './upload.ts';

/** Slack takes about one message a second in one channel: https://docs.slack.dev/apis/web-api/rate-limits */
const oneChannelEveryMs = 1_000;
/** So often a message is tried that Slack refuses for what it is, or that cannot be drawn: others wait behind it. */
const triesOfRefused = 6;

/**
 * The handler of "slack.deliver" tasks (key: channel): posts what waits for this channel, in order, each exactly once.
 * A failure leaves the rest waiting, so that the order stays; channels do not wait for one another.
 */
export function createDeliverer(deps: SlackDeps): TaskHandler {
  return async (task, lease): Promise<TaskResult> => {
    for (let posted = 1; lease.valid(); posted++) {
      const first = await nextPending(deps, task.key);
      if (first === undefined) return undefined;
      const { message, threadTs } = await withItsThread(deps, first);
      const rendered = await render(deps, message, task.attempts);
      const outcome = await deliverOne(deps, message, rendered, threadTs, lease);
      if (outcome !== 'delivered') return { againAt: deps.clock.now() + outcome.waitMs };
      // Two at once, such as a board and its results, then a pause for both: one a second all the same.
      if (posted === 2 && (await nextPending(deps, task.key)) !== undefined) {
        return { againAt: deps.clock.now() + 2 * oneChannelEveryMs };
      }
    }
    return { againAt: deps.clock.now() };
  };
}

async function nextPending(deps: SlackDeps, channelId: string): Promise<MessageRow | undefined> {
  return await deps.store.read
    .selectFrom('messages')
    .selectAll()
    .where('state', '=', 'pending')
    .where('channel_id', '=', channelId)
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst();
}

/** The message with its thread's ts (null: none); instead of it the thread's first message, where that one still waits. */
async function withItsThread(
  deps: SlackDeps,
  message: MessageRow,
): Promise<{ message: MessageRow; threadTs: string | null }> {
  if (message.thread_ts !== null) return { message, threadTs: message.thread_ts };
  if (message.parent_id === null) return { message, threadTs: null };
  const parent = await deps.store.read
    .selectFrom('messages')
    .selectAll()
    .where('id', '=', message.parent_id)
    .executeTakeFirst();
  if (parent === undefined || parent.state === 'dropped' || parent.channel_id !== message.channel_id)
    return { message, threadTs: null };
  if (parent.state === 'pending') return await withItsThread(deps, parent);
  return { message, threadTs: parent.thread_ts ?? parent.ts };
}

/** Null: nothing to show, also where it could not be drawn time and again. Throws before that: then it is tried again. */
async function render(deps: SlackDeps, message: MessageRow, attempts: number): Promise<Rendered | null> {
  try {
    return await renderMessage(deps, message);
  } catch (error) {
    const databaseAway = error instanceof VoicecallError && error.code === 'store_unavailable';
    if (databaseAway || attempts < triesOfRefused) throw error;
    deps.log.error(
      { err: error, requestId: message.request_id, kind: message.kind },
      'a message cannot be drawn',
    );
    return null;
  }
}

async function deliverOne(
  deps: SlackDeps,
  message: MessageRow,
  rendered: Rendered | null,
  threadTs: string | null,
  lease: Lease,
): Promise<'delivered' | { waitMs: number }> {
  if (rendered === null) {
    await deps.store.transaction((tx) => drop(tx, deps, message, 'nothing to show'));
    return 'delivered';
  }
  let counted = false;
  try {
    const before = message.tries === 0 ? null : await findAgain(deps, message, rendered, threadTs);
    await countTry(deps, message, 1);
    counted = true;
    // Whoever slept through its lease does not post what another one has posted meanwhile.
    if (before === null && !lease.valid()) return { waitMs: 0 };
    if (before === null) {
      const ts = await post(deps, message, rendered, threadTs);
      await delivered(deps, message, ts, shownDigest(rendered));
    } else {
      // It shows what was true when it was posted, which nobody kept.
      await delivered(deps, message, before, null);
    }
    return 'delivered';
  } catch (error) {
    return await failed(deps, message, slackFailure(error), counted);
  }
}

async function findAgain(
  deps: SlackDeps,
  message: MessageRow,
  rendered: Rendered,
  threadTs: string | null,
): Promise<string | null> {
  // An ephemeral message stands in no history, and a direct message's channel is not known by the user's id.
  if (message.kind === 'ephemeral' || /^[UW]/.test(message.channel_id)) return null;
  const place = { channelId: message.channel_id, threadTs, sinceAt: message.tried_at ?? message.created_at };
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

async function post(
  deps: SlackDeps,
  message: MessageRow,
  rendered: Rendered,
  threadTs: string | null,
): Promise<string> {
  const thread = threadTs === null ? {} : { thread_ts: threadTs };
  if (rendered.kind === 'file') {
    return await uploadFile(deps, { channelId: message.channel_id, threadTs, ...rendered });
  }
  const { text, blocks, metadata } = rendered;
  if (message.kind === 'ephemeral') {
    const answer = await deps.web.chat.postEphemeral({
      channel: message.channel_id,
      user: message.user_id ?? '',
      text,
      blocks,
      ...thread,
    });
    return answer.message_ts ?? '';
  }
  const plain = { channel: message.channel_id, text, unfurl_links: false, unfurl_media: false, ...thread };
  try {
    return (await deps.web.chat.postMessage({ ...plain, blocks, metadata })).ts ?? '';
  } catch (error) {
    const failure = slackFailure(error);
    if (failure.kind !== 'refused' || !refusedShapes.has(failure.error)) throw error;
    // A bug of ours must not cost anybody the news: the text says it all.
    deps.log.error(
      { requestId: message.request_id, error: failure.error },
      'Slack refused the blocks: text alone is posted',
    );
    return (await deps.web.chat.postMessage({ ...plain, metadata })).ts ?? '';
  }
}

const refusedShapes = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'invalid_arguments',
]);

async function delivered(
  deps: SlackDeps,
  message: MessageRow,
  ts: string,
  shown: string | null,
): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const now = deps.clock.now();
    // First: whoever decides on the request locks it, and then asks for edits as we do.
    if (message.kind === 'card' && message.request_id !== null) {
      await startApprovalClock(tx, message.request_id, now);
    }
    await tx
      .updateTable('messages')
      .set({ state: 'posted', ts, posted_at: now, shown })
      .where('id', '=', message.id)
      .execute();
    // What changed while it was being posted was not asked to be edited: it was no message yet.
    if (message.kind === 'board' || message.kind === 'results' || message.kind === 'card') {
      await enqueue(tx, { kind: 'slack.edit', key: message.id, runAt: now });
    }
  });
}

async function failed(
  deps: SlackDeps,
  message: MessageRow,
  failure: SlackFailure,
  counted: boolean,
): Promise<'delivered' | { waitMs: number }> {
  deps.log.warn(
    { requestId: message.request_id, kind: message.kind, failure: failure.kind, tries: message.tries },
    'Slack did not take a message',
  );
  if (failure.kind === 'limited') {
    // This attempt did nothing for certain; what became of another one may still have to be looked for.
    if (counted) await countTry(deps, message, -1);
    return { waitMs: failure.retryAfterMs };
  }
  const forGood =
    failure.kind === 'refused' &&
    (isClosedPlace(failure.error) || (message.tries >= triesOfRefused && !isTokenFault(failure.error)));
  if (forGood) {
    await moveElsewhere(deps, message, failure.error);
    return 'delivered';
  }
  const waitMs = Math.min(1000 * 2 ** Math.min(message.tries, 6), 60_000);
  return { waitMs };
}

/** Counts a try before it is made, or takes it back. */
async function countTry(deps: SlackDeps, message: MessageRow, by: 1 | -1): Promise<void> {
  const now = deps.clock.now();
  await deps.store.transaction((tx) =>
    tx
      .updateTable('messages')
      .set((eb) => ({ tries: eb('tries', '+', by), tried_at: eb.fn.coalesce('tried_at', eb.val(now)) }))
      .where('id', '=', message.id)
      .execute(),
  );
}

async function drop(tx: Tx, deps: SlackDeps, message: MessageRow, why: string): Promise<void> {
  deps.log.info({ requestId: message.request_id, kind: message.kind, why }, 'a message was not posted');
  await tx.updateTable('messages').set({ state: 'dropped' }).where('id', '=', message.id).execute();
}

/**
 * The place is gone (archived, deleted, not a member any more): an approvers' card goes to the board's thread, and
 * boards, results and files go to the person who asked, who is told why. Nothing else can be done for the rest.
 */
async function moveElsewhere(deps: SlackDeps, message: MessageRow, error: string): Promise<void> {
  const requestId = message.request_id;
  await deps.store.transaction(async (tx) => {
    await drop(tx, deps, message, error);
    if (requestId === null || message.kind === 'direct' || message.kind === 'ephemeral') return;
    const now = deps.clock.now();
    const request = await tx
      .selectFrom('requests')
      .select(['requested_by', 'channel_id', 'thread_ts'])
      .where('id', '=', requestId)
      .executeTakeFirst();
    if (request === undefined) return;
    if (message.kind === 'card' && message.channel_id !== request.channel_id) {
      const board = await tx
        .selectFrom('messages')
        .select('id')
        .where('slot', '=', `board:${requestId}`)
        .executeTakeFirst();
      await announce(tx, now, {
        requestId,
        kind: 'card',
        slot: `card:${requestId}:moved`,
        channelId: request.channel_id,
        threadTs: request.thread_ts,
        parentId: board?.id ?? null,
        body: { movedFrom: message.channel_id, error },
      });
      return;
    }
    // Nobody can be asked, so it waits no longer than it would have: it expires, visibly.
    if (message.kind === 'card') await startApprovalClock(tx, requestId, now);
    if (request.requested_by === null) return;
    await announce(tx, now, {
      requestId,
      kind: 'direct',
      slot: `moved:${message.id}`,
      channelId: request.requested_by,
      userId: request.requested_by,
      body: { instead: message.kind, channelId: message.channel_id, error },
    });
  });
}
