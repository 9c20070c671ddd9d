import type { KnownBlock } from '@slack/types';
import type { Ending } from '../../calls/request/read.ts';
import { finishedRequestStates } from '../../calls/request/states.ts';
import { type CallView, isLimitCause, type RequestView } from '../../calls/request/types.ts';
import type { CallOptions } from '../../config/types.ts';
import { describeCode } from '../../voice/codes.ts';
import { actions, context, header, mrkdwn, type RenderedPost, section, topText } from '../kit/blocks.ts';
import { slackLimits } from '../kit/limits.ts';
import {
  date,
  escapeText,
  foreign,
  listWords,
  mention,
  mentionAny,
  people,
  plural,
  utc,
} from '../kit/text.ts';
import { approverWords, deciders, decisionLines, waitsFor } from '../words/approval-words.ts';
import { heldWords } from '../words/call-words.ts';
import { currentCounts, headline, nameOrNull } from '../words/headline.ts';
import { waitingForHours } from '../words/hours-words.ts';
import { listLines, namedPeople, peopleLines } from '../words/people-lines.ts';
import { planWords, reachLines } from '../words/reach-words.ts';
import {
  countriesWords,
  createWho,
  crowdWords,
  type MessageFacts,
  type NameOf,
  named,
  playedWords,
  refusalWords,
  submissionName,
} from '../words/request-words.ts';
import { rosterLines } from '../words/roster-words.ts';
import { progress } from '../words/state-words.ts';
import { boardButtons, settleBlocks } from './buttons.ts';

interface BoardFacts extends MessageFacts {
  /** How the unanswered calls of a request with many people ended. */
  endings?: readonly Ending[];
}

/**
 * Draws the one message that shows a request's state: the outcome, who asked for what, the results, the buttons, then
 * the rest. `facts.now` is in ms; `calls` holds the calls of a request with few people, else nothing. Pure: the same
 * input gives the same board.
 */
export function renderBoard(
  request: RequestView,
  facts: BoardFacts,
  calls: readonly CallView[] = [],
): RenderedPost {
  const who = createWho(facts.nameOf);
  const lines = [
    askedLine(request, who, facts.defaults),
    ...whoDid(request, who, facts),
    ...moreLines(request, facts.nameOf),
  ];
  const buttons = boardButtons(request);
  const settle = settleBlocks(request);
  // The most urgent choice comes first: the primary button, else the two choices about unknown calls.
  const hasPrimary = buttons.some((each) => each.style === 'primary');
  const blocks: KnownBlock[] = [
    // A header cannot show a time in the reader's zone. The lines below do.
    header(headline(request, facts.nameOf, { times: false })),
    ...sections(lines),
    ...sections(stateLines(request, calls, facts.endings)),
    ...approvalBlocks(request, facts),
    ...(hasPrimary ? [] : settle),
    ...actions(buttons, 'board_actions'),
    ...(hasPrimary ? settle : []),
    ...sections(reachLines(request.reach, request.counts.reached)),
    ...trouble(request),
    context(smallWords(request)),
  ];
  return {
    text: boardText(request, facts, calls),
    blocks: blocks.slice(0, slackLimits.messageBlocks),
    metadata: metadata(request),
  };
}

function sections(lines: string[]): KnownBlock[] {
  return lines.length === 0 ? [] : [section(lines.join('\n'))];
}

/** Returns "Asha calls 2 people in Singapore: fire-drill". */
function askedLine(request: RequestView, who: (id: string) => string, defaults?: CallOptions): string {
  const crowd = crowdWords(request.counts.callees, request.countries);
  const again = request.repeats === null ? '' : ' again';
  const asker =
    request.origin === 'alert'
      ? `Rule *${foreign(request.ruleName ?? 'of the configuration', 120)}*`
      : request.requestedBy === null
        ? 'Somebody'
        : who(request.requestedBy);
  const asks = `${asker} ${callsVerb(request)} *${crowd}*${again}`;
  const hear = heard(request, 600, defaults);
  return hear === null ? `${asks}.` : `${asks}: ${hear}`;
}

/**
 * The words about the audio. Null if the board is in the alert's thread and the rule speaks a text, because that text
 * repeats the alert.
 */
function heard(
  { origin, threadTs, threadPost, audio, options }: RequestView,
  length: number,
  defaults?: CallOptions,
): string | null {
  const inThread = threadTs !== null || threadPost !== null;
  if (origin === 'alert' && inThread && audio.kind === 'text') return null;
  return playedWords(audio, options, length, defaults);
}

/** The verb, because in some states people are not called yet or will never be called. */
function callsVerb(request: RequestView): string {
  const { state, origin, counts, submissions } = request;
  if (state === 'awaiting_approval' || state === 'scheduled') return 'asks to call';
  const over = finishedRequestStates.includes(state);
  if (over && counts.accepted + counts.unknown > 0) return 'called';
  // If all calls are unknown, the board must not say that people are being called.
  const allUnknown = state === 'sent' && counts.unknown > 0 && counts.accepted + counts.waiting === 0;
  if (over || allUnknown || submissions.length === 0)
    return origin === 'alert' ? 'was going to call' : 'asked to call';
  return 'calls';
}

