import type { Rule } from '../../config/types.ts';
import { type Condition, failedConditions, type RuleContext, type RuleFacts } from '../match-rules.ts';

/** The nearest rule, and why it does not match. */
export interface Miss {
  rule: string;
  failed: Condition[];
  /** The first failed condition, in words. */
  why: string;
}

/** More than a rule has. */
const mostConditions = 100;

/** The first rule with the fewest failed conditions, first among those that read the place. Null if there is no rule. */
export function nearestMiss(rules: readonly Rule[], facts: RuleFacts, context: RuleContext): Miss | null {
  let nearest: { rule: Rule; failed: Condition[]; distance: number } | null = null;
  for (const rule of rules) {
    const failed = [...new Set(failedConditions(rule, facts, context))];
    // A rule of another channel or source is never the one that was meant.
    const elsewhere = failed.includes('channels') || failed.includes('sources');
    const distance = failed.length + (elsewhere ? mostConditions : 0);
    if (nearest === null || distance < nearest.distance) nearest = { rule, failed, distance };
  }
  const first = nearest?.failed[0];
  if (nearest === null || first === undefined) return null;
  const { rule, failed } = nearest;
  return { rule: rule.name, failed, why: `Rule ${rule.name}: ${inWords(first, rule, facts, context)}.` };
}

function inWords(condition: Condition, rule: Rule, facts: RuleFacts, context: RuleContext): string {
  const { match } = rule;
  switch (condition) {
    case 'channels':
      return rule.channels.length === 0
        ? `reads no channel, only what is posted to ${rule.sources.join(', ') || 'a source'}`
        : `reads ${rule.channels.join(', ')}; the message is in ${context.channel ?? 'no channel'}`;
    case 'sources':
      return rule.sources.length === 0
        ? 'reads no source'
        : `reads ${rule.sources.join(', ')}; this was posted to ${context.source ?? 'no source'}`;
    case 'status':
      return `needs status ${(match.status ?? ['firing']).join(' or ')}; the message is ${facts.status}${
        match.status?.includes('any') === true ? ', which has to be named' : ''
      }`;
    case 'severity':
      return `needs severity ${(match.severity ?? []).map(String).join(' or ')}; the message has ${
        facts.severity ?? 'none (null)'
      }`;
    case 'from': {
      const sender = [context.botId, context.appId].filter((id) => id !== undefined).join(' or ');
      return `needs a message from ${(match.from ?? []).join(' or ')}; this one is from ${sender}`;
    }
    case 'title':
      return 'the title does not match';
    case 'text':
      return 'the text does not match';
    case 'not':
      return 'the message matches what the rule excludes (not)';
    case 'between':
      return 'does not apply at that time or on that day';
  }
}
