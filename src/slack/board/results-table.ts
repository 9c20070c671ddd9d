import type { TableBlock } from '@slack/types';
import type { CallView } from '../../calls/request/types.ts';
import { slackLimits } from '../kit/limits.ts';
import { plain } from '../kit/text.ts';
import { calleeLabel, codeOf, outcomeWords, reasonWords } from '../words/call-words.ts';

const columns = ['Callee', 'Outcome', 'terminationCode', 'Reason', 'voiceId'];
const headerText = columns.join('').length;

/** The table leaves room for the blocks above it within what a whole message may hold. */
export const tableBudget = 9_600;

// How wide callee, outcome, code, reason and voiceId may be; the last row lets 99 rows in whatever they say.
const widths = [
  [60, 40, 16, 120, 40],
  [40, 32, 16, 60, 32],
  [24, 26, 12, 40, 28],
  [16, 22, 8, 20, 24],
] as const;

/**
 * A table of as many of the calls as fit, and how many did. Names and reasons are shortened before a row is left out;
 * its cells are raw text, so that nothing in them is read as mark-up.
 */
export function renderTable(calls: readonly CallView[], masked = true): { table: TableBlock; shown: number } {
  const rows = calls
    .slice(0, slackLimits.tableRows - 1)
    .map((call) => [
      calleeLabel(call, masked),
      outcomeWords(call),
      codeOf(call),
      reasonWords(call),
      call.voiceId ?? '',
    ]);
  let cut: string[][] = [];
  for (const width of widths) {
    cut = rows.map((row) => row.map((cell, column) => plain(cell, width[column] ?? 0) || '–'));
    if (textOf(cut) <= tableBudget - headerText) break;
  }
  while (textOf(cut) > tableBudget - headerText) cut.pop();
  const cells = [columns, ...cut].map((row) => row.map((text) => ({ type: 'raw_text' as const, text })));
  return {
    table: {
      type: 'table',
      rows: cells,
      column_settings: columns.map((name) => ({ is_wrapped: name === 'Reason' || name === 'Callee' })),
    },
    shown: cut.length,
  };
}

function textOf(rows: string[][]): number {
  return rows.reduce((sum, row) => sum + row.reduce((inner, cell) => inner + cell.length, 0), 0);
}
