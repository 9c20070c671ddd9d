// What the JSON schema of Slack's types is made from: only blocks that @slack/types knows, no block of any type.
import type { HomeView, KnownBlock, MessageMetadata, ModalView } from '@slack/types';

/** What of a message is checked; Slack's types have no one type for the rest. */
export interface ShownMessage {
  blocks?: KnownBlock[];
  metadata?: MessageMetadata;
}

export interface ShownModal extends Omit<ModalView, 'blocks'> {
  blocks: KnownBlock[];
}

export interface ShownHome extends Omit<HomeView, 'blocks'> {
  blocks: KnownBlock[];
}
