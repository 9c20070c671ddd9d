import { type CountryCode, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { forbiddenNumber } from './forbidden.ts';
import { CALLEE_PATTERN, callingCodeOf, countryName, countryOf, plausibility } from './numbering-plan.ts';

/** Which numbers may be called, and how to read numbers without a country code. */
export interface NumberOptions {
  /** The country of numbers without a country code. Absent: every number needs one. */
  country?: CountryCode | undefined;
  /** Prefixes in digits, without "+". */
  deny?: string[] | undefined;
  /** Only numbers of these countries are allowed. */
  countries?: CountryCode[] | undefined;
}

/** Why a text cannot be called: follows the text in a sentence. `fix`: what to do about it, an imperative without a full stop. */
export interface Trouble {
  why: string;
  fix: string;
}

/**
 * Digits with the country code, and why the numbering plans doubt them (null: they do not). Or why the text cannot be
 * called.
 */
export type NumberReading = { callee: string; doubt: string | null } | Trouble;

/** A number with a name is never longer, so no pattern is tried on longer text. */
export const maxCalleeLength = 200;

const OTHER_DIGITS = [0xff10, 0x0660, 0x06f0, 0x0966];
const oneLineEach = 'Put each number on its own line';
const checkIt = 'Check the number';
const addCode = 'Add the country code';

function trouble(why: string, fix: string): Trouble {
  return { why, fix };
}

const missingCode = trouble('begins with no country code', addCode);
const wrongCode = trouble('begins with no known country code', 'Check the country code');

/**
 * Turns dashes, digits and spaces of other scripts into ASCII and removes invisible characters (zero width, direction
 * marks).
 */
export function normalizeTyped(text: string): string {
  return text
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n')
    .replace(/\p{Cf}|\p{Variation_Selector}/gu, '')
    .replace(/[\p{Cc}--[\n\t]]|\p{Zs}/gv, ' ')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/\uff0b/g, '+')
    .replace(/[\uff10-\uff19\u0660-\u0669\u06f0-\u06f9\u0966-\u096f]/g, (digit) => {
      const code = digit.charCodeAt(0);
      const zero = OTHER_DIGITS.find((start) => code >= start && code <= start + 9) ?? code;
      return String(code - zero);
    })
    .replace(/[\uff08\uff09]/g, (bracket) => (bracket === '\uff08' ? '(' : ')'));
}

/**
 * Reads one number as people write it: "+", "00", brackets, dashes, dots and spaces; national numbers if a country is
 * configured. Never guesses: a text with two readings is refused, and both are named. Pass `text` through normalizeTyped
 * first.
 */
export function readNumber(text: string, options: NumberOptions): NumberReading {
  const written = text.trim();
  const shape = wrongShape(written);
  if (shape !== null) return shape;
  const reading = interpret(written, options);
  if ('why' in reading) return reading;
  const forbidden = forbiddenNumber(reading.callee, options);
  return forbidden === null ? reading : trouble(forbidden.why, 'Remove the number');
}

/** True if a text has only the characters of a number, and at least one digit. */
export function isNumberText(text: string): boolean {
  return /^[0-9+().\-/ ]+$/.test(text) && /[0-9]/.test(text);
}

function wrongShape(written: string): Trouble | null {
  if (written.length > maxCalleeLength) return trouble('is longer than any number', checkIt);
  if (!isNumberText(written)) return trouble('is not a number', checkIt);
  if (/^[0-9]{7,}\.0+$/.test(written))
    return trouble('ends in ".0" as spreadsheets write decimals', 'Leave out the ".0"');
  if (/[0-9].*\+/.test(written)) return trouble('has a "+" in the middle', oneLineEach);
  if (/\+[^0-9]*\+/.test(written)) return trouble('has more than one "+"', checkIt);
  const digits = onlyDigits(written);
  if (digits.length >= 7) return mayBeSeveral(written);
  return trouble(
    `has ${digits.length} ${digits.length === 1 ? 'digit' : 'digits'}, a number has 7 to 15`,
    checkIt,
  );
}

