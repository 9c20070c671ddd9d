import { z } from 'zod';
import { maskNumbers } from '../mask-numbers.ts';

/** What every answer of the platform is wrapped in, whichever of its shapes it came in. */
export interface Envelope {
  /** "0" is success; null where there is none that can be understood. */
  code: string | null;
  /** The platform's own words, cut to 300 characters: foreign text. */
  reason: string;
  data: unknown;
  /** Everything that came, unknown fields included. */
  fields: Record<string, unknown>;
}

const shape = z.looseObject({});

/** Reads `status`/`reason`/`data`, `code`/`msg` or `status`/`desc`, codes as text or number; null: no object at all. */
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

/** The platform's own words about a call. They may name the callee's number, and they are shown in channels. */
export function reasonText(value: unknown): string | null {
  const text = plainText(value);
  return text === null ? null : maskNumbers(text);
}

/** A code as text: "0", "-26"; null for anything that is no whole number. */
export function codeText(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  if (typeof value !== 'string') return null;
  const text = value.trim();
  return /^-?\d{1,15}$/.test(text) ? text : null;
}

/** Foreign words on one line, at most 300 characters; null for what is no text or empty. */
export function plainText(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = String(value)
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 300);
  return text === '' ? null : text;
}
