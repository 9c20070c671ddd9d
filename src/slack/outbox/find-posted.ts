import { isGoneThread, slackFailure } from '../client/errors.ts';
import type { SlackDeps } from '../context/deps.ts';
import { conversationId } from './upload.ts';

interface Found {
  ts?: string;
  thread_ts?: string;
  user?: string;
  bot_id?: string;
  metadata?: { event_type?: string; event_payload?: Record<string, unknown> };
  files?: { name?: string | null }[];
}

export interface Place {
  /** A channel, or a person: then the person's direct messages with the app. */
  channelId: string;
  threadTs: string | null;
  /** The times of the first and the last try that may have posted it (ms). */
  sinceAt: number;
  untilAt: number;
}

/** Our clock may differ from Slack's by some minutes. */
const clockMarginSeconds = 600;

/**
 * Looks for a message that may have been posted although Slack's answer was lost. It reads our own messages in the
 * channel or thread, from around the time of the tries. Returns the ts, or null if it is not there or its thread is
 * gone. Throws the errors of the Web API.
 */
export async function findPosted(
  deps: SlackDeps,
  place: Place,
  isIt: (message: Found) => boolean,
): Promise<string | null> {
  const channel = await conversationId(deps, place.channelId);
  let cursor: string | undefined;
  do {
    const shared = {
      channel,
      oldest: String(Math.floor(deps.clock.wallOf(place.sinceAt) / 1000) - clockMarginSeconds),
      latest: String(Math.ceil(deps.clock.wallOf(place.untilAt) / 1000) + clockMarginSeconds),
      limit: 200,
      include_all_metadata: true,
      ...(cursor === undefined ? {} : { cursor }),
    };
    const answer = await page(deps, shared, place.threadTs);
    if (answer === null) return null;
    const messages: Found[] = answer.messages ?? [];
    const found = messages.find(
      (each) => (each.user === deps.identity.botUserId || each.bot_id === deps.identity.botId) && isIt(each),
    );
    if (found?.ts !== undefined) return found.ts;
    cursor = answer.response_metadata?.next_cursor;
  } while (cursor !== undefined && cursor !== '');
  return null;
}

/** One page of the channel or the thread; null if the thread is gone. */
async function page(
  deps: SlackDeps,
  shared: { channel: string; oldest: string; latest: string; limit: number },
  threadTs: string | null,
) {
  if (threadTs === null) return await deps.web.conversations.history(shared);
  try {
    return await deps.web.conversations.replies({ ...shared, ts: threadTs });
  } catch (error) {
    const failure = slackFailure(error);
    if (failure.kind === 'refused' && isGoneThread(failure.error)) return null;
    throw error;
  }
}

/** True if the message's metadata has this event type and this value in this field. */
export function hasMetadata(message: Found, eventType: string, field: string, value: string): boolean {
  return message.metadata?.event_type === eventType && message.metadata.event_payload?.[field] === value;
}
