/** How a found number is written instead; `digits` are its digits as they were written, of any script. */
export type Mask = (digits: string) => string;

/** Its last four digits, or two where it has few. */
const lastDigits: Mask = (digits) => `***${digits.slice(digits.length < 9 ? -2 : -4)}`;

// What may be between two digits of one number as people write it.
const between = '[\\s().\u00b7/\\p{Pd}\u2212\uff08\uff09]{0,3}';
const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';

/** What has many digits and is no phone number. */
const kept = [
  // Slack's message times: "1712345678.123456".
  '1\\d{9}\\.\\d{6}(?!\\d)',
  // Dates, with the time of day.
  '(?:19|20)\\d{2}-[01]\\d-[0-3]\\d(?:[T ]\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,9})?)?)?(?![\\d-])',
  // Addresses of machines.
  `(?:${octet}\\.){3}${octet}(?::\\d{1,5})?(?![\\d.])`,
  // The voice platform's ids: more than 15 digits in one piece.
  '\\p{Nd}{16,}',
];
const found = new RegExp(
  `(?<![\\p{L}\\p{Nd}])(?:(?<kept>${kept.join('|')})|(?:[+\uff0b]|[(\uff08][+\uff0b]?)?\\p{Nd}(?:${between}\\p{Nd})*(?![\\p{L}\\p{Nd}]))`,
  'gu',
);

/**
 * The text with everything that could be a phone number masked: seven digits and more, of any script, with the spaces,
 * dashes, dots and brackets that people put between them. The one place that finds numbers in a text.
 */
export function maskNumbers(text: string, mask: Mask = lastDigits): string {
  return text.replace(found, (whole: string, isKept: string | undefined) => {
    if (isKept !== undefined) return whole;
    const digits = whole.replace(/\P{Nd}/gu, '');
    return digits.length < 7 ? whole : mask(digits);
  });
}
