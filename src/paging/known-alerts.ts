import { sql } from 'kysely';
import { z } from 'zod';
import { type Heard, type Known, type KnownAlert, mayEnd } from '../alerts/decide.ts';
import type { Identity } from '../alerts/identity.ts';
import { findTwin } from '../alerts/same-alert.ts';
import type { AlertsTable } from '../store/schema.ts';
import type { Queryable, Tx } from '../store/types.ts';

const identityShape: z.ZodType<Identity> = z.object({
  incident: z.string().nullable(),
  strict: z.string(),
  loose: z.string(),
  things: z.array(z.string()),
  subjects: z.array(z.string()),
});

/** Enough to find what a resolve ends, and few enough to compare all. */
const firingCompared = 1_000;

/**
 * Reads everything that the decision about a message needs.
 * @param twinPlaces where the same alert may be, if it came the other way
 */
export async function knownInStore(
  from: Queryable,
  { gated, understood, source }: Heard,
  twinPlaces: readonly string[] = [],
): Promise<Known> {
  const { channel = '', ts, threadTs, botId } = gated;
  const [message, parent, sameKey] = await Promise.all([
    source === undefined ? messageAt(from, channel, ts) : undefined,
    threadTs === undefined ? undefined : messageAt(from, channel, threadTs),
    alertOfKey(from, channel, understood.key),
  ]);
  const firing =
    mayEnd(understood) && sameKey === undefined && source?.exact !== true
      ? await firingAlerts(from, channel, botId)
      : [];
  const twin = findTwin(understood.identity, await firingIn(from, twinPlaces));
  const alerts = [message?.alert, parent?.alert, sameKey, twin, ...firing].filter(
    (alert) => alert !== undefined,
  );
  return {
    message,
    parent: parent?.alert,
    sameKey,
    twin,
    ...(twin === undefined ? {} : { twinWaits: await rulesThatWait(from, twin.id) }),
    firing,
    ruleCalls: await ruleCallsOf(
      from,
      alerts.map(({ id }) => id),
    ),
  };
}

/** The rules that call for an alert when their cooldown ends. */
async function rulesThatWait(from: Queryable, alertId: string): Promise<Set<string>> {
  const start = `${alertId}:`;
  const rows = await from
    .selectFrom('tasks')
    .select('key')
    .where('kind', '=', 'alerts.cooldown')
    .where('key', 'like', `${start}%`)
    .execute();
  return new Set(rows.map(({ key }) => key.slice(start.length)));
}

/** When each rule last called for these alerts, by alert and rule. */
export async function ruleCallsOf(
  from: Queryable,
  alertIds: readonly string[],
): Promise<Map<string, Map<string, number>>> {
  const ruleCalls = new Map<string, Map<string, number>>();
  const ids = [...new Set(alertIds)];
  if (ids.length === 0) return ruleCalls;
  const rows = await from
    .selectFrom('rule_calls')
    .select(['alert_id', 'rule_name', 'called_at'])
    .where('alert_id', 'in', ids)
    .execute();
  for (const row of rows) {
    const ofAlert = ruleCalls.get(row.alert_id) ?? new Map<string, number>();
    ruleCalls.set(row.alert_id, ofAlert.set(row.rule_name, row.called_at));
  }
  return ruleCalls;
}

const alertColumns = [
  'alerts.id',
  'alerts.key',
  'alerts.channel_id',
  'alerts.bot_id',
  'alerts.app_id',
  'alerts.status',
  'alerts.identity',
  'alerts.title',
  'alerts.thread_ts',
  'alerts.last_ts',
  'alerts.last_at',
  'alerts.episode_at',
] as const;

type AlertRow = Pick<
  AlertsTable,
  | 'id'
  | 'key'
  | 'channel_id'
  | 'bot_id'
  | 'app_id'
  | 'status'
  | 'identity'
  | 'title'
  | 'thread_ts'
  | 'last_ts'
  | 'last_at'
  | 'episode_at'
>;

/** An earlier version of one Slack message, with its alert. */
async function messageAt(from: Queryable, channelId: string, ts: string): Promise<Known['message']> {
  const row = await from
    .selectFrom('alert_messages')
    .innerJoin('alerts', 'alerts.id', 'alert_messages.alert_id')
    .select(alertColumns)
    .select(['alert_messages.status as seen_status', 'alert_messages.edited', 'alert_messages.edited_ts'])
    .where('alert_messages.channel_id', '=', channelId)
    .where('alert_messages.ts', '=', ts)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const seen = {
    status: row.seen_status,
    edited: row.edited !== 0,
    editedTs: row.edited_ts ?? undefined,
  };
  return { seen, alert: knownAlert(row) };
}

async function alertOfKey(from: Queryable, channelId: string, key: string): Promise<KnownAlert | undefined> {
  const row = await from
    .selectFrom('alerts')
    .select(alertColumns)
    .where('channel_id', '=', channelId)
    .where('key', '=', key)
    .executeTakeFirst();
  return row === undefined ? undefined : knownAlert(row);
}

/** The firing alerts of a channel: first those of this bot, then those of others; the latest first. */
async function firingAlerts(from: Queryable, channelId: string, botId: string): Promise<KnownAlert[]> {
  const rows = await from
    .selectFrom('alerts')
    .select(alertColumns)
    .where('channel_id', '=', channelId)
    .where('status', '=', 'firing')
    .orderBy(sql`case when bot_id = ${botId} then 0 else 1 end`)
    .orderBy('last_at', 'desc')
    .limit(firingCompared)
    .execute();
  return rows.map(knownAlert);
}

/**
 * The firing alert in `twinPlaces` that is the same as one of `place` that ends. Undefined if another firing alert of
 * `place` is the same too: one message in a channel may stand for a group, which ends with its last alert.
 */
export async function twinThatEnds(
  from: Queryable,
  ending: Pick<KnownAlert, 'id' | 'identity'>,
  { place, twinPlaces }: { place: string; twinPlaces: readonly string[] },
): Promise<KnownAlert | undefined> {
  const twin = findTwin(ending.identity, await firingIn(from, twinPlaces));
  if (twin === undefined) return undefined;
  const others = (await firingIn(from, [place])).filter(({ id }) => id !== ending.id);
  return findTwin(twin.identity, others) === undefined ? twin : undefined;
}

/** The firing alerts of these places, of any bot, the latest first. */
async function firingIn(from: Queryable, places: readonly string[]): Promise<KnownAlert[]> {
  if (places.length === 0) return [];
  const rows = await from
    .selectFrom('alerts')
    .select(alertColumns)
    .where('channel_id', 'in', places)
    .where('status', '=', 'firing')
    .orderBy('last_at', 'desc')
    .limit(firingCompared)
    .execute();
  return rows.map(knownAlert);
}

function knownAlert(row: AlertRow): KnownAlert {
  return {
    id: row.id,
    key: row.key,
    channel: row.channel_id,
    botId: row.bot_id,
    appId: row.app_id ?? undefined,
    status: row.status,
    identity: identityShape.parse(JSON.parse(row.identity)),
    title: row.title,
    threadTs: row.thread_ts,
    lastTs: row.last_ts,
    lastAt: row.last_at,
    episodeAt: row.episode_at,
  };
}

/**
 * Locks an alert until the transaction ends, so that no other transaction calls for it or acknowledges it. Lock the
 * alert before its requests: two transactions with different orders would deadlock.
 */
export async function lockAlert(tx: Tx, alertId: string): Promise<void> {
  await tx
    .updateTable('alerts')
    .set((eb) => ({ last_at: eb.ref('last_at') }))
    .where('id', '=', alertId)
    .execute();
}
