import { newId } from '../ids.ts';
import { enqueue } from '../queue/enqueue.ts';
import type { Tx } from '../store/types.ts';

export type AnnouncementKind = 'board' | 'results' | 'card' | 'reply' | 'file' | 'direct' | 'ephemeral';

export interface Announcement {
  requestId: string | null;
  kind: AnnouncementKind;
  /** Set where there may be only one, such as "board:<request>": a second ask changes nothing. */
  slot?: string;
  channelId: string;
  /** Goes into this message's thread, once that one is posted. */
  parentId?: string | null;
  threadTs?: string | null;
  /** Whom it is for, where one person alone shall see it. */
  userId?: string | null;
  /** Ready-made content; null or absent: rendered from the request when it is posted. */
  body?: unknown;
}

/** So long (ms) does Slack wait for the POST that it is told of: writing at the same moment would hold up the phone. */
export const afterPostMs = 30;

let lastSequence = 0;

/** Puts something to say into the outbox, in the caller's transaction, to be posted after `afterMs`; returns its id. */
export async function announce(
  tx: Tx,
  now: number,
  announcement: Announcement,
  afterMs = 0,
): Promise<string> {
  const id = newId('m');
  // Never twice and never back, so that a thread's first message goes before what stands under it.
  lastSequence = Math.max(now * 1000, lastSequence + 1);
  const inserted = await tx
    .insertInto('messages')
    .values({
      id,
      request_id: announcement.requestId,
      kind: announcement.kind,
      slot: announcement.slot ?? null,
      channel_id: announcement.channelId,
      parent_id: announcement.parentId ?? null,
      thread_ts: announcement.threadTs ?? null,
      user_id: announcement.userId ?? null,
      body:
        announcement.body === undefined || announcement.body === null
          ? null
          : JSON.stringify(announcement.body),
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
  if ((inserted.numInsertedOrUpdatedRows ?? 0n) > 0n) {
    await enqueue(tx, { kind: 'slack.deliver', key: announcement.channelId, runAt: now + afterMs });
  }
  return id;
}

/** The id of a request's board, or null. */
export async function boardOf(tx: Tx, requestId: string): Promise<string | null> {
  const row = await tx
    .selectFrom('messages')
    .select('id')
    .where('slot', '=', `board:${requestId}`)
    .executeTakeFirst();
  return row?.id ?? null;
}

/**
 * Has the request's board, results and card shown anew: they are rendered from the database when their turn comes. Also
 * those that are being posted at this moment: what they show may have been read before this change is committed.
 * `withinMs`: how long it may wait for further changes, to be shown with them.
 */
export async function refresh(tx: Tx, now: number, requestId: string, withinMs = 0): Promise<void> {
  const shown = await tx
    .selectFrom('messages')
    .select('id')
    .where('request_id', '=', requestId)
    .where('kind', 'in', ['board', 'results', 'card'])
    .where('state', 'in', ['pending', 'posted'])
    .execute();
  for (const { id } of shown) await enqueue(tx, { kind: 'slack.edit', key: id, runAt: now + withinMs });
}
