import { z } from 'zod';
import type { Log } from '../log.ts';
import { codeInfo, documentedCodes } from './codes.ts';
import { codeText, foreignLine, reasonText } from './envelope.ts';
import { parseVoiceId } from './record.ts';
import type { SubmittedRow } from './types.ts';

const rowShape = z.looseObject({
  voiceId: z.unknown().optional(),
  callee: z.unknown().optional(),
  terminationCode: z.unknown().optional(),
  terminationReason: z.unknown().optional(),
});

/**
 * One row per callee from an answer's `data`, matched by number, never by position. A callee without a readable row
 * is unknown. Null if `data` is not a list or names none of the callees.
 */
export function rowsByCallee(data: unknown, callees: string[], log: Log): SubmittedRow[] | null {
  if (!Array.isArray(data)) return null;
  const found = new Map<string, SubmittedRow>();
  const asked = new Set(callees);
  let foreign = 0;
  let repeated = 0;
  for (const element of data) {
    const row = readRow(element);
    if (row === null || !asked.has(row.callee)) {
      foreign++;
      continue;
    }
    const before = found.get(row.callee);
    if (before) repeated++;
    if (!before || certainty(row) > certainty(before)) found.set(row.callee, row);
  }
  const missing = callees.filter((callee) => !found.has(callee)).length;
  if (foreign + repeated + missing > 0) {
    log.warn(
      { foreign, repeated, missing, asked: callees.length },
      'the rows do not match the requested callees',
    );
  }
  if (found.size === 0) return null;
  return callees.map((callee) => found.get(callee) ?? unknownRow(callee));
}

/**
 * The row for a spoken text. Its `data` is the bare voiceId; rows and objects are read too. Null as in rowsByCallee.
 */
export function rowForText(data: unknown, callee: string, log: Log): SubmittedRow[] | null {
  if (Array.isArray(data)) return rowsByCallee(data, [callee], log);
  const fields = rowShape.safeParse(data);
  const voiceId = parseVoiceId(fields.success ? fields.data.voiceId : data);
  if (voiceId === null) return null;
  const said = fields.success ? codeText(fields.data.terminationCode) : null;
  return [
    {
      callee,
      outcome: said === null ? 'accepted' : outcomeOf(said),
      voiceId,
      terminationCode: said ?? '0',
      terminationReason: fields.success ? reasonText(fields.data.terminationReason) : null,
    },
  ];
}

function readRow(element: unknown): SubmittedRow | null {
  const fields = rowShape.safeParse(element);
  if (!fields.success) return null;
  const callee = foreignLine(fields.data.callee)?.replace(/\D/g, '');
  if (!callee) return null;
  const code = codeText(fields.data.terminationCode);
  return {
    callee,
    outcome: code === null ? 'unknown' : outcomeOf(code),
    voiceId: parseVoiceId(fields.data.voiceId),
    terminationCode: code,
    // Text in place of the code counts as a reason, because reasons are masked and later erased.
    terminationReason:
      reasonText(fields.data.terminationReason) ??
      (code === null ? reasonText(fields.data.terminationCode) : null),
  };
}

/**
 * The documentation says of rows: "0 accepted, anything else refused". Exceptions that prove nothing: the codes for
 * the platform's own failures, and 200, which in records means that a call was established.
 */
function outcomeOf(code: string): SubmittedRow['outcome'] {
  if (code === '0') return 'accepted';
  if (code === '200' || ['997', '998', '999'].includes(code)) return 'unknown';
  if (documentedCodes.includes(code) && codeInfo(code).submitted === 'unknown') return 'unknown';
  return 'refused';
}

// Of two rows for one callee, the row that may have called counts: a second call is worse than a second look-up.
function certainty(row: SubmittedRow): number {
  const rank = { refused: 0, unknown: 2, accepted: 4 }[row.outcome];
  return rank + (row.voiceId === null ? 0 : 1);
}

function unknownRow(callee: string): SubmittedRow {
  return { callee, outcome: 'unknown', voiceId: null, terminationCode: null, terminationReason: null };
}
