import type { AlertSeverity, AlertStatus, Rule, SourceFormat } from '../../config/types.ts';
import { callsAt, contextOf, decide, factsOf, type Heard, sentAt } from '../decide.ts';
import { type GateContext, gate, type NotAnAlert } from '../filter.ts';
import { flatten } from '../flatten.ts';
import { heardFrom } from '../formats/heard.ts';
import { readPayload } from '../formats/read.ts';
import type { Condition } from '../match-rules.ts';
import type { News } from '../same-alert.ts';
import { understand } from '../understand.ts';
import { createMemory } from './memory.ts';
import { nearestMiss } from './why-not.ts';

/** What one message event means, for people who try a rule. */
export interface Explanation {
  status: AlertStatus | 'not-an-alert';
  severity: AlertSeverity | null;
  title: string | null;
  link: string | null;
  key: string | null;
  /** The first matching rule. */
  rule: string | null;
  /** What the message changes of its alert. */
  news: News;
  /** The rules that call for this message, at once or after their cooldown. */
  calls: string[];
  /** If no rule matches: the nearest rule, and which of its conditions failed. */
  nearest: string | null;
  failed: Condition[];
  /** Why nobody is called. Null if somebody is. */
  why: string | null;
}

const nothing: Explanation = {
  status: 'not-an-alert',
  severity: null,
  title: null,
  link: null,
  key: null,
  rule: null,
  news: 'none',
  calls: [],
  nearest: null,
  failed: [],
  why: null,
};

const notAnAlert: Record<NotAnAlert, string> = {
  no_message: 'This is not a message.',
  deleted: 'A message that was deleted changes nothing.',
  other_subtype: 'Messages of this kind are never alerts (subtype).',
  person: 'A person wrote it: only messages of bots are alerts.',
  slackbot: 'Slackbot wrote it.',
  own_message: 'Voicecall wrote it itself.',
  other_workspace: 'Its sender is of another workspace.',
  unfurl: 'Slack added the preview of a link, and nothing else changed.',
  unchanged: 'The edit changed no words.',
};

/** The same, with what a report over many events also needs. */
export interface DetailedExplanation extends Explanation {
  /** Every matching rule. */
  matched: string[];
  /** Slack's time of the message or of its edit, ms. Null if it has none. */
  at: number | null;
  edited: boolean;
}

/** Explains events one after the other: the six fields that scripts read, and those that say why. */
export function createExplainer(rules: Rule[], now: number): (event: unknown) => Explanation {
  const explain = createDetailedExplainer(rules, now);
  return (event) => {
    const { matched: _matched, at: _at, edited: _edited, ...explanation } = explain(event);
    return explanation;
  };
}

/**
 * A function that explains events one after the other, with production's decisions. Edits, replies and resolves find
 * the alert they belong to.
 * @param now for rules with a time of day, if the message has no time; epoch ms
 * @param own who we are in Slack. Without it Voicecall's own messages are read like those of any bot.
 */
export function createDetailedExplainer(
  rules: Rule[],
  now: number,
  own: GateContext = {},
): (event: unknown) => DetailedExplanation {
  const explainHeard = createHeardExplainer(rules);
  return (event) => {
    const gated = gate(event, own);
    if (!('alert' in gated)) return { ...none, why: notAnAlert[gated.reason] };
    const { alert: message } = gated;
    const understood = understand(flatten(message.message), message);
    return explainHeard({ gated: message, understood, now: sentAt(message) ?? now });
  };
}

/**
 * Explains payloads one after the other, as a source posts them. Each may contain several alerts. Throws if a payload
 * is invalid.
 */
export function createPostedExplainer(
  rules: Rule[],
  now: number,
  source: { name: string; format: SourceFormat },
): (payload: unknown) => Explanation[] {
  const explainHeard = createHeardExplainer(rules);
  return (payload) => {
    const read = readPayload(source.format, payload);
    if ('problem' in read) throw new Error(read.problem);
    return read.posted.map((posted) => {
      const { name } = source;
      const heard = heardFrom(posted, { name, receivedAt: now, now, byWords: true });
      const { matched: _matched, at: _at, edited: _edited, ...explanation } = explainHeard(heard);
      return explanation;
    });
  };
}

function createHeardExplainer(rules: Rule[]): (heard: Heard) => DetailedExplanation {
  const memory = createMemory();
  return (heard) => {
    const { gated: message, understood } = heard;
    const known = memory.known(heard);
    const decision = decide(known, heard, rules);
    if (decision === null)
      return {
        ...none,
        why:
          heard.source === undefined
            ? 'Another sender wrote it in the thread of an alert.'
            : 'It acknowledges an alert that does not fire.',
      };
    const { key, status, news } = decision;
    const matched = [...decision.matched, ...decision.beats];
    const alert = memory.remember(decision, heard);
    for (const rule of decision.calling) {
      const calledAt = known.ruleCalls.get(alert.id)?.get(rule.name);
      memory.called(alert.id, rule.name, callsAt(rule, calledAt, heard.now));
    }
    const { severity, title, link } = understood;
    const miss =
      matched.length > 0 ? null : nearestMiss(rules, factsOf(understood, status), contextOf(heard));
    const calls = decision.calling.map((rule) => rule.name);
    return {
      ...{ status, severity, title, link, key, rule: matched[0]?.name ?? null },
      ...{ news, calls, nearest: miss?.rule ?? null, failed: miss?.failed ?? [] },
      why: calls.length > 0 ? null : whyNobody(rules, matched, miss?.why),
      ...{ matched: matched.map((rule) => rule.name), at: sentAt(message), edited: message.isEdit },
    };
  };
}

const none: DetailedExplanation = { ...nothing, matched: [], at: null, edited: false };

function whyNobody(rules: Rule[], matched: Rule[], miss: string | undefined): string {
  if (rules.length === 0) return 'There are no rules.';
  const [first] = matched;
  if (first?.silentForMs !== undefined)
    return `Rule ${first.name} calls when no such message has come for ${first.silentForMs / 1_000} s (silentFor).`;
  if (first !== undefined) return `Rule ${first.name} has called for this alert already.`;
  return miss ?? 'It says nothing new about its alert.';
}
