import type { GatedMessage } from '../alerts/filter.ts';
import {
  type News,
  newsOf,
  placeMessage,
  type TrackedAlert,
  type TrackedMessage,
} from '../alerts/tracker.ts';
import type { Understood } from '../alerts/understand.ts';
import type { AlertStatus } from '../config/types.ts';
import { newId } from '../ids.ts';
import { enqueue } from '../queue/enqueue.ts';
import type { Queryable, Tx } from '../store/types.ts';
import { alertBy, firingAlerts, messageAt } from './known-alerts.ts';

/** Stores an event before Slack is told that it was taken; the same event again (Slack repeats up to three times) changes nothing. */
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
  await enqueue(tx, { kind: 'alerts', key: 'understand', runAt: event.now, priority: 0 });
}

/** Claims an event for this transaction; false where another one has processed it already. */
export async function claimAlertEvent(tx: Tx, eventId: string, now: number): Promise<boolean> {
  const claimed = await tx
    .updateTable('alert_events')
    .set({ processed_at: now })
    .where('event_id', '=', eventId)
    .where('processed_at', 'is', null)
    .executeTakeFirst();
  return claimed.numUpdatedRows > 0n;
}

/** What a message changes of what is known. */
export interface Placed {
  /** Of the alert that is known already; null: a new one. */
  alertId: string | null;
  key: string;
  status: AlertStatus;
  news: News;
  message: TrackedMessage | undefined;
  /** Of the alert as it was known: when it began to fire this time, and how long it said nothing (ms). */
  episodeAt: number | null;
  silentMs: number;
}

/** Finds the alert that a message belongs to, by the same pure decisions that `explain` makes in memory. */
export async function placeInStore(
  from: Queryable,
  gated: GatedMessage,
  understood: Understood,
  now: number,
): Promise<Placed> {
  const channel = gated.channel ?? '';
  const [own, parent, sameKey] = await Promise.all([
    messageAt(from, channel, gated.ts),
    gated.threadTs === undefined ? undefined : messageAt(from, channel, gated.threadTs),
    alertBy(from, channel, understood.key),
  ]);
  const mayEnd = understood.status === 'resolved' || understood.endsFailure;
  const firing = mayEnd && sameKey === undefined ? await firingAlerts(from, channel, gated.botId) : [];
  const key = placeMessage(understood, {
    message: own?.tracked,
    parent: parent?.alert,
    sameKey: sameKey?.alert,
    firing: () => firing,
  });
  const known = sameKey?.alert.key === key ? sameKey : await alertBy(from, channel, key);
  const status = understood.endsFailure && known?.alert.status === 'firing' ? 'resolved' : understood.status;
  const news = isOlderNews(gated, known)
    ? 'none'
    : newsOf(status, gated.isEdit, gated.editedTs, known?.alert.status, own?.tracked);
  const worsened =
    news === 'none' && status === 'firing' && isNewerEdit(gated, own?.tracked, known) ? 'refreshed' : news;
  return {
    alertId: known?.id ?? null,
    key,
    status,
    news: worsened,
    message: own?.tracked,
    episodeAt: known?.episodeAt ?? null,
    silentMs: known === undefined ? 0 : now - known.lastAt,
  };
}

/** Tools that edit their first message for every change: it still fires, and may have become severe enough for another rule. */
function isNewerEdit(
  gated: GatedMessage,
  message: TrackedMessage | undefined,
  known: { alert: TrackedAlert; lastTs: string } | undefined,
): boolean {
  if (!gated.isEdit || message === undefined || known?.alert.status !== 'firing') return false;
  if (Number(gated.editedTs ?? 0) < Number(known.lastTs)) return false;
  return message.editedTs === undefined || Number(gated.editedTs ?? 0) > Number(message.editedTs);
}

/** A firing that Slack delivered after its own resolve, though it was posted before it, rings nobody. */
function isOlderNews(
  gated: GatedMessage,
  known: { alert: TrackedAlert; lastTs: string } | undefined,
): boolean {
  return known !== undefined && Number(gated.editedTs ?? gated.ts) < Number(known.lastTs);
}

