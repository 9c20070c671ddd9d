import type { ModalView } from '@slack/types';
import type { AudioFormat } from '../../config/types.ts';
import { formatWords, maxAudioSeconds } from '../../recordings/audio.ts';
import { section } from '../kit/blocks.ts';
import { input, modal } from '../kit/inputs.ts';
import { foreign } from '../kit/text.ts';

/** The longest name that the configuration allows. */
export const nameLength = 60;

/** The modal that adds a recording. */
export function addRecordingView(formats: readonly AudioFormat[]): ModalView {
  return modal({
    callbackId: 'voicecall_recording',
    title: 'Add a recording',
    submit: 'Add',
    close: 'Cancel',
    blocks: [
      input(
        'name',
        'Name',
        { type: 'plain_text_input', max_length: nameLength },
        { hint: 'What people choose it by, like “fire-drill”.' },
      ),
      input(
        'audio',
        'Audio file',
        // Also offers the formats of Slack's own clips. If the platform does not accept one, the answer says what it
        // accepts.
        { type: 'file_input', filetypes: ['mp3', 'wav', 'm4a', 'mp4', 'webm'], max_files: 1 },
        { hint: `${formatWords(formats)}, up to ${maxAudioSeconds} seconds and 2 MiB.` },
      ),
    ],
  });
}

/** Shown once the recording is stored and its upload has been scheduled. */
export function addingView(name: string): ModalView {
  return modal({
    callbackId: 'voicecall_recording_added',
    title: 'Add a recording',
    blocks: [
      section(
        `“${foreign(name, 200)}” is being uploaded to the voice platform. A direct message tells you when it can be chosen, or why it cannot.`,
      ),
    ],
  });
}
