import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Decision, decide, type Heard, sentAt } from '../../alerts/decide.ts';
import { gate } from '../../alerts/filter.ts';
import { flatten } from '../../alerts/flatten.ts';
import { heardFrom, placeOfSource, sourceOfPlace } from '../../alerts/formats/heard.ts';
import { postedShape } from '../../alerts/formats/types.ts';
import { understand } from '../../alerts/understand.ts';
import { cleanValue } from '../../clean-text.ts';
import type { Config, Rule } from '../../config/types.ts';
import { acknowledgeAlert, byTool } from '../../paging/acknowledge.ts';
import { claimAlertEvent } from '../../paging/alert-events.ts';
import { channelOfRule, placesOfRule, placesShown, showHeard } from '../../paging/alert-posts.ts';
import { fireRule, noteMatches, resolveAlert } from '../../paging/fire-rule.ts';
import { knownInStore, lockAlert, twinThatEnds } from '../../paging/known-alerts.ts';
import { rememberAlert, rememberEnd } from '../../paging/remember-alert.ts';
import { sayLate } from '../../paging/rule-reply.ts';
import { type Beat, hearBeat } from '../../paging/silence.ts';
import type { ReadyRule, RuleAlert, WaitingRule } from '../../paging/types.ts';
import type { TaskHandler } from '../../queue/types.ts';
import { storeFault } from '../../store/errors.ts';
import type { Tx } from '../../store/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import { ownIds } from './intake.ts';
import { readyRule } from './ready-rule.ts';

const batchSize = 50;

/** After this many attempts, and at least 10 s after it arrived, a failing event is set aside. */
const mostAttempts = 5;
const triedForMs = 10_000;

interface StoredEvent {
  event_id: string;
  team_id: string;
  channel_id: string;
  body: string;
  received_at: number;
  attempts: number;
}

/**
 * The handler of the "alerts" task. Processes stored events one after the other, in the order they arrived. An event
 * that fails is retried later and does not hold up others; after a few attempts it is set aside.
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
          if (!(await setAside(deps, event, error))) failed.set(event.event_id, error);
        }
        // SQLite answers synchronously, so without this pause a long queue would block the whole process.
        await nextTurn();
      }
    }
    return { againAt: deps.clock.now() };
  };
}

async function nextEvents(deps: SlackDeps, without: string[]): Promise<StoredEvent[]> {
  let query = deps.store.read
    .selectFrom('alert_events')
    .select(['event_id', 'team_id', 'channel_id', 'body', 'received_at', 'attempts'])
    .where('processed_at', 'is', null)
    .where('set_aside_at', 'is', null);
  if (without.length > 0) query = query.where('event_id', 'not in', without);
  return await query.orderBy('received_at').orderBy('event_id').limit(batchSize).execute();
}

/**
 * Counts a failure. Returns true if the event is now set aside, because it failed often enough and for long enough. A
 * failure of the database does not count.
 */
async function setAside(deps: SlackDeps, event: StoredEvent, error: unknown): Promise<boolean> {
  const facts = { err: error, eventId: event.event_id, channel: event.channel_id };
  if (storeFault(error) !== undefined) {
    deps.log.error(facts, 'an alert event could not be read yet: the database does not answer');
    return false;
  }
  const now = deps.clock.now();
  const attempts = event.attempts + 1;
  const isOver = attempts >= mostAttempts && now - event.received_at >= triedForMs;
  await deps.store.transaction((tx) =>
    tx
      .updateTable('alert_events')
      .set({ attempts, set_aside_at: isOver ? now : null })
      .where('event_id', '=', event.event_id)
      .execute(),
  );
  deps.log.error(
    { ...facts, attempts },
    isOver
      ? 'an alert event is set aside: it failed too often, and nobody is called for it'
      : 'an alert event could not be read yet; Voicecall tries again',
  );
  return isOver;
}

async function readEvent(deps: SlackDeps, event: StoredEvent): Promise<void> {
  const now = deps.clock.now();
  const heard = hear(deps, event, now);
  const known =
    heard === null ? null : await knownInStore(deps.store.read, heard, placesOfTwins(deps.config(), heard));
  const decision = heard === null || known === null ? null : decide(known, heard, deps.config().rules);
  if (heard !== null) logDecision(deps, event, heard, decision);
  if (heard === null || known === null || decision === null) {
    await deps.store.transaction((tx) => claimAlertEvent(tx, event.event_id, now));
    return;
  }
  const source = heard.gated.botName ?? null;
  // Looked up before the transaction, because it may call Slack.
  const ready = await Promise.all(
    decision.calling.map((rule) => {
      const from = { channel: channelOf(deps, heard, rule), botName: heard.gated.botName };
      return atOnce(rule, readyRule(deps, rule, from, heard.understood));
    }),
  );
  await deps.store.transaction(async (tx) => {
    if (!(await claimAlertEvent(tx, event.event_id, now))) return;
    const alert = await rememberAlert(tx, decision, heard);
    await noteMatches(tx, [...decision.matched, ...decision.beats], now);
    const places = await showHeard(tx, alert, { heard, decision, channel: ownChannelOf(deps, heard) });
    const twinCalls = known.ruleCalls.get(known.twin?.id ?? '');
    const about = { alert, teamId: event.team_id, places, source, twinCalls, now };
    if (decision.news === 'resolved') await resolveAlert(tx, deps, about);
    if (decision.acknowledgedBy !== null)
      await acknowledgeAlert(tx, deps, alert.id, byTool(decision.acknowledgedBy, source ?? ''));
    await endTwin(tx, deps, { event, heard, decision, about });
    await sayLate(tx, about, decision);
    for (const each of ready) {
      const rulePlaces = await placesOfRule(tx, deps, alert, {
        place: event.channel_id,
        rule: each.rule,
        now,
      });
      await fireRule(tx, deps, each, { ...about, places: rulePlaces });
    }
    for (const rule of decision.beats) await hearBeat(tx, deps, rule, beatOf(event, heard));
  });
}