/** What is wrong if spaces or slashes may separate two numbers. Otherwise null. */
function mayBeSeveral(written: string): Trouble | null {
  const digits = onlyDigits(written).replace(/^00/, '');
  for (const gap of written.matchAll(/[\s/]+/g)) {
    const left = onlyDigits(written.slice(0, gap.index)).replace(/^00/, '');
    const right = onlyDigits(written.slice(gap.index)).replace(/^00/, '');
    if (left.length < 7 || right.length < 7) continue;
    const halves = plausibility(left) === 'valid' && plausibility(right) === 'valid';
    if (digits.length <= 15 && plausibility(digits) === 'valid' && !halves) continue;
    if (digits.length > 15) return trouble(`has ${digits.length} digits, a number has 7 to 15`, oneLineEach);
    return trouble('could be one number or two', `${oneLineEach}, or leave out the space`);
  }
  return null;
}

function interpret(written: string, options: NumberOptions): NumberReading {
  const international = /^\(?\s*(\+|00)/.test(written);
  // Italy keeps its 0; libphonenumber knows that.
  const digits = onlyDigits(withoutTrunk(written)).replace(/^00/, '');
  if (international) return asInternational(digits, onlyDigits(written).replace(/^00/, ''), wrongCode);
  if (options.country === undefined) {
    if (digits.startsWith('0')) {
      return trouble('starts with 0 and has no country code', addCode);
    }
    return asInternational(digits, onlyDigits(written));
  }
  return asEither(digits, options.country, /^[(0]/.test(written));
}

/** Removes the "(0)" of "+44 (0)20 …": it is only used for calls inside the country. */
export function withoutTrunk(written: string): string {
  return written.replace(/([0-9][\s.)-]*)\(0\)/, '$1');
}

/** `noCode`: what is wrong if the digits begin with no country code. */
function asInternational(digits: string, withTrunk = digits, noCode = missingCode): NumberReading {
  if (digits.length < 7 || digits.length > 15)
    return trouble(`has ${digits.length} digits, a number has 7 to 15`, checkIt);
  if (digits.startsWith('0')) return trouble('has a 0 where the country code should be', addCode);
  const code = callingCodeOf(digits);
  if (code === null) return noCode;
  if (digits !== withTrunk && plausibility(digits) !== 'valid' && plausibility(withTrunk) === 'valid') {
    return asInternational(withTrunk);
  }
  if (digits[code.length] === '0') {
    if (plausibility(digits) !== 'valid') {
      return trouble(`has a 0 after the country code +${code}`, `Leave out the 0 after +${code}`);
    }
    return {
      callee: digits,
      doubt: `has a 0 after the country code +${code}, which the voice platform may refuse`,
    };
  }
  return { callee: digits, doubt: doubtOf(digits) };
}

/** Reads a number without "+" where a country is configured: with its country code, or national. */
function asEither(digits: string, country: CountryCode, nationalOnly: boolean): NumberReading {
  const parsed = parsePhoneNumberFromString(digits, country);
  const national = parsed === undefined ? null : parsed.number.slice(1);
  const usable = national !== null && CALLEE_PATTERN.test(national) ? national : null;
  const how = usable === null ? 'doubtful' : plausibility(usable);
  if (nationalOnly) {
    if (usable === null || how === 'doubtful') return trouble(`is not a number of ${country}`, addCode);
    return asInternational(usable);
  }
  const whole = asInternational(digits);
  if ('why' in whole || whole.callee === usable) {
    if ('why' in whole && (usable === null || how === 'doubtful')) return whole;
    return usable === null ? whole : asInternational(usable);
  }
  if (usable === null || how === 'doubtful') return whole;
  const wholeHow = plausibility(whole.callee);
  if (wholeHow === 'valid' && how !== 'valid') return whole;
  if (how === 'valid' && wholeHow !== 'valid') return asInternational(usable);
  // The platform's documentation uses the callee 91856321412, which is one digit too short for India but means +91.
  if (how !== 'valid' && digits.startsWith(getCountryCallingCode(country))) return whole;
  return trouble(`could be +${whole.callee} or +${usable}`, 'Write it with + and the country code');
}

function doubtOf(digits: string): string | null {
  if (plausibility(digits) === 'valid') return null;
  const country = countryOf(digits);
  const of = country === null ? `+${callingCodeOf(digits)}` : countryName(country);
  return `does not look like a number of ${of}`;
}

function onlyDigits(text: string): string {
  return text.replace(/[^0-9]/g, '');
}
