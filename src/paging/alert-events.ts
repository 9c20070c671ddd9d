import { placeOfSource } from '../alerts/formats/heard.ts';
import type { Posted } from '../alerts/formats/types.ts';
import { newId } from '../ids.ts';
import { enqueue } from '../queue/enqueue.ts';
import { inChunks } from '../store/chunks.ts';
import type { Queryable, Store, Tx } from '../store/types.ts';

// The table `alert_events`: what came from Slack or from a source and is processed later, in the order of arrival.

/**
 * Stores an event before Slack gets its acknowledgement. The same event again (Slack sends it up to three times)
 * changes nothing.
 */
export async function storeAlertEvent(
  tx: Tx,
  event: { eventId: string; teamId: string; channelId: string; body: unknown; now: number },
): Promise<void> {
  await tx
    .insertInto('alert_events')
    .values({
      event_id: event.eventId,
      team_id: event.teamId,
      channel_id: event.channelId,
      body: JSON.stringify(event.body),
      received_at: event.now,
      processed_at: null,
    })
    .onConflict((conflict) => conflict.column('event_id').doNothing())
    .execute();
  await enqueue(tx, { kind: 'alerts', key: 'understand', runAt: event.now });
}

let sequence = 0;

/** Stores all posts of a source, or none. Each post is new, because tools repeat themselves. */
export async function storePosted(
  store: Store,
  { source, posted, now }: { source: string; posted: readonly Posted[]; now: number },
  patienceMs: number,
): Promise<void> {
  const place = placeOfSource(source);
  const post = newId('p');
  // Keeps the order of posts within one millisecond.
  const rows = posted.map((each) => ({
    event_id: `${place}:${now}:${String(sequence++).padStart(12, '0')}:${post}`,
    team_id: '',
    channel_id: place,
    body: JSON.stringify(each),
    received_at: now,
    processed_at: null,
  }));
  await store.transaction(
    async (tx) => {
      await inChunks(rows, (some) => tx.insertInto('alert_events').values(some).execute());
      await enqueue(tx, { kind: 'alerts', key: 'understand', runAt: now });
    },
    { patienceMs },
  );
}

/** Claims an event for this transaction. False if another transaction has processed it already. */
export async function claimAlertEvent(tx: Tx, eventId: string, now: number): Promise<boolean> {
  const claimed = await tx
    .updateTable('alert_events')
    .set({ processed_at: now })
    .where('event_id', '=', eventId)
    .where('processed_at', 'is', null)
    .executeTakeFirst();
  return claimed.numUpdatedRows > 0n;
}

/** How many events wait to be processed, counted up to `most`. */
export async function waitingEvents(from: Queryable, most: number): Promise<number> {
  const waiting = from
    .selectFrom('alert_events')
    .select('event_id')
    .where('processed_at', 'is', null)
    .where('set_aside_at', 'is', null)
    .limit(most);
  const { count } = await from
    .selectFrom(waiting.as('waiting'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
