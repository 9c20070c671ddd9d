import type { Rule } from '../../config/types.ts';
import { channelMention, count, date, foreign, listWords } from '../text.ts';
import { header, type RenderedMessage, section, topText } from './blocks.ts';

const shown = 40;

/** The rules of the configuration, each with when it last matched (ms; null: never). */
export function renderRules(
  rules: readonly Rule[],
  matchedAt: (name: string) => number | null,
): RenderedMessage {
  if (rules.length === 0) {
    const none = 'There are no rules: no alert rings anybody. Rules stand in voicecall.yaml.';
    return { text: none, blocks: [section(none)] };
  }
  const lines = rules.slice(0, shown).map((rule) => ruleLine(rule, matchedAt(rule.name)));
  const more = rules.length - lines.length;
  return {
    text: topText(
      `${count(rules.length)} rules: ${listWords(
        rules.map((rule) => foreign(rule.name, 60)),
        20,
      )}.`,
    ),
    blocks: [
      header(`Rules: ${count(rules.length)}`),
      ...lines.map((line) => section(line)),
      ...(more > 0 ? [section(`${count(more)} more stand in voicecall.yaml.`)] : []),
    ],
  };
}

function ruleLine(rule: Rule, matchedAt: number | null): string {
  const what =
    rule.say === undefined
      ? `plays ${foreign(rule.recording ?? '', 80)}`
      : `says “${foreign(rule.say, 200)}”`;
  const where = listWords(rule.channels.map(channelMention), 5);
  const mode = rule.mode === 'shadow' ? ' (shadow: rings nobody)' : '';
  const last = matchedAt === null ? 'never matched' : `last matched ${date(matchedAt)}`;
  return `*${foreign(rule.name, 80)}*${mode}: alerts in ${where} ring ${foreign(listWords(rule.call, 8), 300)}; ${what}; ${last}.`;
}
