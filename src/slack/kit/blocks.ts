import type {
  ActionsBlock,
  Button,
  ConfirmationDialog,
  ContextBlock,
  HeaderBlock,
  KnownBlock,
  MessageMetadata,
  MrkdwnElement,
  PlainTextElement,
  SectionBlock,
} from '@slack/types';
import { slackLimits } from './limits.ts';
import { plain, truncateMarkup } from './text.ts';

export interface RenderedMessage {
  /** Must be complete without the blocks: notifications show only this text, and screen readers read it. */
  text: string;
  blocks: KnownBlock[];
}

export interface RenderedPost extends RenderedMessage {
  metadata: MessageMetadata;
}

export function plainText(text: string, max: number): PlainTextElement {
  return { type: 'plain_text', text: plain(text, max) || '–', emoji: true };
}

/** `text` is mrkdwn in which everything from outside is escaped already. */
export function mrkdwn(text: string, max: number = slackLimits.sectionText): MrkdwnElement {
  // `verbatim` keeps Slack from turning "@channel" or "#ops" in text from outside into mentions.
  return { type: 'mrkdwn', text: truncateMarkup(text, max) || '–', verbatim: true };
}

export function header(text: string): HeaderBlock {
  return { type: 'header', text: plainText(text, slackLimits.headerText) };
}

export function section(text: string, accessory?: Button): SectionBlock {
  return { type: 'section', text: mrkdwn(text), ...(accessory === undefined ? {} : { accessory }) };
}

export function context(...texts: string[]): ContextBlock {
  return {
    type: 'context',
    elements: texts.slice(0, slackLimits.contextElements).map((text) => mrkdwn(text, slackLimits.fieldText)),
  };
}

/** Returns no block if there are no buttons, because Slack refuses an empty actions block. */
export function actions(elements: Button[], blockId?: string): ActionsBlock[] {
  if (elements.length === 0) return [];
  return [{ type: 'actions', ...(blockId === undefined ? {} : { block_id: blockId }), elements }];
}

export function button(
  text: string,
  actionId: string,
  value: string,
  more: { style?: 'primary' | 'danger'; confirm?: ConfirmationDialog } = {},
): Button {
  return {
    type: 'button',
    text: plainText(text, slackLimits.buttonText),
    action_id: actionId,
    value: value.slice(0, slackLimits.buttonValue),
    ...more,
  };
}

export function confirmation(words: {
  title: string;
  text: string;
  confirm: string;
  deny: string;
  danger?: boolean;
}): ConfirmationDialog {
  return {
    title: plainText(words.title, slackLimits.confirmTitle),
    text: plainText(words.text, slackLimits.confirmText),
    confirm: plainText(words.confirm, slackLimits.confirmButton),
    deny: plainText(words.deny, slackLimits.confirmButton),
    ...(words.danger === true ? { style: 'danger' as const } : {}),
  };
}

/** The top-level text of a message; empty parts are left out. */
export function topText(...parts: (string | null)[]): string {
  return truncateMarkup(parts.filter(Boolean).join(' '), slackLimits.messageText);
}

export function answer(text: string, blocks: KnownBlock[] = [section(text)]): RenderedMessage {
  return { text: topText(text), blocks };
}
