import { finishedRequestStates } from '../../calls/request/states.ts';
import { enqueue } from '../../queue/enqueue.ts';
import type { Tx } from '../../store/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import type { MessageRow } from './types.ts';

/**
 * Somebody deleted a posted message. A board or a card is posted once more while its request is open, and says so;
 * anything else is dropped. Returns whether it is posted once more.
 */
export async function postAnew(deps: SlackDeps, message: MessageRow): Promise<boolean> {
  return await deps.store.transaction(async (tx) => {
    const { id, request_id: requestId, kind } = message;
    const body = message.body === null ? {} : (JSON.parse(message.body) as Record<string, unknown>);
    const again = body.anew !== true && (await isNeeded(tx, message));
    deps.log.info({ requestId, kind, again }, 'somebody deleted a message');
    const change = again
      ? { ...unposted, state: 'pending', body: JSON.stringify({ ...body, anew: true }) }
      : { state: 'dropped' };
    await tx.updateTable('messages').set(change).where('id', '=', id).where('state', '=', 'posted').execute();
    if (again) await enqueue(tx, { kind: 'slack.deliver', key: message.channel_id, runAt: deps.clock.now() });
    return again;
  });
}

const unposted = { ts: null, shown: null, posted_at: null, tries: 0, tried_at: null, next_try_at: 0 };

async function isNeeded(tx: Tx, message: MessageRow): Promise<boolean> {
  if (message.kind !== 'board' && message.kind !== 'card') return false;
  const request = await tx
    .selectFrom('requests')
    .select('state')
    .where('id', '=', message.request_id ?? '')
    .executeTakeFirst();
  if (request === undefined) return false;
  if (message.kind === 'card') return request.state === 'awaiting_approval';
  return !finishedRequestStates.some((state) => state === request.state);
}
