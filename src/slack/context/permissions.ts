import type { Config } from '../../config/types.ts';
import type { People } from './people.ts';

/** Null: allowed; else why not, as a sentence for the person. */
export type Refusal = string | null;

/** Whether someone may ask for calls: a full member of this workspace and, where `callers` is configured, one of them. */
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

/** The same of somebody who is not there to be told: "unknown" where Slack does not say. */
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
 * Whether someone may approve: a full member, an approver by the configuration of now and of when it was asked.
 * Without approvers in today's configuration nobody is one.
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

/** Whether someone is an approver at all: they see everybody's requests and may cancel them. */
export async function isApprover(people: People, config: Config, userId: string): Promise<boolean> {
  if (config.approval === undefined) return false;
  const person = await people.person(userId);
  if (person?.standing !== 'member') return false;
  return (await people.isOneOf(userId, config.approval.approvers)).member;
}
