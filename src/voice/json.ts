import { cleanValue } from '../clean-text.ts';

/** Sixteen digits or more that may be a number and no text: 2^53 has sixteen. */
const bareLongNumber = /(?:^|[\s:,[-])\d{16}/;

/** Texts that no database takes; JSON can write them as escapes alone. */
const mayBeUnclean = /\\u(?:0000|d[89a-f])/i;

/**
 * JSON.parse for what the voice platform sends: whole numbers above 2^53 become strings with every digit kept, as a
 * voiceId has 19 or 20 of them. Throws SyntaxError.
 */
export function parseJson(text: string): unknown {
  const value = parse(text);
  return mayBeUnclean.test(text) ? cleanValue(value) : value;
}

function parse(text: string): unknown {
  // The reviver visits every value, twenty times the work: it is called only where there is something for it to do.
  if (!bareLongNumber.test(text)) return JSON.parse(text.replace(/^\uFEFF/, ''));
  // The reviver's third parameter holds the source text; TypeScript's library does not know it yet
  // (https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/JSON/parse#context).
  return JSON.parse(text.replace(/^\uFEFF/, ''), (_key, value: unknown, ...rest: { source?: string }[]) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const source = rest[0]?.source ?? '';
    return /^-?\d+$/.test(source) ? source : value;
  });
}
