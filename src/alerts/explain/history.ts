import type { Rule } from '../../config/types.ts';
import type { GateContext } from '../filter.ts';
import { localTime } from '../match-rules.ts';
import { createDetailedExplainer } from './explain.ts';

/** What a rule would have done. */
export interface RuleUse {
  rule: string;
  matched: number;
  /** How often it would have called. */
  calls: number;
  /** The same by hour of the day, 0 to 23, in the rule's time zone (UTC if it has none). */
  hours: number[];
}

export interface HistoryReport {
  /** Messages of bots. */
  messages: number;
  /** Messages that fired an alert. */
  fired: number;
  /** Messages that were edited: the history does not have their earlier text. */
  edited: number;
  rules: RuleUse[];
  /** Alerts that fired and matched no rule: their number, and the last of them. */
  unmatched: { count: number; last: { at: number; title: string; why: string }[] };
}

const lastShown = 5;

/**
 * What the rules would have done with the events of one channel, the oldest first, with production's decisions. Calls
 * nobody. `own`: who we are in Slack, because our own messages are no alerts. A step for each event, because thousands together would hold the process for a second: see inSlices.
 */
export function* explainHistory(
  rules: Rule[],
  events: readonly unknown[],
  now: number,
  own: GateContext,
): Generator<void, HistoryReport> {
  const explain = createDetailedExplainer(rules, now, own);
  const uses = new Map(
    rules.map((rule) => [
      rule.name,
      { rule: rule.name, matched: 0, calls: 0, hours: new Array<number>(24).fill(0) },
    ]),
  );
  const beats = new Map<string, number>();
  const report: HistoryReport = {
    messages: 0,
    fired: 0,
    edited: 0,
    rules: [],
    unmatched: { count: 0, last: [] },
  };
  const call = (rule: Rule, at: number) => {
    const use = uses.get(rule.name);
    if (use === undefined) return;
    use.calls++;
    const hour = Math.floor(localTime(at, rule.timeZone ?? 'UTC').minute / 60);
    use.hours[hour] = (use.hours[hour] ?? 0) + 1;
  };
  for (const event of events) {
    yield;
    const said = explain(event);
    if (said.status === 'not-an-alert') continue;
    const at = said.at ?? now;
    report.messages++;
    if (said.edited) report.edited++;
    if (said.news === 'fired') report.fired++;
    for (const rule of rules) {
      const use = uses.get(rule.name);
      if (use !== undefined && said.matched.includes(rule.name)) use.matched++;
      if (said.calls.includes(rule.name)) call(rule, at);
      if (rule.silentForMs === undefined || !said.matched.includes(rule.name)) continue;
      const last = beats.get(rule.name);
      if (last !== undefined && at - last > rule.silentForMs) call(rule, last + rule.silentForMs);
      beats.set(rule.name, at);
    }
    if (said.status === 'firing' && said.matched.length === 0 && said.news === 'fired') {
      report.unmatched.count++;
      report.unmatched.last.push({ at, title: said.title ?? '', why: said.why ?? '' });
      if (report.unmatched.last.length > lastShown) report.unmatched.last.shift();
    }
  }
  for (const rule of rules) {
    const last = beats.get(rule.name);
    if (rule.silentForMs !== undefined && last !== undefined && now - last > rule.silentForMs)
      call(rule, last + rule.silentForMs);
  }
  report.rules = [...uses.values()];
  return report;
}

/** "02:00 (4), 14:00 (8)": the hours in which a rule would have called. */
export function hoursInWords(hours: readonly number[]): string {
  return hours
    .flatMap((times, hour) => (times === 0 ? [] : [`${String(hour).padStart(2, '0')}:00 (${times})`]))
    .join(', ');
}
