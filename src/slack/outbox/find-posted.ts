import type { SlackDeps } from '../context/deps.ts';

interface Found {
  ts?: string;
  thread_ts?: string;
  user?: string;
  bot_id?: string;
  metadata?: { event_type?: string; event_payload?: Record<string, unknown> };
  files?: { name?: string | null }[];
}

/** Slack's times are Slack's: our clock may be ahead by some minutes. */
const clockMarginSeconds = 600;

/**
 * Looks for a message that may have been posted although its answer got lost: in the thread or the channel, since
 * shortly before the first try, among our own. Returns its ts or null. Throws what the Web API throws.
 */
export async function findPosted(
  deps: SlackDeps,
  place: { channelId: string; threadTs: string | null; sinceAt: number },
  isIt: (message: Found) => boolean,
): Promise<string | null> {
  const oldest = String(Math.floor(place.sinceAt / 1000) - clockMarginSeconds);
  let cursor: string | undefined;
  for (let page = 0; page < 10; page++) {
    const shared = {
      channel: place.channelId,
      oldest,
      limit: 200,
      include_all_metadata: true,
      ...(cursor === undefined ? {} : { cursor }),
    };
    const answer =
      place.threadTs === null
        ? await deps.web.conversations.history(shared)
        : await deps.web.conversations.replies({ ...shared, ts: place.threadTs });
    const messages = (answer.messages ?? []) as Found[];
    const found = messages.find(
      (each) => (each.user === deps.identity.botUserId || each.bot_id === deps.identity.botId) && isIt(each),
    );
    if (found?.ts !== undefined) return found.ts;
    cursor = answer.response_metadata?.next_cursor;
    if (cursor === undefined || cursor === '') return null;
  }
  return null;
}

/** Whether a message carries this metadata: event type and one field of its payload. */
export function hasMetadata(message: Found, eventType: string, field: string, value: string): boolean {
  return message.metadata?.event_type === eventType && message.metadata.event_payload?.[field] === value;
}
