import { finishedRequestStates } from '../../calls/request/states.ts';
import { isLimitCause, type RequestView } from '../../calls/request/types.ts';
import { type CodeKind, describeCode } from '../../voice/codes.ts';
import { count, listWords, people, plain, plural, utc } from '../kit/text.ts';
import type { NameOf } from './request-words.ts';

export type Outlined = Pick<
  RequestView,
  | 'state'
  | 'origin'
  | 'counts'
  | 'current'
  | 'submissions'
  | 'decisions'
  | 'reach'
  | 'cancelledBy'
  | 'ackedBy'
  | 'resolvedAt'
  | 'requestedBy'
  | 'whenAt'
>;

/**
 * The state of a request in one short line. Every board, list, notification and reply begins with it. It claims no
 * more than the counts show, and always mentions what is unknown. Plain text, with names as Slack returns them:
 * escape it in mrkdwn. `times` false: without the times of later calls, which would be in UTC.
 */
export function headline(
  request: Outlined,
  nameOf: NameOf = () => null,
  { times = true }: { times?: boolean } = {},
): string {
  const outcome = outcomeOf({ ...request, counts: currentCounts(request) }, nameOf, times);
  if (request.resolvedAt !== null) return `Resolved · ${outcome}`;
  const { ackedBy, cancelledBy, state } = request;
  // If nobody was called because somebody acknowledged the alert, the outcome says so already.
  if (ackedBy === null || (state === 'cancelled' && cancelledBy === ackedBy)) return outcome;
  return `${nameOrNull(ackedBy, nameOf) ?? 'Somebody'} has got it · ${outcome}`;
}

/**
 * The counts for words: a person who was called again counts by the latest call while it is open or unknown, unless
 * they were reached. Words then do not say that nobody answered while a phone rings.
 */
export function currentCounts({ counts, current }: Pick<Outlined, 'counts' | 'current'>): Outlined['counts'] {
  return current ?? counts;
}

function outcomeOf(request: Outlined, nameOf: NameOf, times: boolean): string {
  const { state, counts } = request;
  switch (state) {
    case 'awaiting_approval':
      return 'Waiting for approval';
    case 'scheduled':
      return request.whenAt === null || !times ? 'Scheduled' : `Scheduled for ${utc(request.whenAt)}`;
    case 'rejected':
      return `Rejected${by(request.decisions.find((each) => each.decision === 'reject')?.userId, nameOf)}`;
    case 'expired':
      return 'Not called: nobody approved in time';
    case 'cancelled':
      return cancelledOutcome(request, nameOf);
    case 'failed':
      return counts.accepted + counts.unknown === 0
        ? `Not called: ${whyNot(request)}`
        : endedOutcome(request, nameOf);
    case 'approved':
    case 'sending':
    case 'sent':
      return runningOutcome(request, nameOf, times);
    case 'done':
      return endedOutcome(request, nameOf);
  }
}

function cancelledOutcome(request: Outlined, nameOf: NameOf): string {
  const { cancelledBy, ackedBy, counts } = request;
  // Some calls were placed before the request was cancelled.
  if (counts.accepted + counts.unknown > 0) return endedOutcome(request, nameOf);
  if (cancelledBy === null) return 'Cancelled';
  if (cancelledBy === 'voicecall') return 'Not called: the alert is over';
  if (cancelledBy === ackedBy) {
    return `Not called: ${nameOrNull(cancelledBy, nameOf) ?? 'somebody'} has got it`;
  }
  return `Cancelled${by(cancelledBy, nameOf)}`;
}

function runningOutcome(request: Outlined, nameOf: NameOf, times: boolean): string {
  const { counts, state, reach } = request;
  if (counts.callees > 0 && counts.reached === counts.callees) return allWords(request);
  const goesOn = state !== 'sent' || reach?.running === true;
  if (!goesOn) {
    const said = counts.answered + counts.not_answered === 0 ? settledWords(request, nameOf) : null;
    if (said !== null) return said;
    if (openCalls(request) === 0) return endedOutcome(request, nameOf);
  }
  // Acknowledged, resolved or stopped: nobody else is called. "Calling" would say the opposite.
  const ends = request.ackedBy !== null || request.resolvedAt !== null || request.cancelledBy !== null;
  const open = openCalls(request);
  if (ends && open > 0 && reach?.running !== true) return stillOpen(request, open);
  const called = counts.accepted + counts.unknown;
  const calling = Math.max(0, open - callsForLater(request));
  // Nobody is being called between two attempts or steps, or while the others wait for their hours or for a limit.
  if (calling === 0 && (state === 'sent' || (open > 0 && called > 0))) return soFarOutcome(request, nameOf);
  const waits = called === 0 ? whyWaiting(request, times) : null;
  if (waits !== null) return `Not called yet: ${waits}`;
  const so = [
    ...(counts.reached > 0 ? [`${count(counts.reached)} ${verb(request)}`] : []),
    ...(counts.unknown > 0 ? [`unknown for ${count(counts.unknown)}`] : []),
  ];
  // The calls to the others have ended, or are made later.
  const part = calling > 0 && calling < counts.callees ? `${count(calling)} of ` : '';
  return `Calling ${part}${people(counts.callees)}${so.length === 0 ? '' : `: ${listWords(so)}`}`;
}

