import type { RequestView } from '../../calls/request/types.ts';
import type { Config } from '../../config/types.ts';
import { isGroupId } from '../../slack-ids.ts';
import { actions, answer, button, context, header, type RenderedMessage, section } from '../kit/blocks.ts';
import { chunkLines, count, foreign, people, plural } from '../kit/text.ts';
import { requestBlocks } from '../replies/request-blocks.ts';
import { requestLine } from '../words/request-line.ts';
import type { NameOf } from '../words/request-words.ts';

/** How many requests one page of `/voicecall history` shows. */
export const historySize = 10;

const usage = [
  ['/voicecall', 'opens the form'],
  ['/voicecall +91 85632 14120, db-oncall fire-drill', 'opens it filled in'],
  ['/voicecall db-oncall "Database is down"', 'the text in quotes is spoken'],
  ['/voicecall status', 'your open requests; with an id, that one'],
  ['/voicecall history', 'your requests, newest first'],
  ['/voicecall cancel r7k2m9x0q4ab', 'cancels calls not yet placed'],
  ['/voicecall me', 'calls your own phone, to test it'],
  ['/voicecall recordings', 'adds, plays and removes recordings'],
  ['/voicecall oncall', 'who is on duty now, and who comes next'],
  ['/voicecall lists', 'the lists you can call'],
  ['/voicecall rules', 'which alerts call whom'],
] as const;

function usageLines(): string {
  return usage.map(([command, what]) => `• \`${command}\`: ${what}`).join('\n');
}

export function helpAnswer(): RenderedMessage {
  const lead = 'Voicecall calls people and posts every result in the channel.';
  return answer(`${lead}\n${usageLines()}`, [
    section(`*${lead}*`),
    section(usageLines()),
    context("The app's Home tab shows your recent requests."),
  ]);
}

/** The answer to text that is no command and names nobody to call: repeats the text and suggests what was meant. */
export function unknownAnswer(typed: string, near: string | null): RenderedMessage {
  const meant = near === null ? personMeant(typed) : ` Did you mean \`/voicecall ${foreign(near, 80)}\`?`;
  const words = `I don't know “${foreign(typed, 200)}”.${meant}`;
  if (meant === '')
    return answer(`${words}\n${usageLines()}`, [section(`${words} You can type:`), section(usageLines())]);
  const short = `${words} \`/voicecall help\` shows what you can type.`;
  return answer(short, [section(short)]);
}

/** Suggests "@": a name without it calls nobody, because Slack links only "@" names to people. */
function personMeant(typed: string): string {
  return /^\p{Lu}[\p{L}\p{M}'.-]{1,40}$/u.test(typed) ? ` Did you mean @${foreign(typed, 80)}?` : '';
}

/** The configured lists, how many people each has, and the rosters. Shows no numbers, because anybody may ask. */
export function listsAnswer({ lists, rosters }: Pick<Config, 'lists' | 'rosters'>): RenderedMessage {
  const lines = [
    ...Object.entries(lists).map(([name, entries]) => `• *${foreign(name, 80)}*: ${entriesWords(entries)}`),
    ...Object.keys(rosters).map((name) => `• *${foreign(name, 80)}*: who is on duty`),
  ];
  if (lines.length === 0) return answer('There are no lists. Add them under `lists` in voicecall.yaml.');
  const next = 'To call one, type `/voicecall` and its name.';
  return answer([...lines, next].join('\n'), [
    ...chunkLines(lines, 2_800).map((part) => section(part)),
    context(next),
  ]);
}

/** A user group counts as an entry, because only Slack knows how many people are in it. */
function entriesWords(entries: readonly string[]): string {
  const hasGroup = entries.some(isGroupId);
  return hasGroup ? plural(entries.length, 'entry', 'entries') : people(entries.length);
}

/** Who reads a list of requests, and how people are named. Absent: a line names who asked. */
interface Reader {
  userId?: string;
  nameOf?: NameOf;
}

function readBy({ requestedBy }: RequestView, { userId, nameOf }: Reader) {
  return { own: userId !== undefined && requestedBy === userId, nameOf };
}

/**
 * Open requests, or a single request with its history (lines of mrkdwn, oldest first). `alerts`: those that are calling
 * people, for everybody who may call.
 */
export function statusAnswer(
  requests: readonly RequestView[],
  {
    history = [],
    alerts = [],
    ...reader
  }: Reader & { history?: readonly string[]; alerts?: readonly RequestView[] } = {},
): RenderedMessage {
  if (requests.length + alerts.length === 0)
    return answer('You have no open requests. `/voicecall history` shows earlier ones.');
  const shown = requests.slice(0, historySize);
  const more = requests.length - shown.length;
  const last = history.slice(-40);
  const calling = alerts.map((each) => requestLine(each, { ...readBy(each, reader), brief: true }));
  const lines = [...shown.map((each) => requestLine(each, readBy(each, reader))), ...calling].join('\n');
  const all = requests.length + alerts.length;
  const text = all === 1 ? lines : `${count(all)} under way: ${lines}`;
  return answer(text, [
    ...shown.flatMap((each) => requestBlocks(each, readBy(each, reader))),
    ...calling.map((line) => section(line)),
    ...chunkLines(last, 2_800)
      // The history is only given for a single request; with many there would be less room.
      .slice(shown.length > 1 ? -1 : -2)
      .map((lines) => section(lines)),
    ...(more > 0 ? [context(`${count(more)} more: see \`/voicecall history\`.`)] : []),
  ]);
}

/** One page of requests; `page` is counted from 1. A button's value is the page that it shows. */
export function historyAnswer(
  requests: readonly RequestView[],
  { page, more, ...reader }: Reader & { page: number; more: boolean },
): RenderedMessage {
  if (requests.length === 0) {
    return answer(page > 1 ? `There is nothing on page ${count(page)}.` : "You haven't made any calls yet.");
  }
  const shown = requests.slice(0, historySize);
  return answer(
    `Page ${count(page)}: ${shown.map((each) => requestLine(each, readBy(each, reader))).join('\n')}`,
    [
      header(page === 1 ? 'Requests' : `Requests, page ${count(page)}`),
      ...shown.flatMap((each) => requestBlocks(each, readBy(each, reader))),
      ...actions(
        [
          ...(page > 1 ? [button('Newer', 'history_newer', String(page - 1))] : []),
          ...(more ? [button('Older', 'history_older', String(page + 1))] : []),
        ],
        'history_pages',
      ),
    ],
  );
}
