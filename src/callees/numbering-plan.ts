import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/min';

/** What the voice platform takes: digits with the country code, no "+", 7 to 15 of them. */
export const CALLEE_PATTERN = /^[1-9][0-9]{6,14}$/;

// Shared by no country: https://www.itu.int/rec/T-REC-E.164.1 (freephone, satellite, networks).
const COUNTRYLESS_CALLING_CODES = ['800', '808', '870', '878', '881', '882', '883', '888', '979'];

const callingCodes = new Set<string>([
  ...getCountries().map((country) => String(getCountryCallingCode(country))),
  ...COUNTRYLESS_CALLING_CODES,
]);

/** Calling codes that one country has to itself; null: several share it, and only the number's own digits tell. */
const countryOfCode = new Map<string, CountryCode | null>();
for (const country of getCountries()) {
  const code = String(getCountryCallingCode(country));
  countryOfCode.set(code, countryOfCode.has(code) ? null : country);
}

/** The country calling code that `digits` begin with, or null if there is none like that. No calling code is the start of another. */
export function callingCodeOf(digits: string): string | null {
  for (const length of [1, 2, 3]) {
    const code = digits.slice(0, length);
    if (callingCodes.has(code)) return code;
  }
  return null;
}

// One number is asked about several times in a row; parsing it is most of the time that ten thousand callees take.
const recent = new Map<string, PhoneNumber | undefined>();

function parsed(digits: string): PhoneNumber | undefined {
  if (recent.has(digits)) return recent.get(digits);
  const number = parsePhoneNumberFromString(`+${digits}`);
  if (recent.size >= 8) recent.clear();
  recent.set(digits, number);
  return number;
}

/** The country of a number in digits with its country code; null where that is not known (shared or satellite codes, unassigned ranges). */
export function countryOf(digits: string): CountryCode | null {
  const only = CALLEE_PATTERN.test(digits) ? countryOfCode.get(callingCodeOf(digits) ?? '') : null;
  return only ?? parsed(digits)?.country ?? null;
}

// Made when first used: Intl's data takes 20 ms to load.
let countryNames: Intl.DisplayNames | undefined;

/** "India (IN)"; the code alone where Intl knows no name. */
export function countryName(country: CountryCode): string {
  countryNames ??= new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });
  const name = countryNames.of(country);
  return name === undefined || name === country ? country : `${name} (${country})`;
}

/** How sure the numbering plans are of a number in digits: valid, only of a possible length, or neither. */
export function plausibility(digits: string): 'valid' | 'possible' | 'doubtful' {
  const number = parsed(digits);
  // libphonenumber drops a trunk 0 that follows the country code; then it speaks of another number than ours.
  if (number === undefined || number.number !== `+${digits}`) return 'doubtful';
  if (number.isValid()) return 'valid';
  return number.isPossible() ? 'possible' : 'doubtful';
}

/**
 * A number as a channel may show it: "+91 …4120", country code and last four digits, fewer where less than
 * four digits would stay hidden. What is no number gives "…".
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

const zonesByCountry = new Map<CountryCode, string[]>();

/** The time zones of a country by Intl (IANA names); empty where Intl knows none. */
export function timeZonesOf(country: CountryCode): string[] {
  const known = zonesByCountry.get(country);
  if (known !== undefined) return known;
  const zones = readTimeZones(country);
  zonesByCountry.set(country, zones);
  return zones;
}

function readTimeZones(country: CountryCode): string[] {
  // Not a region of Unicode: Ascension, Tristan da Cunha and Kosovo have codes of libphonenumber's own.
  try {
    const locale: Intl.Locale & { getTimeZones?: () => string[] | undefined } = new Intl.Locale(
      `und-${country}`,
    );
    return locale.getTimeZones?.() ?? [];
  } catch {
    return [];
  }
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Minutes after midnight in `timeZone` (IANA name) at `at` (ms since the epoch). */
export function minuteOfDay(timeZone: string, at: number): number {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formatters.set(timeZone, formatter);
  }
  const [hours = '0', minutes = '0'] = formatter.format(at).split(':');
  return Number(hours) * 60 + Number(minutes);
}

/** Whether `minute` lies in the window, its start included and its end not; a window may run over midnight. */
export function isWithin(window: { fromMinute: number; toMinute: number }, minute: number): boolean {
  if (window.fromMinute <= window.toMinute) return minute >= window.fromMinute && minute < window.toMinute;
  return minute >= window.fromMinute || minute < window.toMinute;
}

/**
 * Whether it is between two times of day where this number belongs, at `at` (ms since the epoch). A country of
 * several time zones is in the window if any of them is. "unknown": no country, or none with known zones.
 */
export function isBetweenLocally(
  digits: string,
  window: { fromMinute: number; toMinute: number },
  at: number,
): 'yes' | 'no' | 'unknown' {
  const country = countryOf(digits);
  return country === null ? 'unknown' : isBetweenIn(country, window, at);
}

/** As isBetweenLocally, for a country: what ten thousand callees of a few countries need asking only a few times. */
export function isBetweenIn(
  country: CountryCode,
  window: { fromMinute: number; toMinute: number },
  at: number,
): 'yes' | 'no' | 'unknown' {
  const zones = timeZonesOf(country);
  if (zones.length === 0) return 'unknown';
  return zones.some((zone) => isWithin(window, minuteOfDay(zone, at))) ? 'yes' : 'no';
}
