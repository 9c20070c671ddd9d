/**
 * Block Kit's blocks, their limits, and the surfaces where each is allowed. Figures:
 * https://docs.slack.dev/reference/block-kit/blocks and @slack/types 3.2.0.
 */

import type { Check, Context, Shape } from './block-checks.ts';
import {
  boolean,
  integer,
  isObject,
  kind,
  list,
  may,
  must,
  number,
  object,
  oneOf,
  plain,
  string,
  text,
  typed,
  wrong,
} from './block-checks.ts';
import { element, imageRules, slackFile } from './block-elements.ts';
import { richText } from './block-rich-text.ts';
import type { JsonObject } from './types.ts';

const CHOOSERS = [
  'checkboxes',
  'radio_buttons',
  'static_select',
  'external_select',
  'users_select',
  'conversations_select',
  'channels_select',
  'multi_static_select',
  'multi_external_select',
  'multi_users_select',
  'multi_conversations_select',
  'multi_channels_select',
  'datepicker',
  'timepicker',
];
const ACTIONS = [
  'button',
  'overflow',
  'datetimepicker',
  'workflow_button',
  'rich_text_input',
  ...CHOOSERS.filter((type) => !type.startsWith('multi_')),
  ...CHOOSERS.filter((type) => type.startsWith('multi_')),
];
const ACCESSORIES = ['button', 'overflow', 'image', 'workflow_button', ...CHOOSERS];
const INPUTS = [
  ...CHOOSERS,
  'datetimepicker',
  'plain_text_input',
  'email_text_input',
  'url_text_input',
  'number_input',
  'rich_text_input',
  'file_input',
];

const base: Shape = { block_id: may(string(255, 1)) };

/** action_ids must differ within one block. */
function uniqueActions(block: JsonObject, at: string, context: Context): void {
  const elements = Array.isArray(block.elements) ? block.elements : [];
  const ids = elements.flatMap((item: unknown) =>
    isObject(item) && typeof item.action_id === 'string' ? [item.action_id] : [],
  );
  for (const id of new Set(ids.filter((item, index) => ids.indexOf(item) !== index)))
    wrong(context, at, `action_id "${id}" already exists`);
}

function sectionRules(block: JsonObject, at: string, context: Context): void {
  if (block.text === undefined && block.fields === undefined)
    wrong(context, at, 'missing required field: text or fields');
}

function inputRules(block: JsonObject, at: string, context: Context): void {
  context.inputs += 1;
  const type = isObject(block.element) ? block.element.type : undefined;
  if (type === 'file_input' && context.surface !== 'modal')
    wrong(context, `${at}/element`, 'file_input is for modals only');
}

const rawText = kind('raw_text', { text: must(string(10_000, 1)) });
const rawNumber = kind('raw_number', { value: must(number), text: must(string(10_000, 1)) });
const cell = typed({ raw_text: rawText, raw_number: rawNumber, rich_text: richText }, 'a table cell');

function textIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item: unknown) => sum + textIn(item), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, item]) => sum + (key === 'text' && typeof item === 'string' ? item.length : textIn(item)),
    0,
  );
}

/** Cells have a separate total. A message may have only one table. */
function tableRules(limit: number) {
  return (block: JsonObject, at: string, context: Context): void => {
    context.tables += 1;
    if (context.tables > 1) wrong(context, at, 'only_one_table_allowed');
    if (textIn(block.rows) > limit)
      wrong(context, `${at}/rows`, `all cells together must be less than ${limit + 1} characters`);
  };
}

const markdownText: Check = (value, at, context) => {
  string(12_000, 1, true)(value, at, context);
  if (typeof value === 'string') context.markdownLength += value.length;
};

const urlPlain = string(3000, 1);
const image = element('an image', ['image']);
const card = kind('card', {
  ...base,
  hero_image: may(image),
  icon: may(image),
  title: may(text(150)),
  subtitle: may(text(150)),
  body: may(text(200)),
  subtext: may(text(200)),
  actions: may(list(element('a button', ['button']), 1, 3)),
});

const task = kind('task_card', {
  ...base,
  task_id: must(string(255, 1)),
  title: must(string(3000, 1, true)),
  details: may(richText),
  output: may(richText),
  sources: may(list(element('a url source', ['url']), 1, 100)),
  status: must(oneOf('pending', 'in_progress', 'complete', 'error')),
});

