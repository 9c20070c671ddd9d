import type { KnownBlock, MessageMetadata } from '@slack/types';
import { waitOrAbort } from '../../clock.ts';
import { nextTurnAt, pace } from '../../queue/turns.ts';
import type { Lease, TaskHandler, TaskResult } from '../../queue/types.ts';
import {
  isClosedPlace,
  isClosedToEdits,
  isRefusedShape,
  notFromSlack,
  type SlackFailure,
  slackFailure,
} from '../client/errors.ts';
import type { SlackDeps } from '../context/deps.ts';
import { shownDigest } from './digest.ts';
import { renderMessage } from './render.ts';
import { repostDeleted } from './repost-deleted.ts';
import { restMs } from './try-again.ts';
import type { PostRow } from './types.ts';

/**
 * chat.update allows 50 calls a minute for the whole workspace (Tier 3):
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
const editEveryMs = 1_200;

/**
 * The handler of "slack.edit" tasks (key: message). Shows the request as it is now, so many changes between two turns
 * become one edit. All boards of all instances share the turns. The handler waits for its turn instead of returning:
 * otherwise a hundred waiting boards would ask for each turn. If edits of a board fail, it pauses, so that it takes no
 * turns from other boards.
 */
export function createEditor(deps: SlackDeps): TaskHandler {
  return async (task, lease): Promise<TaskResult> => {
    const restsUntil = await restUntil(deps, task.key);
    if (restsUntil > deps.clock.now()) return { againAt: restsUntil };
    const edit = await takeTurn(deps, task.key, lease);
    if (edit === 'stopped') return { againAt: deps.clock.now() };
    if (edit === null) return undefined;
    // The lease was lost: another worker may have shown something newer.
    if (!lease.valid()) return { againAt: deps.clock.now() };
    try {
      await update(deps, edit);
    } catch (error) {
      return await notEdited(deps, edit.message, slackFailure(error));
    }
    await setMessage(deps, task.key, { shown: edit.shown, tries: 0, next_try_at: 0 });
    return undefined;
  };
}

async function restUntil(deps: SlackDeps, messageId: string): Promise<number> {
  const message = await deps.store.read
    .selectFrom('posts')
    .select(['next_try_at'])
    .where('id', '=', messageId)
    .where('state', '=', 'posted')
    .executeTakeFirst();
  return message?.next_try_at ?? 0;
}

async function update(deps: SlackDeps, edit: Edit): Promise<void> {
  const { blocks, ...plain } = edit.change;
  try {
    mustName(edit, await deps.web.chat.update({ ...plain, blocks }));
  } catch (error) {
    const failure = slackFailure(error);
    if (failure.kind !== 'refused' || !isRefusedShape(failure.error)) throw error;
    // A bug in our blocks must not keep news from people, so the text is shown without them.
    const facts = { requestId: edit.message.request_id, error: failure.error };
    deps.log.error(facts, 'Slack refused the blocks: text alone is shown');
    mustName(edit, await deps.web.chat.update(plain));
  }
}

/** Throws if the answer does not name the message, because it then does not come from Slack. */
function mustName({ change }: Edit, answer: { ts?: string }): void {
  if (answer.ts !== change.ts) throw new Error(notFromSlack);
}

/**
 * Decides what happens after a failed edit. No further edit is tried if the message is gone, closed to edits, or in a
 * closed place; all other errors are tried again.
 */
async function notEdited(deps: SlackDeps, message: PostRow, failure: SlackFailure): Promise<TaskResult> {
  const { id, request_id: requestId, kind } = message;
  deps.log.warn({ requestId, kind, failure, tries: message.tries + 1 }, 'Slack did not accept an edit');
  const now = deps.clock.now();
  if (failure.kind === 'limited') {
    await setMessage(deps, id, { next_try_at: now + failure.retryAfterMs });
    return { againAt: now + failure.retryAfterMs };
  }
  if (failure.kind === 'refused' && failure.error === 'message_not_found') {
    await repostDeleted(deps, message);
    return undefined;
  }
  // This message can never be edited again.
  if (failure.kind === 'refused' && (isClosedToEdits(failure.error) || isClosedPlace(failure.error)))
    return undefined;
  const againAt = now + restMs(message.tries + 1);
  await setMessage(deps, id, { tries: message.tries + 1, next_try_at: againAt });
  return { againAt };
}

async function setMessage(
  deps: SlackDeps,
  messageId: string,
  set: { shown?: string; tries?: number; next_try_at?: number },
): Promise<void> {
  await deps.store.transaction((tx) =>
    tx.updateTable('posts').set(set).where('id', '=', messageId).execute(),
  );
}

interface Edit {
  message: PostRow;
  shown: string;
  change: {
    channel: string;
    ts: string;
    text: string;
    blocks: KnownBlock[];
    metadata: MessageMetadata;
  };
}

/** What a posted message should show now. Null if it shows that already, or is not posted. */
async function findEdit(deps: SlackDeps, messageId: string): Promise<Edit | null> {
  const message = await deps.store.read
    .selectFrom('posts')
    .selectAll()
    .where('id', '=', messageId)
    .executeTakeFirst();
  if (message === undefined || message.state !== 'posted' || message.ts === null) return null;
  const rendered = await renderMessage(deps, message);
  if (rendered === null || rendered.kind === 'file') return null;
  const shown = shownDigest(rendered);
  if (shown === message.shown) return null;
  const { text, blocks, metadata } = rendered;
  const { channel_id: channel, ts } = message;
  return { message, shown, change: { channel, ts, text, blocks, metadata } };
}

/**
 * Waits for the workspace's next turn and returns the edit to make. Null: nothing needs to change. The board is drawn
 * when the turn comes, not for each report, because drawing reads the whole request.
 */
async function takeTurn(deps: SlackDeps, messageId: string, { signal }: Lease) {
  while (!signal.aborted) {
    const now = deps.clock.now();
    const openAt = await nextTurnAt(deps.store.read, 'slack.edit', now, editEveryMs);
    if (openAt > now) {
      await waitOrAbort(deps.clock, openAt - now, signal);
      continue;
    }
    const edit = await findEdit(deps, messageId);
    if (edit === null) return null;
    const turnAt = await deps.store.transaction((tx) => pace(tx, 'slack.edit', now, editEveryMs));
    if (turnAt <= now) return edit;
  }
  return 'stopped';
}
