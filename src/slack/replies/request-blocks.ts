import type { KnownBlock } from '@slack/types';
import type { RequestView } from '../../calls/request/types.ts';
import { actions, button, section } from '../kit/blocks.ts';
import { requestLine } from '../words/request-line.ts';
import type { NameOf } from '../words/request-words.ts';
import { cancelButton, mayCancel } from './cancel-button.ts';

/** A request in a list, with a button for Details, and for Cancel if it can still be cancelled. */
export function requestBlocks(
  request: RequestView,
  { own = false, nameOf }: { own?: boolean; nameOf?: NameOf | undefined } = {},
): KnownBlock[] {
  const line = requestLine(request, { own, nameOf });
  const details = button('Details', 'call_details', request.id);
  return mayCancel(request)
    ? [section(line), ...actions([cancelButton(request), details], `open_${request.id}`)]
    : [section(line, details)];
}
