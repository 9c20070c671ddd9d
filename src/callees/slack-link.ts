import type { Trouble } from './number.ts';

/**
 * The meaning of Slack's angle brackets: a person, a user group, text to read further (a number), or why it is none
 * of them.
 */
export type LinkReading = { person: string } | { group: string } | { text: string } | Trouble;

/** Reads the text between "<" and ">" (https://docs.slack.dev/messaging/formatting-message-text). */
export function readLink(inside: string): LinkReading {
  const person = /^@([UW][A-Z0-9]+)(\||$)/.exec(inside)?.[1];
  if (person !== undefined) return { person };
  const group = /^!subteam\^(S[A-Z0-9]+)(\||$)/.exec(inside)?.[1];
  if (group !== undefined) return { group };
  const tel = /^tel:([^|]*)(?:\|(.*))?$/i.exec(inside);
  if (tel !== null) return readTelLink(tel[1] ?? '', tel[2]);
  if (inside.startsWith('#'))
    return { why: 'is a channel, not a number, a person or a list', fix: 'Remove it' };
  if (/^[!@]/.test(inside)) return { why: 'is not a person, group, number or list', fix: 'Remove it' };
  if (/^[a-z][a-z+.-]*:/i.test(inside))
    return { why: 'is a link, not a number, a person or a list', fix: 'Remove it' };
  return { text: inside.replace(/[,;\t]/g, ' ') };
}

function readTelLink(target: string, shown: string | undefined): LinkReading {
  if (/[,;]/.test(target))
    return { why: 'has an extension, which cannot be called', fix: 'Remove the extension' };
  const digits = (text: string) => text.replace(/[^0-9]/g, '').replace(/^0+/, '');
  const showsAnother =
    shown !== undefined && /[0-9]/.test(shown) && !digits(target).endsWith(digits(shown.replace('(0)', '')));
  return showsAnother
    ? { why: 'shows another number than it calls', fix: 'Type the number itself' }
    : { text: target };
}
