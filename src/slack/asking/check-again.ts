import type { CheckAgain, CheckedAgain } from '../../calls/asking/start.ts';
import type { RequestRow } from '../../calls/request/rows.ts';
import { readNames } from '../../calls/request/stored.ts';
import { channelAccess } from '../client/channel-access.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayBeCaller } from '../context/permissions.ts';
import { collectCallees } from './collect-callees.ts';

/**
 * Repeats the look-ups of the form when a request starts later: may the person call, can the channel take the
 * results, who is on the lists.
 */
export function createCheckAgain(deps: SlackDeps): CheckAgain {
  return async (request) => {
    // A request without a time was approved just now, so the person and the channel need no second check.
    const refused =
      request.when_at === null
        ? null
        : ((await askerMay(deps, request)) ?? (await channelTakes(deps, request)));
    if (refused !== null) return refused;
    const sources = { text: '', lists: listsNow(deps, request), people: [], fileUrl: null };
    const all = await collectCallees(deps, sources);
    const rosters = all.rosters.map(({ roster }) => roster);
    const duty = rosters.length === 0 ? null : await collectCallees(deps, { ...sources, lists: rosters });
    return {
      may: 'start',
      listed: {
        callees: all.callees,
        onDuty: duty?.callees.map(({ callee }) => callee) ?? [],
        rosters: all.rosters,
        complete: Object.keys(all.faults).length === 0,
      },
    };
  };
}

/**
 * The lists and rosters to look up. A list that was removed from the configuration names nobody, so its people are not
 * called. A request without a time was approved just now: then it still names those whom the approver saw.
 */
function listsNow(deps: SlackDeps, request: RequestRow): string[] {
  const names = readNames(request.lists);
  if (request.when_at === null) return names;
  const { lists, rosters } = deps.config();
  const known = new Set([...Object.keys(lists), ...Object.keys(rosters)].map((name) => name.toLowerCase()));
  return names.filter((name) => known.has(name.toLowerCase()));
}

async function askerMay(deps: SlackDeps, request: RequestRow): Promise<CheckedAgain | null> {
  if (request.requested_by === null) return null;
  switch (await mayBeCaller(deps.people, deps.config(), request.requested_by)) {
    case 'yes':
      return null;
    case 'no':
      return { may: 'not_start', why: 'The person who asked may not call people any more.' };
    case 'unknown':
      return {
        may: 'unclear',
        why: 'Slack did not say for an hour whether the person who asked may still call people.',
      };
  }
}

/**
 * The form refuses a channel that is archived or closed to the app, so this does too: nobody in that channel would
 * see the results. If Slack does not answer, the people are called.
 */
async function channelTakes(deps: SlackDeps, request: RequestRow): Promise<CheckedAgain | null> {
  const access = await channelAccess(deps.urgent, request.channel_id);
  switch (access.kind) {
    case 'archived':
      return {
        may: 'not_start',
        why: `The channel for the results, #${access.name}, was archived since. Ask again with another channel.`,
      };
    case 'outside':
    case 'unseen':
      return {
        may: 'not_start',
        why: 'Voicecall is not in the channel for the results any more. Type /invite @Voicecall there, then ask again.',
      };
    default:
      return null;
  }
}
