export const erasedPrefix = 'erased-';

/** The number of a call as it may be shown: the empty string once it was erased. */
export function shownCallee(callee: string): string {
  return callee.startsWith(erasedPrefix) ? '' : callee;
}
