import { parseForeignJson } from '../foreign-json.ts';

/** At least sixteen digits that may be a number and not text: 2^53 has sixteen. */
const bareLongNumber = /(?:^|[\s:,[-])\d{16}/;

/**
 * JSON.parse for the voice platform: a whole number above 2^53 becomes a string with every digit, because a voiceId
 * has 19 or 20 digits. Throws SyntaxError.
 */
export function parseJson(text: string): unknown {
  return parseForeignJson(text, { parse });
}

function parse(text: string): unknown {
  // A reviver visits every value and is twenty times slower, so it is used only where a long number may be.
  if (!bareLongNumber.test(text)) return JSON.parse(text.replace(/^\uFEFF/, ''));
  // The reviver's third parameter holds the source text. TypeScript's library does not declare it yet:
  // https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/JSON/parse#context
  return JSON.parse(text.replace(/^\uFEFF/, ''), (_key, value: unknown, ...rest: { source?: string }[]) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const source = rest[0]?.source ?? '';
    return /^-?\d+$/.test(source) ? source : value;
  });
}
