// The source of the JSON schema of Slack's types: only blocks that @slack/types knows, and no block of any type.
import type { HomeView, KnownBlock, MessageMetadata, ModalView } from '@slack/types';

/** The checked parts of a message. Slack's types have no single type for the rest. */
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
