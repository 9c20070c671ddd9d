import type { InputBlock, ModalView, PlainTextOption } from '@slack/types';
import { plainText } from './blocks.ts';
import { slackLimits } from './limits.ts';

type Element = InputBlock['element'];

/** An input whose block_id and action_id are both the field's name. */
export function input(
  field: string,
  label: string,
  element: Element,
  more: { hint?: string; optional?: boolean } = {},
): InputBlock {
  return {
    type: 'input',
    block_id: field,
    label: plainText(label, slackLimits.labelText),
    element: { ...element, action_id: field },
    optional: more.optional === true,
    ...(more.hint === undefined ? {} : { hint: plainText(more.hint, slackLimits.labelText) }),
  };
}

/** An optional input for a whole number. A value outside the limits is not filled in. */
export function numberInput(
  field: string,
  label: string,
  [min, max]: readonly [number, number],
  {
    value,
    placeholder,
    hint,
  }: { value?: number | undefined; placeholder?: number | undefined; hint: string },
): InputBlock {
  const fits = value !== undefined && Number.isInteger(value) && value >= min && value <= max;
  return input(
    field,
    label,
    {
      type: 'number_input',
      is_decimal_allowed: false,
      min_value: String(min),
      max_value: String(max),
      ...(placeholder === undefined
        ? {}
        : { placeholder: plainText(String(placeholder), slackLimits.placeholder) }),
      ...(fits ? { initial_value: String(value) } : {}),
    },
    { optional: true, hint },
  );
}

/** Null if the value is empty or too long for Slack. */
export function option(text: string, value: string, description?: string): PlainTextOption | null {
  if (value.length > slackLimits.optionValue || value === '') return null;
  return {
    text: plainText(text, slackLimits.optionText),
    value,
    ...(description === undefined ? {} : { description: plainText(description, slackLimits.optionText) }),
  };
}

/** The same for several options; those with an empty or too long value are left out. */
export function options(
  entries: readonly { text: string; value: string; description?: string | undefined }[],
): PlainTextOption[] {
  return entries.flatMap(({ text, value, description }) => option(text, value, description) ?? []);
}

export function modal(view: {
  callbackId: string;
  title: string;
  blocks: ModalView['blocks'];
  submit?: string;
  close?: string;
  metadata?: string;
}): ModalView {
  const metadata = view.metadata ?? '';
  if (metadata.length > slackLimits.privateMetadata) throw new RangeError('private_metadata is too long');
  return {
    type: 'modal',
    callback_id: view.callbackId,
    title: plainText(view.title, slackLimits.viewTitle),
    close: plainText(view.close ?? 'Close', slackLimits.viewTitle),
    ...(view.submit === undefined ? {} : { submit: plainText(view.submit, slackLimits.viewTitle) }),
    ...(metadata === '' ? {} : { private_metadata: metadata }),
    blocks: view.blocks.slice(0, slackLimits.viewBlocks),
  };
}
