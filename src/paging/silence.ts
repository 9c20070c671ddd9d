import { sql } from 'kysely';
import { placeOfSource } from '../alerts/formats/heard.ts';
import type { CallsDeps } from '../calls/request/deps.ts';
import type { Rule } from '../config/types.ts';
import { newId } from '../ids.ts';
import { enqueue } from '../queue/enqueue.ts';
import type { SilencesTable } from '../store/schema.ts';
import type { Queryable, Tx } from '../store/types.ts';
import { placesOfRule, placesShown } from './alert-posts.ts';
import { fireRule, resolveAlert } from './fire-rule.ts';
import { lockAlert } from './known-alerts.ts';
import { spanInWords } from './rule-reply.ts';
import type { AlertEpisode, ReadyRule } from './types.ts';

/** A message that a rule with `silentFor` waits for. */
export interface Beat {
  teamId: string;
  channelId: string;
  /** The message itself. If no other follows, results go under it. */
  threadTs: string;
  source: string | null;
  /** When the tool wrote it, ms. A message that arrives late is no sign of life. */
  sentAt: number;
  now: number;
}

export type Silence = SilencesTable;

/** A rule's message has come: its silence ends. A new silence begins `silentFor` after it. */
export async function hearBeat(tx: Tx, deps: CallsDeps, rule: Rule, beat: Beat): Promise<void> {
  const { silentForMs } = rule;
  if (silentForMs === undefined) return;
  const known = await lockSilence(tx, rule.name);
  const heardAt = Math.min(beat.now, beat.sentAt);
  if (known !== undefined && heardAt <= known.heard_at) return;
  const { alert_id } = known ?? { alert_id: null };
  const ends = heardAt + silentForMs > beat.now;
  if (alert_id !== null && ends) await endSilence(tx, deps, alert_id, beat);
  const place = {
    heard_at: heardAt,
    team_id: beat.teamId,
    channel_id: beat.channelId,
    thread_ts: beat.threadTs,
    source: beat.source,
    alert_id: ends ? null : alert_id,
  };
  await tx
    .insertInto('silences')
    .values({ rule_name: rule.name, ...place })
    .onConflict((conflict) => conflict.column('rule_name').doUpdateSet(place))
    .execute();
  await enqueue(tx, {
    kind: 'alerts.silence',
    key: rule.name,
    runAt: Math.max(beat.now, heardAt + silentForMs),
  });
}

export async function silenceOf(from: Queryable, ruleName: string): Promise<Silence | undefined> {
  return await from.selectFrom('silences').selectAll().where('rule_name', '=', ruleName).executeTakeFirst();
}

/** The title of a silence's alert, on screens and in {title}. */
export function silenceTitle(rule: Rule): string {
  return `Silent: no message for rule ${rule.name} for ${spanInWords(rule.silentForMs ?? 0)}`;
}

/** The message did not come: the rule calls. Does nothing if a message came after `seen` was read. */
export async function beginSilence(tx: Tx, deps: CallsDeps, ready: ReadyRule, seen: Silence): Promise<void> {
  const { rule } = ready;
  const known = await lockSilence(tx, rule.name);
  if (known === undefined || known.heard_at !== seen.heard_at || known.alert_id !== null) return;
  const now = deps.clock.now();
  const alert = await silenceAlert(tx, rule, known, now);
  await tx.updateTable('silences').set({ alert_id: alert.id }).where('rule_name', '=', rule.name).execute();
  const { team_id: teamId, channel_id: place, source } = known;
  const places = await placesOfRule(tx, deps, alert, { place, rule, now });
  await fireRule(tx, deps, ready, { alert, teamId, places, source, now });
}

/** The alert of a rule's silence: one row for each rule and channel. Each silence is a new episode. */
async function silenceAlert(tx: Tx, rule: Rule, known: Silence, now: number): Promise<AlertEpisode> {
  const title = silenceTitle(rule);
  const key = `silence:${rule.name}`;
  const fires = {
    status: 'firing' as const,
    title,
    thread_ts: known.thread_ts,
    last_ts: (now / 1000).toFixed(6),
    episode_at: now,
    last_at: now,
    acked_by: null,
    acked_at: null,
  };
  const { id } = await tx
    .insertInto('alerts')
    .values({
      id: newId('a'),
      key,
      channel_id: known.channel_id,
      bot_id: 'voicecall',
      app_id: null,
      identity: JSON.stringify({ incident: key, strict: '', loose: '', things: [], subjects: [] }),
      severity: null,
      link: null,
      first_at: now,
      ...fires,
    })
    .onConflict((conflict) => conflict.columns(['channel_id', 'key']).doUpdateSet(fires))
    .returning('id')
    .executeTakeFirstOrThrow();
  return { id, threadTs: known.thread_ts, title, episodeAt: now, begins: true, silentMs: 0 };
}

async function endSilence(tx: Tx, deps: CallsDeps, alertId: string, beat: Beat): Promise<void> {
  await lockAlert(tx, alertId);
  const row = await tx
    .updateTable('alerts')
    .set({ status: 'resolved', last_at: beat.now })
    .where('id', '=', alertId)
    .returning(['thread_ts', 'title', 'episode_at', 'channel_id'])
    .executeTakeFirst();
  if (row === undefined) return;
  const alert: AlertEpisode = {
    ...{ id: alertId, threadTs: row.thread_ts, title: row.title, episodeAt: row.episode_at },
    ...{ begins: false, silentMs: 0 },
  };
  const { teamId, source, now } = beat;
  const places = await placesShown(tx, alert, { place: row.channel_id, now });
  await resolveAlert(tx, deps, { alert, teamId, places, source, now });
}

/**
 * After a start: what a tool posted while nothing ran could not arrive, so that time is no silence of the tool.
 * Messages in a channel are read from its history instead.
 */
export async function leaveOutDowntime(tx: Tx, downMs: number, now: number): Promise<void> {
  if (downMs <= 0) return;
  const later = sql<number>`heard_at + ${downMs}`;
  await tx
    .updateTable('silences')
    .set({ heard_at: sql<number>`case when ${later} < ${now} then ${later} else ${now} end` })
    .where('channel_id', 'like', `${placeOfSource('')}%`)
    .where('alert_id', 'is', null)
    .execute();
}

/** Locks the row, so that an arriving message and a beginning silence run one after the other. */
async function lockSilence(tx: Tx, ruleName: string): Promise<Silence | undefined> {
  return await tx
    .updateTable('silences')
    .set((eb) => ({ heard_at: eb.ref('heard_at') }))
    .where('rule_name', '=', ruleName)
    .returningAll()
    .executeTakeFirst();
}
