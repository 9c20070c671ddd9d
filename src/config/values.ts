import { type CountryCode, isSupportedCountry } from 'libphonenumber-js/min';
import { RE2JS } from 're2js';
import { z } from 'zod';
import { channelIdPattern, isMemberId, memberIdPattern } from '../slack-ids.ts';
import type { TextPattern } from './types.ts';

/** Refuses a value, with specific advice. */
export interface Refusal {
  hint: string;
}

/**
 * A schema for values that `parse` understands. If it returns undefined or a refusal, the fault says that `expected`
 * was expected.
 */
export function leaf<T>(expected: string, parse: (value: unknown) => T | Refusal | undefined) {
  return z.unknown().transform((value, context): T => {
    const parsed = parse(value);
    if (isRefusal(parsed)) {
      context.addIssue({ code: 'custom', message: expected, params: { hint: parsed.hint } });
      return z.NEVER;
    }
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });
}

function isRefusal<T>(value: T | Refusal | undefined): value is Refusal {
  return typeof value === 'object' && value !== null && 'hint' in value;
}

export const wholeNumber = (from: number, to: number) =>
  leaf(`a whole number from ${from} to ${to}`, (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to ? value : undefined,
  );

export const numberBetween = (from: number, to: number) =>
  leaf(`a number from ${from} to ${to}`, (value) =>
    typeof value === 'number' && value >= from && value <= to ? value : undefined,
  );

export const yesOrNo = leaf('true or false', (value) => (typeof value === 'boolean' ? value : undefined));

export const oneOf = <const T extends string>(...known: T[]) =>
  leaf(`one of ${known.join(', ')}`, (value) => known.find((each) => each === value));

export const textLike = (pattern: RegExp, expected: string, hint?: string) =>
  leaf(expected, (value) => {
    if (typeof value === 'string' && pattern.test(value)) return value;
    return hint === undefined ? undefined : { hint };
  });

/** YAML reads 6591110001 as a number. yaml.ts reports numbers that lost digits. */
export const digitsText = (pattern: RegExp, expected: string) =>
  leaf(expected, (value) => {
    const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
    return typeof text === 'string' && pattern.test(text) ? text : undefined;
  });

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };
const TEN_YEARS_MS = 3_650 * UNIT_MS.d;

/** "15m", "1h30m", "90d" in ms. Undefined for anything else, or for more than ten years. */
export function parseDuration(text: unknown): number | undefined {
  const parts = typeof text === 'string' ? /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) : null;
  if (parts === null || text === '') return undefined;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = parts;
  const ms =
    Number(days) * UNIT_MS.d +
    Number(hours) * UNIT_MS.h +
    Number(minutes) * UNIT_MS.m +
    Number(seconds) * UNIT_MS.s;
  return ms <= TEN_YEARS_MS ? ms : undefined;
}

export const duration = leaf(
  'a duration like 30s, 15m, 2h or 90d',
  (value) => parseDuration(value) || undefined,
);
export const durationOrNone = leaf('a duration like 0s, 15m, 2h or 90d', parseDuration);

/** "22:00-07:00" as minutes after midnight. */
export const timeWindow = leaf('two times like 22:00-07:00, not the same', (value) => {
  const time = '([01][0-9]|2[0-3]):([0-5][0-9])';
  const parts = typeof value === 'string' ? new RegExp(`^${time} ?[-–] ?${time}$`).exec(value) : null;
  if (parts === null) return undefined;
  const fromMinute = Number(parts[1]) * 60 + Number(parts[2]);
  const toMinute = Number(parts[3]) * 60 + Number(parts[4]);
  return fromMinute === toMinute ? undefined : { fromMinute, toMinute };
});

const DAY_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** [sat, sun], "mon-fri", or a list with both kinds. 0 is Sunday. */
export const days = leaf('days like mon-fri or [sat, sun]', (value) => {
  const chosen = new Set<number>();
  const items = Array.isArray(value) ? value : [value];
  for (const item of items) {
    const [first = '', last = first, ...more] = String(item).toLowerCase().split('-');
    const from = DAY_NAMES.indexOf(first);
    const to = DAY_NAMES.indexOf(last);
    if (from < 0 || to < 0 || more.length > 0) return undefined;
    for (let step = 0; step <= (to - from + 7) % 7; step += 1) chosen.add((from + step) % 7);
  }
  return chosen.size === 0 ? undefined : [...chosen].sort();
});

export const timeZone = leaf('a time zone like Asia/Kolkata', (value) => {
  if (typeof value !== 'string') return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone === ''
      ? undefined
      : value;
  } catch {
    return undefined;
  }
});

