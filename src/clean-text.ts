/**
 * Makes foreign text acceptable for both databases, Slack and the voice platform: removes U+0000 and replaces each
 * lone surrogate by U+FFFD. Every edge uses this function.
 */
export function cleanText(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed();
}

/** The same for all texts in parsed JSON, YAML and similar, including keys. Other values are unchanged. */
export function cleanValue<Value>(value: Value): Value {
  // Only texts are replaced, by texts.
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
