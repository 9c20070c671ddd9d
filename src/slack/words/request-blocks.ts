import type { KnownBlock } from '@slack/types';
import type { RequestView } from '../../calls/request/types.ts';
import { actions, button, confirmation, section } from '../kit/blocks.ts';
import { people } from '../kit/text.ts';
import { requestLine } from './request-line.ts';

/** A request in a list: its line with Details, and with Cancel beside it while it waits for its time. */
export function requestBlocks(request: RequestView): KnownBlock[] {
  const details = button('Details', 'call_details', request.id);
  if (request.state !== 'scheduled') return [section(requestLine(request), details)];
  const cancel = button('Cancel', 'call_cancel', request.id, {
    style: 'danger',
    confirm: confirmation({
      title: 'Cancel this request?',
      text: `${people(request.counts.waiting)} will not be called.`,
      confirm: 'Cancel the calls',
      deny: 'Keep it',
      danger: true,
    }),
  });
  return [section(requestLine(request)), ...actions([details, cancel], `scheduled_${request.id}`)];
}
