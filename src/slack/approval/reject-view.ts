import type { ModalView } from '@slack/types';
import type { RequestView } from '../../calls/request/types.ts';
import { section } from '../kit/blocks.ts';
import { input, modal } from '../kit/inputs.ts';
import { crowdWords, playedWords } from '../words/request-words.ts';

/** The modal that asks for the reason of a rejection. `metadata` becomes its private_metadata unchanged. */
export function rejectView(request: RequestView, metadata: string): ModalView {
  const crowd = crowdWords(request.counts.callees, request.countries);
  return modal({
    callbackId: 'voicecall_reject',
    title: 'Reject the request',
    submit: 'Reject',
    close: 'Back',
    metadata,
    blocks: [
      section(`*${crowd}* will not be called: ${playedWords(request.audio, request.options)}.`),
      input(
        'reason',
        'Why?',
        { type: 'plain_text_input', multiline: true, min_length: 1, max_length: 500 },
        { hint: 'Shown to the person who asked, and on the request.' },
      ),
    ],
  });
}
