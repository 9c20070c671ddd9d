import { z } from 'zod';
import type { PostKind } from '../store/values.ts';

/** How a post came to its place. */
const trail = {
  /** The channel where it belongs but where the app may not post. */
  movedFrom: z.string().exactOptional(),
  /** Slack's error for that channel. */
  error: z.string().exactOptional(),
  /** Places that were tried before. */
  tried: z.array(z.string()).exactOptional(),
  /** Somebody deleted the message that this post replaces. */
  anew: z.literal(true).exactOptional(),
};

const shape = z.discriminatedUnion('kind', [
  /** The live state of a request. */
  z.object({ kind: z.literal('board'), ...trail }),
  /** The result of every callee, in the board's thread. */
  z.object({ kind: z.literal('results'), ...trail }),
  /** The approvers' card. */
  z.object({ kind: z.literal('card'), ...trail }),
  /** The CSV for a crowd, numbers masked: once when everything was sent, and once when everything is known. */
  z.object({ kind: z.literal('file'), when: z.enum(['sent', 'done']), ...trail }),
  /** The CSV with full numbers, for the person who asked for it in that minute. */
  z.object({ kind: z.literal('full'), userId: z.string(), minute: z.number() }),
  /** To the approvers; once. */
  z.object({ kind: z.literal('reminder') }),
  /** To the person who asked in another channel: what the approvers decided. */
  z.object({ kind: z.literal('outcome') }),
  /** A reply in the board's thread that a person must notice, because an edit notifies nobody. */
  z.object({ kind: z.literal('told'), about: z.enum(['decision', 'unknown', 'end', 'taken']), ...trail }),
  /** To a person: news for a channel where the app may not post. `of`: the message that it replaces. */
  z.object({
    kind: z.literal('instead'),
    instead: z.enum(['board', 'results', 'file', 'card']),
    of: z.string(),
    channelId: z.string(),
    error: z.string(),
    tried: z.array(z.string()).exactOptional(),
  }),
  /** An alert that a tool posted to us: one post for each episode, in each channel that shows it. */
  z.object({ kind: z.literal('alert'), alert: z.string(), episodeAt: z.number(), channelId: z.string() }),
  /** To the person who made a test call: its outcome. */
  z.object({ kind: z.literal('tested') }),
  /** To a person: a contact card with the caller numbers. At most one for each person and minute. */
  z.object({ kind: z.literal('contact'), userId: z.string(), minute: z.number() }),
  /** To a person: a copy of a recording, to listen to. */
  z.object({ kind: z.literal('audio'), recording: z.string(), userId: z.string(), minute: z.number() }),
  /** Plain words, escaped when they are rendered. There is only ever one post with the same `once`. */
  z.object({
    kind: z.literal('words'),
    /** `{time}` in it is replaced by `at`. */
    plain: z.string(),
    /** A time (ms), shown to each reader in their own time zone. */
    at: z.number().exactOptional(),
    once: z.string().exactOptional(),
    /** Slack's error for its channel, in which it waits. */
    error: z.string().exactOptional(),
  }),
]);

/**
 * Everything that goes to Slack and must arrive. The rest of its content is read from the database when it is posted.
 */
export type Post = z.infer<typeof shape>;

/** Where a post goes. */
export interface PostPlace {
  channelId: string;
  /** Goes into this post's thread, after that post was posted. */
  parentId?: string | null;
  threadTs?: string | null;
}

/**
 * The unique name of a post of which there may be only one: adding it again changes nothing. Null: there may be many.
 */
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
    case 'told':
      return `told:${requestId}:${post.about}`;
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
    case 'audio':
      return `audio:${post.recording}:${post.userId}:${post.minute}`;
    case 'words':
      return post.once ?? null;
  }
}

/** The columns that hold a post. */
export function toColumns(post: Post): { kind: PostKind; body: string | null } {
  const { kind, ...rest } = post;
  return { kind, body: Object.keys(rest).length === 0 ? null : JSON.stringify(rest) };
}

/** Reads a stored post. Null if its content was erased. Throws ZodError if the row was not written by Voicecall. */
export function readPost(row: { kind: string; body: string | null }): Post | null {
  const rest: object = row.body === null ? {} : JSON.parse(row.body);
  const read = shape.safeParse({ ...rest, kind: row.kind });
  if (read.success) return read.data;
  if (row.body === null) return null;
  throw read.error;
}
