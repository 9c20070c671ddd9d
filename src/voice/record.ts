import { foreignLine, reasonText } from './envelope.ts';
import type { CallRecord } from './types.ts';

/** A time before 2000 or after 2100 is a placeholder or in another unit. */
const earliestAt = Date.UTC(2000, 0, 1);
const latestAt = Date.UTC(2100, 0, 1);

// The platform's samples are ISO 8601. Date.parse alone would read a year from "-1".
const isoTime = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d+)?)(Z|[+-]\d{2}:?\d{2})?$/;

function toTime(value: unknown): number | null {
  const at = typeof value === 'string' ? timeOfText(value.trim()) : value;
  if (typeof at !== 'number' || !(at >= earliestAt && at <= latestAt)) return null;
  return Math.trunc(at);
}

function timeOfText(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const parts = isoTime.exec(text);
  // The platform's times without a zone are in UTC+8.
  return parts ? Date.parse(`${parts[1]}T${parts[2]}${parts[3] ?? '+08:00'}`) : Number.NaN;
}

function toCount(value: unknown): number | null {
  const text = foreignLine(value);
  if (text === null || !/^\d{1,9}(\.\d+)?$/.test(text)) return null;
  return Math.trunc(Number(text));
}

function toKey(value: unknown): string | null {
  const text = foreignLine(value);
  return text === '-1' ? null : text;
}

// Not trimmed or cut: it carries our token.
function toWhole(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

// A bare number above 2^53 has already lost its last digits, so it identifies nothing.
function toVoiceId(value: unknown): string | null {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return null;
  const text = foreignLine(value);
  return text !== null && text !== '0' && /^[\w-]{1,64}$/.test(text) ? text : null;
}

/**
 * Reads one record or report in any of its formats: times as ms or ISO text, counts as number or text, a stage that
 * was not reached as 0, null or absent. Null if it is not an object or has no voiceId. Without zod, because ten
 * thousand may come at once and every field is optional, of any type.
 */
export function parseRecord(value: unknown): CallRecord | null {
  if (!isObject(value)) return null;
  const voiceId = toVoiceId(value.voiceId);
  if (voiceId === null) return null;
  return {
    voiceId,
    callee: foreignLine(value.callee),
    calledInfo: toWhole(value.calledInfo),
    submitTimeAt: toTime(value.submitTime),
    callTimeAt: toTime(value.callTime),
    ringingTimeAt: toTime(value.ringingTime),
    answerTimeAt: toTime(value.answerTime),
    hangupTimeAt: toTime(value.hangupTime),
    callDuration: toCount(value.callDuration),
    terminationCode: foreignLine(value.terminationCode),
    terminationReason: reasonText(value.terminationReason),
    sipCode: foreignLine(value.sipCode),
    callStatus: foreignLine(value.callStatus),
    feedbackValue: toKey(value.feedbackValue),
    outRecallCount: toCount(value.outRecallCount) ?? 0,
    raw: value,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A voiceId as text, from text or from a number with all its digits; otherwise null. */
export { toVoiceId as parseVoiceId };
