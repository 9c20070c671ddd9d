import type { KnownBlock, ModalView } from '@slack/types';
import { noteLength } from '../../calls/request/token.ts';
import type { CallOptions } from '../../config/types.ts';
import type { RecordingList } from '../context/recordings.ts';
import { context, plainText } from '../kit/blocks.ts';
import { input, modal, options } from '../kit/inputs.ts';
import { slackLimits } from '../kit/limits.ts';
import { escapeText, people, truncate } from '../kit/text.ts';
import { recordingInput } from './recording-input.ts';

/** What the modal is opened filled with. */
export interface CallPrefill extends CallOptions {
  /** As typed, one or several a line. */
  callee?: string;
  lists?: readonly string[];
  people?: readonly string[];
  fileId?: string;
  text?: string;
  language?: string;
  calledInfo?: string;
  channel?: string;
}

export interface CallViewFacts {
  /** Names of the configured lists. */
  lists: readonly string[];
  /** Null: still being fetched. */
  recordings: RecordingList | null;
  /** Whether a file of callees can be added. */
  file: boolean;
  /** Spoken text beside recordings: its languages, the usual one first; null where there is none. */
  languages: readonly string[] | null;
  /** How often a message may be played, and the longest text to be spoken. */
  limits: { loopCount: number; textLength: number };
  prefill: CallPrefill;
  /** How many people the repeated request rang: they are rung again where no callee is given. */
  again?: number;
  /** Goes into private_metadata as it is; no phone number may be in it. */
  metadata: string;
}

/** The `/voicecall` modal. Loading, whole and without the platform's recordings it has the same inputs in the same order. */
export function callView(facts: CallViewFacts): ModalView {
  const { prefill } = facts;
  const speech = facts.languages !== null && facts.languages.length > 0;
  const recording = recordingInput(facts.recordings, prefill.fileId, speech);
  const callee = fitCallees(prefill.callee ?? '');
  const lists = listInput(facts);
  const notices = [
    ...(facts.again === undefined
      ? []
      : [`🔁 Leave the callees empty to ring the same ${people(facts.again)} again.`]),
    ...(recording.notice === null ? [] : [recording.notice]),
    ...(callee.cut ? ['⚠️ Not all callees fit here: use a list or several requests for the others.'] : []),
    ...lists.notices,
  ];
  const blocks: KnownBlock[] = [
    // Always there, so that no block moves when the recordings have come.
    {
      ...context(
        notices.length === 0
          ? 'Nothing rings before you have seen a summary.'
          : notices.map(escapeText).join('\n'),
      ),
      block_id: 'notice',
    },
    input(
      'callee',
      'Callees',
      {
        type: 'plain_text_input',
        multiline: true,
        max_length: slackLimits.inputText,
        placeholder: plainText('+91 85632 14120', slackLimits.placeholder),
        ...(callee.text === '' ? {} : { initial_value: callee.text }),
      },
      { optional: true, hint: 'Numbers with their country code, one per line or separated by commas.' },
    ),
    ...lists.blocks,
    input(
      'people',
      'People in Slack',
      {
        type: 'multi_users_select',
        ...((prefill.people ?? []).length === 0 ? {} : { initial_users: [...(prefill.people ?? [])] }),
      },
      { optional: true, hint: 'Rung at the number of their Slack profile.' },
    ),
    ...(facts.file
      ? [
          input(
            'file',
            'File of callees',
            { type: 'file_input', filetypes: ['csv', 'txt'], max_files: 1 },
            { optional: true, hint: 'CSV or text, a number in each line, a name beside it if you like.' },
          ),
        ]
      : []),
    recording.block,
    ...(speech ? speechInputs(facts, facts.languages ?? []) : []),
    ...optionInputs(facts),
    channelInput(prefill.channel),
  ];
  return modal({
    callbackId: 'voicecall',
    title: 'Ring people',
    submit: 'Continue',
    close: 'Cancel',
    metadata: facts.metadata,
    blocks,
  });
}

