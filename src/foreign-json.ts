import { cleanValue } from './clean-text.ts';

/** No tool nests deeper. JSON.stringify, and all that visits a value level by level, fails at a few thousand. */
const mostLevels = 200;

/** Characters that no database takes (NUL, lone surrogates). JSON can only write them as escapes. */
const mayBeUnclean = /\\u(?:0000|d[89a-f])/i;

/** JSON with more parts than its reader takes. */
export class TooManyParts extends Error {}

/**
 * Parses JSON that others wrote, with texts that both databases take. Throws SyntaxError, also for JSON that is nested
 * too deep, and TooManyParts.
 * @param mostParts how many values it may have in all: each costs time, whatever its size
 */
export function parseForeignJson(
  text: string,
  {
    mostParts = Number.POSITIVE_INFINITY,
    parse = JSON.parse,
  }: { mostParts?: number; parse?: (text: string) => unknown } = {},
): unknown {
  const { levels, parts } = shapeOf(text);
  if (levels > mostLevels) throw new SyntaxError(`it is nested more than ${mostLevels} levels deep`);
  if (parts > mostParts) throw new TooManyParts(`it has more than ${mostParts} values`);
  const value = parse(text);
  return mayBeUnclean.test(text) ? cleanValue(value) : value;
}

/** How deep the text nests, and how many values it has at most. Reads it once, whatever it holds. */
function shapeOf(text: string): { levels: number; parts: number } {
  let [level, levels, parts] = [0, 0, 1];
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfText(text, at);
        break;
      case openBrace:
      case openBracket:
        level += 1;
        parts += 1;
        levels = Math.max(levels, level);
        break;
      case closeBrace:
      case closeBracket:
        level -= 1;
        break;
      case comma:
        parts += 1;
    }
  }
  return { levels, parts };
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

function endOfText(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === quote) break;
    if (char === backslash) at += 1;
  }
  return at;
}