const KINDS: Record<string, Check> = {
  section: kind(
    'section',
    {
      ...base,
      text: may(text(3000)),
      fields: may(list(text(2000), 1, 10)),
      accessory: may(element('a section accessory', ACCESSORIES)),
      expand: may(boolean),
    },
    sectionRules,
  ),
  header: kind('header', { ...base, text: must(plain(150)), level: may(integer(1, 4)) }),
  divider: kind('divider', base),
  context: kind('context', {
    ...base,
    elements: must(
      list(
        (value, at, context) =>
          isObject(value) && value.type === 'image'
            ? image(value, at, context)
            : text(3000)(value, at, context),
        1,
        10,
      ),
    ),
  }),
  actions: kind(
    'actions',
    { ...base, elements: must(list(element('an actions element', ACTIONS), 1, 25)) },
    uniqueActions,
  ),
  context_actions: kind(
    'context_actions',
    {
      ...base,
      elements: must(list(element('a context action', ['feedback_buttons', 'icon_button']), 1, 5)),
    },
    uniqueActions,
  ),
  input: kind(
    'input',
    {
      ...base,
      label: must(plain(2000)),
      hint: may(plain(2000)),
      optional: may(boolean),
      dispatch_action: may(boolean),
      element: must(element('an input element', INPUTS)),
    },
    inputRules,
  ),
  image: kind(
    'image',
    {
      ...base,
      image_url: may(string(3000, 1)),
      slack_file: may(slackFile),
      alt_text: must(string(2000, 1)),
      title: may(plain(2000)),
    },
    imageRules,
  ),
  rich_text: richText,
  markdown: kind('markdown', { ...base, text: must(markdownText) }),
  table: kind(
    'table',
    {
      ...base,
      rows: must(list(list(cell, 1, 20), 1, 100)),
      column_settings: may(
        list(
          (value, at, context) => {
            if (value === null) return;
            object({ align: may(oneOf('left', 'center', 'right')), is_wrapped: may(boolean) })(
              value,
              at,
              context,
            );
          },
          0,
          20,
        ),
      ),
    },
    tableRules(10_000),
  ),
  data_table: kind(
    'data_table',
    {
      ...base,
      rows: must(list(list(cell, 1, 20), 2, 201)),
      caption: must(string(3000, 1)),
      page_size: may(integer(1, 100)),
      row_header_column_index: may(integer(0, 19)),
    },
    tableRules(20_000),
  ),
  alert: kind('alert', {
    ...base,
    text: must(text(200)),
    level: may(oneOf('default', 'info', 'warning', 'error', 'success')),
  }),
  card,
  carousel: kind('carousel', { ...base, elements: must(list(card, 1, 10)) }),
  task_card: task,
  plan: kind('plan', { ...base, title: must(string(3000, 1, true)), tasks: may(list(task, 0, 50)) }),
  file: kind('file', { ...base, source: must(oneOf('remote')), external_id: must(string(255, 1)) }),
  video: kind('video', {
    ...base,
    video_url: must(urlPlain),
    thumbnail_url: must(urlPlain),
    alt_text: must(string(2000, 1)),
    title: must(plain(199)),
    title_url: may(urlPlain),
    author_name: may(string(49)),
    provider_name: may(string(255)),
    provider_icon_url: may(urlPlain),
    description: may(plain(200)),
  }),
};

const CHILDREN = [
  'actions',
  'context',
  'divider',
  'file',
  'header',
  'image',
  'input',
  'rich_text',
  'section',
  'table',
  'video',
];
KINDS.container = kind('container', {
  ...base,
  title: may(plain(150)),
  rich_text_title: may(richText),
  subtitle: may(text(150)),
  child_blocks: must(list(typed(KINDS, 'a child block', CHILDREN), 1, 10)),
  width: may(oneOf('narrow', 'standard', 'wide', 'full')),
  icon: may(image),
  is_collapsible: may(boolean),
  default_collapsed: may(boolean),
  has_header_divider: may(boolean),
});

const MESSAGE_ONLY = [
  'markdown',
  'table',
  'data_table',
  'card',
  'carousel',
  'task_card',
  'plan',
  'context_actions',
  'file',
];
const SURFACES: Record<Context['surface'], string[]> = {
  message: Object.keys(KINDS).filter((type) => type !== 'alert'),
  modal: Object.keys(KINDS).filter((type) => !MESSAGE_ONLY.includes(type)),
  home: Object.keys(KINDS).filter((type) => type !== 'alert' && !MESSAGE_ONLY.includes(type)),
};

/** One block on this surface. Its block_id must be new. */
export const block: Check = (value, at, context) => {
  typed(KINDS, `a block in a ${context.surface}`, SURFACES[context.surface])(value, at, context);
  const id = isObject(value) ? value.block_id : undefined;
  if (typeof id !== 'string') return;
  if (context.blockIds.has(id)) wrong(context, `${at}/block_id`, `block_id "${id}" already exists`);
  context.blockIds.add(id);
};
