/** Separators of callees in one line: comma, semicolon, their forms in other scripts, and tab. */
const separators = ',;\\t\uff0c\uff1b\u3001\u060c\u061b';

/** One separator, for splitting a line. */
export const separator = new RegExp(`[${separators}]`);

// Contains no separator, no bracket of a link, no colon, no "=" and no "+".
const partsOfNames = "\\p{L}\\p{M}\\p{N} .'’·_&/()#-";
const anythingElse = new RegExp(`[${separators}]|[^${partsOfNames}]`, 'gu');

/** Text as part of a name: letters, digits, spaces and a few signs stay; everything else becomes a space. */
export function withoutSeparators(text: string): string {
  return text.replace(anythingElse, ' ').replace(/ +/g, ' ').trim();
}
