import type { KnownBlock } from '@slack/types';
import type { AddedRecording } from '../../recordings/stored.ts';
import {
  actions,
  button,
  confirmation,
  context,
  header,
  type RenderedMessage,
  section,
  topText,
} from '../kit/blocks.ts';
import { count, date, foreign, plural } from '../kit/text.ts';
import type { NameOf } from '../words/request-words.ts';

export interface ListFacts {
  added: readonly AddedRecording[];
  /** How many recent requests used each recording, by fileId. */
  uses: ReadonlyMap<string, number>;
  /** How many recordings the configuration names. */
  configured: number;
  nameOf: NameOf;
}

/** Each takes two blocks, and a message has at most 50. */
const mostShown = 20;

/** The recordings that people added, most used first, with their buttons. */
export function recordingsAnswer(facts: ListFacts): RenderedMessage {
  const { uses } = facts;
  const usesOf = ({ file_id }: AddedRecording) => uses.get(file_id ?? '') ?? 0;
  const there = facts.added
    .filter((each) => each.removed_at === null && each.state !== 'failed')
    .sort((a, b) => usesOf(b) - usesOf(a));
  const shown = there.slice(0, mostShown);
  const lines = shown.map((each) => recordingLine(each, usesOf(each), facts.nameOf));
  const more = there.length - shown.length;
  const lead =
    there.length === 0
      ? 'Nobody has added a recording yet. Add one, and it can be chosen in the form.'
      : `${plural(there.length, 'recording')} added here.`;
  const blocks: KnownBlock[] = [
    header('Recordings'),
    section(lead),
    ...actions([button('Add', 'recording_add', 'add', { style: 'primary' })], 'recordings_add'),
    ...shown.flatMap((each, index) => [section(lines[index] ?? ''), ...actions(buttonsOf(each), each.id)]),
    ...(more > 0 ? [context(`${count(more)} more are not shown; all can be chosen in the form.`)] : []),
    ...(facts.configured > 0
      ? [
          context(
            `${plural(facts.configured, 'recording', 'recordings')} from voicecall.yaml can be chosen too.`,
          ),
        ]
      : []),
  ];
  return { text: topText(lead, lines.join('\n')), blocks };
}

function recordingLine(recording: AddedRecording, uses: number, nameOf: NameOf): string {
  const { name, seconds, added_by: by, added_at: at, state } = recording;
  const who = nameOf(by);
  const parts = [
    `*${foreign(name, 200)}*`,
    ...(seconds === null ? [] : [`${seconds} s`]),
    `added by ${who === null ? `<@${foreign(by, 20)}>` : foreign(who, 80)} ${date(at)}`,
    ...(uses === 0 ? [] : [`used by ${plural(uses, 'request')} lately`]),
    ...(state === 'ready' ? [] : ['⏳ on its way to the voice platform']),
  ];
  return parts.join(' · ');
}

function buttonsOf({ id, name }: AddedRecording) {
  return [
    button('Hear', 'recording_hear', id),
    button('Remove', 'recording_remove', id, {
      confirm: confirmation({
        title: 'Remove this recording?',
        text: `“${name.slice(0, 80)}” cannot be chosen after that. The voice platform keeps its copy, because it cannot delete one. The file in Slack stays.`,
        confirm: 'Remove',
        deny: 'Keep',
        danger: true,
      }),
    }),
  ];
}
