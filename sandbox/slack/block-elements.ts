/**
 * Block Kit's elements and composition objects with their limits.
 * Figures: https://docs.slack.dev/reference/block-kit/block-elements and @slack/types 3.2.0.
 */

import type { Check, Context, Shape } from './block-checks.ts';
import {
  boolean,
  integer,
  isObject,
  kind,
  list,
  may,
  mrkdwn,
  must,
  object,
  oneOf,
  pattern,
  plain,
  string,
  text,
  typed,
  wrong,
} from './block-checks.ts';
import { richText } from './block-rich-text.ts';
import type { JsonObject } from './types.ts';

const confirm = object({
  title: may(plain(100)),
  text: must(text(300)),
  confirm: may(plain(30)),
  deny: may(plain(30)),
  style: may(oneOf('primary', 'danger')),
});

/** Option values: 75 in @slack/types, 150 in newer documentation. The smaller limit always works. */
const OPTION_VALUE = 75;

const option = (label: Check): Check =>
  object({
    text: must(label),
    value: must(string(OPTION_VALUE, 1)),
    description: may(text(75)),
    url: may(string(3000)),
  });

const plainOption = option(plain(75));
const anyOption = option(typed({ plain_text: plain(75), mrkdwn: mrkdwn(75) }, 'a text object'));

const optionGroup = object({ label: must(plain(75)), options: must(list(plainOption, 1, 100)) });

const focus: Check = (value, at, context) => {
  boolean(value, at, context);
  if (value === true) context.focused += 1;
};

const common: Shape = { action_id: may(string(255, 1)) };
const confirmable: Shape = { ...common, confirm: may(confirm) };
const focusable: Shape = { ...confirmable, focus_on_load: may(focus) };
const placeholdable: Shape = { ...focusable, placeholder: may(plain(150)) };
const id = string(255, 1);
const selected = may(integer(1, 1000));

const dispatch = may(
  object({
    trigger_actions_on: may(list(oneOf('on_enter_pressed', 'on_character_entered'), 1, 2)),
  }),
);

const conversationFilter = may(
  object({
    include: may(list(oneOf('im', 'mpim', 'private', 'public'), 1, 4)),
    exclude_external_shared_channels: may(boolean),
    exclude_bot_users: may(boolean),
  }),
);

function optionsOf(element: JsonObject): unknown[] {
  if (Array.isArray(element.options)) return element.options;
  if (!Array.isArray(element.option_groups)) return [];
  return element.option_groups.flatMap((group: unknown) =>
    isObject(group) && Array.isArray(group.options) ? group.options : [],
  );
}

const optionValue = (item: unknown): unknown => (isObject(item) ? item.value : undefined);

/** Values must differ, and an initial choice must be one of the options (Slack compares whole options). */
function optionRules(element: JsonObject, at: string, context: Context): void {
  const options = optionsOf(element);
  if (new Set(options.map(optionValue)).size !== options.length)
    wrong(context, at, 'option values must be unique');
  const first = Array.isArray(element.initial_options)
    ? element.initial_options
    : element.initial_option === undefined
      ? []
      : [element.initial_option];
  const known = options.map((item) => canonical(item));
  for (const item of first) {
    if (!known.includes(canonical(item)))
      wrong(context, at, 'initial option must exactly match one of the options');
  }
}

function canonical(value: unknown): string {
  if (!isObject(value)) return JSON.stringify(value) ?? '';
  return JSON.stringify(
    Object.keys(value)
      .sort()
      .filter((key) => key !== 'emoji')
      .map((key) => [key, canonical(value[key])]),
  );
}

function staticRules(element: JsonObject, at: string, context: Context): void {
  const given = ['options', 'option_groups'].filter((key) => element[key] !== undefined);
  if (given.length !== 1) wrong(context, at, 'must provide exactly one of options and option_groups');
  optionRules(element, at, context);
}

const staticFields: Shape = {
  ...placeholdable,
  options: may(list(plainOption, 1, 100)),
  option_groups: may(list(optionGroup, 1, 100)),
};

function lengthRules(element: JsonObject, at: string, context: Context): void {
  const { min_length: min, max_length: max, initial_value: initial } = element;
  if (typeof min === 'number' && typeof max === 'number' && min > max)
    wrong(context, at, 'min_length must not be greater than max_length');
  if (typeof initial === 'string' && typeof max === 'number' && initial.length > max)
    wrong(context, `${at}/initial_value`, `must be less than ${max + 1} characters`);
}

const decimal = pattern(/^-?\d+(\.\d+)?$/, 'a number in a string');

function numberRules(element: JsonObject, at: string, context: Context): void {
  const min = Number(element.min_value ?? Number.NEGATIVE_INFINITY);
  const max = Number(element.max_value ?? Number.POSITIVE_INFINITY);
  if (min > max) wrong(context, at, 'max_value cannot be less than min_value');
  const initial = element.initial_value;
  if (initial !== undefined && (Number(initial) < min || Number(initial) > max))
    wrong(context, `${at}/initial_value`, 'must be between min_value and max_value');
}

function imageRules(element: JsonObject, at: string, context: Context): void {
  const given = ['image_url', 'slack_file'].filter((key) => element[key] !== undefined);
  if (given.length !== 1) wrong(context, at, 'must provide exactly one of image_url and slack_file');
}

const slackFile = object({ id: may(string(255, 1)), url: may(string(3000, 1)) });

const feedbackButton = object({
  text: must(plain(75)),
  value: must(string(2000)),
  accessibility_label: may(string(75)),
});

