import type { TableBlock } from '@slack/types';
import type { CallView } from '../../calls/request/types.ts';
import { slackLimits } from '../kit/limits.ts';
import { capital, plain } from '../kit/text.ts';
import { type CallFacts, calleeLabel, keyWords, resultWords } from '../words/call-words.ts';

// Three columns fit beside a channel, where Slack shows threads. "Key" is left out if nobody pressed one.
const columns = ['Who', 'Result', 'Key'];

/**
 * The most characters of the table. The rest of Slack's limit for a table is left to the other blocks of the message.
 */
export const tableBudget = 9_600;

// The most characters of who, result and key. The second row is narrow enough for 99 callees in every case.
const widths = [
  [80, 60, 8],
  [50, 36, 8],
] as const;

/**
 * A table of calls; `shown` is how many fit. Names are shortened before rows are left out. Cells are raw text, so
 * Slack reads no markup in them.
 */
export function renderTable(
  calls: readonly CallView[],
  facts: CallFacts,
): { table: TableBlock; shown: number } {
  const rows = calls
    .slice(0, slackLimits.tableRows - 1)
    .map((call) => [calleeLabel(call), capital(resultWords(call, facts)), keyWords(call)]);
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
