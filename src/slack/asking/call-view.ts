import type { KnownBlock, ModalView } from '@slack/types';
import { noteLength } from '../../calls/request/token.ts';
import type { CallOptions, ReachDefaults } from '../../config/types.ts';
import { isChannelId } from '../../slack-ids.ts';
import type { RecordingList } from '../context/recordings.ts';
import { actions, button, context, plainText, section } from '../kit/blocks.ts';
import { input, modal, numberInput, options } from '../kit/inputs.ts';
import { slackLimits } from '../kit/limits.ts';
import { capital, escapeText, listWords, people, truncate } from '../kit/text.ts';
import { type ReachPrefill, reachInputs } from './reach-inputs.ts';
import { recordingInput } from './recording-input.ts';

/** The values with which the modal opens. */
export interface CallPrefill extends CallOptions {
  /** As typed; may hold several callees. */
  callee?: string;
  lists?: readonly string[];
  people?: readonly string[];
  fileId?: string;
  text?: string;
  language?: string;
  calledInfo?: string;
  channel?: string;
  reach?: ReachPrefill;
}

export interface CallViewFacts {
  /** Names of the configured lists and rosters. */
  lists: readonly string[];
  /** The description of a list, by its name. */
  listHints?: ReadonlyMap<string, string>;
  /** Null: they are still being loaded. */
  recordings: RecordingList | null;
  /** True if the form has an input for a file of callees. */
  file: boolean;
  /** The languages of spoken text, the default first. Null if text cannot be spoken. */
  languages: readonly string[] | null;
  /** The values of the configuration, which are used if nothing is typed. */
  defaults: CallOptions;
  /** True if the options are shown. */
  options: boolean;
  /** How often a message may be played, and how many characters a text may have. */
  limits: { loopCount: number; textLength: number };
  /** `reach` of the configuration. */
  reach: ReachDefaults;
  prefill: CallPrefill;
  /** How many people the repeated request called. If nobody else is named, they are called again. */
  again?: number;
  /** Their names, if they are few. Lost once *More options* is pressed, because the metadata holds no names. */
  againNames?: readonly string[];
  /** The private_metadata, unchanged. It must not hold a phone number. */
  metadata: string;
}

/** Fields that are shown only after *More options*. */
export const optionFields = [
  'file',
  'language',
  'loopCount',
  'maxDuration',
  'maxRingingTime',
  'displayNum',
  'calledInfo',
] as const;

/**
 * The `/voicecall` modal: who is called, what they hear, where the results go, and the options if they are shown. Its
 * inputs are always in the same order, whether or not the recordings have loaded, so that Slack keeps what was typed
 * when the view is updated.
 */
export function callView(facts: CallViewFacts): ModalView {
  const { prefill } = facts;
  const speech = facts.languages !== null && facts.languages.length > 0;
  const recording = recordingInput(facts.recordings, prefill.fileId, speech);
  const callee = fitCallees(prefill.callee ?? '');
  const lists = listInput(facts);
  const notices = [
    ...(recording.notice === null ? [] : [recording.notice]),
    ...(callee.cut ? ['⚠️ Not all numbers fit here: use a list or several requests for the others.'] : []),
    ...lists.notices,
  ];
  const blocks: KnownBlock[] = [
    // Always present, so that no block moves when the recordings have loaded.
    {
      ...context(
        notices.length === 0
          ? 'Nobody is called before you have seen a summary.'
          : notices.map(escapeText).join('\n'),
      ),
      block_id: 'notice',
    },
    section(`*Who is called?* ${whoWords(facts)}`),
    input(
      'callee',
      'Numbers',
      {
        type: 'plain_text_input',
        multiline: true,
        max_length: slackLimits.inputText,
        placeholder: plainText('+91 85632 14120, +65 9111 0001', slackLimits.placeholder),
        ...(callee.text === '' ? {} : { initial_value: callee.text }),
      },
      { optional: true, hint: 'With country code; one a line, or separated by commas.' },
    ),
    ...lists.blocks,
    input(
      'people',
      'People in Slack',
      {
        type: 'multi_users_select',
        placeholder: plainText('Choose people', slackLimits.placeholder),
        ...((prefill.people ?? []).length === 0 ? {} : { initial_users: [...(prefill.people ?? [])] }),
      },
      { optional: true, hint: 'Called at the number in their Slack profile.' },
    ),
    section(`*What do they hear?* ${speech ? 'A recording or a text: one of the two.' : ''}`.trimEnd()),
    recording.block,
    ...(speech ? [textInput(facts)] : []),
    section('*Where do the results go?*'),
    channelInput(prefill.channel),
    ...(facts.options
      ? optionInputs(facts)
      : actions([button('More options', 'call_options', 'show')], 'more_options')),
  ];
  return modal({
    callbackId: 'voicecall',
    title: 'Call people',
    submit: 'Continue',
    close: 'Cancel',
    metadata: facts.metadata,
    blocks,
  });
}

/** At least one of the inputs below is needed. Slack can only require one particular input, so the words say it. */
function whoWords({ again, againNames = [] }: CallViewFacts): string {
  if (again === undefined) return 'At least one of these, or a file (More options).';
  const whom = againNames.length === 0 ? `the same ${people(again)}` : listWords(againNames);
  return `${capital(whom)}, again. Fill these in only to call somebody else instead.`;
}

