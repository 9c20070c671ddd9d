import type { KnownBlock } from '@slack/types';
import type { Ending } from '../../calls/request/read.ts';
import { finishedRequestStates } from '../../calls/request/states.ts';
import type { CallView, RequestView } from '../../calls/request/types.ts';
import { shownInTable } from '../../outbox/outbox.ts';
import { context, header, type RenderedPost, section, topText } from '../kit/blocks.ts';
import { count, escapeText } from '../kit/text.ts';
import { forbiddenWords, isUnanswered, latestCalls } from '../words/call-words.ts';
import { currentCounts, headline, mustConfirm } from '../words/headline.ts';
import { countParts, unansweredFirst } from '../words/people-lines.ts';
import type { MessageFacts } from '../words/request-words.ts';
import { renderTable } from './results-table.ts';

/** For a large request, the table shows at most this many people who were not reached. */
export const shownOfCrowd = 20;

/**
 * The message in the thread with each person's result; people who were not reached come first. `calls` holds all
 * calls of a small request; of a large one, the first people who were not reached. `endings` then counts how the
 * other calls ended. Numbers are masked.
 */
export function renderResults(
  request: RequestView,
  calls: readonly CallView[],
  { nameOf, endings = [] }: Partial<MessageFacts> & { endings?: readonly Ending[] } = {},
): RenderedPost {
  const outcome = outcomeOf(request, nameOf);
  const crowd = request.counts.callees > shownInTable;
  const numbers = crowd ? numbersOf(request, endings) : '';
  const file = !crowd
    ? null
    : isOver(request)
      ? 'The CSV file has everybody.'
      : 'A CSV file of everybody follows at the end.';
  const { blocks, more } = tableBlocks(request, calls, crowd);
  return {
    text: topText(`${escapeText(outcome)}.`, numbers === '' ? null : `${numbers}.`, file),
    blocks: [
      header(outcome),
      ...(numbers === '' ? [] : [section(numbers)]),
      ...blocks,
      ...forbiddenWords(calls).map((words) => context(words)),
      ...(more === null && file === null ? [] : [context([more, file].filter(Boolean).join(' '))]),
    ],
    metadata: { event_type: 'voicecall_results', event_payload: { request_id: request.id } },
  };
}

/** Acknowledgements and further calls are left out, because the board shows them. */
function outcomeOf(request: RequestView, nameOf: MessageFacts['nameOf']): string {
  const goesOn =
    !isOver(request) && request.reach?.running === true && currentCounts(request).not_answered > 0;
  return goesOn ? 'Results so far' : headline({ ...request, ackedBy: null, resolvedAt: null }, nameOf);
}

function isOver({ state }: RequestView): boolean {
  return finishedRequestStates.includes(state);
}

/** Returns "80 no answer · 40 busy · 2 may have rung · 28 answered". */
function numbersOf(request: RequestView, endings: readonly Ending[]): string {
  return countParts(request, endings)
    .map(([n, words]) => `${count(n)} ${words}`)
    .join(' · ');
}

function tableBlocks(
  request: RequestView,
  calls: readonly CallView[],
  crowd: boolean,
): { blocks: KnownBlock[]; more: string | null } {
  const latest = latestCalls(calls).toSorted(unansweredFirst);
  const rows = crowd ? latest.filter(isUnanswered).slice(0, shownOfCrowd) : latest;
  if (rows.length === 0) return { blocks: [], more: null };
  const { table, shown } = renderTable(rows, { over: isOver(request), mustConfirm: mustConfirm(request) });
  if (!crowd) {
    const left = rows.length - shown;
    return { blocks: [table], more: left > 0 ? `${count(left)} more: press Details.` : null };
  }
  const {
    callees,
    answered,
    confirmed,
    accepted,
    not_answered: notAnswered,
    waiting,
  } = currentCounts(request);
  const open = Math.max(0, accepted - answered - notAnswered) + waiting;
  const left = callees - (mustConfirm(request) ? confirmed : answered) - open - shown;
  return { blocks: [table], more: left > 0 ? `${count(left)} more were not reached.` : null };
}
