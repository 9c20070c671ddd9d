import { z } from 'zod';
import type { ReadPayload } from './types.ts';
import { problemOf } from './words.ts';

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
const schema = z
  .looseObject({
    text: z.string().nullish(),
    attachments: z.array(z.unknown()).nullish(),
    blocks: z.array(z.unknown()).nullish(),
    username: z.string().nullish(),
  })
  .refine(
    ({ text, attachments, blocks }) =>
      (text ?? '').trim() !== '' || (attachments ?? []).length > 0 || (blocks ?? []).length > 0,
    'it has neither text nor attachments nor blocks',
  );

/** Reads what a tool would post to a Slack incoming webhook. */
export function readSlackWebhook(body: unknown): ReadPayload {
  const read = schema.safeParse(body);
  if (!read.success) return { problem: problemOf('a message for a Slack webhook', read.error) };
  const { text, attachments, blocks, username } = read.data;
  return {
    posted: [
      {
        kind: 'message',
        message: {
          text: text ?? '',
          ...(attachments == null ? {} : { attachments }),
          ...(blocks == null ? {} : { blocks }),
          ...(username == null ? {} : { username }),
        },
      },
    ],
  };
}
