import type { Identity } from '../alerts/identity.ts';
import type { TrackedAlert, TrackedMessage } from '../alerts/tracker.ts';
import type { AlertStatus } from '../config/types.ts';
import type { Queryable, Tx } from '../store/types.ts';

/** What is known of one Slack message, and of the alert that it belongs to. */
export async function messageAt(from: Queryable, channelId: string, ts: string) {
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

/** The alert of a key in a channel. */
export async function alertBy(from: Queryable, channelId: string, key: string) {
  const row = await from
    .selectFrom('alerts')
    .select(['id', 'key', 'channel_id', 'bot_id', 'status', 'identity', 'last_ts', 'last_at', 'episode_at'])
    .where('channel_id', '=', channelId)
    .where('key', '=', key)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    id: row.id,
    lastTs: row.last_ts,
    lastAt: row.last_at,
    episodeAt: row.episode_at,
    alert: trackedAlert(row),
  };
}

/** Enough to find what a resolve ends, and few enough to compare them all. */
const firingCompared = 1_000;

/** Alerts of a channel and a bot that fire now, the latest first. */
export async function firingAlerts(
  from: Queryable,
  channelId: string,
  botId: string,
): Promise<TrackedAlert[]> {
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

/**
 * Keeps others from ringing for an alert, or taking it, until the transaction ends. Comes before its requests are
 * locked: two that lock in different orders would wait for each other.
 */
export async function lockAlert(tx: Tx, alertId: string): Promise<void> {
  await tx
    .updateTable('alerts')
    .set((eb) => ({ last_at: eb.ref('last_at') }))
    .where('id', '=', alertId)
    .execute();
}
