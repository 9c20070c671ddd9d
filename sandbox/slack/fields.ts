/**
 * The inputs of a view: their empty and initial values, what a person fills in, and what Slack's client refuses to
 * submit.
 */

import { isObject } from './block-checks.ts';
import { publicFile } from './messages.ts';
import type { Block, FieldValues, JsonObject, SandboxView, StateValue, ViewStateValues } from './types.ts';
import type { World } from './world.ts';

/** The key of each element type in the state: for one value, and for several. */
const KEYS: Record<string, { one?: string; many?: string }> = {
  plain_text_input: { one: 'value' },
  email_text_input: { one: 'value' },
  url_text_input: { one: 'value' },
  number_input: { one: 'value' },
  rich_text_input: { one: 'rich_text_value' },
  static_select: { one: 'selected_option' },
  external_select: { one: 'selected_option' },
  radio_buttons: { one: 'selected_option' },
  overflow: { one: 'selected_option' },
  users_select: { one: 'selected_user' },
  conversations_select: { one: 'selected_conversation' },
  channels_select: { one: 'selected_channel' },
  datepicker: { one: 'selected_date' },
  timepicker: { one: 'selected_time' },
  datetimepicker: { one: 'selected_date_time' },
  multi_static_select: { many: 'selected_options' },
  multi_external_select: { many: 'selected_options' },
  checkboxes: { many: 'selected_options' },
  multi_users_select: { many: 'selected_users' },
  multi_conversations_select: { many: 'selected_conversations' },
  multi_channels_select: { many: 'selected_channels' },
  file_input: { many: 'files' },
};

const INITIAL: Record<string, string> = {
  value: 'initial_value',
  rich_text_value: 'initial_value',
  selected_option: 'initial_option',
  selected_user: 'initial_user',
  selected_conversation: 'initial_conversation',
  selected_channel: 'initial_channel',
  selected_date: 'initial_date',
  selected_time: 'initial_time',
  selected_date_time: 'initial_date_time',
  selected_options: 'initial_options',
  selected_users: 'initial_users',
  selected_conversations: 'initial_conversations',
  selected_channels: 'initial_channels',
};

export type Element = JsonObject & { type: string; action_id: string };

/** The interactive elements of a block, with their places. */
export function elementsOf(block: Block): Element[] {
  const found = [block.element, block.accessory, ...(Array.isArray(block.elements) ? block.elements : [])];
  return found.filter(
    (item): item is Element =>
      isObject(item) && typeof item.type === 'string' && typeof item.action_id === 'string',
  );
}

/** Adds a missing action_id to every interactive element, as Slack does. */
export function withActionIds(blocks: Block[], newId: () => string): Block[] {
  const fill = (item: unknown): unknown =>
    isObject(item) &&
    typeof item.type === 'string' &&
    (item.type in KEYS || item.type === 'button') &&
    item.action_id === undefined
      ? { ...item, action_id: newId() }
      : item;
  return blocks.map((block) => {
    const result: Block = { ...block };
    if (block.element !== undefined) result.element = fill(block.element);
    if (block.accessory !== undefined) result.accessory = fill(block.accessory);
    if (block.type === 'actions' && Array.isArray(block.elements)) result.elements = block.elements.map(fill);
    return result;
  });
}

function firstValue(element: Element): StateValue | null {
  const keys = KEYS[element.type];
  if (keys === undefined || element.type === 'overflow') return null;
  const key = keys.one ?? keys.many ?? '';
  const initial = element[INITIAL[key] ?? ''];
  return { type: element.type, [key]: initial ?? (keys.one === undefined ? [] : null) };
}

/** The state of these blocks. Values typed before stay if block_id, action_id and type are the same. */
export function stateOf(blocks: Block[], before: ViewStateValues = {}): ViewStateValues {
  const values: ViewStateValues = {};
  for (const block of blocks) {
    const id = block.block_id ?? '';
    for (const element of elementsOf(block)) {
      const old = before[id]?.[element.action_id];
      const value = old !== undefined && old.type === element.type ? old : firstValue(element);
      if (value === null) continue;
      values[id] = { ...values[id], [element.action_id]: value };
    }
  }
  return values;
}

function optionsOf(element: Element): JsonObject[] {
  const groups = Array.isArray(element.option_groups) ? element.option_groups : [];
  const all = [
    ...(Array.isArray(element.options) ? element.options : []),
    ...groups.flatMap((group: unknown) =>
      isObject(group) && Array.isArray(group.options) ? group.options : [],
    ),
  ];
  return all.filter(isObject);
}

/** Converts a plain value to the element's own form. Throws for a value that no person could choose. */
export function valueFor(
  world: World,
  element: Element,
  value: string | string[] | number | null | undefined,
): StateValue {
  const keys = KEYS[element.type];
  if (keys === undefined) throw new Error(`${element.type} ${element.action_id} takes no value`);
  const items = value === null || value === undefined ? [] : [value].flat();
  const made = items.map((item) => oneValue(world, element, item));
  if (keys.many !== undefined) return { type: element.type, [keys.many]: made };
  return { type: element.type, [keys.one ?? '']: made[0] ?? null };
}

