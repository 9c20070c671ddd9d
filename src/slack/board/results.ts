import type { KnownBlock } from '@slack/types';
import type { CallView, RequestView, SubmissionView } from '../../calls/request/types.ts';
import { shownInTable } from '../../outbox/outbox.ts';
import { context, header, type RenderedPost, section, topText } from '../kit/blocks.ts';
import { count, listWords, people, plural } from '../kit/text.ts';
import { isTrouble } from '../words/call-words.ts';
import {
  playedWords,
  refusalWords,
  saidWords,
  submissionName,
  unknownName,
  unknownWhy,
} from '../words/request-words.ts';
import { countWords } from '../words/state-words.ts';
import { renderTable } from './results-table.ts';

const wholeShown = 4;

/** The thread's message with every callee's result; `calls` are all of the request's, in the order asked. Numbers are masked. */
export function renderResults(request: RequestView, calls: readonly CallView[]): RenderedPost {
  const { counts } = request;
  const whole = wholeLines(request);
  const told = listWords(countWords(counts, false));
  const blocks: KnownBlock[] = [
    header(`Results for ${people(counts.callees)}`),
    ...whole.map((line) => section(line)),
    section(countWords(counts, true).join(' · ') || 'Nobody was rung.'),
    ...tableBlocks(request, calls),
  ];
  return {
    text: topText(
      `Results for ${people(counts.callees)} (${playedWords(request.message, request.options, 200)}): ${told || 'nobody was rung'}.`,
      ...whole.slice(0, 2).map((line) => line.replaceAll('*', '')),
      counts.callees > shownInTable ? 'All of them are in the CSV file below.' : null,
    ),
    blocks,
    metadata: { event_type: 'voicecall_results', event_payload: { request_id: request.id } },
  };
}

function tableBlocks(request: RequestView, calls: readonly CallView[]): KnownBlock[] {
  const inFile = request.counts.callees > shownInTable;
  const latest = calls.length > shownInTable ? calls.filter((call) => !call.superseded) : calls;
  const rows = inFile ? latest.filter(isTrouble) : latest;
  if (rows.length === 0) {
    return inFile ? [context('Nothing was refused or failed. All of them are in the CSV file below.')] : [];
  }
  const { table, shown } = renderTable(rows);
  const more = rows.length - shown;
  if (!inFile) return more > 0 ? [table, context(`${count(more)} more: press Details.`)] : [table];
  const which =
    more > 0
      ? `The first ${count(shown)} of ${count(rows.length)} that were refused, held back, failed or are unknown; ${count(more)} more.`
      : `${count(rows.length)} that were refused, held back, failed or are unknown.`;
  return [table, context(`${which} All of them are in the CSV file below.`)];
}

/** What became of whole submissions, why and what to do, those of one code together; what is unknown in its own words. */
function wholeLines(request: RequestView): string[] {
  const total = request.submissions.length;
  const groups = Map.groupBy(
    request.submissions.filter((each) => wholeKind(each) !== null),
    (each) => `${wholeKind(each)} ${each.code ?? ''}`,
  );
  const lines = [...groups.values()].map((group) => wholeLine(group, total));
  const more = lines.length - wholeShown;
  return more > 0
    ? [...lines.slice(0, wholeShown), `${plural(more, 'more kind')} of trouble: see the table.`]
    : lines;
}

function wholeKind(submission: SubmissionView): 'refused' | 'failed' | 'unknown' | 'partly' | null {
  const { state } = submission;
  if (state === 'refused' || state === 'failed' || state === 'unknown') return state;
  return submission.unknown > 0 ? 'partly' : null;
}

function wholeLine(group: SubmissionView[], total: number): string {
  const [first] = group;
  if (first === undefined) return '';
  const said = saidWords(first);
  const kind = wholeKind(first);
  if (kind === 'refused') {
    return `⛔ *The voice platform refused ${namesOf(group, total)}: nobody of them was rung.* ${refusalWords(first.code, said)}`;
  }
  if (kind === 'failed') {
    const why = first.code === null ? 'Try again.' : refusalWords(first.code, said);
    return `❌ *Never sent, nobody was rung: ${namesOf(group, total)}.* ${why}`;
  }
  const next = group.some((each) => each.unknown > 0)
    ? 'Nothing of it is sent again by itself; the board has buttons to settle it.'
    : 'It was sent once more, as the rule says.';
  return `❔ *Unknown: the phones of ${unknownNames(group, total)} may or may not have rung.* ${unknownWhy(first)}${said} ${next}`;
}

/** "the calls to 2 people", "submission 2 of 50 (200 people)" or "3 submissions (600 people)". */
function namesOf(group: readonly SubmissionView[], total: number): string {
  const [first] = group;
  if (first === undefined) return '';
  if (total < 2) return `the calls to ${submissionName(first, total)}`;
  return group.length === 1 ? submissionName(first, total) : inSubmissions(group, (each) => each.callees);
}

function unknownNames(group: readonly SubmissionView[], total: number): string {
  const [first] = group;
  if (first === undefined) return '';
  // None of them is unknown any more where they were sent once more.
  return group.length === 1
    ? unknownName(first, total)
    : inSubmissions(group, (each) => each.unknown || each.callees);
}

function inSubmissions(group: readonly SubmissionView[], those: (each: SubmissionView) => number): string {
  const crowd = people(group.reduce((sum, each) => sum + those(each), 0));
  return `${plural(group.length, 'submission')} (${crowd})`;
}
