import { type CalleeOptions, fixFirst, readLists } from '../../callees/parse.ts';
import type { Callee } from '../../callees/types.ts';
import type { Roster } from '../../config/types.ts';
import { noteOf } from '../../rosters/duty.ts';
import { fallbackEntries } from '../../rosters/people.ts';
import { dutyNow } from '../../rosters/stored.ts';
import type { Duty, RosterNote } from '../../rosters/types.ts';
import { inSlices } from '../../slices.ts';
import type { SlackDeps } from '../context/deps.ts';
import { numbersOfPeople } from './numbers-of-people.ts';

export interface CalleesOnDuty {
  callees: Callee[];
  /** Stored with the request and shown on its board. */
  notes: RosterNote[];
  /** Sentences: which people cannot be called, and why. */
  problems: string[];
  /** Sentences: which people are not called because they are deactivated or no people. */
  leftOut: string[];
  doubts: string[];
}

/**
 * The callees of rosters at this moment: the people on duty, or the fallback if nobody is on duty, recognised and has
 * a number.
 */
export async function calleesOnDuty(
  deps: SlackDeps,
  names: readonly string[],
  options: CalleeOptions,
): Promise<CalleesOnDuty> {
  const each = await Promise.all(names.map((name) => calleesOfRoster(deps, name, options)));
  return {
    callees: each.flatMap(({ callees }) => callees),
    notes: each.flatMap(({ notes }) => notes),
    problems: each.flatMap(({ problems }) => problems),
    leftOut: each.flatMap(({ leftOut }) => leftOut),
    doubts: each.flatMap(({ doubts }) => doubts),
  };
}

async function calleesOfRoster(
  deps: SlackDeps,
  name: string,
  options: CalleeOptions,
): Promise<CalleesOnDuty> {
  const roster = deps.config().rosters[name];
  const duty = await dutyNow(deps, name);
  if (roster === undefined || duty === null)
    return { callees: [], notes: [], problems: [], leftOut: [], doubts: [] };
  const found = await calleesOfEntries(deps, duty.entries, options);
  if (found.callees.length > 0 || duty.why !== null) return noted(deps, roster, duty, found);
  const fallback = await calleesOfEntries(deps, fallbackEntries(roster, deps.config()), options);
  const problems = [...found.problems, ...fallback.problems];
  const leftOut = [...found.leftOut, ...fallback.leftOut];
  return noted(deps, roster, { ...duty, why: 'no_number' }, { ...fallback, problems, leftOut });
}

function noted(
  { clock }: SlackDeps,
  roster: Roster,
  duty: Duty,
  found: Omit<CalleesOnDuty, 'notes'>,
): CalleesOnDuty {
  const inRoster = (sentence: string) => `${sentence.replace(/\.$/, '')} (in the roster ${duty.roster}).`;
  return {
    ...found,
    notes: [noteOf(duty, roster, clock.wallOf(clock.now()))],
    problems: found.problems.map(inRoster),
    leftOut: found.leftOut.map(inRoster),
  };
}

/** The callees of a list's entries. */
export async function calleesOfEntries(
  deps: SlackDeps,
  entries: string[],
  options: CalleeOptions,
): Promise<Omit<CalleesOnDuty, 'notes'>> {
  const read = await inSlices(readLists(['roster'], { ...options, lists: { roster: entries } }));
  const people = await numbersOfPeople(deps.people, [read], [], options);
  return {
    callees: [...read.callees, ...people.callees],
    problems: [...read.faults.map((fault) => `${fixFirst(fault, `“${fault.text}”`)}.`), ...people.faults],
    leftOut: people.leftOut,
    doubts: [...read.doubts, ...people.doubts],
  };
}
