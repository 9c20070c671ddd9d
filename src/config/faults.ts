/** One fault in the settings. `found` never contains a secret or a full phone number. */
export interface Fault {
  /** "voicecall.yaml:12:5" (the first line and column are 1) or the name of an environment variable. */
  place: string;
  found: string;
  expected: string;
  hint?: string;
}

/** All faults as lines for the terminal, in the given order. Empty string if there are none. */
export function formatFaults(faults: Fault[]): string {
  if (faults.length === 0) return '';
  const heading = faults.length === 1 ? '1 setting is wrong:' : `${faults.length} settings are wrong:`;
  const lines = faults.map(({ place, found, expected, hint }) => {
    const sentence = `  ${place}: found ${found}, expected ${expected}`;
    return hint === undefined ? sentence : `${sentence}\n    ${hint}`;
  });
  return [heading, ...lines].join('\n');
}

const MAX_SHOWN = 60;

/** A short description of a configured value, with phone numbers masked. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a group of keys';
  const text = hideDigits(String(value));
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return typeof value === 'string' ? JSON.stringify(shown) : shown;
}

/** Hides the middle digits of a possible phone number: at least four digits, with anything between them. */
export function hideDigits(text: string): string {
  return text.replace(/[+(]*\d(?:[\s().-]*\d){6,}/g, (number) => {
    const digits = number.match(/\d/g)?.length ?? 0;
    const last = Math.min(4, digits - 6);
    let seen = 0;
    return number.replace(/\d/g, (digit) => {
      seen += 1;
      return seen <= 2 || seen > digits - last ? digit : '•';
    });
  });
}