/** The outcome while all calls have ended and more are to come. */
function soFarOutcome(request: Outlined, nameOf: NameOf): string {
  const { callees, accepted, unknown, answered, reached } = request.counts;
  if (accepted + unknown === 0) return `Not called yet: ${whyNot(request)}`;
  if (unknown > 0) return endedOutcome(request, nameOf);
  if (reached > 0) return `${count(reached)} of ${count(callees)} ${verb(request)} so far`;
  return answered > 0
    ? `Nobody confirmed yet (${count(answered)} of ${count(callees)} answered)`
    : `Nobody answered yet (0 of ${count(callees)})`;
}

/** Returns "1 of 2 answered, 1 call still under way". */
function stillOpen(request: Outlined, open: number): string {
  const { reached, callees, unknown } = request.counts;
  return [
    ...(reached > 0 ? [`${count(reached)} of ${count(callees)} ${verb(request)}`] : []),
    ...(unknown > 0 ? [`unknown for ${count(unknown)}`] : []),
    `${plural(open, 'call')} still under way`,
  ].join(', ');
}

/** The outcome when all calls have ended, or when only unknown calls are left. */
function endedOutcome(request: Outlined, nameOf: NameOf): string {
  const { counts } = request;
  const { callees, accepted, unknown, answered, reached, not_answered: notAnswered } = counts;
  const silent = accepted - answered - notAnswered;
  const unsure = unknown + Math.max(0, silent);
  if (unsure > 0) {
    const said = accepted - silent === 0 && unknown === 0 ? settledWords(request, nameOf) : null;
    if (said !== null) return said;
    if (reached > 0)
      return `${count(reached)} of ${count(callees)} ${verb(request)}, unknown for ${count(unsure)}`;
    if (unknown === 0)
      return `No result for ${unsure === callees ? '' : `${count(unsure)} of `}${people(callees)}`;
    return `We don't know whether ${unknown === callees ? '' : `${count(unknown)} of `}${phones(callees)} rang`;
  }
  if (accepted === 0) return settledWords(request, nameOf) ?? `Not called: ${whyNot(request)}`;
  if (callees > 0 && reached === callees) return allWords(request);
  if (reached > 0) return `${count(reached)} of ${count(callees)} ${verb(request)}`;
  return answered > 0
    ? `Nobody confirmed (${count(answered)} of ${count(callees)} answered)`
    : `Nobody answered (0 of ${count(callees)})`;
}

function allWords(request: Outlined): string {
  const { callees } = request.counts;
  return callees === 1 ? capitalVerb(request) : `All ${count(callees)} ${verb(request)}`;
}

/** True if only a key reaches a person: a call that is answered without it does not count. */
export function mustConfirm({ reach }: Pick<Outlined, 'reach'>): boolean {
  return reach?.plan.until === 'confirmed';
}

/** The verb for people who were reached, as the plan defines it. */
function verb(request: Pick<Outlined, 'reach'>): 'answered' | 'confirmed' {
  return mustConfirm(request) ? 'confirmed' : 'answered';
}

function capitalVerb(request: Outlined): string {
  return mustConfirm(request) ? 'Confirmed' : 'Answered';
}

function phones(n: number): string {
  return n === 1 ? 'the phone' : `${count(n)} phones`;
}

/** How many calls wait for the hours of the people, or until a limit allows them. */
function callsForLater({ submissions }: Outlined): number {
  return submissions
    .filter((each) => each.state === 'ready' && (each.opensAt !== null || each.heldUntil !== null))
    .reduce((sum, each) => sum + each.callees, 0);
}

/** How many calls still wait, or were accepted and have no known end. */
function openCalls({ counts, state, submissions }: Outlined): number {
  if (finishedRequestStates.includes(state)) return 0;
  // If a person marked a call as rung, no result is awaited for it.
  const marked = sumOfCalls(submissions.filter((each) => each.settledAsCalled));
  return counts.waiting + Math.max(0, counts.accepted - counts.answered - counts.not_answered - marked);
}

/**
 * Shows that a person, not a report, says whether the phones rang. Null if nobody has said anything, or if the
 * platform reported more.
 */
