import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function single(value: unknown): string[] {
  const text = textOf(value);
  return text === '' ? [] : [text];
}

/**
 * The value of an input: the person's entry, else the app's `initial_…`, as plain strings (an option's value, an id,
 * a date, text). Empty if nothing is chosen.
 */
export function valuesOf(element: Fields, entered: Fields | undefined): string[] {
  if (entered !== undefined && Object.keys(entered).length > 0) {
    return [
      ...single(entered.value),
      ...single(fieldsOf(entered.selected_option).value),
      ...listOf(entered.selected_options).map((option) => textOf(option.value)),
      ...['user', 'conversation', 'channel', 'date', 'time', 'date_time'].flatMap((name) =>
        single(entered[`selected_${name}`]),
      ),
      ...['users', 'conversations', 'channels'].flatMap((name) => strings(entered[`selected_${name}`])),
    ];
  }
  return [
    ...single(element.initial_value),
    ...single(fieldsOf(element.initial_option).value),
    ...listOf(element.initial_options).map((option) => textOf(option.value)),
    ...['user', 'conversation', 'channel', 'date', 'time', 'date_time'].flatMap((name) =>
      single(element[`initial_${name}`]),
    ),
    ...['users', 'conversations', 'channels'].flatMap((name) => strings(element[`initial_${name}`])),
  ];
}

/** One choice. `group` is its heading. May be empty. */
export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly description: string;
  readonly group: string;
}

/** The options in an element itself, with groups flattened. */
export function choicesOf(element: Fields): Choice[] {
  const read = (option: Fields, group: string): Choice => ({
    value: textOf(option.value),
    label: textOf(fieldsOf(option.text).text),
    description: textOf(fieldsOf(option.description).text),
    group,
  });
  return [
    ...listOf(element.options).map((option) => read(option, '')),
    ...listOf(element.option_groups).flatMap((group) =>
      listOf(group.options).map((option) => read(option, textOf(fieldsOf(group.label).text))),
    ),
  ];
}
