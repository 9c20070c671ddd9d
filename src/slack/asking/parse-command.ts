import { nearest } from '../../callees/did-you-mean.ts';
import { parseCallees } from '../../callees/parse.ts';
import type { Config } from '../../config/types.ts';
import type { Recordings } from '../context/recordings.ts';
import { slackLimits } from '../kit/limits.ts';
import { unescapeText } from '../kit/text.ts';
import { commandWords } from '../words/command-words.ts';
import { calleeOptions } from './collect-callees.ts';

/** A command that opens the form. */
export interface CallCommand {
  name: 'call';
  /** The callee field: numbers, and words that were not understood, so that the person can correct them. */
  callee: string;
  lists: string[];
  people: string[];
  fileId: string | null;
  /** The text in quotes, to be spoken. */
  text: string | null;
}

/** A command that is answered without opening the form. */
export type AnsweredCommand =
  | { name: 'help' }
  | { name: 'status'; requestId: string | null }
  | { name: 'history'; page: number }
  | { name: 'cancel'; requestId: string | null }
  | { name: 'rules' }
  | { name: 'lists' }
  | { name: 'recordings' }
  /** `near` is the likely meaning; null if there is none. */
  | { name: 'unknown'; typed: string; near: string | null };

/** Calls the person's own number, to test it. */
export interface MeCommand {
  name: 'me';
}

/** Shows who is on duty in each roster. */
export interface OnCallCommand {
  name: 'oncall';
}

export type Command = CallCommand | MeCommand | OnCallCommand | AnsweredCommand;

/** Higher page numbers are cut to this, so that a long typed number does not become a huge offset. */
const lastPage = 1_000_000;

/** The form's field holds no more characters. */
const mostRead = slackLimits.inputText;

/**
 * Reads the text after `/voicecall`. A subcommand counts only as the first word. Text that names nobody to call is
 * `unknown`: it is answered with help, and no modal opens.
 */
export function parseCommand(
  text: string,
  config: Config,
  recordings: Pick<Recordings, 'names' | 'fileIdOf'>,
): Command {
  const { quoted, rest: typed } = takeQuoted(text);
  const words = typed.trim().split(/\s+/);
  const [first = '', second] = words;
  const subcommand = readSubcommand(first.toLowerCase(), second, words.length);
  if (subcommand !== null) return subcommand;
  if (typed.trim() === '')
    return { name: 'call', callee: '', lists: [], people: [], fileId: null, text: quoted };

  const read = typed.slice(0, mostRead);
  const parsed = parseCallees(read, {
    ...calleeOptions(config),
    recordings: recordings.names(),
    expandLists: false,
  });
  const understood =
    parsed.callees.length +
    parsed.lists.length +
    parsed.people.length +
    parsed.groups.length +
    parsed.recordings.length;
  const hasDigits = /\d{4}/.test(read);
  if (understood === 0 && !hasDigits && quoted === null)
    return {
      name: 'unknown',
      typed: read.trim(),
      near: nearestKnown(read.trim(), config, recordings.names()),
    };
  const [recording] = parsed.recordings;
  return {
    name: 'call',
    // The whole text is passed on: the form cuts it and says so.
    callee: [parsed.rest, typed.slice(mostRead), ...parsed.groups.map((id) => `<!subteam^${id}>`)]
      .filter((part) => part !== '')
      .join('\n'),
    lists: parsed.lists,
    people: parsed.people,
    fileId: recording === undefined ? null : (recordings.fileIdOf(recording) ?? recording),
    text: quoted,
  };
}

const oneWordCommands = ['rules', 'recordings', 'me', 'oncall', 'lists'] as const;

/** The command that begins with this word, which may have an argument. Null: it is no command. */
function readSubcommand(word: string, argument: string | undefined, words: number): Command | null {
  const oneWord = oneWordCommands.find((name) => name === word);
  if (oneWord !== undefined && words === 1) return { name: oneWord };
  if (words > 2) return null;
  switch (word) {
    case 'help':
      return { name: 'help' };
    case 'status':
    case 'cancel':
      return { name: word, requestId: argument ?? null };
    case 'history': {
      const page = Number.parseInt(argument ?? '1', 10) || 1;
      return { name: 'history', page: Math.min(lastPage, Math.max(1, page)) };
    }
    default:
      return null;
  }
}

/** The first text in quotes, straight or curly, and the text around it. The last quote may be missing. */
function takeQuoted(text: string): { quoted: string | null; rest: string } {
  const [all, straight, curly] =
    /"([^"]+)(?:"|$)|[“”„]([^“”„]+)(?:[“”]|$)/.exec(text.slice(0, mostRead)) ?? [];
  const quoted = (straight ?? curly ?? '').trim();
  if (all === undefined || quoted === '') return { quoted: null, rest: text };
  return { quoted: asTyped(quoted), rest: text.replace(all, () => ' ') };
}

/** A text as the person typed it: Slack escapes it and puts people, channels and links into angle brackets. */
function asTyped(text: string): string {
  return unescapeText(
    text.replace(/<([^<>]*)>/g, (_, inner: string) => {
      const bar = inner.indexOf('|');
      return bar < 0 ? inner.replace(/^[@#!]/, '') : inner.slice(bar + 1);
    }),
  );
}

/** The likely meaning: a command, list, roster or recording with a similar name. */
function nearestKnown(
  typed: string,
  { lists, rosters }: Config,
  recordings: readonly string[],
): string | null {
  const known = [...commandWords, ...Object.keys(lists), ...Object.keys(rosters), ...recordings];
  return nearest(typed.split(/\s/, 1)[0] ?? '', known) ?? null;
}
