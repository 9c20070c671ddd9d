import type { Button, KnownBlock } from '@slack/types';
import type { RequestState, RequestView, SubmissionView } from '../../calls/request/types.ts';
import { actions, button, confirmation, context, section } from '../kit/blocks.ts';
import { count } from '../kit/text.ts';
import { cancelButton, mayCancel } from '../replies/cancel-button.ts';
import { currentCounts, mustConfirm } from '../words/headline.ts';
import { unknownName, unknownWords } from '../words/request-words.ts';

// A board shows the choices for at most this many unknown submissions. Each takes three blocks and up to 1,000
// characters, and Slack limits both for a message.
const settleShown = 5;

const stoppedStates: readonly RequestState[] = ['rejected', 'expired', 'cancelled'];

/** The buttons of a board; the most urgent comes first. */
export function boardButtons(request: RequestView): Button[] {
  const buttons: Button[] = [];
  const untaken = isUntakenAlert(request);
  if (untaken) buttons.push(button("I've got it", 'call_ack', request.id, { style: 'primary' }));
  const redial = redialLabel(request);
  // Once somebody has called these people again, pressing the button once more is rarely what helps.
  const isFirst = !untaken && request.repeatedBy === null;
  if (redial !== null)
    buttons.push(button(redial, 'call_redial', request.id, isFirst ? { style: 'primary' } : {}));
  if (mayCancel(request)) buttons.push(cancelButton(request));
  buttons.push(button('Details', 'call_details', request.id));
  return buttons;
}

/** True for an alert that nobody has acknowledged and that is not resolved. */
function isUntakenAlert({ origin, ackedBy, resolvedAt, state }: RequestView): boolean {
  return origin === 'alert' && ackedBy === null && resolvedAt === null && !stoppedStates.includes(state);
}

function redialLabel(request: RequestView): string | null {
  const { state, origin, ackedBy, resolvedAt, reach } = request;
  // If the alert is acknowledged or resolved, nobody needs to be called again.
  if (origin === 'alert' && (ackedBy !== null || resolvedAt !== null)) return null;
  if (state === 'rejected' || state === 'expired' || state === 'failed') return 'Ask again';
  const over = state === 'done' || state === 'cancelled' || (state === 'sent' && reach?.running !== true);
  if (!over || reach?.endedBy === 'enough') return null;
  const counts = currentCounts(request);
  if (counts.accepted + counts.unknown === 0) {
    return counts.refused === counts.callees && wholly(request.submissions) === 0 ? null : 'Ask again';
  }
  const missed = counts.failed + counts.held + counts.cancelled + wholly(request.submissions);
  // Some people are still being called, so the button offers only those who are known not to have been called.
  if (state === 'sent') return missed === 0 ? null : `Call the ${count(missed)} not called`;
  const unconfirmed = mustConfirm(request) ? counts.answered - counts.confirmed : 0;
  const unreached = counts.not_answered + missed + unconfirmed;
  if (unreached === 0) return null;
  return `Call the ${count(unreached)} ${unconfirmed > 0 ? 'unconfirmed' : counts.not_answered > 0 ? 'unanswered' : 'not called'}`;
}

/** How many callees are in submissions that the platform refused as a whole. */
function wholly(submissions: readonly SubmissionView[]): number {
  return submissions.reduce((sum, each) => sum + (each.state === 'refused' ? each.callees : 0), 0);
}

/** For each unknown submission, what we know and two buttons to settle it. */
export function settleBlocks(request: RequestView): KnownBlock[] {
  const unknown = request.submissions.filter((each) => each.unknown > 0);
  const total = request.submissions.length;
  // Slack refuses two buttons with one action_id in the same block, so each button has a block.
  const blocks: KnownBlock[] = unknown.slice(0, settleShown).flatMap((each) => [
    section(unknownWords(each, total, willBeResent(request, each))),
    ...actions([
      button('Mark as rung', 'call_settle', `${each.id}:rang`, {
        confirm: confirmation({
          title: 'Mark as rung?',
          text: `You say that the phones of ${unknownName(each, total)} rang. Nobody is called.`,
          confirm: 'Mark as rung',
          deny: 'Not sure yet',
        }),
      }),
    ]),
    ...actions([
      button('Mark as not rung', 'call_settle', `${each.id}:silent`, {
        confirm: confirmation({
          title: 'Mark as not rung?',
          text: `You say that the phones of ${unknownName(each, total)} did not ring. Nobody is called; you can then call them again.`,
          confirm: 'Mark as not rung',
          deny: 'Not sure yet',
        }),
      }),
    ]),
  ]);
  const more = unknown.length - settleShown;
  if (more > 0)
    blocks.push(context(`❓ ${count(more)} more groups of calls are shown once these are marked.`));
  return blocks;
}

/**
 * True if Voicecall sends the submission again because the rule says so, and nobody has acknowledged or stopped it.
 */
function willBeResent(request: RequestView, submission: SubmissionView): boolean {
  if (request.onUnknown !== 'again' || request.state !== 'sending' || submission.again) return false;
  return request.ackedBy === null && request.cancelledBy === null;
}
