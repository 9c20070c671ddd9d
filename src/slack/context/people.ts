import { cached } from '../../cached.ts';
import { cleanValue } from '../../clean-text.ts';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { isGroupId } from '../../slack-ids.ts';
import { slackFailure } from '../client/errors.ts';
import type { SlackClients } from './clients.ts';
import type { Identity } from './identity.ts';

export interface Person {
  id: string;
  name: string;
  /** As in the profile, not checked; empty if there is none. */
  phone: string;
  /** The IANA name; absent if the profile has none. */
  timeZone?: string;
  /** Guests, bots, deactivated people and people of another workspace may neither call nor approve. */
  standing: 'member' | 'guest' | 'bot' | 'deactivated' | 'foreign';
}

export interface People {
  /** Cached for a minute. Null if Slack does not know the person or does not answer. */
  person(userId: string): Promise<Person | null>;
  /** The person with a mail address. `unclear` if Slack does not answer or `users:read.email` was not granted. */
  byMail(mail: string): Promise<{ id: string | null } | 'unclear'>;
  /** The last known name of a user or a user group ("@leads"). Never asks Slack; null if not known. */
  knownName(id: string): string | null;
  /** Asks Slack for the names of users and user groups that are not known yet. */
  learnNames(ids: readonly string[]): Promise<void>;
  /**
   * The members of a user group, cached for a minute. Null if they cannot be read; then nobody counts as a member.
   */
  groupMembers(groupId: string): Promise<string[] | null>;
  /** `member`: true if the user is in `ids` (users and groups). `unreadable`: the groups that could not be read. */
  isOneOf(userId: string, ids: readonly string[]): Promise<{ member: boolean; unreadable: string[] }>;
}

/** usergroups.users.list allows 20 calls a minute: https://docs.slack.dev/apis/web-api/rate-limits */
const cachedForMs = 60_000;

interface PeopleDeps {
  urgent: SlackClients['urgent'];
  clock: Clock;
  log: Log;
  identity: Identity;
}

/** Looks up people and user groups in Slack, and caches each for a minute. */
export function createPeople(deps: PeopleDeps): People {
  const persons = cached(deps.clock, cachedForMs, (id) => askPerson(deps, id));
  const groups = cached(deps.clock, cachedForMs, (id) => askGroupMembers(deps, id));
  const groupNames = new Map<string, string>();
  const knownName = (id: string) => persons.last(id)?.name ?? groupNames.get(id) ?? null;
  return {
    person: persons.get,
    groupMembers: groups.get,
    byMail: createMailLookUp(deps),
    isOneOf: (userId, ids) => isOneOf(userId, ids, groups.get),
    knownName,
    async learnNames(ids) {
      const unknown = [...new Set(ids)].filter((id) => knownName(id) === null).slice(0, 20);
      const users = unknown.filter((id) => !isGroupId(id));
      await Promise.all([
        ...users.map((id) => persons.get(id)),
        ...(users.length < unknown.length ? [learnGroupNames(deps, groupNames)] : []),
      ]);
    },
  };
}

async function askPerson({ urgent, log, identity }: PeopleDeps, userId: string): Promise<Person | null> {
  try {
    const { user } = cleanValue(await urgent.users.info({ user: userId }));
    if (user === undefined) return null;
    if (namesNoWorkspace(user)) {
      log.warn({ userId }, 'Slack names no workspace for a person: they count as of another one');
    }
    return {
      id: userId,
      name: user.profile?.display_name || user.real_name || user.name || userId,
      phone: user.profile?.phone ?? '',
      ...(user.tz ? { timeZone: user.tz } : {}),
      standing: standingOf(user, identity.teamId),
    };
  } catch (error) {
    log.warn({ userId, failure: slackFailure(error) }, 'a person could not be looked up');
    return null;
  }
}

async function askGroupMembers({ urgent, log }: PeopleDeps, groupId: string): Promise<string[] | null> {
  try {
    const { users } = await urgent.usergroups.users.list({ usergroup: groupId });
    return users ?? [];
  } catch (error) {
    log.warn({ groupId, failure: slackFailure(error) }, 'a user group could not be read');
    return null;
  }
}

/** Adds the names of all user groups to `names`. */
async function learnGroupNames({ urgent, log }: PeopleDeps, names: Map<string, string>): Promise<void> {
  try {
    const { usergroups = [] } = cleanValue(await urgent.usergroups.list());
    for (const { id, handle } of usergroups) if (id && handle) names.set(id, `@${handle}`);
  } catch (error) {
    log.warn({ failure: slackFailure(error) }, 'the names of the user groups could not be read');
  }
}

/** A missing scope is logged once: it stays until the app is installed anew. */
function createMailLookUp({ urgent, log }: PeopleDeps): People['byMail'] {
  let saidNotGranted = false;
  return async (mail) => {
    try {
      const { user } = await urgent.users.lookupByEmail({ email: mail });
      return { id: user?.id ?? null };
    } catch (error) {
      const failure = slackFailure(error);
      if (failure.kind === 'refused' && failure.error === 'users_not_found') return { id: null };
      const notGranted = failure.kind === 'refused' && failure.error === 'missing_scope';
      if (!notGranted || !saidNotGranted)
        log.warn({ failure }, 'Slack did not say who has a mail address of a roster');
      saidNotGranted ||= notGranted;
      return 'unclear';
    }
  };
}

async function isOneOf(
  userId: string,
  ids: readonly string[],
  groupMembers: People['groupMembers'],
): Promise<{ member: boolean; unreadable: string[] }> {
  if (ids.includes(userId)) return { member: true, unreadable: [] };
  const unreadable: string[] = [];
  for (const id of ids.filter(isGroupId)) {
    const members = await groupMembers(id);
    if (members === null) unreadable.push(id);
    else if (members.includes(userId)) return { member: true, unreadable: [] };
  }
  return { member: false, unreadable };
}

export interface SlackUser {
  deleted?: boolean;
  is_bot?: boolean;
  is_restricted?: boolean;
  is_ultra_restricted?: boolean;
  is_stranger?: boolean;
  /** The workspace (T…). On Enterprise Grid it may be the organisation (E…), another workspace, or absent. */
  team_id?: string;
  profile?: { team?: string };
  /** Enterprise Grid: all workspaces of the person. */
  enterprise_user?: { teams?: string[] };
}

/** What a person is in the workspace `teamId`; '' if our own is not known yet. */
export function standingOf(user: SlackUser, teamId: string): Person['standing'] {
  if (user.deleted) return 'deactivated';
  if (user.is_bot) return 'bot';
  if (teamId !== '' && !isOurs(user, teamId)) return 'foreign';
  if (user.is_restricted || user.is_ultra_restricted) return 'guest';
  return 'member';
}

/** If Slack's answer names no workspace, the person does not count as one of ours. */
function isOurs(user: SlackUser, teamId: string): boolean {
  if (user.enterprise_user?.teams?.includes(teamId)) return true;
  if (user.is_stranger) return false;
  return (user.team_id ?? user.profile?.team) === teamId;
}

function namesNoWorkspace(user: SlackUser): boolean {
  const named = [user.team_id, user.profile?.team, ...(user.enterprise_user?.teams ?? [])];
  return !named.some((id) => id?.startsWith('T'));
}
