/** What stands between two callees of one line: comma, semicolon and the like in other scripts, and the tab. */
const separators = ',;\\t\uff0c\uff1b\u3001\u060c\u061b';

/** One separator, for splitting a line. */
export const separator = new RegExp(`[${separators}]`);

// No separator is among these, no bracket of a link, no colon, no "=" and no "+".
const partsOfNames = "\\p{L}\\p{M}\\p{N} .'’·_&/()#-";
const anythingElse = new RegExp(`[${separators}]|[^${partsOfNames}]`, 'gu');

/** A text as part of a name: letters, digits, spaces and a few signs; all else becomes a space. */
export function withoutSeparators(text: string): string {
  return text.replace(anythingElse, ' ').replace(/ +/g, ' ').trim();
}
