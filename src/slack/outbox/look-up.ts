import { countEndings, type Ending, loadCalls, loadRequest } from '../../calls/request/read.ts';
import type { CallState, CallView, RequestView } from '../../calls/request/types.ts';
import { shownInTable } from '../../outbox/outbox.ts';
import type { Post } from '../../outbox/post.ts';
import { hoursOfOpen } from '../approval/hours.ts';
import { shownOfCrowd } from '../board/results.ts';
import type { SlackDeps } from '../context/deps.ts';
import { namedPeople } from '../words/people-lines.ts';
import type { MessageFacts } from '../words/request-words.ts';
import type { MessageRow } from './types.ts';

/** Everything that a post is drawn from. */
export interface Known {
  request: RequestView;
  /** Those that it lists; empty where it lists none. */
  calls: CallView[];
  facts: MessageFacts;
  /** How the calls of a crowd ended that nobody answered; empty for others. */
  endings: Ending[];
  /** Approving user groups whose members Slack does not tell. */
  unreadableGroups: string[];
  /** Who waits for the hours of the configuration, as it is when the card is posted; null: nobody. */
  hours?: string | null;
  /** As the platform says it; null: not known. */
  balance: string | null;
}

/** Who stands first in a crowd's table: not reached, then nobody knows, then not called. */
const troubleStates: CallState[][] = [
  ['not_answered'],
  ['unknown'],
  ['refused', 'held', 'cancelled', 'failed'],
];

/** Reads what a post of a request is drawn from, and asks Slack for names where they are shown; null: no such request. */
export async function lookUp(deps: SlackDeps, message: MessageRow, what: Post): Promise<Known | null> {
  const request = message.request_id === null ? null : await loadRequest(deps.store.read, message.request_id);
  if (request === null) return null;
  const waits = request.state === 'awaiting_approval';
  const approvers = waits ? (request.approval?.approvers ?? []) : [];
  if (['board', 'card', 'outcome', 'told'].includes(what.kind)) {
    // So that they are shown by name: a mention on the board as well would notify the approvers twice.
    const { ackedBy, cancelledBy, decisions, submissions } = request;
    const shown = [ackedBy, cancelledBy, ...submissions.map((each) => each.settledBy)];
    const known = shown.filter((id) => id !== null && /^[UW][A-Z0-9]+$/.test(id)) as string[];
    await deps.people.learnNames([
      ...new Set([...known, ...decisions.map((each) => each.userId), ...approvers]),
    ]);
  }
  return {
    request,
    calls: await callsFor(deps, what, request),
    endings:
      what.kind === 'results' && request.counts.callees > shownInTable
        ? await countEndings(deps.store.read, request.id)
        : [],
    facts: { now: deps.clock.now(), nameOf: deps.people.knownName },
    unreadableGroups: what.kind === 'card' ? await unreadable(deps, approvers) : [],
    hours: what.kind === 'card' ? await hoursOfOpen(deps, request, postedAt(deps, message)) : null,
    balance: waits ? deps.balance.known() : null,
  };
}

/** A card whose figures changed by themselves would be edited for ever. */
function postedAt({ clock }: SlackDeps, message: MessageRow): number {
  return clock.wallOf(message.posted_at ?? clock.now());
}

async function callsFor(deps: SlackDeps, what: Post, request: RequestView): Promise<CallView[]> {
  if (what.kind === 'file' || what.kind === 'full' || what.kind === 'tested')
    return await loadCalls(deps.store.read, request.id);
  if (['board', 'card', 'instead', 'told'].includes(what.kind)) {
    // Of a crowd these tell numbers alone.
    return request.counts.callees > namedPeople ? [] : await loadCalls(deps.store.read, request.id);
  }
  if (what.kind !== 'results') return [];
  if (request.counts.callees <= shownInTable) return await loadCalls(deps.store.read, request.id);
  const first: CallView[] = [];
  for (const states of troubleStates) {
    const size = shownOfCrowd - first.length;
    if (size > 0)
      first.push(...(await loadCalls(deps.store.read, request.id, { states, size, latest: true })));
  }
  return first;
}

async function unreadable(deps: SlackDeps, approvers: readonly string[]): Promise<string[]> {
  const groups: string[] = [];
  for (const group of approvers.filter((id) => id.startsWith('S')))
    if ((await deps.people.groupMembers(group)) === null) groups.push(group);
  return groups;
}
