import { cleanName } from '../../callees/named-number.ts';
import { maskNumber } from '../../callees/numbering-plan.ts';
import { type CalleeOptions, type ParsedCallees, parseCallees } from '../../callees/parse.ts';
import type { Callee } from '../../callees/types.ts';
import { maskNumbers } from '../../mask-numbers.ts';
import type { People, Person } from '../context/people.ts';

/**
 * The numbers in the Slack profiles of people and of the members of user groups. `faults` says who cannot be called
 * and what to do; `leftOut` who is not called although nothing is wrong with the others.
 */
export async function numbersOfPeople(
  people: People,
  parsed: readonly Pick<ParsedCallees, 'people' | 'groups'>[],
  chosen: readonly string[],
  options: CalleeOptions,
): Promise<{ callees: Callee[]; faults: string[]; leftOut: string[]; doubts: string[] }> {
  const users = new Set([...chosen, ...parsed.flatMap((each) => each.people)]);
  const faults: string[] = [];
  const leftOut: string[] = [];
  const groups = [...new Set(parsed.flatMap((each) => each.groups))];
  const read = await Promise.all(groups.map(async (id) => ({ id, members: await people.groupMembers(id) })));
  for (const { id, members } of read) {
    if (members === null) faults.push(`Try again: Slack did not say who is in the user group ${id}.`);
    else if (members.length === 0) leftOut.push(`The user group ${id} has no members.`);
    else for (const member of members) users.add(member);
  }
  const callees: Callee[] = [];
  const doubts: string[] = [];
  const found = await Promise.all([...users].map(async (id) => ({ id, person: await people.person(id) })));
  for (const { id, person } of found) {
    const read = calleeOf(id, person, options);
    if ('fault' in read) faults.push(read.fault);
    else if ('leftOut' in read) leftOut.push(read.leftOut);
    else {
      callees.push(read.callee);
      doubts.push(...read.doubts);
    }
  }
  return { callees, faults, leftOut, doubts };
}

/** The callee for a person, or a sentence: what must be corrected, or why this person alone is not called. */
function calleeOf(
  id: string,
  person: Person | null,
  options: CalleeOptions,
): { callee: Callee; doubts: string[] } | { fault: string } | { leftOut: string } {
  if (person === null)
    return { fault: `Try again, or remove ${id} if the id is wrong: Slack did not say who that is.` };
  const { name, standing } = person;
  if (standing === 'deactivated' || standing === 'bot')
    return { leftOut: `${name} is ${standing === 'bot' ? 'a bot' : 'deactivated in Slack'}.` };
  if (person.phone.trim() === '')
    return { fault: `Ask ${name} to add it: ${name} has no phone number in the Slack profile.` };
  const read = numberOfProfile(person, options);
  if (!('why' in read)) return read;
  // Masked: the reason may contain a full number, which people who may call this person need not see.
  const why = maskNumbers(read.why, maskNumber);
  return { fault: `Ask ${name} to correct the phone number in the Slack profile: it ${why}.` };
}

/** The one number of a profile, or why there is none. The reason follows "the phone number in the Slack profile". */
export function numberOfProfile(
  { phone, name, timeZone }: Pick<Person, 'phone' | 'name' | 'timeZone'>,
  options: CalleeOptions,
): { callee: Callee; doubts: string[] } | { why: string } {
  const { callees, faults, doubts } = parseCallees(phone.slice(0, 200), {
    ...options,
    lists: {},
    recordings: [],
  });
  const [first] = callees;
  if (first === undefined || callees.length > 1) return { why: faults[0]?.why ?? 'is not one number' };
  const zone = timeZone === undefined ? {} : { timeZone };
  return { callee: { callee: first.callee, name: cleanName(name), ...zone }, doubts };
}
