import type { AlertSeverity, AlertStatus, Rule } from '../config/types.ts';
import { gate } from './filter.ts';
import { flatten } from './flatten.ts';
import { matchRules } from './match-rules.ts';
import { createTracker, track } from './tracker.ts';
import { understand } from './understand.ts';

/** What one message event means, for people who try a rule. */
export interface Explanation {
  status: AlertStatus | 'not-an-alert';
  severity: AlertSeverity | null;
  title: string | null;
  link: string | null;
  key: string | null;
  /** The first rule that takes it. */
  rule: string | null;
}

const nothing: Explanation = {
  status: 'not-an-alert',
  severity: null,
  title: null,
  link: null,
  key: null,
  rule: null,
};

/**
 * A function that explains one event after the other; edits, replies and resolves find the alert they belong to.
 * @param now for rules that ask for a time, where the message itself tells none; epoch ms
 */
export function createExplainer(rules: Rule[], now: number): (event: unknown) => Explanation {
  const state = createTracker();
  return (event) => {
    const gated = gate(event);
    if (!('alert' in gated)) return { ...nothing };
    const { alert } = gated;
    const understood = understand(flatten(alert.message), alert);
    const { key, status } = track(state, alert, understood);
    const sentAt = Math.round(Number(alert.editedTs ?? alert.ts) * 1000);
    const facts = { ...understood, status };
    const context = { ...alert, now: Number.isFinite(sentAt) && sentAt > 1e12 ? sentAt : now };
    const rule = matchRules(rules, facts, context)[0]?.name ?? null;
    const { severity, title, link } = understood;
    return { status, severity, title, link, key, rule };
  };
}
