import { setImmediate as nextTurn } from 'node:timers/promises';
import { flatten } from '../../alerts/flatten.ts';
import { understand } from '../../alerts/understand.ts';
import { slackFailure } from '../client/errors.ts';
import type { SlackDeps } from '../context/deps.ts';

/**
 * Runs in the background after a start. Warns about channels of rules that the app cannot read. Reads a sample message
 * several times, so that the patterns are compiled before the first real alert: the engine compiles them when they are
 * used, and again for speed when they are used once more (about 40 ms). Never throws.
 */
export async function prepareForAlerts(deps: SlackDeps): Promise<void> {
  const { rules } = deps.config();
  if (rules.length === 0) return;
  for (const time of ['first', 'second', 'third']) {
    await nextTurn();
    // Other words each time, because the reader keeps its last results.
    understand(flatten({ ...sample, text: `The ${time} time` }), {
      ...{ channel: undefined, botId: '', botName: undefined },
    });
  }
  for (const channelId of new Set(rules.flatMap((rule) => rule.channels))) {
    const problem = await channelProblem(deps, channelId);
    if (problem === null) continue;
    const named = rules.filter((rule) => rule.channels.includes(channelId)).map((rule) => rule.name);
    deps.log.warn({ channel: channelId, rules: named }, `${problem} Its alerts call nobody until then.`);
  }
}

async function channelProblem(deps: SlackDeps, channelId: string): Promise<string | null> {
  try {
    const { channel } = await deps.web.conversations.info({ channel: channelId });
    if (channel?.is_archived) return 'A rule names a channel that is archived: name another one.';
    if (channel?.is_member === false)
      return `A rule names #${channel.name}, and Voicecall is not in it: type /invite @Voicecall there.`;
    return null;
  } catch (error) {
    const failure = slackFailure(error);
    if (failure.kind !== 'refused') return null;
    return failure.error === 'channel_not_found'
      ? 'A rule names a channel that Slack does not show to Voicecall: check its id and type /invite @Voicecall there.'
      : `A rule names a channel that could not be checked (Slack: ${failure.error}): check the app's scopes and its id.`;
  }
}

const sample = {
  bot_id: 'B',
  ts: '1.1',
  text: '',
  attachments: [
    {
      color: 'a30200',
      title: '[FIRING:1] Disk almost full on db-1 (critical)',
      title_link: 'https://alerts.example.com/d/1?id=42&from=now',
      text: 'severity = critical\nhost: db-1\n*State:* Alarm',
      fields: [{ title: 'Severity', value: 'critical', short: true }],
      fallback: '[FIRING:1] Disk almost full on db-1 (critical) | https://alerts.example.com',
    },
  ],
  blocks: [
    { type: 'section', text: { type: 'mrkdwn', text: 'Triggered: *CPU* <https://example.com|high>' } },
  ],
};
