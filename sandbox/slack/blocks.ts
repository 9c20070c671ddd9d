/**
 * Finds what Slack would refuse in blocks, messages and views. It is stricter than Slack in two points: a message
 * needs a top-level `text` (screen readers and notifications read it instead of the blocks), and a text over 40,000
 * characters is refused, which Slack would silently cut.
 */

import type { Check, Context } from './block-checks.ts';
import { boolean, isObject, list, may, must, object, plain, string, wrong } from './block-checks.ts';
import { block } from './block-kinds.ts';
import type { Problem } from './types.ts';

export const MESSAGE_BLOCKS = 50;
export const VIEW_BLOCKS = 100;
/** Undocumented; measured by users: https://github.com/slackapi/bolt-js/issues/2509 */
export const ALL_BLOCKS_TEXT = 13_200;
export const MESSAGE_TEXT = 40_000;
export const ATTACHMENTS = 100;
const MARKDOWN_TEXT = 12_000;
/** Slack does not publish the figure behind `metadata_too_large`. */
const METADATA_BYTES = 16_000;

function newContext(surface: Context['surface']): Context {
  return {
    surface,
    problems: [],
    textLength: 0,
    markdownLength: 0,
    tables: 0,
    inputs: 0,
    focused: 0,
    blockIds: new Set(),
  };
}

function runBlocks(blocks: unknown, at: string, context: Context, min: number): void {
  const max = context.surface === 'message' ? MESSAGE_BLOCKS : VIEW_BLOCKS;
  list(block, min, max)(blocks, at, context);
}

function totals(context: Context, at: string): void {
  if (context.surface !== 'message') return;
  if (context.textLength > ALL_BLOCKS_TEXT)
    wrong(context, at, `msg_blocks_too_long: ${context.textLength} characters, ${ALL_BLOCKS_TEXT} at most`);
  if (context.markdownLength > MARKDOWN_TEXT)
    wrong(context, at, `markdown blocks together must be less than ${MARKDOWN_TEXT + 1} characters`);
}

/**
 * Checks an array of blocks for one surface.
 * @returns the problems, in order; empty if Slack would accept the blocks
 */
export function checkBlocks(
  blocks: unknown,
  surface: 'message' | 'modal' | 'home' = 'message',
  at = '/blocks',
): Problem[] {
  const context = newContext(surface);
  runBlocks(blocks, at, context, 0);
  totals(context, at);
  return context.problems;
}

const payloadValue: Check = (value, at, context) => {
  if (['string', 'number', 'boolean'].includes(typeof value)) return;
  const objects = Array.isArray(value) ? value : [value];
  for (const item of objects) {
    const flat =
      isObject(item) &&
      Object.values(item).every((inner) => ['string', 'number', 'boolean'].includes(typeof inner));
    if (!flat) wrong(context, at, 'metadata values are strings, numbers, booleans or one level of objects');
  }
};

const metadata: Check = (value, at, context) => {
  object({
    event_type: must(string(255, 1)),
    event_payload: must((payload, path, inner) => {
      if (!isObject(payload)) return wrong(inner, path, 'must provide an object');
      for (const [key, item] of Object.entries(payload)) payloadValue(item, `${path}/${key}`, inner);
    }),
  })(value, at, context);
  if (Buffer.byteLength(JSON.stringify(value) ?? '') > METADATA_BYTES)
    wrong(context, at, 'metadata_too_large');
};

/**
 * Checks the arguments of chat.postMessage, chat.update, chat.postEphemeral or a response_url: text, blocks,
 * attachments (with their blocks) and metadata. Ignores other arguments.
 */
export function checkMessage(message: unknown): Problem[] {
  const context = newContext('message');
  if (!isObject(message)) return [{ pointer: '', message: 'must provide an object' }];
  const { text, blocks, attachments } = message;
  if (typeof text !== 'string' || text === '')
    wrong(context, '/text', 'missing top-level text: notifications and screen readers have nothing to read');
  if (typeof text === 'string' && text.length > MESSAGE_TEXT)
    wrong(context, '/text', `must be less than ${MESSAGE_TEXT + 1} characters`);
  if (blocks !== undefined) runBlocks(blocks, '/blocks', context, 0);
  if (attachments !== undefined) checkAttachments(attachments, context);
  totals(context, '/blocks');
  if (message.metadata !== undefined) metadata(message.metadata, '/metadata', context);
  return context.problems;
}

function checkAttachments(attachments: unknown, context: Context): void {
  list(
    (attachment, at, inner) => {
      if (!isObject(attachment)) return wrong(inner, at, 'must provide an object');
      if (attachment.blocks !== undefined) runBlocks(attachment.blocks, `${at}/blocks`, inner, 0);
    },
    0,
    ATTACHMENTS,
  )(attachments, '/attachments', context);
}

const viewCommon = {
  blocks: must(() => undefined),
  private_metadata: may(string(3000)),
  callback_id: may(string(255)),
  external_id: may(string(255)),
  type: must(string(20)),
};
const modalShape = {
  ...viewCommon,
  title: must(plain(24)),
  submit: may(plain(24)),
  close: may(plain(24)),
  clear_on_close: may(boolean),
  notify_on_close: may(boolean),
  submit_disabled: may(boolean),
};

/** Checks a modal or Home view for views.open, push, update, publish or a response_action. */
export function checkView(view: unknown): Problem[] {
  if (!isObject(view)) return [{ pointer: '', message: 'must provide an object' }];
  const type = view.type;
  if (type !== 'modal' && type !== 'home')
    return [{ pointer: '/type', message: `unsupported type: ${String(type)} (a view)` }];
  const context = newContext(type);
  object(type === 'modal' ? modalShape : viewCommon)(view, '', context);
  if (view.blocks !== undefined) runBlocks(view.blocks, '/blocks', context, 1);
  if (type === 'modal' && context.inputs > 0 && view.submit === undefined)
    wrong(context, '/submit', 'submit is required when an input block is within the blocks array');
  if (context.focused > 1) wrong(context, '/blocks', 'only one element may have focus_on_load');
  return context.problems;
}
