import type { Config, Roster } from '../config/types.ts';
import { maskNumbers } from '../mask-numbers.ts';
import { fallbackEntries, type KnownMails, peopleOf } from './people.ts';
import type { Duty, OnDuty, RosterNote, Shift } from './types.ts';

/** What is known of a roster's calendar. */
export interface KnownCalendar {
  shifts: readonly Shift[];
  mails: KnownMails;
  /** Null: it was never read. */
  readAt: number | null;
  problem: string | null;
}

export const neverRead: KnownCalendar = { shifts: [], mails: {}, readAt: null, problem: null };

/** If a copy is older than this (ms), the board says so. */
const oldMs = 3_600_000;
/** How many changes are searched for the next people on duty: a calendar may have thousands of events. */
const mostChanges = 200;

/** Who is on duty at `at`, by the wall clock, and who is next. Pure. */
export function dutyAt(
  roster: string,
  of: { roster: Roster; config: Pick<Config, 'lists'>; calendar: KnownCalendar },
  at: number,
): Duty {
  const { calendar } = of;
  const shifts = calendar.shifts.filter(({ toAt }) => toAt > at);
  const peopleIn = memo((shift: Shift) => peopleOf(shift, of.roster, calendar.mails));
  const now = standing(shifts, peopleIn, at);
  const key = keyOf(now);
  // Every shift begins and ends with a change. An end and a beginning at the same time are one change.
  const changes = [...new Set(shifts.flatMap(({ fromAt, toAt }) => [fromAt, toAt]))]
    .filter((each) => each > at)
    .sort((a, b) => a - b)
    .slice(0, mostChanges);
  const untilAt = changes.find((each) => keyOf(standing(shifts, peopleIn, each)) !== key) ?? null;
  const why =
    now.people.length > 0
      ? null
      : calendar.readAt === null
        ? 'never_read'
        : now.unknown.length > 0
          ? 'unknown'
          : 'nobody';
  return {
    roster,
    people: now.people,
    untilAt,
    next: untilAt === null ? null : standing(shifts, peopleIn, untilAt).people,
    unknown: now.unknown,
    why,
    entries: why === null ? now.people.map(({ entry }) => entry) : fallbackEntries(of.roster, of.config),
    readAt: calendar.readAt,
    problem: calendar.problem,
  };
}

interface Standing {
  people: OnDuty[];
  unknown: string[];
}

/** The people whose event includes the moment. */
function standing(shifts: readonly Shift[], peopleIn: (shift: Shift) => OnDuty[], at: number): Standing {
  const people = new Map<string, OnDuty>();
  const unknown = new Set<string>();
  for (const shift of shifts) {
    if (shift.fromAt > at) break;
    if (shift.toAt <= at) continue;
    const found = peopleIn(shift);
    for (const person of found) people.set(person.entry, person);
    if (found.length === 0) unknown.add(maskNumbers(shift.title));
  }
  return { people: [...people.values()], unknown: [...unknown] };
}

function memo<From, To>(compute: (from: From) => To): (from: From) => To {
  const known = new Map<From, To>();
  return (from) => {
    const value = known.get(from) ?? compute(from);
    known.set(from, value);
    return value;
  };
}

function keyOf({ people }: Standing): string {
  return people
    .map(({ entry }) => entry)
    .sort()
    .join('\n');
}

/** What is stored with a request that uses this roster. `at`: by the wall clock. */
export function noteOf(duty: Duty, roster: Roster, at: number, step = 1): RosterNote {
  return {
    roster: duty.roster,
    people: duty.people.map(({ entry, name }) => ({ name, id: name === null ? entry : null })),
    untilAt: duty.why === null ? duty.untilAt : null,
    unknown: duty.unknown.slice(0, 3),
    why: duty.why,
    fallback: duty.why === null ? [] : roster.fallback.filter((entry) => !/\d{4}/.test(entry)),
    ageMs: duty.readAt !== null && at - duty.readAt > oldMs ? at - duty.readAt : null,
    step,
  };
}
