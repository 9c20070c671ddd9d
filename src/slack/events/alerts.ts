import { flatten } from '../../alerts/flatten.ts';
import { type GatedMessage, gate } from '../../alerts/gate.ts';
import { matchRules } from '../../alerts/rules.ts';
import { type Understood, understand } from '../../alerts/understand.ts';
import { claimAlertEvent, placeInStore, rememberAlert } from '../../calls/alert-events.ts';
import { fireRule, type ReadyRule, resolveAlert } from '../../calls/rules.ts';
import type { Rule } from '../../config/types.ts';
import type { TaskHandler } from '../../store/types.ts';
import type { SlackDeps } from '../deps.ts';
import { ownIds } from './intake.ts';
import { readyRule } from './ready-rule.ts';

const batchSize = 50;
const defaultExpireAfterMs = 24 * 3_600_000;

interface StoredEvent {
  event_id: string;
  team_id: string;
  channel_id: string;
  body: string;
}

/** The handler of the "alerts" task: understands stored events one after the other, in the order they came. */
export function createAlertReader(deps: SlackDeps): TaskHandler {
  return async (_task, lease) => {
    while (lease.valid()) {
      const events = await deps.store.read
        .selectFrom('alert_events')
        .select(['event_id', 'team_id', 'channel_id', 'body'])
        .where('processed_at', 'is', null)
        .orderBy('received_at')
        .orderBy('event_id')
        .limit(batchSize)
        .execute();
      if (events.length === 0) return undefined;
      for (const event of events) {
        if (!lease.valid()) break;
        await readEvent(deps, event);
      }
    }
    return { againAt: deps.clock.now() };
  };
}

async function readEvent(deps: SlackDeps, event: StoredEvent): Promise<void> {
  const now = deps.clock.now();
  const gated = gate(JSON.parse(event.body), { ...ownIds(deps), teamId: deps.identity.teamId });
  if (!('alert' in gated)) {
    await deps.store.transaction((tx) => claimAlertEvent(tx, event.event_id, now));
    return;
  }
  const message = gated.alert;
  const understood = understand(flatten(message.message), message);
  const placed = await placeInStore(deps.store.read, message, understood);
  const rules = rulesFor(deps, message, { ...understood, status: placed.status }, now);
  // Looked up before the transaction: whom a rule rings may have to be asked of Slack.
  const ready: ReadyRule[] = [];
  if (placed.news !== 'none' || placed.status === 'info') {
    for (const rule of rules) ready.push(await readyRule(deps, rule, message, understood));
  }
  deps.log.info(
    {
      channel: event.channel_id,
      status: placed.status,
      severity: understood.severity,
      title: understood.title.slice(0, 200),
      key: placed.key,
      news: placed.news,
      rules: rules.map((rule) => rule.name),
    },
    'a bot message was understood',
  );
  await deps.store.transaction(async (tx) => {
    if (!(await claimAlertEvent(tx, event.event_id, now))) return;
    const expireAfterMs = Math.min(defaultExpireAfterMs, ...rules.map((rule) => rule.expireAfterMs));
    const alert = await rememberAlert(tx, { gated: message, understood, placed, expireAfterMs, now });
    const about = { alert, teamId: event.team_id, channelId: event.channel_id, now };
    if (placed.news === 'resolved') await resolveAlert(tx, deps, about);
    for (const each of ready) await fireRule(tx, deps, each, about);
  });
}

/** A rule for any message does not ring because something ended, unless it says so itself. */
function rulesFor(deps: SlackDeps, message: GatedMessage, facts: Understood, now: number): Rule[] {
  const context = { channel: message.channel, botId: message.botId, appId: message.appId, now };
  const rules = matchRules(deps.config().rules, facts, context);
  return facts.status === 'resolved'
    ? rules.filter((rule) => rule.match.status?.includes('resolved') === true)
    : rules;
}

/** The handler of "alerts.cooldown" tasks (key: "<alert>:<rule>"): rings if the alert still fires and nobody has it. */
export function createCooldownWatch(deps: SlackDeps): TaskHandler {
  return async (task) => {
    const at = task.key.indexOf(':');
    const alertId = task.key.slice(0, at);
    const ruleName = task.key.slice(at + 1);
    const rule = deps.config().rules.find((each) => each.name === ruleName);
    const row = await deps.store.read
      .selectFrom('alerts')
      .selectAll()
      .where('id', '=', alertId)
      .executeTakeFirst();
    if (rule === undefined || row === undefined || row.status !== 'firing' || row.acked_by !== null)
      return undefined;
    const facts = { title: row.title, severity: row.severity };
    const ready = await readyRule(deps, rule, { channel: row.channel_id, botName: undefined }, facts);
    await deps.store.transaction((tx) =>
      fireRule(tx, deps, ready, {
        alert: { id: row.id, threadTs: row.thread_ts, episodeAt: row.episode_at, title: row.title },
        teamId: deps.identity.teamId,
        channelId: row.channel_id,
        now: deps.clock.now(),
      }),
    );
    return undefined;
  };
}
