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
  /** A channel, or a person: then their direct messages with the app. */
  channelId: string;
  threadTs: string | null;
  /** When the first and the last try were made that may have posted it (ms). */
  sinceAt: number;
  untilAt: number;
}

/** Slack's times are Slack's: our clock may differ by some minutes. */
const clockMarginSeconds = 600;

/**
 * Looks for a message that may have been posted although its answer got lost: among our own, in the thread or the
 * channel, around the time of the tries, however many messages came later. Returns its ts, or null where it is not there
 * (also where its thread is gone). Throws what the Web API throws.
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
    const messages = (answer.messages ?? []) as Found[];
    const found = messages.find(
      (each) => (each.user === deps.identity.botUserId || each.bot_id === deps.identity.botId) && isIt(each),
    );
    if (found?.ts !== undefined) return found.ts;
    cursor = answer.response_metadata?.next_cursor;
  } while (cursor !== undefined && cursor !== '');
  return null;
}

/** One page of the channel or the thread; null where the thread is gone. */
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

/** Whether a message carries this metadata: event type and one field of its payload. */
export function hasMetadata(message: Found, eventType: string, field: string, value: string): boolean {
  return message.metadata?.event_type === eventType && message.metadata.event_payload?.[field] === value;
}
