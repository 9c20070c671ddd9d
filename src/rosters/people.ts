import type { Config, Roster } from '../config/types.ts';
import { isMemberId } from '../slack-ids.ts';
import { isMail } from './mail.ts';
import type { OnDuty, Shift } from './types.ts';

/** Slack ids by mail address. Null: Slack knows nobody with that address. */
export type KnownMails = Readonly<Record<string, string | null>>;

/** The people of an event: its attendees by mail address, and names of `people` in its title. Each once. */
export function peopleOf(shift: Named, roster: Roster, mails: KnownMails): OnDuty[] {
  return peopleFinder(roster, mails)(shift);
}

type Named = Pick<Shift, 'title' | 'mails'>;

/** The same for many events of one roster, whose names are then prepared once. */
export function peopleFinder({ people }: Roster, mails: KnownMails): (shift: Named) => OnDuty[] {
  const named = Object.entries(people).map(([key, entry]) => ({
    person: onDuty(key, entry),
    mail: isMail(key.toLowerCase()) ? key.toLowerCase() : null,
    word: folded(key),
  }));
  const keys = new Set(Object.keys(people).map((key) => key.toLowerCase()));
  return (shift) => {
    const found = new Map<string, OnDuty>();
    const add = (person: OnDuty) => {
      if (!found.has(person.entry)) found.set(person.entry, person);
    };
    const title = folded(shift.title);
    for (const { person, mail, word } of named)
      if (mail === null ? hasWord(title, word) : shift.mails.includes(mail)) add(person);
    for (const mail of shift.mails) {
      const id = keys.has(mail) ? null : mails[mail];
      if (id) add({ entry: id, name: null });
    }
    return [...found.values()];
  };
}

/** Addresses whose person only Slack knows. */
export function mailsToLookUp(shifts: readonly Shift[], { people }: Roster): string[] {
  const known = new Set(Object.keys(people).map((key) => key.toLowerCase()));
  return [...new Set(shifts.flatMap(({ mails }) => mails))].filter((mail) => !known.has(mail));
}

/** An entry of `people` as an entry of a list. */
function onDuty(key: string, entry: string): OnDuty {
  if (isMemberId(entry)) return { entry, name: null };
  const name = key.split('@', 1)[0] ?? key;
  return /\p{L}/u.test(entry) ? { entry, name } : { entry: `${name}: ${entry}`, name };
}

/** As a whole word. Both are folded. */
function hasWord(where: string, what: string): boolean {
  if (what === '') return false;
  for (let at = where.indexOf(what); at >= 0; at = where.indexOf(what, at + 1)) {
    const before = where.slice(0, at).at(-1) ?? ' ';
    const after = where[at + what.length] ?? ' ';
    if (!isLetter(before) && !isLetter(after)) return true;
  }
  return false;
}

/** One spelling for each letter, and one space between two words. */
function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim();
}

function isLetter(character: string): boolean {
  return /[\p{L}\p{M}\p{N}_]/u.test(character);
}

/** The fallback as entries of lists; names of lists are expanded. */
export function fallbackEntries({ fallback }: Roster, { lists }: Pick<Config, 'lists'>): string[] {
  return [
    ...new Set(fallback.flatMap((entry) => (Object.hasOwn(lists, entry) ? (lists[entry] ?? []) : [entry]))),
  ];
}

/**
 * The lists, and each roster as a list of everybody whom it may ever call. People whom only a mail address names are
 * missing.
 */
export function withRosters({ lists, rosters }: Pick<Config, 'lists' | 'rosters'>): Record<string, string[]> {
  const all = Object.entries(rosters).map(([name, roster]): [string, string[]] => [
    name,
    [
      ...Object.entries(roster.people).map(([key, entry]) => onDuty(key, entry).entry),
      ...fallbackEntries(roster, { lists }),
    ],
  ]);
  return { ...lists, ...Object.fromEntries(all) };
}
