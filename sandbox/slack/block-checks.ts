/**
 * The small checks in the tables of block-elements.ts and block-kinds.ts. Lengths are in UTF-16 units, which never
 * allows more than Slack does.
 */

import type { JsonObject, Problem } from './types.ts';

/** The state of one run of the checker. */
export interface Context {
  surface: 'message' | 'modal' | 'home';
  problems: Problem[];
  /** Characters of text so far, for the limit over all blocks. */
  textLength: number;
  /** Characters in markdown blocks so far. */
  markdownLength: number;
  tables: number;
  inputs: number;
  focused: number;
  blockIds: Set<string>;
}

export type Check = (value: unknown, at: string, context: Context) => void;

export interface Field {
  check: Check;
  required: boolean;
}

/** The fields that an object may have. Any other is refused, as Slack does. */
export type Shape = Record<string, Field>;

export const must = (check: Check): Field => ({ check, required: true });
export const may = (check: Check): Field => ({ check, required: false });

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Notes one problem. */
export function wrong(context: Context, at: string, message: string): void {
  context.problems.push({ pointer: at, message });
}

/** A string of `min` to `max` characters. A `visible` one counts towards the total of all blocks. */
export function string(max: number, min = 0, visible = false): Check {
  return (value, at, context) => {
    if (typeof value !== 'string') return wrong(context, at, 'must provide a string');
    if (visible) context.textLength += value.length;
    if (value.length < min) wrong(context, at, `must be more than ${min - 1} characters`);
    if (value.length > max) wrong(context, at, `must be less than ${max + 1} characters`);
  };
}

export const boolean: Check = (value, at, context) => {
  if (typeof value !== 'boolean') wrong(context, at, 'must provide a boolean');
};

export function integer(min: number, max: number): Check {
  return (value, at, context) => {
    if (typeof value !== 'number' || !Number.isInteger(value))
      return wrong(context, at, 'must provide an integer');
    if (value < min || value > max) wrong(context, at, `must be from ${min} to ${max}`);
  };
}

export const number: Check = (value, at, context) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) wrong(context, at, 'must provide a number');
};

export function pattern(regex: RegExp, what: string): Check {
  return (value, at, context) => {
    if (typeof value !== 'string' || !regex.test(value)) wrong(context, at, `must be ${what}`);
  };
}

export function oneOf(...values: unknown[]): Check {
  return (value, at, context) => {
    if (!values.includes(value)) wrong(context, at, `must be one of: ${values.join(', ')}`);
  };
}

export function list(check: Check, min: number, max: number): Check {
  return (value, at, context) => {
    if (!Array.isArray(value)) return wrong(context, at, 'must provide an array');
    if (value.length < min) wrong(context, at, `no fewer than ${min} items allowed`);
    if (value.length > max) wrong(context, at, `no more than ${max} items allowed`);
    value.forEach((item, index) => {
      check(item, `${at}/${index}`, context);
    });
  };
}

/** An object of this shape. `rule` then checks the whole object. */
export function object(
  shape: Shape,
  rule?: (value: JsonObject, at: string, context: Context) => void,
): Check {
  return (value, at, context) => {
    if (!isObject(value)) return wrong(context, at, 'must provide an object');
    for (const key of Object.keys(value)) {
      if (!(key in shape)) wrong(context, at, `invalid additional property: ${key}`);
    }
    for (const [key, field] of Object.entries(shape)) {
      if (value[key] === undefined) {
        if (field.required) wrong(context, at, `missing required field: ${key}`);
        continue;
      }
      field.check(value[key], `${at}/${key}`, context);
    }
    rule?.(value, at, context);
  };
}

/** An object whose shape depends on its `type`. */
export function typed(kinds: Record<string, Check>, what: string, allowed?: readonly string[]): Check {
  return (value, at, context) => {
    if (!isObject(value)) return wrong(context, at, 'must provide an object');
    const type = value.type;
    if (typeof type !== 'string') return wrong(context, at, 'missing required field: type');
    const check = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
    if (check === undefined || (allowed !== undefined && !allowed.includes(type))) {
      return wrong(context, `${at}/type`, `unsupported type: ${type} (${what})`);
    }
    check(value, at, context);
  };
}

const constant = (type: string): Field => must(oneOf(type));

/** A plain_text object of `min` to `max` characters. */
export function plain(max: number, min = 1): Check {
  return object({
    type: constant('plain_text'),
    text: must(string(max, min, true)),
    emoji: may(boolean),
  });
}

export function mrkdwn(max: number, min = 1): Check {
  return object({
    type: constant('mrkdwn'),
    text: must(string(max, min, true)),
    verbatim: may(boolean),
  });
}

export function text(max: number): Check {
  return typed({ plain_text: plain(max), mrkdwn: mrkdwn(max) }, 'a text object');
}

/** A block or element of a kind: its constant type, its fields, and a rule for the whole. */
export function kind(
  type: string,
  shape: Shape,
  rule?: (value: JsonObject, at: string, context: Context) => void,
): Check {
  return object({ type: constant(type), ...shape }, rule);
}
