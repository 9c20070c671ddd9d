import type { RosterNote } from '../../calls/request/types.ts';
import { isUserId } from '../../slack-ids.ts';
import { date, duration, foreign, listWords, mention } from '../kit/text.ts';
import { type NameOf, named } from './request-words.ts';

/** At most this many notes on rosters are shown, the latest. */
const mostNotes = 5;

/** Lines of mrkdwn: for each roster, who is on duty and called by this request. */
export function rosterLines(notes: readonly RosterNote[], nameOf: NameOf | undefined): string[] {
  const steps = new Set(notes.map(({ step }) => step)).size;
  return notes.slice(-mostNotes).map((note) => {
    const step = steps > 1 ? `, step ${note.step}` : '';
    return `*On duty* (${foreign(note.roster, 60)}${step}): ${noteWords(note, nameOf)}`;
  });
}

function noteWords(note: RosterNote, nameOf: NameOf | undefined): string {
  const { why, untilAt, unknown, ageMs } = note;
  const people = peopleWords(note.people, nameOf);
  const until = untilAt === null ? '' : ` until ${date(untilAt)}`;
  const who =
    why === null ? `${people}${until}` : `${noDutyWords(note, people)}; ${fallbackWords(note, nameOf)}`;
  const others = why === null && unknown.length > 0 ? `; not recognised: ${titles(unknown)}` : '';
  const age = ageMs === null ? '' : `. ⚠️ The calendar was last read ${duration(ageMs / 1000)} before`;
  return `${who}${others}${age}.`;
}

/** Why the fallback is called. */
export function noDutyWords({ why, unknown }: Pick<RosterNote, 'why' | 'unknown'>, people: string): string {
  switch (why) {
    case 'unknown':
      return `nobody is recognised in ${titles(unknown)}`;
    case 'never_read':
      return 'its calendar was never read';
    case 'no_number':
      return `${people} cannot be called`;
    default:
      return 'nobody, according to its calendar';
  }
}

function fallbackWords({ fallback }: RosterNote, nameOf: NameOf | undefined): string {
  const names = fallback.map((entry) =>
    isUserId(entry) ? named(entry, nameOf, mention) : foreign(entry, 60),
  );
  return names.length === 0 ? 'the fallback is called' : `the fallback is called: ${listWords(names, 5)}`;
}

/** The names of people. For a Slack id without a known name, a mention. */
export function peopleWords(people: RosterNote['people'], nameOf: NameOf | undefined): string {
  if (people.length === 0) return 'nobody';
  return listWords(
    people.map(({ name, id }) => (name === null ? named(id ?? '', nameOf, mention) : foreign(name, 60))),
    5,
  );
}

function titles(unknown: readonly string[]): string {
  return listWords(
    unknown.map((title) => (title === '' ? 'an event without a title' : `“${foreign(title, 80)}”`)),
    3,
  );
}
