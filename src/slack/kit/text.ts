import { isChannelId, isGroupId, isUserId } from '../../slack-ids.ts';

/** Escapes text from outside for mrkdwn: https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The opposite: what people type reaches the app escaped. */
export function unescapeText(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Cuts text to `max` UTF-16 units, including the "…". Never cuts inside a character. */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  let cut = '';
  for (const character of text) {
    if (cut.length + character.length > max - 1) break;
    cut += character;
  }
  return max < 1 ? '' : `${cut}…`;
}

/** Cuts finished mrkdwn in the same way. Never cuts inside a mention, date or entity. */
export function truncateMarkup(text: string, max: number): string {
  if (text.length <= max) return text;
  return truncate(text, max).replace(/(<[^<>]*|&[a-z]*)…$/, '…');
}

/** Makes text one line and removes control characters, including those that change the text's direction. */
export function oneLine(text: string): string {
  return (
    text
      .toWellFormed()
      .replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
      // Bidirectional controls could make a number or a name look like another: https://trojansource.codes
      .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
      .trim()
  );
}

/** Text from outside for places without markup (plain_text, a table cell): one line of at most `max` characters. */
export function plain(text: string, max: number): string {
  return truncate(oneLine(text), max);
}

/** Text from outside for mrkdwn: one line, escaped, at most `max` characters after escaping. No entity is cut. */
export function foreign(text: string, max: number): string {
  const line = oneLine(text);
  const whole = escapeText(line);
  if (whole.length <= max) return whole;
  let cut = '';
  for (const character of line) {
    const next = escapeText(character);
    if (cut.length + next.length > max - 1) break;
    cut += next;
  }
  return `${cut}…`;
}

/** Splits text from outside, escaped for mrkdwn, into parts of at most `max` characters. Nothing is left out. */
export function foreignParts(text: string, max: number): string[] {
  const parts: string[] = [];
  let part = '';
  for (const character of oneLine(text)) {
    const next = escapeText(character);
    if (part.length + next.length > max) {
      parts.push(part);
      part = '';
    }
    part += next;
  }
  return part === '' ? parts : [...parts, part];
}

/** A mention, which shows a person's name and notifies them. Anything else than a user id is shown as text. */
export function mention(userId: string): string {
  return isUserId(userId) ? `<@${userId}>` : foreign(userId, 80);
}

/** A mention of a user (U…, W…) or a user group (S…). */
export function mentionAny(id: string): string {
  return isGroupId(id) ? `<!subteam^${id}>` : mention(id);
}

/** Slack shows a mention of direct messages as a channel that it does not know. */
export function channelMention(channelId: string): string {
  if (/^D[A-Z0-9]+$/.test(channelId)) return 'direct messages';
  return isChannelId(channelId) ? `<#${channelId}>` : foreign(channelId, 80);
}

/** A time (ms) in the reader's time zone: https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
export function date(at: number): string {
  return `<!date^${Math.floor(at / 1000)}^{date_short_pretty} {time}|${utc(at)}>`;
}

/** Returns "01:30 (today)" in the reader's time zone, for sentences with "at". */
export function timeAndDay(at: number): string {
  return `<!date^${Math.floor(at / 1000)}^{time} ({date_short_pretty})|${utc(at)}>`;
}

/** A time (ms) in UTC, for places where Slack renders no dates: notifications, plain text, files. */
export function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A duration given in seconds: "45 s", "3 min", "1 h 30 min". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) {
    const rest = whole < 600 ? whole % 60 : 0;
    return rest === 0 ? `${minutes} min` : `${Math.floor(whole / 60)} min ${rest} s`;
  }
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

// Created at first use, like `regions` below: loading Intl's data takes 30 ms, a tenth of the start.
let numbers: Intl.NumberFormat | undefined;

/** Returns "10,000" for 10000. */
export function count(n: number): string {
  numbers ??= new Intl.NumberFormat('en');
  return numbers.format(n);
}

/** Returns "1 person" or "10,000 people". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

export function people(n: number): string {
  return plural(n, 'person', 'people');
}

/** Makes the first letter a capital. */
export function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** Returns "once", "twice" or "3 times". */
export function times(n: number): string {
  if (n === 1) return 'once';
  return n === 2 ? 'twice' : `${count(n)} times`;
}

/** Returns "a, b and c". If there are more than `max` words, it ends in "and 4 more". */
export function listWords(words: readonly string[], max = words.length, last: 'and' | 'or' = 'and'): string {
  const shown = words.slice(0, max);
  const more = words.length - shown.length;
  if (more > 0) return shown.length === 0 ? `${more}` : `${shown.join(', ')} and ${count(more)} more`;
  if (shown.length < 2) return shown[0] ?? '';
  return `${shown.slice(0, -1).join(', ')} ${last} ${shown.at(-1)}`;
}

/** Joins lines of mrkdwn into as few texts of at most `max` characters as possible. A longer line is cut. */
export function chunkLines(lines: readonly string[], max: number): string[] {
  const chunks: string[] = [];
  for (const line of lines) {
    const whole = truncateMarkup(line, max);
    const last = chunks.at(-1);
    if (last !== undefined && last.length + 1 + whole.length <= max)
      chunks[chunks.length - 1] = `${last}\n${whole}`;
    else chunks.push(whole);
  }
  return chunks;
}

let regions: Intl.DisplayNames | undefined;

/** Returns "Singapore" for "SG". Uses "and" instead of "&", so that it needs no escaping in mrkdwn. */
export function countryWords(country: string): string {
  if (!/^[A-Z]{2}$/.test(country)) return 'an unknown country';
  regions ??= new Intl.DisplayNames(['en'], { type: 'region' });
  return (regions.of(country) ?? country).replaceAll('&', 'and');
}