function listInput({ lists, listHints, prefill }: CallViewFacts): {
  blocks: KnownBlock[];
  notices: string[];
} {
  const all = options(lists.map((name) => ({ text: name, value: name, description: listHints?.get(name) })));
  const wanted = new Set(prefill.lists ?? []);
  // Lists that were asked for come first, because Slack limits the number of options.
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
          placeholder: plainText('Choose lists', slackLimits.placeholder),
          options: shown,
          ...(initial.length === 0 ? {} : { initial_options: initial }),
        },
        { optional: true },
      ),
    ],
    notices: left > 0 ? [`${left} more lists do not fit here: type their names under Numbers.`] : [],
  };
}

function textInput({ prefill, limits }: CallViewFacts): KnownBlock {
  const max = Math.min(limits.textLength, slackLimits.inputText);
  return input(
    'text',
    'Text to speak',
    {
      type: 'plain_text_input',
      multiline: true,
      max_length: max,
      ...(prefill.text === undefined || prefill.text === ''
        ? {}
        : { initial_value: truncate(prefill.text, max) }),
    },
    { optional: true, hint: `Instead of a recording, ${max} characters at most.` },
  );
}

function languageInput({ prefill }: CallViewFacts, languages: readonly string[]): KnownBlock {
  const known = options(languages.map((code) => ({ text: code, value: code }))).slice(0, slackLimits.options);
  const initial = known.find((each) => each.value === prefill.language) ?? known[0];
  return input(
    'language',
    'Language of the text',
    {
      type: 'static_select',
      options: known,
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
    { optional: true },
  );
}

/** Inputs that most requests do not need. */
function optionInputs(facts: CallViewFacts): KnownBlock[] {
  const { prefill, limits, defaults, languages } = facts;
  const note = prefill.calledInfo ?? '';
  return [
    section('*Options*'),
    ...(facts.file
      ? [
          input(
            'file',
            'File with numbers',
            { type: 'file_input', filetypes: ['csv', 'txt'], max_files: 1 },
            { optional: true, hint: 'CSV or text: a number in each line, a name beside it if you like.' },
          ),
        ]
      : []),
    ...(languages === null || languages.length === 0 ? [] : [languageInput(facts, languages)]),
    optionInput(facts, 'loopCount', 'Times it is played', [1, limits.loopCount], 'once'),
    // The limits of the voice platform's documentation for voice calls (1 to 120 s, 20 to 120 s).
    optionInput(facts, 'maxDuration', 'Longest call, in seconds', [1, 120]),
    optionInput(facts, 'maxRingingTime', 'Longest ringing, in seconds', [20, 120]),
    input(
      'displayNum',
      'Caller number to show',
      {
        type: 'plain_text_input',
        max_length: 40,
        ...(defaults.displayNum === undefined
          ? {}
          : { placeholder: plainText(defaults.displayNum, slackLimits.placeholder) }),
        ...(prefill.displayNum === undefined ? {} : { initial_value: prefill.displayNum.slice(0, 40) }),
      },
      {
        optional: true,
        hint: `Your contract with the voice platform says which may be shown. If empty: ${defaults.displayNum ?? 'the voice platform decides'}.`,
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
    ...reachInputs(prefill.reach ?? {}, facts.reach),
    // Never filled in: a repeated request needs another time.
    input(
      'when',
      'Call later',
      { type: 'datetimepicker' },
      { optional: true, hint: 'In your own time zone, 30 days ahead at most. If empty: at once.' },
    ),
  ];
}

/** An input for an option that the configuration may set. `otherwise`: in words, what counts if nothing sets it. */
function optionInput(
  { prefill, defaults }: Pick<CallViewFacts, 'prefill' | 'defaults'>,
  field: 'loopCount' | 'maxDuration' | 'maxRingingTime',
  label: string,
  [min, max]: readonly [number, number],
  otherwise = 'the voice platform decides',
): KnownBlock {
  const usual = defaults[field];
  const hint = `${min} to ${max}. If empty: ${usual ?? otherwise}.`;
  return numberInput(field, label, [min, max], { value: prefill[field], placeholder: usual, hint });
}

function channelInput(channel: string | undefined): KnownBlock {
  return input('channel', 'Channel', {
    type: 'conversations_select',
    placeholder: plainText('Choose a channel', slackLimits.placeholder),
    filter: { include: ['public', 'private'], exclude_bot_users: true },
    // Only channels can be preselected here, and the command may have been typed in a direct message.
    ...(channel !== undefined && isChannelId(channel)
      ? { initial_conversation: channel }
      : { default_to_current_conversation: true }),
  });
}

/** Cuts only between callees, because a part of a number could call somebody else. */
function fitCallees(text: string): { text: string; cut: boolean } {
  if (text.length <= slackLimits.inputText) return { text, cut: false };
  const end = Math.max(...['\n', ',', ';'].map((mark) => text.lastIndexOf(mark, slackLimits.inputText)));
  return { text: end <= 0 ? '' : text.slice(0, end), cut: true };
}