function settledWords({ submissions, counts }: Outlined, nameOf: NameOf): string | null {
  const settled = submissions.filter((each) => each.settledCalls > 0);
  const calls = sumOfCalls(settled);
  const called = calls > 0 && settled.every((each) => each.settledAsCalled);
  const notCalled = calls > 0 && settled.every((each) => !each.settledAsCalled);
  // If other calls were placed or are unknown, these words would not describe them.
  if (counts.unknown > 0 || counts.accepted > (called ? calls : 0) || (!called && !notCalled)) return null;
  const who = [...new Set(settled.map((each) => nameOrNull(each.settledBy ?? '', nameOf) ?? 'a person'))];
  const part = calls < counts.callees ? ` (${count(calls)} of ${count(counts.callees)})` : '';
  return `Marked as ${called ? 'rung' : 'not rung'} by ${listWords(who, 2)}${part}`;
}

function sumOfCalls(submissions: Outlined['submissions']): number {
  return submissions.reduce((sum, each) => sum + each.settledCalls, 0);
}

/** Why nothing has been sent yet. Null if it will be sent shortly. */
function whyWaiting({ submissions }: Outlined, times: boolean): string | null {
  const waiting = submissions.filter((each) => each.state === 'ready');
  if (waiting.length < submissions.length || waiting.length === 0) return null;
  const hours = waiting.map((each) => each.opensAt).filter((at) => at !== null);
  const until = (at: number[]) => (times ? ` until ${utc(Math.min(...at))}` : '');
  if (hours.length === waiting.length) return `it is outside their hours${until(hours)}`;
  const held = waiting.filter((each) => each.heldUntil !== null);
  if (held.length === waiting.length) {
    return `a limit holds the calls back${until(held.map((each) => each.heldUntil ?? 0))}`;
  }
  if (waiting.some((each) => each.nextTryAt === null)) return null;
  return waiting.every(askedTooOften) ? 'the platform was asked too often' : 'the platform cannot be reached';
}

/** The platform answered, so it can be reached: it takes the calls later. */
function askedTooOften({ code }: { code: string | null }): boolean {
  return code !== null && describeCode(code).kind === 'rate';
}

const refusals: Partial<Record<CodeKind, string>> = {
  credentials: 'credentials',
  account: 'account',
  balance: 'balance',
  destination: 'destination',
  input: 'the request',
  rate: 'asked too often',
  clock: "this machine's clock",
  limit: 'a limit of the account',
};

/** Why nobody was called, in a few words. */
function whyNot({ counts, submissions, cancelledBy, reach }: Outlined): string {
  const { refused, held, failed, cancelled } = counts;
  const most = Math.max(refused, held, failed, cancelled);
  if (most === 0) return 'nobody to call';
  // If the platform refuses the account, the other submissions fail without being sent. The refusal is the reason.
  if (refused > 0 && (refused === most || failed === most)) {
    const said = submissions.filter((each) => each.state === 'refused' && each.code !== null);
    const codes = [...new Set(said.map((each) => each.code ?? ''))];
    const kind = codes.length === 1 ? refusals[describeCode(codes[0] ?? '').kind] : undefined;
    return `the platform refused${kind === undefined ? '' : ` (${kind})`}`;
  }
  if (held === most) return heldWords(submissions);
  // No submission was made: the check at the start time failed. The board shows the reason.
  if (failed === most && submissions.length === 0) return 'it could not be started';
  if (failed === most) {
    return submissions.filter((each) => each.state === 'failed').every(askedTooOften)
      ? 'the platform was asked too often'
      : 'the platform could not be reached';
  }
  if (cancelledBy === 'voicecall' || reach?.endedBy === 'resolved') return 'the alert is over';
  return reach?.endedBy === 'enough' ? 'enough people were reached' : 'it was stopped';
}

function heldWords(submissions: Outlined['submissions']): string {
  if (submissions.some((each) => isLimitCause(each.code))) return 'a limit is used up';
  return 'a limit or the configuration holds the calls back';
}

function by(id: string | null | undefined, nameOf: NameOf): string {
  const name = id === null || id === undefined ? null : nameOrNull(id, nameOf);
  return name === null ? '' : ` by ${name}`;
}

/** The name for plain text; null if it is not known. */
export function nameOrNull(id: string, nameOf: NameOf): string | null {
  for (const kind of ['tool:', 'callee:']) if (id.startsWith(kind)) return plain(id.slice(kind.length), 60);
  if (id.startsWith('rule:')) return plain(`rule ${id.slice(5)}`, 60);
  const name = nameOf(id);
  return name === null ? null : plain(name, 60);
}
