/** The replacement for a found number. `digits` are its digits as written, in any script. */
export type Mask = (digits: string) => string;

/** The last four digits, or two if there are few. */
const lastDigits: Mask = (digits) => `***${digits.slice(digits.length < 9 ? -2 : -4)}`;

// The characters that people write between two digits of one number.
const between = '[\\s().\u00b7/\\p{Pd}\u2212\uff08\uff09]{0,3}';
const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';

/** Texts with many digits that are no phone numbers. */
const kept = [
  // Slack's message times: "1712345678.123456".
  '1\\d{9}\\.\\d{6}(?!\\d)',
  // Dates, with a time of day.
  '(?:19|20)\\d{2}-[01]\\d-[0-3]\\d(?:[T ]\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,9})?)?)?(?![\\d-])',
  // IP addresses.
  `(?:${octet}\\.){3}${octet}(?::\\d{1,5})?(?![\\d.])`,
  // The voice platform's ids: more than 15 digits without a gap.
  '\\p{Nd}{16,}',
];
const found = new RegExp(
  `(?<![\\p{L}\\p{Nd}])(?:(?<kept>${kept.join('|')})|(?:[+\uff0b]|[(\uff08][+\uff0b]?)?\\p{Nd}(?:${between}\\p{Nd})*(?![\\p{L}\\p{Nd}]))`,
  'gu',
);

/**
 * Masks everything in a text that could be a phone number: at least seven digits of any script, with the spaces,
 * dashes, dots and brackets that people write between them. The only function that finds numbers in a text.
 */
export function maskNumbers(text: string, mask: Mask = lastDigits): string {
  return text.replace(found, (whole: string, isKept: string | undefined) => {
    if (isKept !== undefined) return whole;
    const digits = whole.replace(/\P{Nd}/gu, '');
    return digits.length < 7 ? whole : mask(digits);
  });
}
