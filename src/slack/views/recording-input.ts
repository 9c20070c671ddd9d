import type { InputBlock, PlainTextOption } from '@slack/types';
import { slackLimits } from '../limits.ts';
import { plainText } from '../messages/blocks.ts';
import type { RecordingChoice, RecordingList } from '../recordings.ts';
import { input, options } from './inputs.ts';

export interface RecordingInput {
  block: InputBlock;
  /** Plain words about what is missing; null where all is well. */
  notice: string | null;
}

/**
 * The field `fileId`: a select of what is there, or typed text where the list is not known, too long for a select or
 * not to be had. `list` null: still being fetched. The block_id is the same in every form, so that an update of the
 * view keeps what was filled in beside it.
 */
export function recordingInput(
  list: RecordingList | null,
  chosen: string | undefined,
  optional: boolean,
): RecordingInput {
  if (list === null) {
    return {
      block: typed(
        chosen,
        optional,
        'The list of recordings appears here in a moment; a fileId can be typed already.',
      ),
      notice: '⏳ Loading the recordings …',
    };
  }
  const { choices, complete } = list;
  const selectable = options(choices.map(toEntry)).length;
  const missing = complete ? null : '⚠️ The voice platform did not answer, so its recordings are missing.';
  if (choices.length > slackLimits.options || selectable < choices.length) {
    return {
      block: typed(chosen, optional, 'Type the fileId of the recording, or its name from the configuration.'),
      notice:
        missing ?? `There are ${choices.length} recordings, more than a list here can show; type the fileId.`,
    };
  }
  // What was asked for must stay possible, whether or not it is in a list that is not whole.
  const unlisted = chosen !== undefined && choices.every((choice) => choice.fileId !== chosen);
  if (selectable === 0 || !complete || unlisted) {
    return {
      block: typed(chosen, optional, typedHint(choices)),
      notice: missing === null ? noRecordings(choices) : `${missing} Type a fileId.`,
    };
  }
  return { block: select(choices, chosen, optional), notice: null };
}

function noRecordings(choices: readonly RecordingChoice[]): string | null {
  return choices.length === 0
    ? 'The voice platform has no recordings yet; upload one there, or type a fileId.'
    : null;
}

function typedHint(choices: readonly RecordingChoice[]): string {
  const names = choices.filter((choice) => choice.from === 'configured').map((choice) => choice.name);
  const known = names.length === 0 ? '' : ` Known by name: ${names.slice(0, 20).join(', ')}.`;
  return `The fileId of the recording, or its name from the configuration.${known}`;
}

function typed(chosen: string | undefined, optional: boolean, hint: string): InputBlock {
  return input(
    'fileId',
    'Recording',
    {
      type: 'plain_text_input',
      max_length: 255,
      ...(chosen === undefined || chosen === '' ? {} : { initial_value: chosen.slice(0, 255) }),
    },
    { hint, optional },
  );
}

function select(
  choices: readonly RecordingChoice[],
  chosen: string | undefined,
  optional: boolean,
): InputBlock {
  const groups = [
    { label: 'Named in the configuration', from: 'configured' },
    { label: 'On the voice platform', from: 'library' },
  ].flatMap(({ label, from }) => {
    const found = options(choices.filter((choice) => choice.from === from).map(toEntry));
    return found.length === 0 ? [] : [{ label: plainText(label, slackLimits.optionText), options: found }];
  });
  const initial: PlainTextOption | undefined = groups
    .flatMap((group) => group.options)
    .find((each) => each.value === chosen);
  return input(
    'fileId',
    'Recording',
    {
      type: 'static_select',
      placeholder: plainText('Choose a recording', slackLimits.placeholder),
      option_groups: groups,
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
    { optional },
  );
}

function toEntry(choice: RecordingChoice): { text: string; value: string } {
  return { text: choice.name, value: choice.fileId };
}
