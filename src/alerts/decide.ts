import { type AlertSeverity, type AlertStatus, type Rule, usualExpireAfterMs } from '../config/types.ts';
import type { GatedMessage } from './filter.ts';
import type { Identity } from './identity.ts';
import { isFrom, matchRules, type RuleContext, type RuleFacts } from './match-rules.ts';
import { findEnded, isSameAlert, type News, newsOf } from './same-alert.ts';
import type { Understood } from './understand.ts';

/** What decisions need of a stored alert. */
export interface KnownAlert {
  id: string;
  key: string;
  channel: string;
  /** The bot that raised it. */
  botId: string;
  appId: string | undefined;
  status: AlertStatus;
  identity: Identity;
  title: string;
  /** The message under which the results go. */
  threadTs: string;
  /** Slack's time of the newest message that changed it. */
  lastTs: string;
  /** lastAt: when its last message came. episodeAt: when the current episode began. In ms. */
  lastAt: number;
  episodeAt: number;
}

/** What is stored of one Slack message. */
export interface KnownMessage {
  status: AlertStatus;
  /** True after an edit of it was seen: then the original is old news. */
  edited: boolean;
  /** Slack's time of the newest edit that was seen. */
  editedTs: string | undefined;
}

/** Everything that is known when a message arrives. From table rows, or from maps in memory. */
export interface Known {
  /** An earlier version of this message, with its alert. */
  message: { seen: KnownMessage; alert: KnownAlert } | undefined;
  /** The alert of the first message in its thread. */
  parent: KnownAlert | undefined;
  /** The alert with the key from understand(). */
  sameKey: KnownAlert | undefined;
  /** Firing alerts of the same channel, of any bot. Needed if `mayEnd` returns true. */
  firing: KnownAlert[];
  /**
   * The same alert, which arrived the other way (posted to us, or written into a channel in the source's `also`), if it fires
   * now.
   */
  twin?: KnownAlert | undefined;
  /** The rules that call for the twin when their cooldown ends. */
  twinWaits?: ReadonlySet<string>;
  /** When each rule last called for an alert, by the alert's id and the rule's name. */
  ruleCalls: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** A message to decide on. */
export interface Heard {
  gated: GatedMessage;
  understood: Understood;
  /** When it is processed, ms. */
  now: number;
  /**
   * The source that posted it to us. Undefined: it came from a Slack channel. `exact`: the tool itself gave the key.
   */
  source?: { name: string; exact: boolean; receivedAt: number };
  /** Labels to show with the alert, if we post it to Slack ourselves. */
  details?: [name: string, value: string][];
  /** The wall clock, ms: for rules with a time of day, and for the message's age. `now` if absent. */
  wallAt?: number;
}

/** What a message means, what it changes, and which rules call for it. */
export interface Decision {
  /** The stored alert that it belongs to. Undefined: a new alert. */
  alert: KnownAlert | undefined;
  seen: KnownMessage | undefined;
  key: string;
  status: AlertStatus;
  news: News;
  /** True if the alert begins to fire with this message: no rule has called for it yet. */
  begins: boolean;
  /** True if results go under this message from now on, and an earlier acknowledgement is cleared. */
  startsOver: boolean;
  /** When this episode began, ms. */
  episodeAt: number;
  /** The silence before this message, ms. */
  silentMs: number;
  /** The matching rules, in order. Empty if the message says nothing new. */
  matched: Rule[];
  /** The matching rules that have not called for it yet: they call now, or after their cooldown. */
  calling: Rule[];
  /** Rules with `silentFor` for which this message counts as a sign of life. They call when none comes. */
  beats: Rule[];
  /** Rules that would call, but the message is older than their `maxAge`; with its age in ms. */
  late: Rule[];
  ageMs: number;
  /** Who acknowledged the alert, according to its tool ('': it names nobody). Null: nothing new about that. */
  acknowledgedBy: string | null;
}

/** True if the message may end an alert with another key. Then `Known.firing` is needed. */
export function mayEnd(understood: Understood): boolean {
  return understood.status === 'resolved' || understood.endsFailure;
}

/**
 * The only function that decides about an alert message: which alert it belongs to, what is new, which rules call.
 * Production passes table rows, the dry run passes maps. Null: a message of another bot in the thread of an alert; it
 * changes nothing and raises nothing.
 */
export function decide(known: Known, heard: Heard, rules: Rule[]): Decision | null {
  const { gated, understood, now } = heard;
  const placed = place(known, gated, understood, rules);
  if (placed === null) return null;
  const { key, alert } = placed;
  const seen = known.message?.seen;
  const status = statusHere(gated, understood, alert);
  const news = newsHere(heard, status, seen, alert);
  const repeatsInfo = status === 'info' && seen === undefined && alert?.status === 'info' && !gated.isEdit;
  const begins = alert === undefined || news === 'fired' || repeatsInfo;
  const silentMs = alert === undefined ? 0 : now - alert.lastAt;
  const episodeAt = begins ? now : alert.episodeAt;
  const tells = news !== 'none' || (status === 'info' && seen === undefined);
  const facts = factsOf(understood, status);
  const onNews = rules.filter((rule) => rule.silentForMs === undefined);
  const matched = tells ? matchRules(onNews, facts, contextOf(heard)) : [];
  const beats = isAgain(gated, seen) ? [] : beatsOf(rules, facts, contextOf(heard));
  const calledAt = alert === undefined ? undefined : known.ruleCalls.get(alert.id);
  const due = matched.filter(
    (rule) =>
      !hasCalled(rule, calledAt?.get(rule.name), { begins, episodeAt, silentMs }) &&
      !hasCalledForTwin(rule, known, alert),
  );
  const wallAt = heard.wallAt ?? now;
  // A message of a source has our own time of arrival, a Slack message has Slack's time.
  const ageMs =
    heard.source === undefined ? wallAt - (sentAt(gated) ?? wallAt) : now - heard.source.receivedAt;
  const late = due.filter((rule) => ageMs > rule.maxAgeMs);
  const acknowledgedBy = acknowledgment(heard, status, news, alert);
  // A tool that gives the key itself sends only trigger, resolve and acknowledge. `info` is then an acknowledgement. If
  // its alert does not fire, it must not be stored as a new alert.
  if (heard.source?.exact === true && status === 'info' && acknowledgedBy === null) return null;
  const calling = acknowledgedBy === null ? due.filter((rule) => !late.includes(rule)) : [];
  const expiries = matched.map((rule) => rule.expireAfterMs);
  const expireAfterMs = expiries.length === 0 ? usualExpireAfterMs : Math.min(...expiries);
  const startsOver = begins || (news === 'refreshed' && silentMs > expireAfterMs);
  return {
    ...{ alert, seen, key, status, news, begins, startsOver, episodeAt, silentMs },
    ...{ matched, calling, beats, late, ageMs, acknowledgedBy },
  };
}

/**
 * The status that a message gives its alert. A passed build ends its failure, and an edit may say the end below its
 * title.
 */
function statusHere(gated: GatedMessage, understood: Understood, alert: KnownAlert | undefined): AlertStatus {
  const { status, endsFailure, endsBelow } = understood;
  if (endsFailure && alert?.status === 'firing') return 'resolved';
  const isAlert = status === 'firing' || (alert !== undefined && alert.status !== 'info');
  return gated.isEdit && endsBelow && isAlert ? 'resolved' : status;
}

/** True if this version of the message was seen before. */
function isAgain(gated: GatedMessage, seen: KnownMessage | undefined): boolean {
  if (seen === undefined) return false;
  return !gated.isEdit || (seen.editedTs !== undefined && Number(gated.editedTs) <= Number(seen.editedTs));
}

/** A sign of life counts at any time of day. `between` and `days` only say when its absence calls. */
function beatsOf(rules: Rule[], facts: RuleFacts, context: RuleContext): Rule[] {
  return rules.filter((rule) => {
    const always = { ...rule, between: undefined, days: undefined, stop: false };
    return rule.silentForMs !== undefined && matchRules([always], facts, context).length > 0;
  });
}

/** Slack's time of a message or of its edit, ms. Null if it has none. */
export function sentAt({ ts, editedTs }: GatedMessage): number | null {
  const at = Math.round(Number(editedTs ?? ts) * 1000);
  return Number.isFinite(at) && at > 1e12 ? at : null;
}

/** Who acknowledged a firing alert, according to its tool. A message that fires again acknowledges nothing. */
function acknowledgment(
  { gated, understood }: Heard,
  status: AlertStatus,
  news: News,
  alert: KnownAlert | undefined,
): string | null {
  if (alert?.status !== 'firing' || status === 'resolved' || news === 'fired') return null;
  const isOlder = Number(gated.editedTs ?? gated.ts) < Number(alert.lastTs);
  return isOlder ? null : understood.acknowledgedBy;
}

/** Where and when a message came, as rules need it. */
export function contextOf({ gated, now, wallAt, source }: Heard): RuleContext {
  const { channel, botId, appId } = gated;
  return { channel, botId, appId, source: source?.name, now: wallAt ?? now };
}

/** The facts that rules may match. */
export function factsOf(understood: Understood, status: AlertStatus): RuleFacts {
  return { status, severity: understood.severity, title: understood.title, text: understood.text };
}

/**
 * The alert that a message belongs to: that of its earlier version, of its thread, of its key, or the one alert that
 * it ends. An alert belongs to the bot that raised it.
 */
function place(
  known: Known,
  gated: GatedMessage,
  understood: Understood,
  rules: Rule[],
): { key: string; alert: KnownAlert | undefined } | null {
  const { message, parent, sameKey } = known;
  const of = (alert: KnownAlert) => ({ key: alert.key, alert });
  if (message !== undefined) return mayChange(gated, message.alert, rules) ? of(message.alert) : null;
  if (parent !== undefined && parent.status !== 'info') {
    const trusted = mayChange(gated, parent, rules);
    if (!trusted) return isNamed(gated, rules) && understood.status === 'firing' ? own() : null;
    if (isSameAlert(understood, parent)) return of(parent);
  }
  return own();

  function own() {
    if (sameKey !== undefined) return of(sameKey);
    const ended = mayEnd(understood) ? endedBy(known.firing, gated, understood, rules) : undefined;
    return ended === undefined ? { key: understood.key, alert: undefined } : of(ended);
  }
}

/**
 * The firing alert that a resolve with another key ends: one of the same bot, else one of a bot beside it in a rule's
 * `from`. A tool that was installed again has another bot id.
 */
function endedBy(firing: KnownAlert[], gated: GatedMessage, { identity, title }: Understood, rules: Rule[]) {
  const own = firing.filter(({ botId }) => botId === gated.botId);
  const others = firing.filter((alert) => alert.botId !== gated.botId && mayChange(gated, alert, rules));
  return findEnded(identity, own, title) ?? findEnded(identity, others, title);
}

/**
 * True if the message may change the alert: it comes from the bot that raised it, or from one beside that bot in a
 * rule's `from`.
 */
function mayChange(gated: GatedMessage, alert: KnownAlert, rules: Rule[]): boolean {
  if (gated.botId === alert.botId) return true;
  return rules.some((rule) => {
    const from = watches(rule, gated.channel) ? rule.match.from : undefined;
    return from !== undefined && isFrom(from, gated) && isFrom(from, alert);
  });
}

/** True if a rule of the channel names the bot. */
function isNamed(gated: GatedMessage, rules: Rule[]): boolean {
  return rules.some(
    (rule) => watches(rule, gated.channel) && rule.match.from !== undefined && isFrom(rule.match.from, gated),
  );
}

function watches(rule: Rule, channel: string | undefined): boolean {
  return channel === undefined || rule.channels.includes(channel);
}

/** What a message changes of its alert, in the order of Slack's own times. */
function newsHere(
  heard: Heard,
  status: AlertStatus,
  seen: KnownMessage | undefined,
  alert: KnownAlert | undefined,
): News {
  const { gated } = heard;
  const at = Number(gated.editedTs ?? gated.ts);
  if (heard.source !== undefined)
    return isOlderPost(heard, status, alert)
      ? 'none'
      : newsOf(status, false, undefined, alert?.status, undefined);
  // Slack may deliver a firing message after its resolve, although it was posted first.
  if (alert !== undefined && at < Number(alert.lastTs)) return 'none';
  const news = newsOf(status, gated.isEdit, gated.editedTs, alert?.status, seen);
  if (news !== 'none' || status !== 'firing') return news;
  // Some tools edit their first message for each change. It still fires, but another rule may match now.
  const isNewerEdit =
    gated.isEdit &&
    seen !== undefined &&
    alert?.status === 'firing' &&
    (seen.editedTs === undefined || Number(gated.editedTs ?? 0) > Number(seen.editedTs));
  return isNewerEdit ? 'refreshed' : 'none';
}

/** Two posts and their answers may cross. A firing that begins later than this (ms) calls, whatever its times say. */
const crossedMs = 2 * 60_000;
/** The times of one group come from several clocks. */
const clocksDifferSeconds = 10;

/**
 * True for old news: a firing that began before the last resolve, or a resolve from before the current firing. A tool
 * may repeat an old firing, so its times may go back.
 */
function isOlderPost({ gated, now }: Heard, status: AlertStatus, alert: KnownAlert | undefined): boolean {
  if (alert === undefined || status === alert.status) return false;
  const aheadSeconds = Number(alert.lastTs) - Number(gated.ts);
  if (status === 'firing') return aheadSeconds > 0 && now - alert.lastAt < crossedMs;
  return aheadSeconds > clocksDifferSeconds;
}

/**
 * True if a rule has called for this episode of the alert. Further firings only refresh it, unless it was silent for
 * long.
 */
export function hasCalled(
  rule: Rule,
  calledAt: number | undefined,
  alert: Pick<Decision, 'begins' | 'episodeAt' | 'silentMs'>,
): boolean {
  if (calledAt === undefined || alert.begins) return false;
  return calledAt >= alert.episodeAt && alert.silentMs <= rule.expireAfterMs;
}

/**
 * True if the rule has called for the same alert, which came the other way and still fires, or calls for it after its
 * cooldown. A call from before the last resolve of `alert` does not count: a tool may tell the end
 * one way only, and then the other way fires for ever.
 */
function hasCalledForTwin(rule: Rule, known: Known, alert: KnownAlert | undefined): boolean {
  const { twin, ruleCalls, twinWaits } = known;
  if (twin === undefined) return false;
  if (twinWaits?.has(rule.name) === true) return true;
  const calledAt = ruleCalls.get(twin.id)?.get(rule.name);
  if (calledAt === undefined) return false;
  const endedAt = alert?.status === 'resolved' ? alert.lastAt : 0;
  return calledAt >= twin.episodeAt && calledAt >= endedAt;
}

/** When a rule that has not called for this episode calls (ms): at once, or after its cooldown. */
export function callsAt(rule: Rule, calledAt: number | undefined, now: number): number {
  return calledAt === undefined ? now : Math.max(now, calledAt + rule.cooldownMs);
}

/**
 * What a message changes of its alert's row. Null: nothing. `title` and the rest come from the newest firing message,
 * `details` also from a resolve that has some: a group of alerts may end with fewer or more than it fired with.
 */
export function changesOf(
  decision: Decision,
  { gated, understood, now, source, details }: Heard,
): {
  lastAt: number;
  status?: AlertStatus;
  lastTs?: string;
  severity?: AlertSeverity | null;
  title?: string;
  link?: string | null;
  episodeAt?: number;
  threadTs?: string;
  details?: [string, string][];
} | null {
  const { news, status, begins, startsOver } = decision;
  if (news === 'none' && status !== 'info') return null;
  const { severity, title, link } = understood;
  return {
    lastAt: now,
    ...(news === 'none' ? {} : { status, lastTs: gated.editedTs ?? gated.ts }),
    ...(status === 'firing' ? { severity, title, link } : {}),
    ...(details !== undefined && (status === 'firing' || (status === 'resolved' && details.length > 0))
      ? { details }
      : {}),
    ...(begins ? { episodeAt: now } : {}),
    ...(startsOver ? { threadTs: source === undefined ? (gated.threadTs ?? gated.ts) : '' } : {}),
  };
}

/** What to store of the message itself. Null: a newer version of it is stored already. */
export function messageOf(decision: Decision, gated: GatedMessage): KnownMessage | null {
  const { seen, status } = decision;
  if (seen !== undefined && !gated.isEdit) return null;
  if (
    seen?.editedTs !== undefined &&
    gated.editedTs !== undefined &&
    Number(gated.editedTs) < Number(seen.editedTs)
  )
    return null;
  return {
    status,
    edited: gated.isEdit || seen?.edited === true,
    editedTs: gated.editedTs ?? seen?.editedTs,
  };
}
