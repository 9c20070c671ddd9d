import { countEndings, type Ending, loadCalls, loadRequest } from '../../calls/request/read.ts';
import { finishedRequestStates } from '../../calls/request/states.ts';
import type { CallState, CallView, RequestView } from '../../calls/request/types.ts';
import { shownInTable } from '../../outbox/outbox.ts';
import type { Post } from '../../outbox/post.ts';
import { isGroupId, isUserId } from '../../slack-ids.ts';
import { hoursOfOpen } from '../approval/hours.ts';
import { shownOfCrowd } from '../board/results.ts';
import type { SlackDeps } from '../context/deps.ts';
import { namedPeople } from '../words/people-lines.ts';
import type { MessageFacts } from '../words/request-words.ts';
import type { PostRow } from './types.ts';

/** Everything that is needed to draw a post. */
export interface Known {
  request: RequestView;
  /** The calls that the post lists; empty if it lists none. */
  calls: CallView[];
  facts: MessageFacts;
  /** How the unanswered calls of a large request ended; empty for small ones. */
  endings: Ending[];
  /** User groups of approvers whose members could not be read. */
  unreadableGroups: string[];
  /** Words about who waits for the hours, at the time the card is posted; null if nobody does. */
  hours?: string | null;
  /** The account's balance as the platform shows it; null if not known. */
  balance: string | null;
}

/** The order of the table of a large request: not answered, then unknown, then not called. */
const troubleStates: CallState[][] = [
  ['not_answered'],
  ['unknown'],
  ['refused', 'held', 'cancelled', 'failed'],
];

/**
 * Reads what is needed to draw a post of a request, and asks Slack for the names that it shows. Null: the request
 * does not exist.
 */
export async function lookUp(deps: SlackDeps, message: PostRow, what: Post): Promise<Known | null> {
  const request = message.request_id === null ? null : await loadRequest(deps.store.read, message.request_id);
  if (request === null) return null;
  const waits = request.state === 'awaiting_approval';
  const approvers = waits ? (request.approval?.approvers ?? []) : [];
  if (['board', 'card', 'outcome', 'told'].includes(what.kind)) {
    // With known names the board needs no mentions. Mentions there would notify the approvers a second time.
    const { ackedBy, cancelledBy, decisions, submissions } = request;
    const shown = [ackedBy, cancelledBy, ...submissions.map((each) => each.settledBy)];
    const known = shown.filter((id) => id !== null).filter(isUserId);
    await deps.people.learnNames([
      ...new Set([...known, ...decisions.map((each) => each.userId), ...approvers]),
    ]);
  }
  return {
    request,
    calls: await callsFor(deps, what, request),
    endings: showsEndings(what, request) ? await countEndings(deps.store.read, request.id) : [],
    facts: { now: deps.clock.now(), nameOf: deps.people.knownName, defaults: deps.config().voice },
    unreadableGroups: what.kind === 'card' ? await unreadable(deps, approvers) : [],
    hours: what.kind === 'card' ? await hoursOfOpen(deps, request, postedAt(deps, message)) : null,
    balance: waits ? deps.balance.known() : null,
  };
}

/** The board of a large request says how calls ended once all have: it is drawn far more often before. */
function showsEndings({ kind }: Post, { counts, state }: RequestView): boolean {
  if (kind === 'results') return counts.callees > shownInTable;
  return kind === 'board' && counts.callees > namedPeople && finishedRequestStates.includes(state);
}

/** The time of posting, not the current time: a card with changing figures would be edited again and again. */
function postedAt({ clock }: SlackDeps, message: PostRow): number {
  return clock.wallOf(message.posted_at ?? clock.now());
}

async function callsFor(deps: SlackDeps, what: Post, request: RequestView): Promise<CallView[]> {
  if (what.kind === 'file' || what.kind === 'full' || what.kind === 'tested')
    return await loadCalls(deps.store.read, request.id);
  if (['board', 'card', 'instead', 'told'].includes(what.kind)) {
    // For many people these posts show only counts.
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
  for (const group of approvers.filter(isGroupId))
    if ((await deps.people.groupMembers(group)) === null) groups.push(group);
  return groups;
}
