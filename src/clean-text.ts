/**
 * A text from outside as both databases, Slack and the voice platform take it: without U+0000, and with U+FFFD for
 * each lone surrogate. The one place that does so; every edge uses it.
 */
export function cleanText(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed();
}

/** The same for all texts in parsed JSON, YAML and the like, keys included. Other values stay as they are. */
export function cleanValue<Value>(value: Value): Value {
  return clean(value) as Value;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(clean);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [cleanText(key), clean(each)]));
}
