import type { TableBlock } from '@slack/types';
import type { CallView } from '../../calls/request/types.ts';
import { slackLimits } from '../kit/limits.ts';
import { capital, plain } from '../kit/text.ts';
import { calleeLabel, keyWords, resultWords } from '../words/call-words.ts';

// Three columns fit beside a channel, in the pane of a thread; the last only where somebody pressed a key.
const columns = ['Who', 'Result', 'Key'];

/** The table leaves room for the blocks above it within what a whole message may hold. */
export const tableBudget = 9_600;

// How wide who, result and key may be; the last row lets 99 rows in whatever they say.
const widths = [
  [80, 60, 8],
  [50, 36, 8],
] as const;

/**
 * A table of as many of the calls as fit, and how many did. Names are shortened before a row is left out; its cells are
 * raw text, so that nothing in them is read as mark-up. `over`: no result will come any more.
 */
export function renderTable(calls: readonly CallView[], over: boolean): { table: TableBlock; shown: number } {
  const rows = calls
    .slice(0, slackLimits.tableRows - 1)
    .map((call) => [calleeLabel(call), capital(resultWords(call, over)), keyWords(call)]);
  const titles = rows.some((row) => row[2] !== '') ? columns : columns.slice(0, 2);
  const room = tableBudget - titles.join('').length;
  let cut: string[][] = [];
  for (const width of widths) {
    // Slack refuses a cell without text.
    cut = rows.map((row) => titles.map((_, column) => plain(row[column] ?? '', width[column] ?? 0) || '–'));
    if (textOf(cut) <= room) break;
  }
  while (textOf(cut) > room) cut.pop();
  const cells = [titles, ...cut].map((row) => row.map((text) => ({ type: 'raw_text' as const, text })));
  return {
    table: {
      type: 'table',
      rows: cells,
      column_settings: titles.map((name) => ({ is_wrapped: name !== 'Key' })),
    },
    shown: cut.length,
  };
}

function textOf(rows: string[][]): number {
  return rows.reduce((sum, row) => sum + row.reduce((inner, cell) => inner + cell.length, 0), 0);
}
