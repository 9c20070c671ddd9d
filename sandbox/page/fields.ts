/** A JSON object from the app. Block Kit grows, so nothing is assumed about its fields. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object. An empty object if it is none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** The value as a list of objects. Empty if it is not a list. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** The value if it is text or a number, else the empty string. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}

/** Unescapes Slack's three entities, for text that is shown as it is and never read as mrkdwn. */
export function unescapeText(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** The `text` of a Block Kit text object, or the value itself if it is a bare string. */
export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : textOf(fieldsOf(value).text);
}
