import { isNumberText, maxCalleeLength, type NumberOptions, readNumber, type Trouble } from './number.ts';
import { withoutSeparators } from './separators.ts';

/** `marked`: a colon or angle brackets separate the name. `noNumber`: the text contains no number. */
export type NamedReading =
  | { callee: string; name: string | null; doubt: string | null; marked: boolean }
  | (Trouble & { noNumber: boolean });

const LABELS = /^(tel|telephone|phone|mobile|mob|cell|ph|number|no|call)\.?$/i;
const MAX_NAME = 80;

/**
 * Reads a number that may have a name beside it: "+91 …", "Asha <+91 …>", "Asha: +91 …", "Asha (+91 …)", "Asha +91
 * …", "+91 … Asha". An unmarked name must begin with a capital (or a letter without case) and have no digits, so that
 * a mistyped list is not read as a name.
 */
export function readNumberAndName(entry: string, options: NumberOptions): NamedReading {
  if (entry.length > maxCalleeLength) return no('is longer than any number or name', 'Check it');
  const text = entry.replace(/\btel:\s*/i, '').trim();
  if (isNumberText(text)) return named(text, { name: null, marked: false }, options);
  if (!/[0-9]/.test(text)) return { ...no('is not a number', 'Check it'), noNumber: true };
  if (/[0-9.]e\+?[0-9]+$/i.test(text)) {
    return no('was rounded by a spreadsheet', 'Format the column as text, then copy it again');
  }
  if (/[0-9)]\s*(x|ext\.?|extension|#)\s*[0-9]+$/i.test(text)) {
    return no('has an extension, which cannot be called', 'Remove the extension');
  }
  const bracketed =
    /^([^<>]*)<([^<>]*)>$/.exec(text) ?? /^([^<>()]*\p{L}[^<>()]*)\(\s*(\+[^()]*)\)$/u.exec(text);
  if (bracketed !== null) return beside(bracketed[2], { name: bracketed[1], marked: true }, options);
  const labelled = /^([^:=]*\p{L}[^:=]*)[:=]([^:=]*)$/u.exec(text);
  if (labelled !== null) return beside(labelled[2], { name: labelled[1], marked: true }, options);
  const before = /^(\p{L}[^0-9+(]*?)[\s-]*(?<![\p{L}\p{M}'.-])(\(?[+0-9].*)$/u.exec(text);
  if (before !== null) return beside(before[2], { name: before[1], marked: false }, options);
  const after = /^([+(0-9][^\p{L}]*?)[\s-]+\(?(\p{L}[^0-9+()]*)\)?$/u.exec(text);
  if (after !== null) return beside(after[1], { name: after[2], marked: false }, options);
  if (isNumberWithLetter(text)) return no('has a letter among its digits', 'Check the number');
  return { ...neither, noNumber: isOneWord(text) };
}

/** True for "+91 85632 1412O", where a letter was typed for a digit. */
function isNumberWithLetter(text: string): boolean {
  const digits = text.match(/[0-9]/g)?.length ?? 0;
  return digits >= 6 && /^[+(]{0,2}[0-9][0-9\s()./-]*\p{L}{1,2}[0-9\s()./-]*$/u.test(text);
}

function no(why: string, fix: string): Trouble & { noNumber: boolean } {
  return { why, fix, noNumber: false };
}

const neither = no('is neither a number nor a number with a name', 'Write it as “Name: number”');

function beside(
  number: string | undefined,
  { name, marked }: { name: string | undefined; marked: boolean },
  options: NumberOptions,
): NamedReading {
  const written = (number ?? '').trim();
  if (!isNumberText(written)) return neither;
  const label = cleanName(name ?? '');
  if (label === null || LABELS.test(label)) return named(written, { name: null, marked }, options);
  if (!marked && /^\p{Ll}/u.test(label)) {
    return no('has a word beside the number that is not a list', `Write “${label}: number” if it is a name`);
  }
  return named(written, { name: label, marked }, options);
}

function named(
  number: string,
  { name, marked }: { name: string | null; marked: boolean },
  options: NumberOptions,
): NamedReading {
  const read = readNumber(number, options);
  if ('why' in read) return no(read.why, read.fix);
  return { callee: read.callee, name, doubt: read.doubt, marked };
}

/**
 * Cleans a name for storage: letters, digits, spaces and a few signs, at most 80 characters. Null if nothing is left.
 */
export function cleanName(name: string): string | null {
  const clean = [...withoutSeparators(name.slice(0, 1_000))]
    .slice(0, MAX_NAME)
    .join('')
    .replace(/^[\s'·./-]+|[\s'/-]+$/g, '');
  return clean === '' ? null : clean;
}

function isOneWord(text: string): boolean {
  return /^[\p{L}][^\s]*$/u.test(text);
}
