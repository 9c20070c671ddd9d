import { setTimeout as wait } from 'node:timers/promises';
import { LogLevel, WebClient } from '@slack/web-api';
import { explainHistory, type HistoryReport, hoursInWords } from '../alerts/explain/history.ts';
import type { GateContext } from '../alerts/filter.ts';
import type { Config } from '../config/types.ts';
import {
  asEvent,
  type HistoryMessage,
  historyPaceMs,
  historyPages,
} from '../slack/client/channel-history.ts';
import { slackFailure } from '../slack/client/errors.ts';
import { inSlices } from '../slices.ts';

const dayMs = 24 * 3_600_000;

/**
 * Reads a channel's history with the app's token, and says what the rules would have done. Throws an Error with a
 * sentence.
 */
export async function historyInWords(
  config: Pick<Config, 'rules' | 'lists'>,
  channel: string,
  days: number,
): Promise<string> {
  const token = process.env.SLACK_BOT_TOKEN?.trim() ?? '';
  if (token === '') throw new Error('SLACK_BOT_TOKEN is not set: the history is read as the app.');
  const now = Date.now();
  const web = new WebClient(token, {
    ...(process.env.SLACK_API_URL ? { slackApiUrl: process.env.SLACK_API_URL } : {}),
    logLevel: LogLevel.ERROR,
    retryConfig: { retries: 3 },
    rejectRateLimitedCalls: true,
    timeout: 20_000,
  });
  const oldest = ((now - days * dayMs) / 1000).toFixed(6);
  const messages: HistoryMessage[] = [];
  let own: GateContext = {};
  let first = true;
  const pace = {
    turn: async () => {
      if (!first) await wait(historyPaceMs);
      first = false;
      return true;
    },
    pause: async (ms: number) => {
      await wait(ms);
      return true;
    },
  };
  try {
    const who = await web.auth.test();
    own = { ownBotId: who.bot_id, ownUserId: who.user_id, teamId: who.team_id };
    for await (const page of historyPages(web, { channel, oldest }, pace)) messages.push(...page);
  } catch (error) {
    throw new Error(`The history of ${channel} cannot be read: ${reasonOf(error)}`);
  }
  const timeOf = (message: HistoryMessage) => Number(message.edited?.ts ?? message.ts);
  const events = messages
    .sort((left, right) => timeOf(left) - timeOf(right))
    .map((message) => asEvent(channel, message));
  const rules = config.rules.filter((rule) => rule.channels.includes(channel));
  const report = await inSlices(explainHistory(rules, events, now, own));
  return reportInWords(report, { ...config, rules }, channel, days);
}

function reasonOf(error: unknown): string {
  const failure = slackFailure(error);
  if (failure.kind === 'limited') return 'Slack allows no more requests for now. Try again in a minute.';
  if (failure.error === 'not_in_channel') return 'Voicecall is not in it: type /invite @Voicecall there.';
  if (failure.error === 'channel_not_found') return 'Slack shows no such channel to Voicecall: check its id.';
  return failure.kind === 'refused'
    ? `Slack: ${failure.error}.`
    : `Slack cannot be reached (${failure.error}). Check the network and SLACK_API_URL.`;
}

function reportInWords(
  report: HistoryReport,
  config: Pick<Config, 'rules' | 'lists'>,
  channel: string,
  days: number,
): string {
  const lines = [
    `${channel}, the last ${days} days: ${report.messages} bot messages, ${report.fired} new alerts. Nobody was called.`,
  ];
  if (config.rules.length === 0) lines.push('No rule names this channel.');
  for (const { rule, matched, calls, hours } of report.rules) {
    const of = config.rules.find(({ name }) => name === rule);
    const callees = (of?.call ?? []).reduce((sum, entry) => sum + (config.lists[entry]?.length ?? 1), 0);
    const shadow = of?.mode === 'shadow' ? ' (shadow: calls nobody)' : '';
    lines.push(
      '',
      `Rule ${rule}${shadow}: would have called ${calls} times, ${calls * callees} calls to ${callees} ${callees === 1 ? 'person' : 'people'}; ${matched} messages matched.`,
    );
    if (calls > 0) lines.push(`  By hour (${of?.timeZone ?? 'UTC'}): ${hoursInWords(hours)}`);
  }
  const { count, last } = report.unmatched;
  if (count > 0) lines.push('', `${count} alerts matched no rule. The last of them:`);
  for (const { at, title, why } of last)
    lines.push(
      `  ${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}  ${title.slice(0, 80)}  ${why}`,
    );
  if (report.edited > 0)
    lines.push('', `${report.edited} messages were edited: their earlier text is not in the history.`);
  return lines.join('\n');
}
