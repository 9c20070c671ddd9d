import type { ModalView } from '@slack/types';
import { section } from '../kit/blocks.ts';
import { modal } from '../kit/inputs.ts';

/** A modal that says what is wrong and what to do; `text` is mrkdwn, as `wordsFor` gives it. */
export function problemView(text: string, title = 'That did not work'): ModalView {
  return modal({ callbackId: 'voicecall_problem', title, blocks: [section(text)] });
}