export interface KnownAlert {
  id: string;
  threadTs: string;
  title: string;
  /** When it began to fire this time (ms). */
  episodeAt: number;
  /** It begins with this very message: nothing has rung for it yet. */
  begins: boolean;
  /** How long it had said nothing before this message, ms. */
  silentMs: number;
}

/**
 * Remembers a message and what it changed. A firing after a resolve begins a new episode; after that, and after a silence
 * of `expireAfterMs`, results go under this message and who had taken the alert has it no more.
 */
export async function rememberAlert(
  tx: Tx,
  message: {
    gated: GatedMessage;
    understood: Understood;
    placed: Placed;
    expireAfterMs: number;
    now: number;
  },
): Promise<KnownAlert> {
  const { gated, understood, placed, now } = message;
  const channelId = gated.channel ?? '';
  const threadTs = gated.threadTs ?? gated.ts;
  const known =
    placed.alertId === null
      ? undefined
      : await tx.selectFrom('alerts').selectAll().where('id', '=', placed.alertId).executeTakeFirst();
  const silentMs = known === undefined ? 0 : now - known.last_at;
  // What neither fires nor resolves stands for itself each time it is posted.
  const repeatsInfo =
    placed.status === 'info' && placed.message === undefined && known?.status === 'info' && !gated.isEdit;
  const begins = known === undefined || placed.news === 'fired' || repeatsInfo;
  const movesOn = begins || (silentMs > message.expireAfterMs && placed.news === 'refreshed');
  const id = known?.id ?? newId('a');
  if (known === undefined) {
    await tx
      .insertInto('alerts')
      .values({
        id,
        key: placed.key,
        channel_id: channelId,
        bot_id: gated.botId,
        identity: JSON.stringify(understood.identity),
        status: placed.status,
        severity: understood.severity,
        title: understood.title,
        link: understood.link,
        thread_ts: threadTs,
        last_ts: gated.editedTs ?? gated.ts,
        first_at: now,
        episode_at: now,
        last_at: now,
        acked_by: null,
        acked_at: null,
      })
      .execute();
  } else if (placed.news !== 'none' || placed.status === 'info') {
    await tx
      .updateTable('alerts')
      .set({
        last_at: now,
        ...(placed.news === 'none' ? {} : { status: placed.status, last_ts: gated.editedTs ?? gated.ts }),
        ...(placed.status === 'firing'
          ? { severity: understood.severity, title: understood.title, link: understood.link }
          : {}),
        ...(begins ? { episode_at: now } : {}),
        ...(movesOn ? { thread_ts: threadTs, acked_by: null, acked_at: null } : {}),
      })
      .where('id', '=', id)
      .execute();
  }
  await rememberMessage(tx, id, gated, placed);
  return {
    id,
    threadTs: movesOn ? threadTs : (known?.thread_ts ?? threadTs),
    title: understood.title === '' ? (known?.title ?? '') : understood.title,
    episodeAt: begins ? now : (known?.episode_at ?? now),
    begins,
    silentMs,
  };
}

async function rememberMessage(tx: Tx, alertId: string, gated: GatedMessage, placed: Placed): Promise<void> {
  const { message } = placed;
  const isNewest =
    message === undefined ||
    (gated.isEdit &&
      !(
        gated.editedTs !== undefined &&
        message.editedTs !== undefined &&
        Number(gated.editedTs) < Number(message.editedTs)
      ));
  if (!isNewest) return;
  const values = {
    status: placed.status,
    edited: gated.isEdit || message?.edited === true ? 1 : 0,
    edited_ts: gated.editedTs ?? message?.editedTs ?? null,
  };
  await tx
    .insertInto('alert_messages')
    .values({ channel_id: gated.channel ?? '', ts: gated.ts, alert_id: alertId, ...values })
    .onConflict((conflict) => conflict.columns(['channel_id', 'ts']).doUpdateSet(values))
    .execute();
}
