import type { AlertSeverity, AlertStatus, Rule } from '../config/types.ts';
import type { GatedMessage } from './filter.ts';
import type { Identity } from './identity.ts';
import { isFrom, matchRules, type RuleContext, type RuleFacts } from './match-rules.ts';
import { findEnded, isSameAlert, type News, newsOf } from './same-alert.ts';
import type { Understood } from './understand.ts';

/** What is stored of an alert, as far as decisions need it. */
export interface KnownAlert {
  id: string;
  key: string;
  channel: string;
  /** The sender that raised it. */
  botId: string;
  appId: string | undefined;
  status: AlertStatus;
  identity: Identity;
  title: string;
  /** The message under which the results go. */
  threadTs: string;
  /** Slack's time of the newest message that changed it. */
  lastTs: string;
  /** When it was heard of last, and when it began to fire this time (ms). */
  lastAt: number;
  episodeAt: number;
}

/** What is stored of one Slack message. */
export interface KnownMessage {
  status: AlertStatus;
  /** True once an edit of it was seen: an original that comes later is older news. */
  edited: boolean;
  /** Slack's time of the newest edit seen. */
  editedTs: string | undefined;
}

/** Everything that is known when a message comes: rows of tables, or maps in memory. */
export interface Known {
  /** This very message as it was seen before, with its alert. */
  message: { seen: KnownMessage; alert: KnownAlert } | undefined;
  /** The alert of the first message of its thread. */
  parent: KnownAlert | undefined;
  /** The alert of the key that understand() gave. */
  sameKey: KnownAlert | undefined;
  /** Alerts of the same channel and sender that fire now; needed where `mayEnd` says so. */
  firing: KnownAlert[];
  /** The same alert come the other way (posted to us, or written into a channel of the source's `also`), as it fires now. */
  twin?: KnownAlert | undefined;
  /** When each rule rang last for an alert, by the alert's id and the rule's name. */
  rings: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** A message to decide on. */
export interface Heard {
  gated: GatedMessage;
  understood: Understood;
  /** When it is dealt with, ms. */
  now: number;
  /** The source that posted it to us; undefined: it came from a Slack channel. `exact`: its key is the tool's own. */
  source?: { name: string; exact: boolean; receivedAt: number };
  /** Labels that are shown with it, where we show it in Slack ourselves. */
  details?: [name: string, value: string][];
  /** What the wall clock says, ms: for rules that ask for a time of the day, and for how old the message is; `now` where absent. */
  wallAt?: number;
}

/** What a message means, what it changes, and which rules ring for it. */
export interface Decision {
  /** The alert it belongs to, as it was known; undefined: a new one. */
  alert: KnownAlert | undefined;
  seen: KnownMessage | undefined;
  key: string;
  status: AlertStatus;
  news: News;
  /** The alert begins to fire with this very message: no rule has rung for it yet. */
  begins: boolean;
  /** Results go under this message from now on, and an earlier acknowledgement is cleared. */
  startsOver: boolean;
  /** When it began to fire this time (ms). */
  episodeAt: number;
  /** How long it had been silent before this message, ms. */
  silentMs: number;
  /** The rules that match, in order; none where the message tells nothing new. */
  matched: Rule[];
  /** Those that have not rung for it yet: they ring now, or once their cooldown is over. */
  rings: Rule[];
  /** Rules with `silentFor` that this message is a sign of life for: they call when none comes. */
  beats: Rule[];
  /** Those that would ring, were the message not older than their `maxAge`, and how old it is (ms). */
  late: Rule[];
  ageMs: number;
  /** Who has taken the alert, as its tool says ('': it names nobody); null: no news of that. */
  acknowledgedBy: string | null;
}

/** Used where no rule says how long an alert may be silent. */
const usualExpireAfterMs = 24 * 3_600_000;

/** True for a message that may end an alert of another key: then `Known.firing` is needed. */
export function mayEnd(understood: Understood): boolean {
  return understood.status === 'resolved' || understood.endsFailure;
}

/**
 * The one place that decides about an alert message: which alert it belongs to, what is new, which rules ring.
 * Production gives it rows of tables, the dry run gives it maps. Null: a message of somebody else in the thread of an
 * alert, which changes nothing and raises nothing.
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
  const rangAt = alert === undefined ? undefined : known.rings.get(alert.id);
  const due = matched.filter(
    (rule) =>
      !hasRung(rule, rangAt?.get(rule.name), { begins, episodeAt, silentMs }) && !hasRungForTwin(rule, known),
  );
  const wallAt = heard.wallAt ?? now;
  // We noted ourselves when a source posted; a message of Slack has Slack's time.
  const ageMs =
    heard.source === undefined ? wallAt - (sentAt(gated) ?? wallAt) : now - heard.source.receivedAt;
  const late = due.filter((rule) => ageMs > rule.maxAgeMs);
  const acknowledgedBy = acknowledgment(heard, status, news, alert);
  // Said with its key by the tool itself, this can be nothing but an acknowledgement: of what does not fire, it is nothing.
  if (heard.source?.exact === true && status === 'info' && acknowledgedBy === null) return null;
  const rings = acknowledgedBy === null ? due.filter((rule) => !late.includes(rule)) : [];
  const expiries = matched.map((rule) => rule.expireAfterMs);
  const expireAfterMs = expiries.length === 0 ? usualExpireAfterMs : Math.min(...expiries);
  const startsOver = begins || (news === 'refreshed' && silentMs > expireAfterMs);
  return {
    ...{ alert, seen, key, status, news, begins, startsOver, episodeAt, silentMs },
    ...{ matched, rings, beats, late, ageMs, acknowledgedBy },
  };
}

/** The status that a message gives its alert: a build that passed ends its failure, and an edit may say so below its title. */
function statusHere(gated: GatedMessage, understood: Understood, alert: KnownAlert | undefined): AlertStatus {
  const { status, endsFailure, endsBelow } = understood;
  if (endsFailure && alert?.status === 'firing') return 'resolved';
  const isAlert = status === 'firing' || (alert !== undefined && alert.status !== 'info');
  return gated.isEdit && endsBelow && isAlert ? 'resolved' : status;
}

/** The very version of a message that was seen before. */
function isAgain(gated: GatedMessage, seen: KnownMessage | undefined): boolean {
  if (seen === undefined) return false;
  return !gated.isEdit || (seen.editedTs !== undefined && Number(gated.editedTs) <= Number(seen.editedTs));
}

/** A sign of life counts at any time of the day: `between` and `days` say when its absence calls. */
function beatsOf(rules: Rule[], facts: RuleFacts, context: RuleContext): Rule[] {
  return rules.filter((rule) => {
    const always = { ...rule, between: undefined, days: undefined, stop: false };
    return rule.silentForMs !== undefined && matchRules([always], facts, context).length > 0;
  });
}

/** Slack's time of a message, or of the edit that it is (ms); null where it tells none. */
export function sentAt({ ts, editedTs }: GatedMessage): number | null {
  const at = Math.round(Number(editedTs ?? ts) * 1000);
  return Number.isFinite(at) && at > 1e12 ? at : null;
}

/** A tool's word that somebody has taken an alert that fires. A message that lets it fire anew does not count. */
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

/** Where and when a message is, as rules see it. */
export function contextOf({ gated, now, wallAt, source }: Heard): RuleContext {
  const { channel, botId, appId } = gated;
  return { channel, botId, appId, source: source?.name, now: wallAt ?? now };
}

/** What rules may look at. */
export function factsOf(understood: Understood, status: AlertStatus): RuleFacts {
  return { status, severity: understood.severity, title: understood.title, text: understood.text };
}

/**
 * The alert that a message belongs to: that of its own earlier version, of its thread, of its key, or the one alert
 * that it ends. An alert belongs to the sender that raised it.
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
    const ended = mayEnd(understood) ? findEnded(understood.identity, known.firing) : undefined;
    return ended === undefined ? { key: understood.key, alert: undefined } : of(ended);
  }
}

/** An alert is changed by the sender that raised it, and by one that stands beside that sender in a rule's `from`. */
function mayChange(gated: GatedMessage, alert: KnownAlert, rules: Rule[]): boolean {
  if (gated.botId === alert.botId) return true;
  return rules.some((rule) => {
    const from = watches(rule, gated.channel) ? rule.match.from : undefined;
    return from !== undefined && isFrom(from, gated) && isFrom(from, alert);
  });
}

/** True where a rule of the channel names the sender. */
function isNamed(gated: GatedMessage, rules: Rule[]): boolean {
  return rules.some(
    (rule) => watches(rule, gated.channel) && rule.match.from !== undefined && isFrom(rule.match.from, gated),
  );
}

function watches(rule: Rule, channel: string | undefined): boolean {
  return channel === undefined || rule.channels.includes(channel);
}

/** What a message changes of its alert, with the order of Slack's own times in mind. */
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
  // Slack may deliver a firing after its own resolve, though it was posted before.
  if (alert !== undefined && at < Number(alert.lastTs)) return 'none';
  const news = newsOf(status, gated.isEdit, gated.editedTs, alert?.status, seen);
  if (news !== 'none' || status !== 'firing') return news;
  // Tools that edit their first message for every change: it still fires, and may match another rule by now.
  const isNewerEdit =
    gated.isEdit &&
    seen !== undefined &&
    alert?.status === 'firing' &&
    (seen.editedTs === undefined || Number(gated.editedTs ?? 0) > Number(seen.editedTs));
  return isNewerEdit ? 'refreshed' : 'none';
}

