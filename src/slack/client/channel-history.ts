import type { ConversationsHistoryResponse, WebClient } from '@slack/web-api';
import { z } from 'zod';
import { slackFailure } from './errors.ts';

/** Slack's Tier 3 allows about 50 calls a minute of a method: https://docs.slack.dev/apis/web-api/rate-limits */
export const historyPaceMs = 1_200;
const pageSize = 200;

const messageSchema = z.looseObject({
  ts: z.string(),
  edited: z.looseObject({ ts: z.string() }).optional(),
});

export type HistoryMessage = z.infer<typeof messageSchema>;

/** How the reader of a history waits. Each function returns false if the reader must stop. */
export interface HistoryPace {
  /** Waits before a page is read. */
  turn(): Promise<boolean>;
  /** Waits for the time that Slack asks for (ms). */
  pause(ms: number): Promise<boolean>;
}

/** A channel's messages since `oldest`, page by page; the newest come first. Throws the errors of the Web API. */
export async function* historyPages(
  web: WebClient,
  ask: { channel: string; oldest: string; mostPages?: number },
  pace: HistoryPace,
): AsyncGenerator<HistoryMessage[], undefined> {
  const { channel, oldest, mostPages = Number.POSITIVE_INFINITY } = ask;
  let cursor = '';
  for (let page = 0; page < mostPages; page++) {
    if (!(await pace.turn())) return undefined;
    const answer = await onePage(
      web,
      { channel, oldest, limit: pageSize, ...(cursor === '' ? {} : { cursor }) },
      pace,
    );
    if (answer === null) return undefined;
    yield (answer.messages ?? []).flatMap((raw) => {
      const message = messageSchema.safeParse(raw);
      return message.success ? [message.data] : [];
    });
    cursor = answer.response_metadata?.next_cursor ?? '';
    if (cursor === '') return undefined;
  }
  return undefined;
}

async function onePage(
  web: WebClient,
  ask: { channel: string; oldest: string; limit: number },
  pace: HistoryPace,
): Promise<ConversationsHistoryResponse | null> {
  for (;;) {
    try {
      return await web.conversations.history(ask);
    } catch (error) {
      const failure = slackFailure(error);
      if (failure.kind !== 'limited') throw error;
      if (!(await pace.pause(failure.retryAfterMs))) return null;
    }
  }
}

/** A message of the history in the shape of the event for it, or for its last edit. */
export function asEvent(channelId: string, message: HistoryMessage): Record<string, unknown> {
  const about = { type: 'message', channel: channelId };
  if (message.edited === undefined) return { ...about, ...message };
  return { ...about, subtype: 'message_changed', ts: message.edited.ts, message: { ...message } };
}
