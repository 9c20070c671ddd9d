import type { CallView, RequestView } from '../../calls/request/types.ts';
import type { Post } from '../../outbox/post.ts';
import { actions, button, type RenderedMessage, section, topText } from '../kit/blocks.ts';
import { escapeText, foreign, listWords, mention, plural } from '../kit/text.ts';
import { calleeLabel, isUnanswered, latestCalls } from '../words/call-words.ts';
import { currentCounts, headline, mustConfirm } from '../words/headline.ts';
import { unansweredFirst } from '../words/people-lines.ts';
import { createWho, type MessageFacts, named } from '../words/request-words.ts';

type About = Extract<Post, { kind: 'told' }>['about'];
type Told = RenderedMessage & { broadcast?: boolean };
interface Facts extends MessageFacts {
  calls?: readonly CallView[];
  /** True if the reply is in Slack already: it is edited, and does not notify anybody. */
  posted?: boolean;
}

/**
 * A reply in the thread, because an edit of the board notifies nobody. It mentions the person who asked. For an alert
 * it also appears in the channel. `calls` holds the calls of a request with few people. Null: there is nothing new to
 * say.
 */
export function renderTold(request: RequestView, about: About, facts: Facts): Told | null {
  switch (about) {
    case 'decision':
      return toldDecision(request, facts);
    case 'unknown':
      return currentCounts(request).unknown === 0 ? null : told(request, facts, unknownNext(request, facts));
    case 'end':
      return toldEnd(request, facts);
    case 'taken':
      return toldTaken(request, facts);
  }
}

function toldDecision(request: RequestView, facts: Facts): Told {
  const approvers = request.decisions.filter((each) => each.decision === 'approve');
  const isApproved = approvers.length > 0 && !['rejected', 'expired', 'cancelled'].includes(request.state);
  if (isApproved) {
    const who = listWords(approvers.map((each) => named(each.userId, facts.nameOf, () => 'an approver')));
    return told(request, facts, [], `Approved by ${who}`);
  }
  const rejected = request.decisions.find((each) => each.decision === 'reject');
  const why = rejected?.reason ? [`“${foreign(rejected.reason, 300)}”`] : [];
  return told(request, facts, why);
}

function toldEnd(request: RequestView, facts: Facts): Told | null {
  const { origin, ackedBy, resolvedAt, counts, submissions, requestedBy } = request;
  if (origin === 'alert') {
    const next = alertNext(request, facts);
    if (ackedBy === null && resolvedAt === null && counts.reached === 0)
      return withButton(told(request, facts, next), request.id);
    // Nobody else needs a notification. A reply that is in the channel already loses its button.
    return facts.posted === true ? told(request, facts, next) : null;
  }
  // What a person was told of their own request stays as it was.
  if (facts.posted === true) return null;
  // The person who asked settled these calls, so they know the outcome.
  const own = submissions.filter((each) => each.settledCalls > 0 && each.settledBy === requestedBy);
  if (submissions.length > 0 && own.length === submissions.length) return null;
  return told(request, facts, notReached(request, facts));
}

function toldTaken(request: RequestView, { calls = [], nameOf }: Facts): Told | null {
  if (request.ackedBy === null) return null;
  const who = named(request.ackedBy, nameOf, createWho());
  const { accepted, answered, not_answered: notAnswered, unknown, waiting } = currentCounts(request);
  // The calls that waited were stopped. Those that still count as waiting are on their way to the platform.
  const open = Math.max(0, accepted - answered - notAnswered) + waiting;
  const names = latestCalls(calls)
    .filter((call) => call.state === 'accepted' || call.state === 'sending')
    .map((call) => foreign(calleeLabel(call), 80));
  const list = names.length === open && open > 0 ? `: ${listWords(names)}` : '';
  const still =
    open === 0
      ? 'Nobody is being called any more'
      : `${plural(open, 'call')} ${open === 1 ? 'was' : 'were'} still under way${list}`;
  const unsure = unknown === 0 ? '' : ` We don't know whether ${plural(unknown, 'more phone')} rang.`;
  const words = `${who} has got it. ${still}.${unsure}`;
  return { text: topText(words), blocks: [section(`🙋 ${words}`)] };
}

/** Whom to ask: the people by name if they are few, because the headline only counts them. */
function unknownNext(request: RequestView, { calls = [] }: Facts): string[] {
  const unknown = latestCalls(calls).filter((call) => call.state === 'unknown');
  const names = unknown.map((call) => foreign(calleeLabel(call), 80));
  const phones = currentCounts(request).unknown === 1 ? 'the phone' : 'their phones';
  const ask = `${request.requestedBy === null ? 'Ask' : 'Please ask'} ${names.length === 0 ? 'them' : listWords(names)}`;
  return [
    `${ask} whether ${phones} rang, then press *Mark as rung* or *Mark as not rung* on the message above.`,
  ];
}

function alertNext(request: RequestView, facts: Facts): string[] {
  const title = request.alertTitle === null ? [] : [foreign(request.alertTitle, 200)];
  return [...title, ...notReached(request, facts)];
}

/** The button of the board, because the reply is also shown in the channel, where the board is not. */
function withButton(reply: Told, requestId: string): Told {
  const take = button("I've got it", 'call_ack', requestId, { style: 'primary' });
  return { ...reply, blocks: [...reply.blocks, ...actions([take], 'told_actions')] };
}

/**
 * The names of people who were not reached; if a key must confirm, also of those who answered without it. Empty if
 * `calls` is empty, or if nobody answered. If enough were reached, the others are not needed.
 */
function notReached(request: RequestView, { calls = [] }: Facts): string[] {
  if (request.reach?.endedBy === 'enough') return ['Enough people were reached: nobody else is called.'];
  const keyed = mustConfirm(request);
  const latest = latestCalls(calls);
  if (latest.every(isUnanswered)) return [];
  const missed = latest
    .filter((call) => isUnanswered(call) || (keyed && call.state === 'answered' && !call.confirmed))
    .toSorted(unansweredFirst);
  if (missed.length === 0) return [];
  return [`Not reached: ${listWords(missed.map((call) => foreign(calleeLabel(call), 80)))}.`];
}

function told(request: RequestView, facts: Facts, next: string[], first?: string): Told {
  const { origin, requestedBy } = request;
  const outcome = first ?? escapeText(headline(request, facts.nameOf));
  const whom = requestedBy === null ? '' : `${mention(requestedBy)} `;
  return {
    text: topText(`${whom}${outcome}.`, ...next),
    blocks: [section([`${whom}*${outcome}.*`, ...next].join('\n'))],
    ...(origin === 'alert' ? { broadcast: true } : {}),
  };
}