function moreLines(request: RequestView, nameOf: MessageFacts['nameOf']): string[] {
  const lines: string[] = [];
  if (request.whenAt !== null) lines.push(`*When:* ${date(request.whenAt)}${approvedLate(request)}`);
  const plan = request.reach === null ? null : planWords(request.reach);
  if (plan !== null) lines.push(`*Calls:* ${plan}`);
  lines.push(...listLines(request.namedLists, request.counts.callees));
  lines.push(...rosterLines(request.rosters ?? [], nameOf));
  if (request.note !== '') lines.push(`*Note:* ${foreign(request.note, 600)}`);
  return lines;
}

/** If the approval came after the chosen time, the calls started at once. */
function approvedLate({ state, whenAt, decisions }: RequestView): string {
  const approvedAt = decisions.findLast((each) => each.decision === 'approve')?.at ?? 0;
  if (whenAt === null || approvedAt < whenAt || ['awaiting_approval', 'rejected'].includes(state)) return '';
  return '; approved after that, so they were called at once';
}

/** The last line: the id, the time, and facts that are rarely needed. */
function smallWords(request: RequestView): string {
  const { id, createdAt, countries, duplicates, repeats, repeatedBy, origin } = request;
  return [
    `Request \`${foreign(id, 60)}\``,
    `${origin === 'alert' ? 'started' : 'asked'} ${date(createdAt)}`,
    ...(countries.length > 1 ? [countriesWords(countries)] : []),
    ...(duplicates > 0 ? [`${plural(duplicates, 'duplicate')} left out`] : []),
    ...(repeats === null ? [] : [`repeats \`${foreign(repeats, 60)}\``]),
    ...(repeatedBy === null ? [] : [`called again in \`${foreign(repeatedBy, 60)}\``]),
  ].join(' · ');
}

function whoDid(
  request: RequestView,
  who: (id: string) => string,
  { nameOf = () => null }: MessageFacts,
): string[] {
  const lines = decisionLines(request, who);
  const { cancelledBy, ackedBy, counts } = request;
  // The headline says who acknowledged the alert, unless the name is not known.
  if (ackedBy !== null && nameOrNull(ackedBy, nameOf) === null) lines.push(`🙋 ${who(ackedBy)} has got it.`);
  if (
    cancelledBy !== null &&
    (cancelledBy !== ackedBy || counts.cancelled > 0) &&
    !isInHeadline(request, nameOf)
  ) {
    const none = request.reach === null ? 'nobody was left to stop' : 'nobody else is called';
    const left = counts.cancelled === 0 ? none : `${people(counts.cancelled)} not called`;
    const over = finishedRequestStates.includes(request.state);
    const placed = !over && counts.accepted + counts.unknown > 0 ? '; calls already placed go on' : '';
    const verb = request.origin === 'alert' ? 'Stopped' : 'Cancelled';
    const why = cancelledBy === 'voicecall' ? 'Stopped: the alert is over' : `${verb} by ${who(cancelledBy)}`;
    lines.push(`🛑 ${why}: ${left}${placed}.`);
  }
  return [...lines, ...settledLines(request, who)];
}

/** True if the headline is "Cancelled by Asha": nobody was called, and the name is known. */
function isInHeadline({ state, origin, cancelledBy, counts }: RequestView, nameOf: NameOf): boolean {
  if (state !== 'cancelled' || origin === 'alert' || cancelledBy === null) return false;
  return counts.accepted + counts.unknown === 0 && nameOrNull(cancelledBy, nameOf) !== null;
}

/** What a person said about unknown calls. The line names the person, because no report confirms it. */
function settledLines({ submissions }: RequestView, who: (id: string) => string): string[] {
  const settled = submissions.filter((each) => each.settledCalls > 0);
  const groups = Map.groupBy(settled, (each) => `${each.settledBy} ${each.settledAsCalled}`);
  return [...groups.values()].slice(0, 5).map((group) => {
    const [first] = group;
    const calls = group.reduce((sum, each) => sum + each.settledCalls, 0);
    const word = first?.settledAsCalled === false ? 'not rung' : 'rung';
    return `☝️ ${who(first?.settledBy ?? '')} marked ${plural(calls, 'call')} as ${word}.`;
  });
}

function stateLines(request: RequestView, calls: readonly CallView[], endings?: readonly Ending[]): string[] {
  const bar = progress(request.state, currentCounts(request));
  // A request with few people shows their names, which say more than a bar.
  const lines = bar === null || request.counts.callees <= namedPeople ? [] : [bar];
  lines.push(...peopleLines(request, calls, endings));
  if (request.outcome !== null && request.state !== 'rejected') lines.push(foreign(request.outcome, 600));
  return lines;
}

