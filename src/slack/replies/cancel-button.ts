import type { Button } from '@slack/types';
import { finishedRequestStates } from '../../calls/request/states.ts';
import type { RequestState, RequestView } from '../../calls/request/types.ts';
import { button, confirmation } from '../kit/blocks.ts';
import { people } from '../kit/text.ts';

const openStates: readonly RequestState[] = ['awaiting_approval', 'scheduled', 'approved', 'sending'];

/** True if calls can still be stopped. */
export function mayCancel(request: RequestView): boolean {
  if (request.reach?.running && !finishedRequestStates.includes(request.state)) return true;
  if (!openStates.includes(request.state)) return false;
  if (request.submissions.length === 0) return request.counts.waiting > 0;
  return request.submissions.some((each) => each.state === 'ready');
}

/** The button Cancel; for an alert's request, Stop. */
export function cancelButton(request: RequestView): Button {
  const label = request.origin === 'alert' ? 'Stop' : 'Cancel';
  const heldBack = request.submissions
    .filter((each) => each.heldUntil !== null)
    .reduce((sum, each) => sum + each.callees, 0);
  return button(label, 'call_cancel', request.id, {
    style: 'danger',
    confirm: confirmation({
      title: request.origin === 'alert' ? 'Stop these calls?' : 'Cancel this request?',
      text: `${people((request.current ?? request.counts).waiting + heldBack)} not called yet will not be called. A call already placed cannot be stopped.`,
      confirm: request.origin === 'alert' ? 'Stop the calls' : 'Cancel the calls',
      deny: 'Keep calling',
      danger: true,
    }),
  });
}