function listInput({ lists, prefill }: CallViewFacts): { blocks: KnownBlock[]; notices: string[] } {
  const all = options(lists.map((name) => ({ text: name, value: name })));
  const wanted = new Set(prefill.lists ?? []);
  // Lists that were asked for come before the cut.
  const shown = [
    ...all.filter((each) => wanted.has(each.value ?? '')),
    ...all.filter((each) => !wanted.has(each.value ?? '')),
  ].slice(0, slackLimits.options);
  if (shown.length === 0) return { blocks: [], notices: [] };
  const initial = shown.filter((each) => wanted.has(each.value ?? ''));
  const left = lists.length - shown.length;
  return {
    blocks: [
      input(
        'lists',
        'Lists',
        {
          type: 'multi_static_select',
          options: shown,
          ...(initial.length === 0 ? {} : { initial_options: initial }),
        },
        { optional: true },
      ),
    ],
    notices: left > 0 ? [`${left} more lists do not fit here: type their names as callees.`] : [],
  };
}

function speechInputs({ prefill, limits }: CallViewFacts, languages: readonly string[]): KnownBlock[] {
  const max = Math.min(limits.textLength, slackLimits.inputText);
  const known = options(languages.map((code) => ({ text: code, value: code }))).slice(0, slackLimits.options);
  const initial = known.find((each) => each.value === prefill.language) ?? known[0];
  return [
    input(
      'text',
      'Or text to be spoken',
      {
        type: 'plain_text_input',
        multiline: true,
        max_length: max,
        ...(prefill.text === undefined || prefill.text === ''
          ? {}
          : { initial_value: truncate(prefill.text, max) }),
      },
      { optional: true, hint: 'Instead of a recording; each callee is then rung by a call of its own.' },
    ),
    input(
      'language',
      'Language of the text',
      {
        type: 'static_select',
        options: known,
        ...(initial === undefined ? {} : { initial_option: initial }),
      },
      { optional: true },
    ),
  ];
}

function optionInputs({ prefill, limits }: CallViewFacts): KnownBlock[] {
  const note = prefill.calledInfo ?? '';
  return [
    numberInput('loopCount', 'How often it is played', 1, limits.loopCount, prefill.loopCount),
    // Bounds: the voice platform's pages for its voice calls (1 to 120 s, 20 to 120 s).
    numberInput('maxDuration', 'Longest call, seconds', 1, 120, prefill.maxDuration),
    numberInput('maxRingingTime', 'Longest ringing, seconds', 20, 120, prefill.maxRingingTime),
    input(
      'displayNum',
      'Caller number to show',
      {
        type: 'plain_text_input',
        max_length: 40,
        ...(prefill.displayNum === undefined ? {} : { initial_value: prefill.displayNum.slice(0, 40) }),
      },
      {
        optional: true,
        hint: 'Which numbers may be shown is a matter of the contract with the voice platform.',
      },
    ),
    input(
      'calledInfo',
      'Note',
      {
        type: 'plain_text_input',
        multiline: true,
        max_length: noteLength,
        ...(note === '' ? {} : { initial_value: truncate(note, noteLength) }),
      },
      { optional: true, hint: "Shown with the request, and kept in the voice platform's records." },
    ),
  ];
}

function numberInput(
  field: string,
  label: string,
  min: number,
  max: number,
  value: number | undefined,
): KnownBlock {
  const fits = value !== undefined && Number.isInteger(value) && value >= min && value <= max;
  return input(
    field,
    label,
    {
      type: 'number_input',
      is_decimal_allowed: false,
      min_value: String(min),
      max_value: String(max),
      ...(fits ? { initial_value: String(value) } : {}),
    },
    { optional: true, hint: `${min} to ${max}.` },
  );
}

function channelInput(channel: string | undefined): KnownBlock {
  return input('channel', 'Channel for the results', {
    type: 'conversations_select',
    filter: { include: ['public', 'private'], exclude_bot_users: true },
    // Only channels can be preselected here; where it was asked from may be a direct message.
    ...(channel !== undefined && /^[CG]/.test(channel)
      ? { initial_conversation: channel }
      : { default_to_current_conversation: true }),
  });
}

/** Cuts between callees, never inside one: half a number would ring somebody else. */
function fitCallees(text: string): { text: string; cut: boolean } {
  if (text.length <= slackLimits.inputText) return { text, cut: false };
  const end = Math.max(...['\n', ',', ';'].map((mark) => text.lastIndexOf(mark, slackLimits.inputText)));
  return { text: end <= 0 ? '' : text.slice(0, end), cut: true };
}
