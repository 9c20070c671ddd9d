/** A JSON object as it came from the app: Block Kit grows, so nothing about its fields is taken for granted. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object; an empty one if it is none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** The value as a list of objects; empty if it is no list. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** The value if it is text, else the empty string (numbers are written out). */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}

/** Slack's three entities turned back; for text that is shown as it is and never read as mrkdwn. */
export function unescapeText(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** The `text` of a Block Kit text object, or the value itself where Slack takes a bare string. */
export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : textOf(fieldsOf(value).text);
}