function approvalBlocks(request: RequestView, facts: MessageFacts): KnownBlock[] {
  if (request.state !== 'awaiting_approval' || request.approval === null) return [];
  const approvers = deciders(request.approval, request.requestedBy).map((id) =>
    named(id, facts.nameOf, mentionAny),
  );
  const reasons = request.approval.reasons.map((reason) => foreign(reason, 200));
  const lines = [`*Waiting for:* ${approverWords(request, approvers, 10)}${waitsFor(request, facts)}`];
  if (reasons.length > 0) lines.push(`*Because:* ${listWords(reasons, 5)}`);
  return [section(lines.join('\n'))];
}

/** What keeps a call from being made when its limit allows it. */
function calledUnless({ origin, reach }: RequestView): string {
  if (origin === 'alert') return 'the alert is over or somebody has got it';
  return reach !== null && reach.plan.enough !== null
    ? 'enough people are reached or the request is cancelled'
    : 'the request is cancelled';
}

/** The calls that were not placed, why, and what to do. */
function trouble(request: RequestView): KnownBlock[] {
  const total = request.submissions.length;
  const waiting = request.submissions.filter((each) => each.nextTryAt !== null && each.state === 'ready');
  const again = request.submissions.filter((each) => each.again);
  const lines: string[] = [];
  const first = waiting.toSorted((a, b) => (a.nextTryAt ?? 0) - (b.nextTryAt ?? 0))[0];
  if (first !== undefined) {
    const why =
      first.code === null ? 'The voice platform cannot be reached.' : describeCode(first.code).meaning;
    const crowd = people(waiting.reduce((sum, each) => sum + each.callees, 0));
    lines.push(`⏳ *${crowd} not called yet:* ${why} Next try ${date(first.nextTryAt ?? 0)}.`);
  }
  const outside = waitingForHours(request);
  if (outside !== null) lines.push(`🌙 *Hours:* ${outside}.`);
  const held = request.submissions.filter((each) => each.heldUntil !== null);
  for (const [code, group] of Map.groupBy(held, (each) => each.code)) {
    if (!isLimitCause(code)) continue;
    const crowd = people(group.reduce((sum, each) => sum + each.callees, 0));
    const nextAt = Math.min(...group.map((each) => each.heldUntil ?? Number.POSITIVE_INFINITY));
    lines.push(
      `✋ *${crowd}* ${heldWords(code, nextAt, date)}. They are called then, unless ${calledUnless(request)}.`,
    );
  }
  for (const [code, group] of Map.groupBy(
    request.submissions.filter((each) => each.state === 'refused' || each.state === 'failed'),
    (each) => `${each.state} ${each.code ?? ''}`,
  )) {
    const sample = group[0];
    if (sample === undefined || lines.length > 6) break;
    const crowd = people(group.reduce((sum, each) => sum + each.callees, 0));
    const what = code.startsWith('refused') ? '⛔ *Refused by the platform*' : '❌ *Not called*';
    lines.push(`${what}: ${crowd}. ${refusalWords(sample.code)}`);
  }
  if (again.length > 0) {
    const which = again.map((each) => submissionName(each, total));
    lines.push(
      `🔁 *Called once more* because nobody knows whether the first call rang: ${listWords(which, 3)}.`,
    );
  }
  return lines.length === 0 ? [] : [{ type: 'section', text: mrkdwn(lines.join('\n')) }];
}

/** The text of the notification: the outcome, who calls whom, and the results of people. */
function boardText(
  request: RequestView,
  { nameOf, endings, defaults }: BoardFacts,
  calls: readonly CallView[],
): string {
  const { state, outcome, requestedBy } = request;
  const crowd = crowdWords(request.counts.callees, request.countries);
  const rule = `Rule ${foreign(request.ruleName ?? 'of the configuration', 120)}`;
  const who = requestedBy === null ? rule : named(requestedBy, nameOf, mention);
  const until =
    state === 'awaiting_approval' && request.expiresAt !== null ? ` until ${utc(request.expiresAt)}` : '';
  const reason = state === 'rejected' && outcome !== null ? `: “${foreign(outcome, 300)}”` : '';
  const again = request.repeats === null ? '' : ' again';
  const hear = heard(request, 200, defaults);
  return topText(
    `${escapeText(headline(request, nameOf))}${until}${reason}.`,
    request.alertTitle === null ? null : `Alert: ${foreign(request.alertTitle, 200)}.`,
    `${who} ${callsVerb(request)} ${crowd}${again}${hear === null ? '' : `: ${hear}`}.`,
    state === 'rejected' || outcome === null ? null : foreign(outcome, 300),
    peopleLines(request, calls, endings).join(' · ') || null,
  );
}

function metadata(request: RequestView): RenderedPost['metadata'] {
  const { waiting: _waiting, ...counts } = request.counts;
  return {
    event_type: 'voicecall_request',
    event_payload: {
      request_id: request.id,
      state: request.state,
      ...counts,
      attempt: request.reach?.attempt ?? 1,
      step: request.reach?.step ?? 1,
    },
  };
}
