import { RE2JS } from 're2js';
import type { AlertMatch, AlertSeverity, AlertStatus, Rule, TextPattern } from '../config/types.ts';

/** The facts of an alert that a rule may match. */
export interface RuleFacts {
  status: AlertStatus;
  severity: AlertSeverity | null;
  title: string;
  text: string;
}

/** Where and when the message came. */
export interface RuleContext {
  /** Undefined: not known (a message that is tried by hand); then the channels of every rule match. */
  channel: string | undefined;
  botId: string;
  appId: string | undefined;
  /** The source that posted it to us. Undefined: it came from a Slack channel. */
  source?: string | undefined;
  /** Epoch ms, for `between` and `days`. */
  now: number;
}

// RE2 is linear but slow per character, so only the start of a message is matched.
const regexInputLength = 8_000;
const maximumRegexLength = 500;
const maximumCached = 500;
const compiled = new Map<string, RE2JS | null>();

/** The conditions of a rule, by the names of its keys in voicecall.yaml. */
export type Condition =
  | 'channels'
  | 'sources'
  | 'status'
  | 'severity'
  | 'from'
  | 'title'
  | 'text'
  | 'not'
  | 'between';

/**
 * The rules that match this alert, in order. A rule with `stop` ends the list. A rule without `status` matches firing
 * alerts. `any` matches every bot message except the end of an alert, which needs `resolved`.
 */
export function matchRules(rules: Rule[], facts: RuleFacts, context: RuleContext): Rule[] {
  const matched: Rule[] = [];
  for (const rule of rules) {
    if (failedConditions(rule, facts, context).next().done !== true) continue;
    matched.push(rule);
    if (rule.stop) break;
  }
  return matched;
}

/**
 * The conditions that fail for a rule, one after the other. A lazy generator: the caller decides how many to
 * evaluate.
 */
export function* failedConditions(
  rule: Rule,
  facts: RuleFacts,
  context: RuleContext,
): Generator<Condition, undefined> {
  if (context.source !== undefined) {
    if (!rule.sources.includes(context.source)) yield 'sources';
  } else if (!hearsChannel(rule, context.channel)) yield 'channels';
  const status = rule.match.status ?? ['firing'];
  yield* failedFields({ ...rule.match, status }, facts, context);
  if (facts.status === 'resolved' && status.includes('any') && !status.includes('resolved')) yield 'status';
  const { not } = rule;
  if (not !== undefined && !isEmpty(not) && failedFields(not, facts, context).next().done === true)
    yield 'not';
  if (!isWithin(rule, context.now)) yield 'between';
  return undefined;
}

function hearsChannel({ channels }: Rule, channel: string | undefined): boolean {
  return channel === undefined ? channels.length > 0 : channels.includes(channel);
}

function isEmpty(match: AlertMatch): boolean {
  return Object.values(match).every((value) => value === undefined);
}

function* failedFields(match: AlertMatch, facts: RuleFacts, context: RuleContext): Generator<Condition> {
  if (match.status !== undefined && !match.status.includes('any') && !match.status.includes(facts.status))
    yield 'status';
  if (match.severity !== undefined && !match.severity.includes(facts.severity)) yield 'severity';
  // A source has proved itself by its token, so `from` is not checked.
  if (match.from !== undefined && context.source === undefined && !isFrom(match.from, context)) yield 'from';
  if (match.title !== undefined && !matchesText(match.title, facts.title)) yield 'title';
  if (match.text !== undefined && !matchesText(match.text, facts.text)) yield 'text';
}

/**
 * True if a list of bot_ids and app_ids contains this sender. Display names are not used, because anybody can choose
 * one.
 */
export function isFrom(
  list: readonly string[],
  sender: { botId: string; appId: string | undefined },
): boolean {
  return list.includes(sender.botId) || (sender.appId !== undefined && list.includes(sender.appId));
}

function matchesText(pattern: TextPattern, text: string): boolean {
  if ('substring' in pattern) return text.toLowerCase().includes(pattern.substring.toLowerCase());
  const regex = compile(pattern.regex, pattern.flags);
  // A faulty pattern is refused when the configuration is read. If one comes here, it matches nothing.
  return regex?.matcher(text.slice(0, regexInputLength)).find() ?? false;
}

/**
 * Null if the pattern is faulty. RE2 is linear for every pattern. It has no look-around and no back-references.
 * https://github.com/google/re2/wiki/Syntax
 */
function compile(source: string, flags: string): RE2JS | null {
  const key = `${flags}/${source}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const made = compileNew(source, flags);
  if (compiled.size >= maximumCached) compiled.clear();
  compiled.set(key, made);
  return made;
}

function compileNew(source: string, flags: string): RE2JS | null {
  if (source.length > maximumRegexLength) return null;
  const known: Record<string, number> = {
    i: RE2JS.CASE_INSENSITIVE,
    m: RE2JS.MULTILINE,
    s: RE2JS.DOTALL,
    u: 0,
  };
  let bits = 0;
  for (const flag of flags) {
    const bit = known[flag];
    if (bit === undefined) return null;
    bits |= bit;
  }
  try {
    return RE2JS.compile(source, bits);
  } catch {
    return null;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();
const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The minute of the day and the day of the week in a time zone. Without one, in the machine's time zone. */
export function localTime(now: number, timeZone: string | undefined): { minute: number; day: number } {
  const key = timeZone ?? '';
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      ...(timeZone === undefined ? {} : { timeZone }),
    });
    formats.set(key, format);
  }
  const parts = format.formatToParts(now);
  const part = (type: string) => parts.find((item) => item.type === type)?.value ?? '';
  return {
    minute: Number(part('hour')) * 60 + Number(part('minute')),
    day: dayNames.indexOf(part('weekday')),
  };
}

/**
 * True if `now` is within the rule's `between` and `days`. A night from 22:00 to 07:00 belongs to the day on which it
 * begins.
 */
export function isWithin(rule: Pick<Rule, 'between' | 'days' | 'timeZone'>, now: number): boolean {
  if (rule.between === undefined && rule.days === undefined) return true;
  const { minute, day } = localTime(now, rule.timeZone);
  const { fromMinute, toMinute } = rule.between ?? { fromMinute: 0, toMinute: 0 };
  const overMidnight = fromMinute > toMinute;
  const inside =
    fromMinute === toMinute ||
    (overMidnight ? minute >= fromMinute || minute < toMinute : minute >= fromMinute && minute < toMinute);
  if (!inside) return false;
  const began = overMidnight && minute < toMinute ? (day + 6) % 7 : day;
  return rule.days === undefined || rule.days.includes(began);
}
