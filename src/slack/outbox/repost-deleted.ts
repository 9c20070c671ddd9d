import { finishedRequestStates } from '../../calls/request/states.ts';
import { deliverSoon } from '../../outbox/outbox.ts';
import { type Post, readPost, toColumns } from '../../outbox/post.ts';
import type { Tx } from '../../store/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import type { PostRow } from './types.ts';

/**
 * Called when somebody deleted a posted message. A board or a card of an open request is posted again, once, and says
 * so. Other messages are dropped. Returns true if it will be posted again.
 */
export async function repostDeleted(deps: SlackDeps, message: PostRow): Promise<boolean> {
  return await deps.store.transaction(async (tx) => {
    const { id, request_id: requestId, kind } = message;
    const what = readPost(message);
    const anew =
      what !== null && (await isNeeded(tx, message, what)) ? { ...what, anew: true as const } : null;
    deps.log.info({ requestId, kind, again: anew !== null }, 'somebody deleted a message');
    const change =
      anew === null
        ? { state: 'dropped' as const }
        : { ...unposted, ...toColumns(anew), state: 'pending' as const };
    await tx.updateTable('posts').set(change).where('id', '=', id).where('state', '=', 'posted').execute();
    if (anew !== null) await deliverSoon(tx, message.channel_id, deps.clock.now());
    return anew !== null;
  });
}

const unposted = { ts: null, shown: null, posted_at: null, tries: 0, tried_at: null, next_try_at: 0 };

async function isNeeded(tx: Tx, message: PostRow, what: Post): Promise<boolean> {
  if ((what.kind !== 'board' && what.kind !== 'card') || what.anew) return false;
  const request = await tx
    .selectFrom('requests')
    .select('state')
    .where('id', '=', message.request_id ?? '')
    .executeTakeFirst();
  if (request === undefined) return false;
  if (what.kind === 'card') return request.state === 'awaiting_approval';
  return !finishedRequestStates.includes(request.state);
}
