import { z } from 'zod';
import type { PostKind } from '../store/values.ts';

/** How a message came to stand where it stands. */
const trail = {
  /** The channel it belongs into, which is closed to the app. */
  movedFrom: z.string().exactOptional(),
  /** What Slack said of that channel. */
  error: z.string().exactOptional(),
  /** Places that were tried before this one. */
  tried: z.array(z.string()).exactOptional(),
  /** The message before it was deleted by somebody. */
  anew: z.literal(true).exactOptional(),
};

const shape = z.discriminatedUnion('kind', [
  /** The live state of a request. */
  z.object({ kind: z.literal('board'), ...trail }),
  /** Every callee's result, in the board's thread. */
  z.object({ kind: z.literal('results'), ...trail }),
  /** The approvers' card. */
  z.object({ kind: z.literal('card'), ...trail }),
  /** The CSV of a crowd, numbers masked: once all was sent, and once all is known. */
  z.object({ kind: z.literal('file'), when: z.enum(['sent', 'done']), ...trail }),
  /** The CSV with numbers in full, for the one person who asked for it in that minute. */
  z.object({ kind: z.literal('full'), userId: z.string(), minute: z.number() }),
  /** To the approvers, once. */
  z.object({ kind: z.literal('reminder') }),
  /** To the person who asked elsewhere: what the approvers decided. */
  z.object({ kind: z.literal('outcome') }),
  /** To a person: news whose channel is closed. `of`: the message that it replaces. */
  z.object({
    kind: z.literal('instead'),
    instead: z.enum(['board', 'results', 'file', 'card']),
    of: z.string(),
    channelId: z.string(),
    error: z.string(),
    tried: z.array(z.string()).exactOptional(),
  }),
  /** An alert that a tool posted to us, once for each time it fires, in each channel that shows it. */
  z.object({ kind: z.literal('alert'), alert: z.string(), episodeAt: z.number(), channelId: z.string() }),
  /** To the person who called themselves to test it: what came of it. */
  z.object({ kind: z.literal('tested') }),
  /** To a person: a contact with the caller numbers, for whoever asked for it in that minute. */
  z.object({ kind: z.literal('contact'), userId: z.string(), minute: z.number() }),
  /** Plain words, escaped where they are rendered; of one `once` there is one message for ever. */
  z.object({ kind: z.literal('words'), plain: z.string(), once: z.string().exactOptional() }),
]);

/** Everything that goes to Slack and must arrive. What is not in it is drawn from the database when it is posted. */
export type Post = z.infer<typeof shape>;

/** Where a post goes. */
export interface PostPlace {
  channelId: string;
  /** Goes into this message's thread, once that one is posted. */
  parentId?: string | null;
  threadTs?: string | null;
}

/** Names the post where there may be only one such: a second ask changes nothing. Null: any number of them. */
export function slotOf(post: Post, requestId: string | null): string | null {
  switch (post.kind) {
    case 'board':
    case 'results':
    case 'reminder':
    case 'outcome':
    case 'tested':
      return `${post.kind}:${requestId}`;
    case 'card':
      return post.movedFrom === undefined ? `card:${requestId}` : `card:${requestId}:moved`;
    case 'file':
      return `file:${requestId}:${post.when}`;
    case 'full':
      return `full:${requestId}:${post.userId}:${post.minute}`;
    case 'instead':
      return `moved:${post.of}`;
    case 'alert':
      return `alert:${post.alert}:${post.episodeAt}:${post.channelId}`;
    case 'contact':
      return `contact:${post.userId}:${post.minute}`;
    case 'words':
      return post.once ?? null;
  }
}

/** The columns that hold a post. */
export function toColumns(post: Post): { kind: PostKind; body: string | null } {
  const { kind, ...rest } = post;
  return { kind, body: Object.keys(rest).length === 0 ? null : JSON.stringify(rest) };
}

/** A post as it was stored; null where its content was erased since. Throws ZodError where it was not written by us. */
export function readPost(row: { kind: string; body: string | null }): Post | null {
  const rest = row.body === null ? {} : (JSON.parse(row.body) as object);
  const read = shape.safeParse({ ...rest, kind: row.kind });
  if (read.success) return read.data;
  if (row.body === null) return null;
  throw read.error;
}
