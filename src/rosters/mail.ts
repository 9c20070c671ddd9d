// In its own file, because expand.ts loads ical.js, which only the worker that reads calendars needs.

/** True if the text is a mail address. */
export function isMail(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>]+@[^\s@<>]+\.[^\s@<>.]+$/.test(text);
}
