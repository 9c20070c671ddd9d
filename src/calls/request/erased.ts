export const erasedPrefix = 'erased-';

/** The number of a call to show. Empty string after it was erased. */
export function shownCallee(callee: string): string {
  return callee.startsWith(erasedPrefix) ? '' : callee;
}
