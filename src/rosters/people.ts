import type { Config, Roster } from '../config/types.ts';
import { isMail } from './mail.ts';
import type { OnDuty, Shift } from './types.ts';

/** Slack ids by mail address. Null: Slack knows nobody with that address. */
export type KnownMails = Readonly<Record<string, string | null>>;

const isId = (entry: string) => /^[UWS][A-Z0-9]{2,}$/.test(entry);

/** The people of an event: its attendees by mail address, and names of `people` in its title. Each once. */
export function peopleOf(
  shift: Pick<Shift, 'title' | 'mails'>,
  { people }: Roster,
  mails: KnownMails,
): OnDuty[] {
  const found = new Map<string, OnDuty>();
  const add = (person: OnDuty) => {
    if (!found.has(person.entry)) found.set(person.entry, person);
  };
  for (const [key, entry] of Object.entries(people)) {
    const isNamed = isMail(key.toLowerCase())
      ? shift.mails.includes(key.toLowerCase())
      : hasWord(shift.title, key);
    if (isNamed) add(onDuty(key, entry));
  }
  const named = new Set(Object.keys(people).map((key) => key.toLowerCase()));
  for (const mail of shift.mails) {
    const id = named.has(mail) ? null : mails[mail];
    if (id) add({ entry: id, name: null });
  }
  return [...found.values()];
}

/** Addresses whose person only Slack knows. */
export function mailsToLookUp(shifts: readonly Shift[], { people }: Roster): string[] {
  const known = new Set(Object.keys(people).map((key) => key.toLowerCase()));
  return [...new Set(shifts.flatMap(({ mails }) => mails))].filter((mail) => !known.has(mail));
}

/** An entry of `people` as an entry of a list. */
function onDuty(key: string, entry: string): OnDuty {
  if (isId(entry)) return { entry, name: null };
  const name = key.split('@', 1)[0] ?? key;
  return /\p{L}/u.test(entry) ? { entry, name } : { entry: `${name}: ${entry}`, name };
}

/** As a whole word, in any case. */
function hasWord(text: string, word: string): boolean {
  const where = folded(text);
  const what = folded(word);
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

/** The lists, and each roster as a list of all whom it may ever call, but for those whom only a mail address names. */
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
