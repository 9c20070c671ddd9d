import type { Button, KnownBlock } from '@slack/types';
import { finishedRequestStates } from '../../calls/request/states.ts';
import type { RequestState, RequestView, SubmissionView } from '../../calls/request/types.ts';
import { button, confirmation, context, section } from '../kit/blocks.ts';
import { count, people } from '../kit/text.ts';
import { unknownName, unknownWords } from '../words/request-words.ts';

// Each takes two blocks and up to 1,000 characters: more would not fit beside the rest of the board.
const settleShown = 5;

const openStates: readonly RequestState[] = ['awaiting_approval', 'scheduled', 'approved', 'sending'];
const stoppedStates: readonly RequestState[] = ['rejected', 'expired', 'cancelled'];
const overStates: readonly RequestState[] = ['sent', 'done', 'cancelled'];

/** Whether anything can still be stopped. */
export function mayCancel(request: RequestView): boolean {
  if (request.reach?.running && !finishedRequestStates.includes(request.state)) return true;
  if (!openStates.includes(request.state)) return false;
  if (request.submissions.length === 0) return request.counts.waiting > 0;
  return request.submissions.some((each) => each.state === 'ready');
}

export function boardButtons(request: RequestView): Button[] {
  const buttons: Button[] = [];
  if (request.origin === 'alert' && request.ackedBy === null && !stoppedStates.includes(request.state)) {
    buttons.push(button("I've got it", 'call_ack', request.id, { style: 'primary' }));
  }
  buttons.push(button('Details', 'call_details', request.id));
  if (mayCancel(request)) buttons.push(cancelButton(request));
  const redial = redialLabel(request);
  if (redial !== null) buttons.push(button(redial, 'call_redial', request.id));
  return buttons;
}

function redialLabel(request: RequestView): string | null {
  if (request.state === 'expired') return 'Ask again';
  if (request.state === 'failed') return 'Try again';
  if (!overStates.includes(request.state)) return null;
  const { accepted, unknown, failed, held, cancelled } = request.counts;
  const refused = wholly(request.submissions);
  if (failed + refused === 0) return null;
  if (accepted + unknown === 0) return 'Try again';
  return `Ring ${people(failed + refused + held + cancelled)} again`;
}

/** How many callees were refused together with all others of their submission. */
function wholly(submissions: readonly SubmissionView[]): number {
  return submissions.reduce((sum, each) => sum + (each.state === 'refused' ? each.callees : 0), 0);
}

function cancelButton(request: RequestView): Button {
  const label = request.origin === 'alert' ? 'Stop' : 'Cancel';
  const heldBack = request.submissions
    .filter((each) => each.heldUntil !== null)
    .reduce((sum, each) => sum + each.callees, 0);
  return button(label, 'call_cancel', request.id, {
    style: 'danger',
    confirm: confirmation({
      title: request.origin === 'alert' ? 'Stop these calls?' : 'Cancel this request?',
      text: `${people(request.counts.waiting + heldBack)} not sent yet will not be rung. What was dialled cannot be called back.`,
      confirm: request.origin === 'alert' ? 'Stop the calls' : 'Cancel the calls',
      deny: 'Keep ringing',
      danger: true,
    }),
  });
}

/** Unknown submissions in their own words, each with its two buttons. */
export function settleBlocks(request: RequestView): KnownBlock[] {
  const unknown = request.submissions.filter((each) => each.unknown > 0);
  const total = request.submissions.length;
  // Two buttons of one action_id may not stand in one block, hence two sections.
  const blocks: KnownBlock[] = unknown.slice(0, settleShown).flatMap((each) => [
    section(
      unknownWords(each, total, goesOutAgain(request, each)),
      button('It rang', 'call_settle', `${each.id}:rang`, {
        confirm: confirmation({
          title: 'Did it ring?',
          text: `You say that the phones of ${unknownName(each, total)} rang. They are then counted as accepted.`,
          confirm: 'Yes, it rang',
          deny: 'Not sure yet',
        }),
      }),
    ),
    section(
      `Asked around, and no phone of ${unknownName(each, total)} rang?`,
      button('It did not', 'call_settle', `${each.id}:silent`, {
        confirm: confirmation({
          title: 'Did nothing ring?',
          text: `You say that no phone of ${unknownName(each, total)} rang. They are then counted as failed, and you may ring them with a new request.`,
          confirm: 'No, nothing rang',
          deny: 'Not sure yet',
        }),
      }),
    ),
  ]);
  const more = unknown.length - settleShown;
  if (more > 0)
    blocks.push(context(`❔ ${count(more)} more unknown submissions are shown once these are settled.`));
  return blocks;
}

/** By the rule's own policy, unless somebody has taken or stopped it. */
function goesOutAgain(request: RequestView, submission: SubmissionView): boolean {
  if (request.onUnknown !== 'again' || request.state !== 'sending' || submission.again) return false;
  return request.ackedBy === null && request.cancelledBy === null;
}
