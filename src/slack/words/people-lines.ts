import type { Ending } from '../../calls/request/read.ts';
import { finishedRequestStates } from '../../calls/request/states.ts';
import type { CallView, RequestView } from '../../calls/request/types.ts';
import { count, foreign, listWords } from '../kit/text.ts';
import {
  type CallFacts,
  callEmoji,
  calleeLabel,
  endingWords,
  keyWords,
  latestCalls,
  resultWords,
} from './call-words.ts';
import { currentCounts, mustConfirm } from './headline.ts';

/** Messages list at most this many people by name. For more people they show counts. */
export const namedPeople = 5;

/**
 * Lines of mrkdwn: each person with their result if they are few, else counts. People who were not reached come
 * first. The counts use `endings` to say how unanswered calls ended. While nothing has been sent, one line names the
 * people, because all have the same result.
 */
export function peopleLines(
  request: RequestView,
  calls: readonly CallView[],
  endings: readonly Ending[] = [],
): string[] {
  const people = latestCalls(calls);
  if (people.length === 0 || people.length > namedPeople) return countLines(request, endings);
  if (request.submissions.length === 0)
    return [`To: ${listWords(people.map((call) => foreign(calleeLabel(call), 40)))}`];
  const facts = { over: finishedRequestStates.includes(request.state), mustConfirm: mustConfirm(request) };
  return people.toSorted(unansweredFirst).map((call) => personLine(call, facts));
}

/** The names of the lists that are called, in mrkdwn. Empty for few people, because messages name those. */
export function listLines(names: readonly string[] | undefined, callees: number): string[] {
  if (names === undefined || names.length === 0 || callees <= namedPeople) return [];
  const words = listWords(
    names.map((name) => foreign(name, 80)),
    8,
  );
  return [`*${names.length === 1 ? 'List' : 'Lists'}:* ${words}`];
}

/** Returns "📵 Ben: no answer". */
export function personLine(call: CallView, facts: CallFacts): string {
  const key = keyWords(call);
  const pressed = key === '' ? '' : `, pressed ${foreign(key, 16)}`;
  // A message says once, in the reader's own time, until when calls are held back.
  const result = call.state === 'held' && call.heldUntil !== null ? 'held back' : resultWords(call, facts);
  return `${callEmoji(call, facts)} ${foreign(calleeLabel(call), 80)}: ${result}${pressed}`;
}

/** Sorts calls: not answered first, then unknown, then open, then answered, then confirmed. */
export function unansweredFirst(one: CallView, other: CallView): number {
  return order(one) - order(other) || one.position - other.position;
}

function order({ state, confirmed }: CallView): number {
  if (state === 'answered') return confirmed ? 4 : 3;
  if (state === 'unknown') return 1;
  return state === 'not_answered' ? 0 : 2;
}

/** Returns "80 no answer · 40 busy · 2 may have rung · 3 answered". Empty if the headline says the same. */
function countLines(request: RequestView, endings: readonly Ending[]): string[] {
  const { state } = request;
  const counts = currentCounts(request);
  if (['awaiting_approval', 'rejected', 'expired'].includes(state)) return [];
  const shown = countParts(request, endings);
  if (shown.length === 0 || (shown.length === 1 && shown[0]?.[0] === counts.callees)) return [];
  // A headline such as "25 of 150 answered" implies how many did not answer, but not why.
  const ended = counts.answered + counts.not_answered === counts.callees;
  const implied = counts.answered > 0 && ended && !mustConfirm(request);
  if (implied && !areAllKnown(counts.not_answered, endings)) return [];
  const said = implied ? shown.filter(([, words]) => words !== 'answered') : shown;
  return [said.map(([n, words]) => `${count(n)} ${words}`).join(' · ')];
}

/** How many people have which result; people who were not reached come first. */
export function countParts(
  request: RequestView,
  endings: readonly Ending[] = [],
): [n: number, words: string][] {
  const { state } = request;
  const counts = currentCounts(request);
  const { accepted, answered } = counts;
  const confirmed = mustConfirm(request) ? counts.confirmed : 0;
  const open = Math.max(0, accepted - answered - counts.not_answered);
  const over = finishedRequestStates.includes(state);
  const parts: [number, string][] = [
    ...notAnswered(counts.not_answered, endings),
    [counts.unknown, 'may have rung'],
    [counts.refused, 'refused by the platform'],
    [counts.failed, 'not called'],
    [counts.held, 'held back'],
    [counts.cancelled, 'cancelled'],
    [answered - confirmed, mustConfirm(request) ? 'answered, not confirmed' : 'answered'],
    [confirmed, 'confirmed'],
    [open, over ? 'without a result' : 'being called'],
    [counts.waiting, 'waiting'],
  ];
  return parts.filter(([n]) => n > 0);
}

/** How the unanswered calls ended, if that is known of each. */
function notAnswered(n: number, endings: readonly Ending[]): [n: number, words: string][] {
  return areAllKnown(n, endings)
    ? endings.map(({ ending, calls }) => [calls, endingWords(ending)])
    : [[n, 'not answered']];
}

function areAllKnown(n: number, endings: readonly Ending[]): boolean {
  return n > 0 && endings.reduce((sum, { calls }) => sum + calls, 0) === n;
}
