// Apart from expand.ts, which loads ical.js: that is needed only in the worker that reads calendars.

/** True if the text is a mail address. */
export function isMail(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>]+@[^\s@<>]+\.[^\s@<>.]+$/.test(text);
}
