import { z } from 'zod';
import { maskNumbers } from '../mask-numbers.ts';

/** The common shape of every answer of the platform. */
export interface Envelope {
  /** "0" is success. Null: no code, or none that we can read. */
  code: string | null;
  /** The platform's own words, at most 300 characters. Foreign text. */
  reason: string;
  data: unknown;
  /** The whole answer, with unknown fields. */
  fields: Record<string, unknown>;
}

const shape = z.looseObject({});

/**
 * Reads `status`/`reason`/`data`, `code`/`msg` or `status`/`desc`; a code may be text or a number. Null if the value
 * is not an object.
 */
export function parseEnvelope(value: unknown): Envelope | null {
  const parsed = shape.safeParse(value);
  if (!parsed.success) return null;
  const fields = parsed.data;
  return {
    code: codeText(fields.status) ?? codeText(fields.code),
    reason: reasonText(fields.reason) ?? reasonText(fields.msg) ?? reasonText(fields.desc) ?? '',
    data: fields.data,
    fields,
  };
}

/**
 * The platform's words about a call. Numbers are masked, because these words may name the callee and are shown in
 * channels.
 */
export function reasonText(value: unknown): string | null {
  const text = foreignLine(value);
  return text === null ? null : maskNumbers(text);
}

/** A code as text: "0", "-26". Null for anything but a short whole number: a longer one may be a phone number. */
export function codeText(value: unknown): string | null {
  if (typeof value === 'number') return codeText(String(value));
  if (typeof value !== 'string') return null;
  const text = value.trim();
  return /^-?\d{1,6}$/.test(text) ? text : null;
}

/** Foreign text on one line, at most 300 characters. Null if it is empty or not text. */
export function foreignLine(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = String(value)
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 300);
  return text === '' ? null : text;
}
