import type { WebClient } from '@slack/web-api';
import { slackFailure } from './errors.ts';

/** Whether the app can post in a channel. `unknown`: Slack does not say, so try to post. */
export type ChannelAccess =
  | { kind: 'open'; name: string }
  | { kind: 'archived'; name: string }
  /** The app is not a member. */
  | { kind: 'outside'; name: string }
  /** The channel does not exist, or it is private and the app is not a member. */
  | { kind: 'unseen' }
  /** `error`: why Slack's answer is missing. Null: Slack answered without saying whether the app is a member. */
  | { kind: 'unknown'; name: string; error: unknown };

/** Asks Slack once. Never throws. */
export async function channelAccess(
  client: Pick<WebClient, 'conversations'>,
  channelId: string,
): Promise<ChannelAccess> {
  try {
    const { channel } = await client.conversations.info({ channel: channelId });
    const name = channel?.name ?? channelId;
    if (channel?.is_archived) return { kind: 'archived', name };
    if (channel?.is_im || channel?.is_mpim || channel?.is_member) return { kind: 'open', name };
    return channel?.is_member === false ? { kind: 'outside', name } : { kind: 'unknown', name, error: null };
  } catch (error) {
    const failure = slackFailure(error);
    const unseen =
      failure.kind === 'refused' &&
      (failure.error === 'channel_not_found' || failure.error === 'not_in_channel');
    return unseen ? { kind: 'unseen' } : { kind: 'unknown', name: channelId, error };
  }
}
