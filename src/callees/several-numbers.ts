import { isNumberText, type NumberOptions, readNumber, withoutTrunk } from './number.ts';
import { plausibility } from './numbering-plan.ts';

interface ReadNumber {
  callee: string;
  name: null;
  doubt: null;
}

/**
 * Reads several numbers separated by spaces: each has its country code and fits its numbering plan, and there is only
 * one way to group the words. Otherwise null: the person must separate them.
 */
export function severalNumbers(text: string, options: NumberOptions): ReadNumber[] | null {
  if (!isNumberText(text)) return null;
  const words = text.trim().split(/ +/);
  const groups = onlyGrouping(words, options);
  if (groups === null || groups.length < 2) return null;
  const read = groups.map((group) => readNumber(group, options));
  const found = read.flatMap((each) => ('callee' in each && each.doubt === null ? [each.callee] : []));
  if (found.length < groups.length || !groups.every(hasCountryCode)) return null;
  return found.map((callee) => ({ callee, name: null, doubt: null }));
}

/** The only way to group `words` into numbers. Null if there is none or more than one. */
function onlyGrouping(words: readonly string[], options: NumberOptions): string[] | null {
  // ways[at]: at most two ways to group the words from `at` on. Computed from the end.
  const ways: string[][][] = Array.from({ length: words.length + 1 }, () => []);
  ways[words.length] = [[]];
  for (let at = words.length - 1; at >= 0; at -= 1) {
    for (let end = at + 1; end <= words.length; end += 1) {
      const group = words.slice(at, end).join(' ');
      // At most "00", a "(0)" and 15 digits.
      if (digitsOf(group).length > 18) break;
      const rest = ways[end] ?? [];
      if (rest.length === 0 || !couldBeNumber(group, options)) continue;
      ways[at] = [...(ways[at] ?? []), ...rest.map((others) => [group, ...others])].slice(0, 2);
    }
  }
  const [only, another] = ways[0] ?? [];
  return another === undefined ? (only ?? null) : null;
}

/** True if the numbering plans have such a number, with its country code or in the configured country. */
function couldBeNumber(group: string, options: NumberOptions): boolean {
  if (isPlausible(digitsOf(group)) || isPlausible(digitsOf(withoutTrunk(group)))) return true;
  return 'callee' in readNumber(group, { country: options.country });
}

function isPlausible(written: string): boolean {
  const digits = written.replace(/^00/, '');
  return digits.length >= 7 && digits.length <= 15 && plausibility(digits) !== 'doubtful';
}

/** Written with "+" or "00", or a valid number with its country code. */
function hasCountryCode(group: string): boolean {
  return /^\(?(\+|00)/.test(group) || plausibility(digitsOf(group)) === 'valid';
}

function digitsOf(text: string): string {
  return text.replace(/[^0-9]/g, '');
}
