import type { InputBlock, PlainTextElement, PlainTextOption } from '@slack/types';
import type { RecordingChoice, RecordingList } from '../context/recordings.ts';
import { plainText } from '../kit/blocks.ts';
import { input, options } from '../kit/inputs.ts';
import { slackLimits } from '../kit/limits.ts';

/** The bytes of a view that a select may take. The other inputs, such as a hundred lists, need the rest. */
const selectBytes = slackLimits.viewBytes - 80_000;

export interface RecordingInput {
  block: InputBlock;
  /** What is missing, in plain words; null if nothing is. */
  notice: string | null;
}

/**
 * The field `fileId`: a select of recordings, or a text input if the list is not known, too long for a select, or
 * could not be loaded. `list` null: it is still being loaded. The block_id is the same in every form, so that Slack
 * keeps what was filled in when the view is updated.
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
  const { complete } = list;
  // Slack refuses a select that has the same value twice.
  const choices = [
    ...new Map(list.choices.toReversed().map((each) => [each.fileId, each])).values(),
  ].reverse();
  const groups = optionGroups(choices);
  const missing = complete
    ? null
    : `⚠️ ${list.problem ?? 'The voice platform did not answer, so its recordings are missing.'}`;
  if (groups === null) {
    return {
      block: typed(chosen, optional, typedHint(list.choices)),
      notice:
        missing ??
        `There are ${choices.length} recordings: too many for a list here, or their fileIds are too long. Type the fileId.`,
    };
  }
  // If the chosen recording is not in the list, it must still be possible to call with it.
  const unlisted = chosen !== undefined && choices.every((choice) => choice.fileId !== chosen);
  if (groups.length === 0 || !complete || unlisted) {
    return {
      block: typed(chosen, optional, typedHint(list.choices)),
      notice: missing === null ? noRecordings(choices) : `${missing} Type a fileId.`,
    };
  }
  return { block: select(groups, chosen, optional), notice: null };
}

function noRecordings(choices: readonly RecordingChoice[]): string | null {
  return choices.length === 0 ? 'There are no recordings yet: `/voicecall recordings` adds one.' : null;
}

function typedHint(choices: readonly RecordingChoice[]): string {
  const names = choices.filter((choice) => choice.from === 'named').map((choice) => choice.name);
  const known = names.length === 0 ? '' : ` Known by name: ${names.slice(0, 20).join(', ')}.`;
  return `The fileId of the recording, or its name.${known}`;
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

interface OptionGroup {
  label: PlainTextElement;
  options: PlainTextOption[];
}

/** The options in groups of the size that Slack accepts. Null if they do not all fit. */
function optionGroups(choices: readonly RecordingChoice[]): OptionGroup[] | null {
  const groups = [
    ...groupsOf('By name', choices, 'named'),
    ...groupsOf('On the voice platform', choices, 'library'),
  ];
  const shown = groups.reduce((sum, group) => sum + group.options.length, 0);
  const fits =
    shown === choices.length &&
    groups.length <= slackLimits.optionGroups &&
    Buffer.byteLength(JSON.stringify(groups)) <= selectBytes;
  return fits ? groups : null;
}

function groupsOf(
  label: string,
  choices: readonly RecordingChoice[],
  from: RecordingChoice['from'],
): OptionGroup[] {
  const found = options(choices.filter((choice) => choice.from === from).map(toEntry));
  const size = slackLimits.options;
  return Array.from({ length: Math.ceil(found.length / size) }, (_, index) => {
    const part = found.slice(index * size, (index + 1) * size);
    const first = index * size + 1;
    const range = found.length > size ? `, ${first} to ${first + part.length - 1}` : '';
    return { label: plainText(`${label}${range}`, slackLimits.optionText), options: part };
  });
}

function select(groups: OptionGroup[], chosen: string | undefined, optional: boolean): InputBlock {
  const initial = groups.flatMap((group) => group.options).find((each) => each.value === chosen);
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
