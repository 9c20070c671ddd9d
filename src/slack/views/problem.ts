import type { ModalView } from '@slack/types';
import { section } from '../messages/blocks.ts';
import { modal } from './inputs.ts';

/** A modal that says what is wrong and what to do; `text` is mrkdwn, as `wordsFor` gives it. */
export function problemView(text: string, title = 'That did not work'): ModalView {
  return modal({ callbackId: 'voicecall_problem', title, blocks: [section(text)] });
}