export const country = leaf(
  'a country code of two capitals, like IN',
  (value): CountryCode | Refusal | undefined => {
    if (typeof value !== 'string') return undefined;
    if (isSupportedCountry(value)) return value;
    return isSupportedCountry(value.toUpperCase())
      ? { hint: `Write it as ${value.toUpperCase()}.` }
      : undefined;
  },
);

/** Text to find, or /a regular expression/ in RE2's linear-time syntax. */
export const pattern = leaf(
  'text to look for, or /a regular expression/i',
  (value): TextPattern | Refusal | undefined => {
    if (typeof value !== 'string' || value.trim() === '' || value.length > 1_000) return undefined;
    const parts = /^\/(.+)\/([A-Za-z]*)$/s.exec(value);
    if (parts === null) return { substring: value };
    const [, regex = '', flags = ''] = parts;
    if (!/^[ims]*$/.test(flags)) {
      return {
        hint: `It reads as a regular expression with the flags "${flags}"; only i, m and s are known.`,
      };
    }
    try {
      RE2JS.compile(regex);
    } catch (error) {
      const why = error instanceof Error ? error.message : 'not understood';
      return { hint: `${why}. The syntax is RE2's: no look-around and no back-references.` };
    }
    return { regex, flags };
  },
);

const PLACEHOLDERS = ['title', 'severity', 'source', 'channel'];

/** What a rule says: text with {title}, {severity}, {source} and {channel}. */
export const spoken = leaf(
  'text to be spoken, with {title} {severity} {source} {channel} at most',
  (value) => {
    if (typeof value !== 'string' || value.trim() === '' || value.length > 1_000) return undefined;
    for (const [whole, name = ''] of value.matchAll(/\{([^{}]*)\}/g)) {
      if (name === 'text')
        return { hint: '{text} does not exist: the body of a message is never read aloud.' };
      if (!PLACEHOLDERS.includes(name)) return { hint: `${whole} does not exist.` };
    }
    const rest = value.replace(/\{[^{}]*\}/g, '');
    return /[{}]/.test(rest) ? { hint: 'A brace has no partner.' } : value;
  },
);

/** A name that cannot be confused with a number, an id or two entries. */
export const nameKey = z
  .string()
  .regex(/^(?=.*\p{L})[^,;:<>\t\n@|]{1,60}$/u)
  .regex(/^(?![USWB][A-Z0-9]*[0-9][A-Z0-9]*$)/);
/** A name that occurs in titles of events, or a mail address. */
export const personKey = z
  .string()
  .regex(
    /^(?:(?=.*\p{L})[^,;:<>\t\n@|]{1,60}|[^\s@<>,;:|]{1,64}@[^\s@<>,;:|]{1,190}\.[^\s@<>.,;:|]{1,60})$/u,
  );
/** The address of a calendar: https, webcal (the same), or http on this machine. */
export const feed = leaf(
  'the https address of a calendar, like https://calendar.example/basic.ics',
  (value) => {
    const url = typeof value === 'string' ? URL.parse(value.replace(/^webcals?:\/\//i, 'https://')) : null;
    if (url === null) return undefined;
    if (url.protocol === 'https:') return url.href;
    if (url.protocol !== 'http:') return undefined;
    if (/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) return url.href;
    return {
      hint: 'http is for this machine alone (127.0.0.1, localhost): who is called must not be read in the open.',
    };
  },
);
export const memberId = textLike(
  memberIdPattern,
  'the id of a Slack user (U…) or user group (S…)',
  'Slack shows it in the profile: "Copy member ID".',
);
export const channelId = textLike(
  channelIdPattern,
  'the id of a Slack channel (C…)',
  "Not its name: Slack shows the id at the foot of the channel's details.",
);
/** Part of an address and of a variable's name. */
export const sourceKey = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,39}$/);
export const sourceName = textLike(
  /^[A-Za-z][A-Za-z0-9_-]{0,39}$/,
  'a name from sources: letters, digits, - and _, up to 40',
);
export const senderId = textLike(/^[AB][A-Z0-9]{2,}$/, 'a bot_id (B…) or an app_id (A…)');
export const language = textLike(/^[A-Z]{2,3}$/, 'a language code of the voice platform, like EN');

/** True for an entry of a rule that can only be the name of a list or roster: no number and no Slack id. */
export function isOnlyName(entry: string): boolean {
  return !/[0-9]{3}/.test(entry) && !isMemberId(entry);
}
