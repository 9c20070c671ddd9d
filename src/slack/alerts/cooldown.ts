import { z } from 'zod';
import { sourceOfPlace } from '../../alerts/formats/heard.ts';
import { isWithin, matchRules } from '../../alerts/match-rules.ts';
import type { Rule } from '../../config/types.ts';
import { channelOfRule, placesOfRule } from '../../paging/alert-posts.ts';
import { fireAfterCooldown } from '../../paging/fire-rule.ts';
import type { TaskHandler } from '../../queue/types.ts';
import type { AlertsTable } from '../../store/schema.ts';
import type { SlackDeps } from '../context/deps.ts';
import { readyRule } from './ready-rule.ts';

/** How often it looks whether the rule's hours have begun, ms. */
const lookAgainMs = 60_000;

const laterSchema = z.object({
  calledAt: z.int().nullable(),
  source: z.string().nullable(),
  status: z.enum(['firing', 'resolved', 'info']).default('firing'),
});

/**
 * The handler of "alerts.cooldown" tasks (key: "<alert>:<rule>"). Looks up whom the rule calls, and calls them if the
 * alert's status is the same, nobody has acknowledged it, and it is within the rule's hours. Several tasks run at once,
 * so that a slow look-up delays only its own alert.
 */
export function createCooldownWatch(deps: SlackDeps): TaskHandler {
  return async (task) => {
    const later = laterSchema.parse(task.payload);
    const at = task.key.indexOf(':');
    const ruleName = task.key.slice(at + 1);
    const rule = deps.config().rules.find((each) => each.name === ruleName);
    const row = await deps.store.read
      .selectFrom('alerts')
      .selectAll()
      .where('id', '=', task.key.slice(0, at))
      .executeTakeFirst();
    if (rule === undefined || row?.status !== later.status) return undefined;
    if (later.status === 'firing' && rule.silentForMs === undefined && !matchesStill(rule, row))
      return undefined;
    // The alert still fires when the rule's hours begin, or it is over by then.
    const lookedAt = deps.clock.now();
    if (!isWithin(rule, deps.clock.wallOf(lookedAt))) return { againAt: lookedAt + lookAgainMs };
    const posted = sourceOfPlace(row.channel_id);
    const channelId = posted === undefined ? row.channel_id : channelOfRule(deps.config(), posted, rule);
    const from = { channel: channelId, botName: later.source ?? undefined };
    const alert = {
      ...{ id: row.id, threadTs: row.thread_ts, title: row.title, episodeAt: row.episode_at },
      ...{ begins: false, silentMs: 0 },
    };
    const ready = await readyRule(deps, rule, from, { title: row.title, severity: row.severity });
    const now = deps.clock.now();
    const done = await deps.store.transaction(async (tx) => {
      const places = await placesOfRule(tx, deps, alert, { place: row.channel_id, rule, now });
      const about = { alert, teamId: deps.identity.teamId, places, source: later.source, now };
      return await fireAfterCooldown(tx, deps, ready, about, { ...later, lastTs: row.last_ts });
    });
    return done ? undefined : { againAt: deps.clock.now() };
  };
}

/**
 * True if the rule, as it is configured now, matches the alert as it is now: it may have become less severe, or
 * somebody changed the rule. What is not stored of an alert (its text, who sent its last message) counts as matching.
 */
function matchesStill(
  rule: Rule,
  row: Pick<AlertsTable, 'channel_id' | 'bot_id' | 'app_id' | 'status' | 'severity' | 'title'>,
): boolean {
  const match = { ...rule.match, text: undefined, from: undefined };
  const not = rule.not?.text === undefined && rule.not?.from === undefined ? rule.not : undefined;
  const timeless = { ...rule, match, not, between: undefined, days: undefined };
  const source = sourceOfPlace(row.channel_id);
  const { status, severity, title } = row;
  const context = {
    channel: row.channel_id,
    botId: row.bot_id,
    appId: row.app_id ?? undefined,
    source,
    now: 0,
  };
  return matchRules([timeless], { status, severity, title, text: '' }, context).length > 0;
}
