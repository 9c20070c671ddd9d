import type { Config, Rule } from '../../config/types.ts';
import { header, type RenderedMessage, section, topText } from '../kit/blocks.ts';
import { channelMention, count, date, duration, foreign, listWords } from '../kit/text.ts';
import { entryWords } from '../words/call-words.ts';

const shown = 40;

type RulesConfig = Pick<Config, 'rules' | 'lists' | 'rosters' | 'country'>;

/** The rules of the configuration, and when each last matched (ms; null: never). */
export function renderRules(
  config: RulesConfig,
  matchedAt: (name: string) => number | null,
): RenderedMessage {
  const { rules } = config;
  if (rules.length === 0) {
    const none = 'There are no rules: no alert calls anybody. Write rules into voicecall.yaml.';
    return { text: none, blocks: [section(none)] };
  }
  const lines = rules.slice(0, shown).map((rule) => ruleLine(rule, config, matchedAt(rule.name)));
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
      ...(more > 0 ? [section(`${count(more)} more are in voicecall.yaml.`)] : []),
    ],
  };
}

function ruleLine(rule: Rule, config: RulesConfig, matchedAt: number | null): string {
  const what =
    rule.say === undefined
      ? `plays ${foreign(rule.recording ?? '', 80)}`
      : `says “${foreign(rule.say, 200)}”`;
  const whom = listWords(
    rule.call.map((entry) => calleeWords(entry, config)),
    8,
  );
  const steps = rule.furtherSteps.map(
    ({ afterMs, call }) =>
      `after ${duration(Math.round(afterMs / 1000))} ${listWords(
        call.map((entry) => calleeWords(entry, config)),
        4,
      )}`,
  );
  const then = steps.length === 0 ? '' : `, then ${listWords(steps, 5)}`;
  const mode = rule.mode === 'shadow' ? ' (shadow: calls nobody)' : '';
  const last = matchedAt === null ? 'never matched' : `last matched ${date(matchedAt)}`;
  return `*${foreign(rule.name, 80)}*${mode}: ${alertsWords(rule)} ${whom}${then}; ${what}; ${last}.`;
}

/** Which alerts the rule is for: "alerts in #ops and from prometheus call". */
function alertsWords({ channels, sources, silentForMs }: Rule): string {
  const from = [
    ...(channels.length === 0 ? [] : [`in ${listWords(channels.map(channelMention), 5)}`]),
    ...(sources.length === 0 ? [] : [`from ${foreign(listWords(sources, 5), 200)}`]),
  ];
  const where = from.length === 0 ? '' : ` ${from.join(' and ')}`;
  return silentForMs === undefined
    ? `alerts${where} call`
    : `if no alert comes${where} for ${duration(Math.round(silentForMs / 1000))}, it calls`;
}

function calleeWords(entry: string, { lists, rosters, country }: RulesConfig): string {
  if (Object.hasOwn(lists, entry) || Object.hasOwn(rosters, entry)) return foreign(entry, 60);
  return entryWords(entry, country);
}