function oneValue(world: World, element: Element, item: string | number): unknown {
  if (
    ['static_select', 'multi_static_select', 'checkboxes', 'radio_buttons', 'overflow'].includes(element.type)
  ) {
    const option = optionsOf(element).find((candidate) => candidate.value === String(item));
    if (option === undefined) throw new Error(`${element.action_id} has no option "${item}"`);
    return option;
  }
  if (element.type === 'external_select' || element.type === 'multi_external_select')
    return { text: { type: 'plain_text', text: String(item), emoji: true }, value: String(item) };
  if (element.type === 'file_input') {
    const file = world.state.files.get(String(item));
    if (file === undefined) throw new Error(`the sandbox has no file ${item}`);
    const types = (element.filetypes ?? []) as string[];
    // Slack's file chooser offers only these types.
    if (types.length > 0 && !types.includes(file.filetype.toLowerCase()))
      throw new Error(`${element.action_id} takes ${types.join(', ')}, not ${file.name}`);
    return publicFile(world, String(item));
  }
  if (element.type === 'users_select' || element.type === 'multi_users_select') {
    if (!world.state.users.has(String(item))) throw new Error(`the sandbox has no user ${item}`);
  }
  if (element.type.endsWith('conversations_select') || element.type.endsWith('channels_select')) {
    if (!world.state.channels.has(String(item))) throw new Error(`the sandbox has no channel ${item}`);
  }
  if (element.type === 'datetimepicker') return Number(item);
  return String(item);
}

/** Fills values into a view's state. Throws if a block does not exist. */
export function fill(world: World, view: SandboxView, values: FieldValues | ViewStateValues): void {
  for (const [blockId, value] of Object.entries(values)) {
    const block = view.blocks.find((item) => item.block_id === blockId);
    if (block === undefined) throw new Error(`the view ${view.callback_id} has no block ${blockId}`);
    const elements = elementsOf(block);
    const byAction = isObject(value) && typeof value.type !== 'string';
    const pairs: [string, unknown][] = byAction
      ? Object.entries(value)
      : [[elements[0]?.action_id ?? '', value]];
    for (const [actionId, given] of pairs) {
      const element = elements.find((item) => item.action_id === actionId);
      if (element === undefined) throw new Error(`block ${blockId} has no element ${actionId}`);
      const stored = isObject(given)
        ? (given as StateValue)
        : valueFor(world, element, given as string | string[] | number | null);
      view.state.values[blockId] = { ...view.state.values[blockId], [actionId]: stored };
    }
  }
}

/** True if nothing is entered or chosen. */
function isEmpty(value: StateValue | undefined): boolean {
  if (value === undefined) return true;
  const { type: _type, ...rest } = value;
  return Object.values(rest).every(
    (item) =>
      item === null || item === undefined || item === '' || (Array.isArray(item) && item.length === 0),
  );
}

/** The errors that Slack's client itself shows under fields before it sends anything, by block_id. */
export function clientErrors(view: SandboxView): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const block of view.blocks.filter((item) => item.type === 'input')) {
    const id = block.block_id ?? '';
    const element = elementsOf(block)[0];
    const value = element === undefined ? undefined : view.state.values[id]?.[element.action_id];
    if (isEmpty(value)) {
      if (block.optional !== true) errors[id] = 'Please complete this required field.';
      continue;
    }
    const error = element === undefined ? null : lengthError(element, value ?? { type: '' });
    if (error !== null) errors[id] = error;
  }
  return errors;
}

function lengthError(element: Element, value: StateValue): string | null {
  const typed = typeof value.value === 'string' ? value.value : null;
  if (typed !== null && element.type === 'number_input') {
    const pattern = element.is_decimal_allowed === true ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
    if (!pattern.test(typed)) return 'Must be a valid number.';
    if (Number(typed) < Number(element.min_value ?? Number.NEGATIVE_INFINITY))
      return `Must be at least ${String(element.min_value)}.`;
    if (Number(typed) > Number(element.max_value ?? Number.POSITIVE_INFINITY))
      return `Must be at most ${String(element.max_value)}.`;
  } else if (typed !== null) {
    const max = typeof element.max_length === 'number' ? element.max_length : 3000;
    if (typed.length > max) return `Must be at most ${max} characters.`;
    if (typeof element.min_length === 'number' && typed.length < element.min_length)
      return `Must be at least ${element.min_length} characters.`;
  }
  const chosen = Object.values(value).find(Array.isArray);
  const most = element.max_selected_items ?? element.max_files ?? (element.type === 'file_input' ? 10 : null);
  if (chosen !== undefined && typeof most === 'number' && chosen.length > most)
    return `Choose ${most} at most.`;
  return null;
}
