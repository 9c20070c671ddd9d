import type { ApprovalAsk, RequestView } from '../../calls/request/types.ts';
import { count, date, foreign, listWords, mention } from '../kit/text.ts';
import { type MessageFacts, named } from './request-words.ts';

/** Ids of the people who have approved. */
export function approvals(request: RequestView): string[] {
  return request.decisions.filter((each) => each.decision === 'approve').map((each) => each.userId);
}

/** Who may decide on a request of this person: not themselves, unless the configuration allows it. */
export function deciders(approval: ApprovalAsk, requestedBy: string | null): readonly string[] {
  if (approval.allowSelfApproval) return approval.approvers;
  return approval.approvers.filter((id) => id !== requestedBy);
}

/** Returns "Ben or Cleo" if one of them is enough, and "Ben and Cleo" if more are needed. */
export function approverWords(
  { approval }: { approval: Pick<ApprovalAsk, 'quorum'> | null },
  names: readonly string[],
  max = names.length,
) {
  if (names.length === 0) return 'another approver, but the configuration names none';
  return listWords(names, max, (approval?.quorum ?? 1) === 1 ? 'or' : 'and');
}

/** Returns ", 1 of 2: Ben, until …": the approvals so far, and until when the rest are awaited. */
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

/** Lines of mrkdwn: who decided, when and why. Empty while the request waits for approval. */
export function decisionLines(request: RequestView, who: (id: string) => string): string[] {
  if (request.state === 'awaiting_approval') return [];
  const rejected = request.decisions.find((each) => each.decision === 'reject');
  if (rejected !== undefined) {
    const why = rejected.reason === null ? '' : ` “${foreign(rejected.reason, 500)}”`;
    return [`⛔ *Rejected* by ${who(rejected.userId)} ${date(rejected.at)}.${why}`];
  }
  const given = request.decisions.filter((each) => each.decision === 'approve');
  // If the request ended before enough people approved, no approval is shown, because it started nothing.
  const released = request.submissions.length > 0;
  if (given.length === 0 || request.state === 'expired' || (request.state === 'cancelled' && !released))
    return [];
  const words = given.map((each) => `${who(each.userId)} ${date(each.at)}`);
  return [`👍 *Approved* by ${listWords(words, 10)}.`];
}
