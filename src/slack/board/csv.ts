import { maskNumber } from '../../callees/numbering-plan.ts';
import type { CallView } from '../../calls/request/types.ts';
import { oneLine } from '../kit/text.ts';
import { codeOf, reasonWords, safeName } from '../words/call-words.ts';

const columns = [
  'callee',
  'name',
  'state',
  'terminationCode',
  'terminationReason',
  'voiceId',
  'submitCode',
  'submitReason',
  'words',
  'answeredAt',
  'hangupAt',
  'callDuration',
  'feedbackValue',
  'attempt',
  'step',
  'confirmed',
] as const;

/**
 * All calls as a CSV file (RFC 4180, CRLF, with a byte order mark so that Excel reads UTF-8). Times are ISO 8601,
 * `callDuration` is in seconds. `masked`: people other than the requester may read the file.
 */
export function renderCsv(calls: readonly CallView[], { masked }: { masked: boolean }): string {
  const lines = calls.map((call) =>
    [
      masked ? maskNumber(call.callee) : call.callee,
      safeName(call.name, masked) ?? '',
      call.superseded ? `${call.state} (called again)` : call.state,
      // Until a report says how the call ended, this column holds the platform's code for the submission, which has
      // the same name in its API.
      codeOf(call),
      call.terminationReason ?? (codeOf(call) === '' ? '' : (call.submitReason ?? '')),
      call.voiceId ?? '',
      call.submitCode ?? call.cause ?? '',
      call.submitReason ?? (call.heldUntil === null ? '' : String(call.heldUntil)),
      reasonWords(call),
      iso(call.answerTimeAt),
      iso(call.hangupTimeAt),
      call.callDuration === null ? '' : String(call.callDuration),
      call.feedbackValue ?? '',
      String(call.attempt),
      String(call.step),
      call.confirmed ? 'yes' : '',
    ]
      .map(cell)
      .join(','),
  );
  return `\ufeff${[columns.join(','), ...lines].join('\r\n')}\r\n`;
}

function iso(at: number | null): string {
  return at === null ? '' : new Date(at).toISOString();
}

function cell(value: string): string {
  const text = neutralise(oneLine(value));
  return /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Keeps spreadsheets from reading text as a formula: https://owasp.org/www-community/attacks/CSV_Injection */
function neutralise(text: string): string {
  // A code such as -10 stays as it is: a spreadsheet reads it as a number, and tools that read the file need it
  // unchanged.
  if (/^-?[0-9]+$/.test(text)) return text;
  return /^[=+\-@＝＋－＠]/.test(text) ? `'${text}` : text;
}
