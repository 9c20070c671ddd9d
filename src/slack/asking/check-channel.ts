import { slackFailure } from '../client/errors.ts';
import type { SlackDeps } from '../context/deps.ts';

/** Slack waits 3 s for the answer to Submit; the membership is worth half of it. */
const patienceMs = 1_500;

/**
 * Whether the app can write into a channel: null, or a sentence with what to do. Where Slack does not answer in time
 * the request goes on without the check: should it turn out closed, results go to the person who asked.
 */
export async function checkChannel(deps: SlackDeps, channelId: string): Promise<string | null> {
  const slow = new Promise<null>((resolve) => deps.clock.after(patienceMs, () => resolve(null)));
  return await Promise.race([ask(deps, channelId), slow]);
}

async function ask(deps: SlackDeps, channelId: string): Promise<string | null> {
  try {
    const { channel } = await deps.urgent.conversations.info({ channel: channelId });
    if (channel === undefined) return null;
    if (channel.is_archived) return `#${channel.name} is archived. Choose another channel.`;
    if (channel.is_im || channel.is_mpim || channel.is_member) return null;
    return `Voicecall is not in #${channel.name}. Type /invite @Voicecall there, then press the button again.`;
  } catch (error) {
    const failure = slackFailure(error);
    if (failure.kind !== 'refused') return null;
    if (failure.error === 'channel_not_found' || failure.error === 'not_in_channel') {
      return 'Voicecall cannot see this channel. Type /invite @Voicecall there, then press the button again.';
    }
    deps.log.warn({ channelId, error: failure.error }, 'a channel could not be checked');
    return null;
  }
}