/**
 * What a tool posts about the end of an alert, or who acknowledged it, also holds for the same alert in a channel of
 * the source's `also`: the rule may have called for that one, and the tool may not write the end into the channel.
 */
async function endTwin(
  tx: Tx,
  deps: SlackDeps,
  of: { event: StoredEvent; heard: Heard; decision: Decision; about: RuleAlert },
): Promise<void> {
  const { event, heard, decision, about } = of;
  const { alert: ending, news, acknowledgedBy } = decision;
  const twinPlaces = heard.source === undefined ? [] : placesOfTwins(deps.config(), heard);
  if (twinPlaces.length === 0 || ending === undefined) return;
  if (news !== 'resolved' && acknowledgedBy === null) return;
  const twin = await twinThatEnds(tx, ending, { place: event.channel_id, twinPlaces });
  if (twin === undefined) return;
  if (acknowledgedBy !== null) {
    await acknowledgeAlert(tx, deps, twin.id, byTool(acknowledgedBy, about.source ?? ''));
    return;
  }
  const { id, threadTs, title, episodeAt } = twin;
  const alert = { id, threadTs, title, episodeAt, begins: false, silentMs: 0 };
  await lockAlert(tx, id);
  await rememberEnd(tx, id, about.now);
  const places = await placesShown(tx, alert, { place: twin.channel, now: about.now });
  await resolveAlert(tx, deps, { ...about, alert, places });
}

/** A message that a rule with `silentFor` waits for. */
function beatOf(event: StoredEvent, { gated, source, now, wallAt = now }: Heard): Beat {
  // Slack's ts is on the wall clock, and stored times are on another clock. So only the message's age is taken from
  // Slack, and subtracted from `now`.
  const ageMs = wallAt - (sentAt(gated) ?? wallAt);
  const at = source === undefined ? now - ageMs : source.receivedAt;
  return {
    ...{ teamId: event.team_id, channelId: event.channel_id, source: gated.botName ?? null, sentAt: at, now },
    threadTs: source === undefined ? (gated.threadTs ?? gated.ts) : '',
  };
}

/**
 * Returns the callees if they are known without waiting for Slack. Else returns the rule alone: a task then looks
 * them up, so that other alerts do not wait.
 */
async function atOnce(rule: Rule, looking: Promise<ReadyRule>): Promise<ReadyRule | WaitingRule> {
  // If this look-up fails later, nobody needs the error: the task looks up again. If it succeeds, the answer is in
  // the cache.
  looking.catch(() => {});
  return await Promise.race([looking, nextTurn({ rule, callees: null })]);
}

/** Reads a stored event. Null if it is not a tool's message. */
function hear(deps: SlackDeps, event: StoredEvent, now: number): Heard | null {
  const body = cleanValue(JSON.parse(event.body));
  const wallAt = deps.clock.wallOf(now);
  const name = sourceOfPlace(event.channel_id);
  if (name !== undefined) {
    const byWords = (deps.config().sources[name]?.also.length ?? 0) > 0;
    const source = { name, receivedAt: event.received_at, now, byWords };
    return { ...heardFrom(postedShape.parse(body), source), wallAt };
  }
  const gated = gate(body, ownIds(deps));
  if (!('alert' in gated)) return null;
  return {
    gated: gated.alert,
    understood: understand(flatten(gated.alert.message), gated.alert),
    now,
    wallAt,
  };
}

/** The other places where the same alert may arrive, as `also` of the sources says. */
function placesOfTwins({ sources }: Config, { gated, source }: Heard): string[] {
  if (source !== undefined) return sources[source.name]?.also ?? [];
  return Object.entries(sources)
    .filter(([, { also }]) => also.includes(gated.channel ?? ''))
    .map(([name]) => placeOfSource(name));
}

/** The channel of the alert itself; undefined if it is not in Slack. */
function ownChannelOf(deps: SlackDeps, { gated, source }: Heard): string | undefined {
  return source === undefined ? gated.channel : deps.config().sources[source.name]?.channel;
}

/** The channel for a rule's request; undefined if there is none. */
function channelOf(deps: SlackDeps, { gated, source }: Heard, rule: Rule): string | undefined {
  return source === undefined ? gated.channel : channelOfRule(deps.config(), source.name, rule);
}

function logDecision(deps: SlackDeps, event: StoredEvent, heard: Heard, decision: Decision | null): void {
  const { gated, understood } = heard;
  const sender = { channel: event.channel_id, bot: gated.botId, app: gated.appId };
  if (decision === null) {
    const why =
      heard.source === undefined
        ? "another sender's message in the thread of an alert changes nothing"
        : 'an acknowledgement of an alert that does not fire changes nothing';
    deps.log.info(sender, why);
    return;
  }
  const { status, key, news, matched } = decision;
  const { severity } = understood;
  const title = understood.title.slice(0, 200);
  const rules = matched.map((rule) => rule.name);
  deps.log.info(
    { ...sender, status, severity, title, key, news, rules },
    status === 'info'
      ? 'a bot message neither fires nor resolves, as far as it was understood'
      : 'an alert was understood',
  );
}
