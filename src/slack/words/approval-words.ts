import type { RequestView } from '../../calls/request/types.ts';
import { count, date, foreign, listWords, mention } from '../kit/text.ts';
import { type MessageFacts, named } from './request-words.ts';

/** People who approved so far. */
export function approvals(request: RequestView): string[] {
  return request.decisions.filter((each) => each.decision === 'approve').map((each) => each.userId);
}

/** ", 1 of 2: Ben, until …": what an open request still waits for. */
export function waitsFor(request: RequestView, facts: MessageFacts): string {
  const given = approvals(request);
  const quorum = request.approval?.quorum ?? 1;
  const names = given.map((id) => named(id, facts.nameOf, mention));
  const progress =
    quorum > 1 || given.length > 0
      ? `, ${count(given.length)} of ${count(quorum)}${names.length === 0 ? '' : `: ${listWords(names, 10)}`}`
      : '';
  const until = request.expiresAt === null ? '' : `, until ${date(request.expiresAt)}`;
  return `${progress}${until}`;
}

/** Who decided, when and why; nothing while it still waits. */
export function decisionLines(request: RequestView, who: (id: string) => string): string[] {
  if (request.state === 'awaiting_approval') return [];
  const rejected = request.decisions.find((each) => each.decision === 'reject');
  if (rejected !== undefined) {
    const why = rejected.reason === null ? '' : ` “${foreign(rejected.reason, 500)}”`;
    return [`⛔ *Rejected* by ${who(rejected.userId)} ${date(rejected.at)}.${why}`];
  }
  const given = request.decisions.filter((each) => each.decision === 'approve');
  // Ended before enough had approved: an approval that led to nothing is no decision.
  const released = request.submissions.length > 0;
  if (given.length === 0 || request.state === 'expired' || (request.state === 'cancelled' && !released))
    return [];
  const words = given.map((each) => `${who(each.userId)} ${date(each.at)}`);
  return [`👍 *Approved* by ${listWords(words, 10)}.`];
}