/** A post and its answer may cross another post's; what begins to fire later than this rings, whatever its time says. */
const crossedMs = 2 * 60_000;
/** Several clocks write the times of one group. */
const clocksDifferSeconds = 10;

/**
 * A tool says again what has been firing for long, so its times may go back. Old news is a firing that began before the
 * resolve that has just come, and a resolve from before what fires now began.
 */
function isOlderPost({ gated, now }: Heard, status: AlertStatus, alert: KnownAlert | undefined): boolean {
  if (alert === undefined || status === alert.status) return false;
  const aheadSeconds = Number(alert.lastTs) - Number(gated.ts);
  if (status === 'firing') return aheadSeconds > 0 && now - alert.lastAt < crossedMs;
  return aheadSeconds > clocksDifferSeconds;
}

/** True if a rule has rung for this episode of an alert: a firing only refreshes it, unless it was silent for long. */
export function hasRung(
  rule: Rule,
  rangAt: number | undefined,
  alert: Pick<Decision, 'begins' | 'episodeAt' | 'silentMs'>,
): boolean {
  if (rangAt === undefined || alert.begins) return false;
  return rangAt >= alert.episodeAt && alert.silentMs <= rule.expireAfterMs;
}

/** True if the rule has rung for the same alert, which has come the other way and still fires. */
function hasRungForTwin(rule: Rule, { twin, rings }: Known): boolean {
  const rangAt = twin === undefined ? undefined : rings.get(twin.id)?.get(rule.name);
  return twin !== undefined && rangAt !== undefined && rangAt >= twin.episodeAt;
}

/** When a rule that has not rung for this episode rings: at once, or when its cooldown is over (ms). */
export function ringsAt(rule: Rule, rangAt: number | undefined, now: number): number {
  return rangAt === undefined ? now : Math.max(now, rangAt + rule.cooldownMs);
}

/** What a message changes of its alert's row; null: nothing. `title` and the rest are the newest that fired. */
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
    ...(status === 'firing' && details !== undefined ? { details } : {}),
    ...(begins ? { episodeAt: now } : {}),
    ...(startsOver ? { threadTs: source === undefined ? (gated.threadTs ?? gated.ts) : '' } : {}),
  };
}

/** What is stored of the message itself from now on; null: an older version of it than the one that is stored. */
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
