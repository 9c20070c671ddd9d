import type { Config } from '../../config/types.ts';
import type { People } from './people.ts';

/** Null: allowed. Else the reason, as a sentence for the person. */
export type Refusal = string | null;

/**
 * Checks whether a person may call people: a full member of this workspace who, if `callers` is configured, is in it.
 */
export async function mayCall(people: People, config: Config, userId: string): Promise<Refusal> {
  const person = await people.person(userId);
  if (person === null) {
    return 'Slack did not say who you are, so nothing was done. Try again in a minute.';
  }
  if (person.standing === 'guest') return 'Guests may not call people. Ask a member of this workspace.';
  if (person.standing !== 'member') return 'Only members of this workspace may call people.';
  if (config.callers === undefined) return null;
  const { member, unreadable } = await people.isOneOf(userId, config.callers);
  if (member) return null;
  if (unreadable.length > 0) {
    return (
      'Whether you may call people could not be checked: Slack did not give the members of a user group ' +
      `(${unreadable.join(', ')}). Try again in a minute; if that does not help, an administrator needs to give the app the scope usergroups:read.`
    );
  }
  return 'You are not on the list of those who may call people (callers in voicecall.yaml). Ask an administrator to add you.';
}

/** The same check for a person who is not there to read the reason. "unknown" if Slack does not answer. */
export async function mayBeCaller(
  people: People,
  config: Config,
  userId: string,
): Promise<'yes' | 'no' | 'unknown'> {
  const person = await people.person(userId);
  if (person === null) return 'unknown';
  if (person.standing !== 'member') return 'no';
  if (config.callers === undefined) return 'yes';
  const { member, unreadable } = await people.isOneOf(userId, config.callers);
  if (member) return 'yes';
  return unreadable.length > 0 ? 'unknown' : 'no';
}

/**
 * Checks whether a person may approve: a full member who is an approver in the current configuration and was one when
 * the request was made. If the current configuration has no approvers, nobody may.
 */
export async function mayApprove(
  people: People,
  config: Config,
  askedApprovers: readonly string[],
  userId: string,
): Promise<Refusal> {
  const person = await people.person(userId);
  if (person === null) return 'Slack did not say who you are, so nothing was done. Try again in a minute.';
  if (person.standing !== 'member') return 'Only members of this workspace may decide about calls.';
  const then = await people.isOneOf(userId, askedApprovers);
  const now = await people.isOneOf(userId, config.approval?.approvers ?? []);
  if (then.member && now.member) return null;
  const unreadable = [...new Set([...then.unreadable, ...now.unreadable])];
  if (unreadable.length > 0) {
    return (
      'Whether you may decide could not be checked: Slack did not give the members of a user group ' +
      `(${unreadable.join(', ')}). Try again in a minute; if that does not help, an administrator needs to give the app the scope usergroups:read.`
    );
  }
  return 'You are not one of the approvers of this request, so nothing was changed.';
}

/** True if a person is an approver. Approvers see everybody's requests and may cancel them. */
export async function isApprover(people: People, config: Config, userId: string): Promise<boolean> {
  if (config.approval === undefined) return false;
  const person = await people.person(userId);
  if (person?.standing !== 'member') return false;
  return (await people.isOneOf(userId, config.approval.approvers)).member;
}