const KINDS: Record<string, Check> = {
  button: kind('button', {
    ...confirmable,
    text: must(plain(75)),
    value: may(string(2000)),
    url: may(string(3000)),
    style: may(oneOf('primary', 'danger')),
    accessibility_label: may(string(75)),
  }),
  checkboxes: kind(
    'checkboxes',
    {
      ...focusable,
      options: must(list(anyOption, 1, 10)),
      initial_options: may(list(anyOption, 1, 10)),
    },
    optionRules,
  ),
  radio_buttons: kind(
    'radio_buttons',
    { ...focusable, options: must(list(anyOption, 1, 10)), initial_option: may(anyOption) },
    optionRules,
  ),
  overflow: kind('overflow', { ...confirmable, options: must(list(plainOption, 1, 5)) }, optionRules),
  static_select: kind('static_select', { ...staticFields, initial_option: may(plainOption) }, staticRules),
  multi_static_select: kind(
    'multi_static_select',
    { ...staticFields, initial_options: may(list(plainOption, 1, 100)), max_selected_items: selected },
    staticRules,
  ),
  external_select: kind('external_select', {
    ...placeholdable,
    initial_option: may(plainOption),
    min_query_length: may(integer(0, 3000)),
  }),
  multi_external_select: kind('multi_external_select', {
    ...placeholdable,
    initial_options: may(list(plainOption, 1, 100)),
    min_query_length: may(integer(0, 3000)),
    max_selected_items: selected,
  }),
  users_select: kind('users_select', { ...placeholdable, initial_user: may(id) }),
  multi_users_select: kind('multi_users_select', {
    ...placeholdable,
    initial_users: may(list(id, 1, 1000)),
    max_selected_items: selected,
  }),
  conversations_select: kind('conversations_select', {
    ...placeholdable,
    initial_conversation: may(id),
    default_to_current_conversation: may(boolean),
    response_url_enabled: may(boolean),
    filter: conversationFilter,
  }),
  multi_conversations_select: kind('multi_conversations_select', {
    ...placeholdable,
    initial_conversations: may(list(id, 1, 1000)),
    default_to_current_conversation: may(boolean),
    filter: conversationFilter,
    max_selected_items: selected,
  }),
  channels_select: kind('channels_select', {
    ...placeholdable,
    initial_channel: may(id),
    response_url_enabled: may(boolean),
  }),
  multi_channels_select: kind('multi_channels_select', {
    ...placeholdable,
    initial_channels: may(list(id, 1, 1000)),
    max_selected_items: selected,
  }),
  datepicker: kind('datepicker', {
    ...placeholdable,
    initial_date: may(pattern(/^\d{4}-\d{2}-\d{2}$/, 'a date as YYYY-MM-DD')),
  }),
  timepicker: kind('timepicker', {
    ...placeholdable,
    initial_time: may(pattern(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time as HH:mm')),
    timezone: may(string(255, 1)),
  }),
  datetimepicker: kind('datetimepicker', {
    ...focusable,
    initial_date_time: may(integer(1_000_000_000, 9_999_999_999)),
  }),
  plain_text_input: kind(
    'plain_text_input',
    {
      ...placeholdable,
      initial_value: may(string(3000)),
      multiline: may(boolean),
      min_length: may(integer(0, 3000)),
      max_length: may(integer(1, 3000)),
      dispatch_action_config: dispatch,
    },
    lengthRules,
  ),
  email_text_input: kind('email_text_input', {
    ...placeholdable,
    initial_value: may(string(3000)),
    dispatch_action_config: dispatch,
  }),
  url_text_input: kind('url_text_input', {
    ...placeholdable,
    initial_value: may(string(3000)),
    dispatch_action_config: dispatch,
  }),
  number_input: kind(
    'number_input',
    {
      ...placeholdable,
      is_decimal_allowed: must(boolean),
      initial_value: may(decimal),
      min_value: may(decimal),
      max_value: may(decimal),
      dispatch_action_config: dispatch,
    },
    numberRules,
  ),
  rich_text_input: kind('rich_text_input', {
    ...placeholdable,
    initial_value: may(richText),
    min_lines: may(integer(1, 100)),
    max_lines: may(integer(1, 100)),
    dispatch_action_config: dispatch,
  }),
  file_input: kind('file_input', {
    ...common,
    filetypes: may(list(string(255, 1), 1, 100)),
    max_files: may(integer(1, 10)),
  }),
  image: kind(
    'image',
    { image_url: may(string(3000, 1)), slack_file: may(slackFile), alt_text: must(string(2000, 1)) },
    imageRules,
  ),
  workflow_button: kind('workflow_button', {
    ...confirmable,
    text: must(plain(75)),
    workflow: must((value, at, context) => {
      if (!isObject(value)) wrong(context, at, 'must provide an object');
    }),
    style: may(oneOf('primary', 'danger')),
    accessibility_label: may(string(75)),
  }),
  feedback_buttons: kind('feedback_buttons', {
    ...common,
    positive_button: must(feedbackButton),
    negative_button: must(feedbackButton),
  }),
  icon_button: kind('icon_button', {
    ...confirmable,
    icon: must(oneOf('trash')),
    text: must(plain(75)),
    value: may(string(2000)),
    visible_to_user_ids: may(list(id, 1, 1000)),
    accessibility_label: may(string(75)),
  }),
  url: kind('url', { url: must(string(3000, 1)), text: must(string(3000, 1, true)) }),
};

/** An element of one of the `allowed` types. */
export const element = (what: string, allowed: readonly string[]): Check => typed(KINDS, what, allowed);

export { imageRules, slackFile };
