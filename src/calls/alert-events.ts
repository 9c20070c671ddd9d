import type { GatedMessage } from '../alerts/gate.ts';
import type { Identity } from '../alerts/identity.ts';
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
import { enqueue } from '../store/tasks.ts';
import type { Queryable, Tx } from '../store/types.ts';

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
}

/** Finds the alert that a message belongs to, by the same pure decisions that `explain` makes in memory. */
export async function placeInStore(
  from: Queryable,
  gated: GatedMessage,
  understood: Understood,
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
  return { alertId: known?.id ?? null, key, status, news, message: own?.tracked };
}

/** A firing that Slack delivered after its own resolve, though it was posted before it, rings nobody. */
function isOlderNews(
  gated: GatedMessage,
  known: { alert: TrackedAlert; lastTs: string } | undefined,
): boolean {
  return known !== undefined && Number(gated.editedTs ?? gated.ts) < Number(known.lastTs);
}

async function messageAt(from: Queryable, channelId: string, ts: string) {
  const row = await from
    .selectFrom('alert_messages')
    .innerJoin('alerts', 'alerts.id', 'alert_messages.alert_id')
    .select([
      'alert_messages.status as message_status',
      'alert_messages.edited',
      'alert_messages.edited_ts',
      'alerts.key',
      'alerts.channel_id',
      'alerts.bot_id',
      'alerts.status',
      'alerts.identity',
    ])
    .where('alert_messages.channel_id', '=', channelId)
    .where('alert_messages.ts', '=', ts)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const tracked: TrackedMessage = {
    key: row.key,
    status: row.message_status as AlertStatus,
    edited: row.edited !== 0,
    editedTs: row.edited_ts ?? undefined,
  };
  return { tracked, alert: trackedAlert(row) };
}

function trackedAlert(row: {
  key: string;
  channel_id: string;
  bot_id: string;
  status: string;
  identity: string;
}): TrackedAlert {
  return {
    key: row.key,
    channel: row.channel_id,
    botId: row.bot_id,
    status: row.status as AlertStatus,
    identity: JSON.parse(row.identity) as Identity,
  };
}

async function alertBy(from: Queryable, channelId: string, key: string) {
  const row = await from
    .selectFrom('alerts')
    .select(['id', 'key', 'channel_id', 'bot_id', 'status', 'identity', 'last_ts'])
    .where('channel_id', '=', channelId)
    .where('key', '=', key)
    .executeTakeFirst();
  return row === undefined ? undefined : { id: row.id, lastTs: row.last_ts, alert: trackedAlert(row) };
}

/** Enough to find what a resolve ends, and few enough to compare them all. */
const firingCompared = 1_000;

async function firingAlerts(from: Queryable, channelId: string, botId: string): Promise<TrackedAlert[]> {
  const rows = await from
    .selectFrom('alerts')
    .select(['key', 'channel_id', 'bot_id', 'status', 'identity'])
    .where('channel_id', '=', channelId)
    .where('status', '=', 'firing')
    .where('bot_id', '=', botId)
    .orderBy('last_at', 'desc')
    .limit(firingCompared)
    .execute();
  return rows.map(trackedAlert);
}

export interface KnownAlert {
  id: string;
  threadTs: string;
  episodeAt: number;
  title: string;
}

/**
 * Remembers a message and what it changed. A firing after a resolve, or after a silence of `expireAfterMs`, begins a new
 * episode, whose results go under this message.
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
  const silent = known !== undefined && now - known.last_at > message.expireAfterMs;
  const begins = known === undefined || placed.news === 'fired' || (silent && placed.status === 'firing');
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
        ...(begins ? { thread_ts: threadTs, episode_at: now, acked_by: null, acked_at: null } : {}),
      })
      .where('id', '=', id)
      .execute();
  }
  await rememberMessage(tx, id, gated, placed);
  return {
    id,
    threadTs: begins ? threadTs : (known?.thread_ts ?? threadTs),
    episodeAt: begins ? now : (known?.episode_at ?? now),
    title: understood.title,
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
