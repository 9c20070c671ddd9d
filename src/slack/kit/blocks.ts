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
  /** Complete on its own: notifications and screen readers read it instead of the blocks. */
  text: string;
  blocks: KnownBlock[];
}

export interface RenderedPost extends RenderedMessage {
  metadata: MessageMetadata;
}

export function plainText(text: string, max: number): PlainTextElement {
  return { type: 'plain_text', text: plain(text, max) || '–', emoji: true };
}

/** `text` is mrkdwn with everything from outside escaped already. */
export function mrkdwn(text: string, max: number = slackLimits.sectionText): MrkdwnElement {
  // verbatim: names such as "@channel" or "#ops" in foreign text are not turned into mentions by Slack.
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

/** None where there are no buttons: Slack refuses an empty actions block. */
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

/** A message's top-level text; parts that are empty are left out. */
export function topText(...parts: (string | null)[]): string {
  return truncateMarkup(parts.filter(Boolean).join(' '), slackLimits.messageText);
}

export function answer(text: string, blocks: KnownBlock[] = [section(text)]): RenderedMessage {
  return { text: topText(text), blocks };
}
