import { z } from 'zod';
import type { ReadPayload } from './types.ts';
import { problemOf } from './words.ts';

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
const schema = z
  .looseObject({
    text: z.string().optional(),
    attachments: z.array(z.unknown()).optional(),
    blocks: z.array(z.unknown()).optional(),
    username: z.string().optional(),
  })
  .refine(
    ({ text = '', attachments = [], blocks = [] }) =>
      text.trim() !== '' || attachments.length > 0 || blocks.length > 0,
    'it has neither text nor attachments nor blocks',
  );

/** Reads what a tool would post to a Slack incoming webhook. */
export function readSlackWebhook(body: unknown): ReadPayload {
  const read = schema.safeParse(body);
  if (!read.success) return { problem: problemOf('message for a Slack webhook', read.error) };
  const { text, attachments, blocks, username } = read.data;
  return {
    posted: [
      {
        kind: 'message',
        message: {
          text: text ?? '',
          ...(attachments === undefined ? {} : { attachments }),
          ...(blocks === undefined ? {} : { blocks }),
          ...(username === undefined ? {} : { username }),
        },
      },
    ],
  };
}
