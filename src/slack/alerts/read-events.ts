import { setImmediate as nextTurn } from 'node:timers/promises';
import { type GatedMessage, gate } from '../../alerts/filter.ts';
import { flatten } from '../../alerts/flatten.ts';
import { matchRules } from '../../alerts/match-rules.ts';
import { type Understood, understand } from '../../alerts/understand.ts';
import type { Rule } from '../../config/types.ts';
import {
  claimAlertEvent,
  type KnownAlert,
  type Placed,
  placeInStore,
  rememberAlert,
} from '../../paging/episodes.ts';
import {
  fireRule,
  hasRung,
  noteMatches,
  type ReadyRule,
  resolveAlert,
  ringsOf,
} from '../../paging/fire-rule.ts';
import type { TaskHandler } from '../../queue/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import { ownIds } from './intake.ts';
import { readyRule } from './ready-rule.ts';

const batchSize = 50;
const usualExpireAfterMs = 24 * 3_600_000;

interface StoredEvent {
  event_id: string;
  team_id: string;
  channel_id: string;
  body: string;
}

/**
 * The handler of the "alerts" task: understands stored events one after the other, in the order they came. One that
 * fails is tried again later and keeps none of the others waiting.
 */
export function createAlertReader(deps: SlackDeps): TaskHandler {
  return async (_task, lease) => {
    const failed = new Map<string, unknown>();
    while (lease.valid()) {
      const events = await nextEvents(deps, [...failed.keys()]);
      if (events.length === 0) {
        for (const error of failed.values()) throw error;
        return undefined;
      }
      for (const event of events) {
        if (!lease.valid()) break;
        try {
          await readEvent(deps, event);
        } catch (error) {
          deps.log.error(
            { err: error, eventId: event.event_id },
            'an alert event could not be dealt with yet',
          );
          failed.set(event.event_id, error);
        }
        // SQLite answers at once: without this, a long queue would keep everything else of the process waiting.
        await nextTurn();
      }
    }
    return { againAt: deps.clock.now() };
  };
}

async function nextEvents(deps: SlackDeps, without: string[]): Promise<StoredEvent[]> {
  let query = deps.store.read
    .selectFrom('alert_events')
    .select(['event_id', 'team_id', 'channel_id', 'body'])
    .where('processed_at', 'is', null);
  if (without.length > 0) query = query.where('event_id', 'not in', without);
  return await query.orderBy('received_at').orderBy('event_id').limit(batchSize).execute();
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
  const placed = await placeInStore(deps.store.read, message, understood, now);
  const tells = placed.news !== 'none' || (placed.status === 'info' && placed.message === undefined);
  const rules = tells ? rulesFor(deps, message, { ...understood, status: placed.status }, now) : [];
  const ready = await readyRules(deps, rules, placed, message, understood);
  deps.log.info(
    {
      channel: event.channel_id,
      bot: message.botId,
      app: message.appId,
      status: placed.status,
      severity: understood.severity,
      title: understood.title.slice(0, 200),
      key: placed.key,
      news: placed.news,
      rules: rules.map((rule) => rule.name),
    },
    placed.status === 'info'
      ? 'a bot message neither fires nor resolves, as far as it was understood'
      : 'an alert was understood',
  );
  await deps.store.transaction(async (tx) => {
    if (!(await claimAlertEvent(tx, event.event_id, now))) return;
    const alert = await rememberAlert(tx, {
      gated: message,
      understood,
      placed,
      expireAfterMs: shortestExpiry(rules),
      now,
    });
    await noteMatches(tx, rules, now);
    const source = message.botName ?? null;
    const about = { alert, teamId: event.team_id, channelId: event.channel_id, source, now };
    if (placed.news === 'resolved') await resolveAlert(tx, deps, about);
    for (const each of ready) await fireRule(tx, deps, each, about);
  });
}

/** Looked up before the transaction, because Slack may have to be asked whom a rule rings; a refresh asks for nothing. */
async function readyRules(
  deps: SlackDeps,
  rules: Rule[],
  placed: Placed,
  message: GatedMessage,
  understood: Understood,
): Promise<ReadyRule[]> {
  const rings = await ringsOf(deps.store.read, placed.alertId);
  const known: Pick<KnownAlert, 'begins' | 'episodeAt' | 'silentMs'> = {
    begins: placed.news === 'fired' || placed.status === 'info',
    episodeAt: placed.episodeAt ?? 0,
    silentMs: placed.silentMs,
  };
  const ready: ReadyRule[] = [];
  for (const rule of rules) {
    if (hasRung(rule, rings.get(rule.name), known)) continue;
    ready.push(
      await readyRule(deps, rule, { channel: message.channel, botName: message.botName }, understood),
    );
  }
  return ready;
}

function shortestExpiry(rules: readonly Rule[]): number {
  return rules.length === 0 ? usualExpireAfterMs : Math.min(...rules.map((rule) => rule.expireAfterMs));
}

/** A rule for any message does not ring because something ended, unless it says so itself. */
function rulesFor(deps: SlackDeps, message: GatedMessage, facts: Understood, now: number): Rule[] {
  const context = { channel: message.channel, botId: message.botId, appId: message.appId, now };
  const rules = matchRules(deps.config().rules, facts, context);
  return facts.status === 'resolved'
    ? rules.filter((rule) => rule.match.status?.includes('resolved') === true)
    : rules;
}
