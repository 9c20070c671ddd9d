import type { Rule } from '../../config/types.ts';
import type { GateContext } from '../filter.ts';
import { localTime } from '../match-rules.ts';
import { createDetailedExplainer, type DetailedExplanation } from './explain.ts';

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
 * nobody. `own`: who we are in Slack, because our own messages are no alerts. A step for each event, because thousands
 * together would hold the process for a second: see inSlices.
 */
export function* explainHistory(
  rules: Rule[],
  events: readonly unknown[],
  now: number,
  own: GateContext,
): Generator<void, HistoryReport> {
  const explain = createDetailedExplainer(rules, now, own);
  const tallies = rules.map((rule) => createTally(rule));
  const report: HistoryReport = {
    messages: 0,
    fired: 0,
    edited: 0,
    rules: tallies.map(({ use }) => use),
    unmatched: { count: 0, last: [] },
  };
  for (const event of events) {
    yield;
    const said = explain(event);
    if (said.status === 'not-an-alert') continue;
    const at = said.at ?? now;
    report.messages++;
    if (said.edited) report.edited++;
    if (said.news === 'fired') report.fired++;
    for (const { hear } of tallies) hear(said, at);
    if (said.status === 'firing' && said.matched.length === 0 && said.news === 'fired') {
      report.unmatched.count++;
      report.unmatched.last.push({ at, title: said.title ?? '', why: said.why ?? '' });
      if (report.unmatched.last.length > lastShown) report.unmatched.last.shift();
    }
  }
  for (const { endSilence } of tallies) endSilence(now);
  return report;
}

/** Counts what one rule would have done. `endSilence`: calls if its message has been missing for too long. */
function createTally(rule: Rule): {
  use: RuleUse;
  hear(said: DetailedExplanation, at: number): void;
  endSilence(at: number): void;
} {
  const use: RuleUse = { rule: rule.name, matched: 0, calls: 0, hours: new Array<number>(24).fill(0) };
  let lastBeatAt: number | null = null;

  function call(at: number): void {
    use.calls++;
    const hour = Math.floor(localTime(at, rule.timeZone ?? 'UTC').minute / 60);
    use.hours[hour] = (use.hours[hour] ?? 0) + 1;
  }
  function endSilence(at: number): void {
    const { silentForMs } = rule;
    if (silentForMs === undefined || lastBeatAt === null) return;
    if (at - lastBeatAt > silentForMs) call(lastBeatAt + silentForMs);
  }

  return {
    use,
    endSilence,
    hear(said, at) {
      if (said.calls.includes(rule.name)) call(at);
      if (!said.matched.includes(rule.name)) return;
      use.matched++;
      endSilence(at);
      lastBeatAt = at;
    },
  };
}

/** "02:00 (4), 14:00 (8)": the hours in which a rule would have called. */
export function hoursInWords(hours: readonly number[]): string {
  return hours
    .flatMap((times, hour) => (times === 0 ? [] : [`${String(hour).padStart(2, '0')}:00 (${times})`]))
    .join(', ');
}
