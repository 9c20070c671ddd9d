import type { KnownBlock, MessageMetadata } from '@slack/types';
import type { Selectable } from 'kysely';
import type { PostsTable } from '../../store/schema.ts';

export type PostRow = Selectable<PostsTable>;

export type Rendered =
  | {
      kind: 'message';
      text: string;
      blocks: KnownBlock[];
      metadata: MessageMetadata;
      /** True: the reply is also shown in the channel. */
      broadcast?: boolean;
    }
  | { kind: 'file'; name: string; title: string; content: string | Uint8Array; comment: string };
