import type { Button, KnownBlock } from '@slack/types';
import type { RequestState, RequestView, SubmissionView } from '../../calls/request/types.ts';
import { actions, button, confirmation, context, section } from '../kit/blocks.ts';
import { count } from '../kit/text.ts';
import { cancelButton, mayCancel } from '../replies/cancel-button.ts';
import { currentCounts } from '../words/headline.ts';
import { unknownName, unknownWords } from '../words/request-words.ts';

// Each takes three blocks and up to 1,000 characters: more would not fit beside the rest of the board.
const settleShown = 5;

const stoppedStates: readonly RequestState[] = ['rejected', 'expired', 'cancelled'];

/** The one to press first, then what else there is. */
export function boardButtons(request: RequestView): Button[] {
  const buttons: Button[] = [];
  const untaken = isUntakenAlert(request);
  if (untaken) buttons.push(button("I've got it", 'call_ack', request.id, { style: 'primary' }));
  const redial = redialLabel(request);
  if (redial !== null)
    buttons.push(button(redial, 'call_redial', request.id, untaken ? {} : { style: 'primary' }));
  if (mayCancel(request)) buttons.push(cancelButton(request));
  buttons.push(button('Details', 'call_details', request.id));
  return buttons;
}

/** An alert that fires, and nobody has it. */
function isUntakenAlert({ origin, ackedBy, resolvedAt, state }: RequestView): boolean {
  return origin === 'alert' && ackedBy === null && resolvedAt === null && !stoppedStates.includes(state);
}

function redialLabel(request: RequestView): string | null {
  const { state, origin, ackedBy, resolvedAt, reach } = request;
  // Somebody has it, or it is over: nobody needs to be called for it again.
  if (origin === 'alert' && (ackedBy !== null || resolvedAt !== null)) return null;
  if (state === 'rejected' || state === 'expired' || state === 'failed') return 'Ask again';
  const over = state === 'done' || state === 'cancelled' || (state === 'sent' && reach?.running !== true);
  if (!over || reach?.endedBy === 'enough') return null;
  const counts = currentCounts(request);
  if (counts.accepted + counts.unknown === 0) {
    return counts.refused === counts.callees && wholly(request.submissions) === 0 ? null : 'Ask again';
  }
  const missed = counts.failed + counts.held + counts.cancelled + wholly(request.submissions);
  // While others are still being called, only those are offered of whom it is known that they were not.
  if (state === 'sent') return missed === 0 ? null : `Call the ${count(missed)} not called`;
  const unconfirmed = reach?.plan.until === 'confirmed' ? counts.answered - counts.confirmed : 0;
  const unreached = counts.not_answered + missed + unconfirmed;
  if (unreached === 0) return null;
  return `Call the ${count(unreached)} ${unconfirmed > 0 ? 'unconfirmed' : counts.not_answered > 0 ? 'unanswered' : 'not called'}`;
}

/** How many callees were refused together with all others of their submission. */
function wholly(submissions: readonly SubmissionView[]): number {
  return submissions.reduce((sum, each) => sum + (each.state === 'refused' ? each.callees : 0), 0);
}

/** Unknown submissions in their own words, each with two plain choices. */
export function settleBlocks(request: RequestView): KnownBlock[] {
  const unknown = request.submissions.filter((each) => each.unknown > 0);
  const total = request.submissions.length;
  // Slack refuses two buttons of one action_id in one block, hence a block for each.
  const blocks: KnownBlock[] = unknown.slice(0, settleShown).flatMap((each) => [
    section(unknownWords(each, total, goesOutAgain(request, each))),
    ...actions([
      button('They rang', 'call_settle', `${each.id}:rang`, {
        confirm: confirmation({
          title: 'Mark as rung?',
          text: `The calls to ${unknownName(each, total)} are then marked as rung, by you.`,
          confirm: 'Mark as rung',
          deny: 'Not sure yet',
        }),
      }),
    ]),
    ...actions([
      button('They did not ring', 'call_settle', `${each.id}:silent`, {
        confirm: confirmation({
          title: 'Mark as not rung?',
          text: `The calls to ${unknownName(each, total)} are then marked as not rung, by you. You can call them again.`,
          confirm: 'Mark as not rung',
          deny: 'Not sure yet',
        }),
      }),
    ]),
  ]);
  const more = unknown.length - settleShown;
  if (more > 0)
    blocks.push(context(`❔ ${count(more)} more groups of calls are shown once these are settled.`));
  return blocks;
}

/** By the rule's own policy, unless somebody has taken or stopped it. */
function goesOutAgain(request: RequestView, submission: SubmissionView): boolean {
  if (request.onUnknown !== 'again' || request.state !== 'sending' || submission.again) return false;
  return request.ackedBy === null && request.cancelledBy === null;
}
