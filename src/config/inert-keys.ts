/**
 * Keys that are read and checked but do nothing yet, as "limits.callsPerHour" or "rules.*.stop", each with the
 * sentence that says so at start. Empty: every key does what it says.
 */
export const INERT_KEYS: Record<string, string> = {};

/** The sentences for those inert keys that `file` (voicecall.yaml as plain data) sets. */
export function inertNotices(file: unknown, keys: Record<string, string> = INERT_KEYS): string[] {
  return Object.entries(keys)
    .filter(([key]) => isSet(file, key.split('.')))
    .map(([key, sentence]) => `${key}: ${sentence}`);
}

function isSet(value: unknown, path: string[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return value !== undefined;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, inner]) => (key === '*' || key === name) && isSet(inner, rest));
}
