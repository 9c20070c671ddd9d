import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import type { KnownBlock } from '@slack/types';
import { explainHistory, type HistoryReport, hoursInWords } from '../../alerts/explain/history.ts';
import type { Rule } from '../../config/types.ts';
import { inSlices } from '../../slices.ts';
import { asEvent, type HistoryMessage, historyPages } from '../client/channel-history.ts';
import { slackFailure } from '../client/errors.ts';
import type { SlackDeps } from '../context/deps.ts';
import { actions, answer, button, type RenderedMessage, section } from '../kit/blocks.ts';
import { channelMention, date, foreign, plural, times } from '../kit/text.ts';
import { tellPresser } from '../replies/reply.ts';
import { ownIds } from './intake.ts';
import { paceOf } from './missed.ts';

const days = 30;
/** 5,000 messages. Reading them takes about 30 s at Slack's limit. */
const mostPages = 25;
const untilMs = 120_000;
/** How many stored events of the channel are searched for alerts that matched no rule. */
const eventsRead = 100;
const unmatchedShown = 3;

/**
 * Blocks for the channel in which somebody asks for the rules, if a rule names it: the last alerts that matched no
 * rule and why, and a button that tries the rules on the channel's history. Other channels are left out, because the
 * person may not be a member of them.
 */
export async function channelBlocks(deps: SlackDeps, channelId: string): Promise<KnownBlock[]> {
  const rules = rulesOf(deps, channelId);
  if (rules.length === 0) return [];
  const stored = await deps.store.read
    .selectFrom('alert_events')
    .select('body')
    .where('channel_id', '=', channelId)
    .where('body', '<>', '')
    .orderBy('received_at', 'desc')
    .limit(eventsRead)
    .execute();
  const events = stored.toReversed().map(({ body }) => parsed(body));
  const { unmatched } = await inSlices(explainHistory(rules, events, deps.clock.now(), ownIds(deps)));
  const lines = unmatched.last.slice(-unmatchedShown).map(unmatchedLine);
  return [
    ...(lines.length === 0
      ? []
      : [section(`*The last alerts here that matched no rule:*\n${lines.join('\n')}`)]),
    ...actions([button(`Try the rules on the last ${days} days`, 'rules_history', channelId)]),
  ];
}

function rulesOf(deps: SlackDeps, channelId: string) {
  return deps.config().rules.filter((rule) => rule.channels.includes(channelId));
}

/** Null if retention has erased the event. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function unmatchedLine({ at, title, why }: HistoryReport['unmatched']['last'][number]): string {
  return `• ${date(at)} ${foreign(title, 120)}: ${foreign(why, 200)}`;
}

/**
 * Registers the button. It reads the channel in the background, at Slack's limit, and answers only the person who
 * pressed it.
 */
export function registerTryRules(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('rules_history', async (press) => {
    await press.ack();
    // The channel comes from the press and not from the button's value, because Slack confirms that the person is
    // there.
    const channelId = press.body.channel?.id ?? '';
    const rules = rulesOf(deps, channelId);
    if (rules.length === 0) {
      await tellPresser(deps, press, { text: 'No rule names this channel any more.' });
      return;
    }
    await tellPresser(deps, press, {
      text: `Reading ${channelMention(channelId)}: the answer comes here within two minutes. Nobody is called.`,
    });
    void tryRules(deps, channelId).then(
      (told) => tellPresser(deps, press, told),
      (error: unknown) =>
        deps.log.error({ err: error }, 'the rules could not be tried on the history of a channel'),
    );
  });
}

async function tryRules(deps: SlackDeps, channelId: string): Promise<RenderedMessage> {
  const now = deps.clock.now();
  const ends = new AbortController();
  const cancel = deps.clock.after(untilMs, () => ends.abort());
  const pace = paceOf(deps, { valid: () => !ends.signal.aborted, signal: ends.signal });
  const oldest = ((now - days * 24 * 3_600_000) / 1000).toFixed(6);
  const messages: HistoryMessage[] = [];
  let pages = 0;
  try {
    for await (const page of historyPages(deps.web, { channel: channelId, oldest, mostPages }, pace)) {
      messages.push(...page);
      pages++;
    }
  } catch (error) {
    const failure = slackFailure(error);
    const why =
      failure.kind === 'limited' ? 'Slack limits how often it may be read' : `Slack: ${failure.error}`;
    return answer(`The history of ${channelMention(channelId)} cannot be read (${foreign(why, 100)}).`);
  } finally {
    cancel();
  }
  const timeOf = (message: HistoryMessage) => Number(message.edited?.ts ?? message.ts);
  const events = messages
    .sort((left, right) => timeOf(left) - timeOf(right))
    .map((message) => asEvent(channelId, message));
  const rules = rulesOf(deps, channelId);
  const report = await inSlices(explainHistory(rules, events, now, ownIds(deps)));
  return historyAnswer(report, { rules, channelId, cut: pages === mostPages || ends.signal.aborted });
}

const rulesShown = 20;

function matches(messages: number): string {
  return `${plural(messages, 'message')} matched`;
}

function historyAnswer(
  report: HistoryReport,
  { rules, channelId, cut }: { rules: readonly Rule[]; channelId: string; cut: boolean },
): RenderedMessage {
  const lead = `${channelMention(channelId)}, the last ${days} days${
    cut ? ' (only the newest messages: there are too many)' : ''
  }: ${plural(report.messages, 'bot message')}, ${plural(report.fired, 'new alert')}. Nobody was called.`;
  const lines = report.rules.slice(0, rulesShown).map(({ rule, matched, calls, hours }) => {
    const name = `*${foreign(rule, 80)}*`;
    if (calls === 0) return `${name} would not have called${matched === 0 ? '' : ` (${matches(matched)})`}.`;
    const zone = rules.find((each) => each.name === rule)?.timeZone ?? 'UTC';
    return `${name} would have called ${times(calls)} (${matches(matched)}), by hour (${foreign(zone, 60)}): ${hoursInWords(hours)}.`;
  });
  const { last } = report.unmatched;
  const unmatched =
    report.unmatched.count === 0
      ? []
      : [
          `*${plural(report.unmatched.count, 'alert')} matched no rule; the last ones:*`,
          ...last.map(unmatchedLine),
        ];
  return answer(lead, [
    section(lead),
    ...lines.map((line) => section(line)),
    ...(unmatched.length === 0 ? [] : [section(unmatched.join('\n'))]),
  ]);
}
