import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/min';

/** The format of the voice platform: 7 to 15 digits with the country code, without "+". */
export const CALLEE_PATTERN = /^[1-9][0-9]{6,14}$/;

// Codes that belong to no country (freephone, satellite, networks): https://www.itu.int/rec/T-REC-E.164.1
const COUNTRYLESS_CALLING_CODES = ['800', '808', '870', '878', '881', '882', '883', '888', '979'];

const callingCodes = new Set<string>([
  ...getCountries().map((country) => String(getCountryCallingCode(country))),
  ...COUNTRYLESS_CALLING_CODES,
]);

/** Countries by their calling code; several may share one. */
const countriesOfCode = Map.groupBy(getCountries(), (country) => String(getCountryCallingCode(country)));

/** The country of each calling code. Null: several countries share it, so only the whole number tells. */
const countryOfCode = new Map<string, CountryCode | null>();
for (const country of getCountries()) {
  const code = String(getCountryCallingCode(country));
  countryOfCode.set(code, countryOfCode.has(code) ? null : country);
}

/**
 * The country calling code at the start of `digits`. Null if there is none. No calling code is the start of another.
 */
export function callingCodeOf(digits: string): string | null {
  for (const length of [1, 2, 3]) {
    const code = digits.slice(0, length);
    if (callingCodes.has(code)) return code;
  }
  return null;
}

// A cache, because each number is asked about several times in a row. Parsing takes most of the time for ten thousand
// callees.
const recent = new Map<string, PhoneNumber | undefined>();

function parsed(digits: string): PhoneNumber | undefined {
  if (recent.has(digits)) return recent.get(digits);
  const number = parsePhoneNumberFromString(`+${digits}`);
  if (recent.size >= 8) recent.clear();
  recent.set(digits, number);
  return number;
}

/**
 * The country of a number (digits with country code). Null if it is not known: shared or satellite codes, unassigned
 * ranges.
 */
export function countryOf(digits: string): CountryCode | null {
  const only = CALLEE_PATTERN.test(digits) ? countryOfCode.get(callingCodeOf(digits) ?? '') : null;
  return only ?? parsed(digits)?.country ?? null;
}

/**
 * The country of a number, or all possible countries if its digits do not decide. Empty for satellites and similar
 * numbers.
 */
export function countriesOf(digits: string): readonly CountryCode[] {
  const country = countryOf(digits);
  return country === null ? (countriesOfCode.get(callingCodeOf(digits) ?? '') ?? []) : [country];
}

// Created on first use, because Intl needs 20 ms to load its data.
let countryNames: Intl.DisplayNames | undefined;

/** "India (IN)". Only the code if Intl has no name. */
export function countryName(country: CountryCode): string {
  countryNames ??= new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });
  const name = countryNames.of(country);
  return name === undefined || name === country ? country : `${name} (${country})`;
}

/** What the numbering plans say about a number in digits: valid, only of a possible length, or neither. */
export function plausibility(digits: string): 'valid' | 'possible' | 'doubtful' {
  const number = parsed(digits);
  // libphonenumber drops a trunk 0 after the country code; then the result is a different number.
  if (number === undefined || number.number !== `+${digits}`) return 'doubtful';
  if (number.isValid()) return 'valid';
  return number.isPossible() ? 'possible' : 'doubtful';
}

/**
 * Masks a number for channels: "+91 …4120", the country code and the last four digits, or fewer if less than four
 * digits would be hidden. "…" for text that is not a number.
 */
export function maskNumber(digits: string): string {
  if (!/^[0-9]+$/.test(digits)) return '…';
  const code = callingCodeOf(digits);
  const rest = digits.length - (code?.length ?? 0);
  if (rest < 4) return '…';
  const shown = Math.min(4, rest - 4);
  const tail = `…${digits.slice(digits.length - shown)}`;
  return code === null ? tail : `+${code} ${tail}`;
}
