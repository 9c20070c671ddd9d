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
  const started = request.submissions.length > 0;
  return button(label, 'call_cancel', request.id, {
    style: 'danger',
    confirm: confirmation({
      title: request.origin === 'alert' ? 'Stop these calls?' : 'Cancel this request?',
      text: `${leftWords(request)}${started ? ' A call already placed cannot be stopped.' : ''}`,
      confirm: request.origin === 'alert' ? 'Stop the calls' : 'Cancel the calls',
      deny: started ? 'Keep calling' : 'Keep it',
      danger: true,
    }),
  });
}

/** Who will not be called after the press. Calls on their way to the platform are not counted. */
function leftWords({ submissions, counts, reach }: RequestView): string {
  if (reach?.running === true) return 'Nobody else will be called.';
  if (submissions.length === 0) return `${people(counts.waiting)} will not be called.`;
  const left = submissions
    .filter((each) => each.state === 'ready' || each.heldUntil !== null)
    .reduce((sum, each) => sum + each.callees, 0);
  return `${people(left)} will not be called.`;
}
