import type { Config, Roster } from '../config/types.ts';
import { maskNumbers } from '../mask-numbers.ts';
import { fallbackEntries, type KnownMails, peopleFinder } from './people.ts';
import type { Duty, OnDuty, RosterNote, Shift } from './types.ts';

/** What is known of a roster's calendar. */
export interface KnownCalendar {
  shifts: readonly Shift[];
  mails: KnownMails;
  /** Null: it was never read. */
  readAt: number | null;
  problem: string | null;
  /** Until when (ms) its shifts are known; later ones were not read. Absent: there are no more. */
  knownUntilAt?: number;
}

export const neverRead: KnownCalendar = { shifts: [], mails: {}, readAt: null, problem: null };

/** If a copy is older than this (ms), the board says so. */
const oldMs = 3_600_000;
/** The most changes to go through to find who is next: a calendar may have thousands of events. */
const mostChanges = 200;
/** The most events to look at in that search: thousands may overlap. */
const mostLooks = 50_000;
/** The most events without a recognised person that are named. */
const mostUnknown = 20;

/** Who is on duty at `at`, by the wall clock, and who is next. Pure. */
export function dutyAt(
  roster: string,
  of: { roster: Roster; config: Pick<Config, 'lists'>; calendar: KnownCalendar },
  at: number,
): Duty {
  const { calendar } = of;
  const shifts = calendar.shifts.filter(({ toAt }) => toAt > at);
  const peopleIn = memo(peopleFinder(of.roster, calendar.mails));
  const now = peopleAt(shifts, peopleIn, at);
  const key = keyOf(now);
  // Every shift begins and ends with a change. An end and a beginning at the same time are one change. After the part
  // that was read, nobody knows whether a shift follows.
  const { knownUntilAt = Number.POSITIVE_INFINITY } = calendar;
  const changes = [...new Set(shifts.flatMap(({ fromAt, toAt }) => [fromAt, toAt]))]
    .filter((each) => each > at && each < knownUntilAt)
    .sort((a, b) => a - b)
    .slice(0, mostChanges);
  let looks = 0;
  const untilAt =
    changes.find((each) => {
      if (looks > mostLooks) return false;
      const then = peopleAt(shifts, peopleIn, each);
      looks += then.looks;
      return keyOf(then) !== key;
    }) ?? null;
  const titles = new Set(now.others.map(({ title }) => title));
  const unknown = [...new Set([...titles].slice(0, mostUnknown).map((title) => maskNumbers(title)))];
  const why =
    now.people.length > 0
      ? null
      : calendar.readAt === null
        ? 'never_read'
        : unknown.length > 0
          ? 'unknown'
          : 'nobody';
  return {
    roster,
    people: now.people,
    untilAt,
    next: untilAt === null ? null : peopleAt(shifts, peopleIn, untilAt).people,
    unknown,
    why,
    entries: why === null ? now.people.map(({ entry }) => entry) : fallbackEntries(of.roster, of.config),
    readAt: calendar.readAt,
    problem: calendar.problem,
  };
}

interface AtMoment {
  people: OnDuty[];
  /** Shifts in which nobody is recognised. */
  others: Shift[];
  /** How many shifts were looked at. */
  looks: number;
}

/** Who is on duty at a moment: the people of the shifts that include it. */
function peopleAt(shifts: readonly Shift[], peopleIn: (shift: Shift) => OnDuty[], at: number): AtMoment {
  const people = new Map<string, OnDuty>();
  const others: Shift[] = [];
  let looks = 0;
  for (const shift of shifts) {
    if (shift.fromAt > at) break;
    looks += 1;
    if (shift.toAt <= at) continue;
    const found = peopleIn(shift);
    for (const person of found) people.set(person.entry, person);
    if (found.length === 0) others.push(shift);
  }
  return { people: [...people.values()], others, looks };
}

function memo<From, To>(compute: (from: From) => To): (from: From) => To {
  const known = new Map<From, To>();
  return (from) => {
    const value = known.get(from) ?? compute(from);
    known.set(from, value);
    return value;
  };
}

function keyOf({ people }: AtMoment): string {
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
