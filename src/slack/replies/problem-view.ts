import type { ModalView } from '@slack/types';
import { section } from '../kit/blocks.ts';
import { modal } from '../kit/inputs.ts';

/** A modal that says what is wrong and what to do. `text` is mrkdwn, such as `wordsFor` returns. */
export function problemView(text: string, title = 'That did not work'): ModalView {
  return modal({ callbackId: 'voicecall_problem', title, blocks: [section(text)] });
}
