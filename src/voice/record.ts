import { z } from 'zod';
import { plainText, reasonText } from './envelope.ts';
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
  const text = plainText(value);
  if (text === null || !/^\d{1,9}(\.\d+)?$/.test(text)) return null;
  return Math.trunc(Number(text));
}

function toKey(value: unknown): string | null {
  const text = plainText(value);
  return text === '-1' ? null : text;
}

// Not trimmed or cut: it carries our token.
function toWhole(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

// A bare number above 2^53 has already lost its last digits, so it identifies nothing.
function toVoiceId(value: unknown): string | null {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return null;
  const text = plainText(value);
  return text !== null && text !== '0' && /^[\w-]{1,64}$/.test(text) ? text : null;
}

const tolerant = <T>(read: (value: unknown) => T) => z.unknown().optional().transform(read);

const shape = z.looseObject({
  voiceId: tolerant(toVoiceId),
  callee: tolerant(plainText),
  calledInfo: tolerant(toWhole),
  submitTime: tolerant(toTime),
  callTime: tolerant(toTime),
  ringingTime: tolerant(toTime),
  answerTime: tolerant(toTime),
  hangupTime: tolerant(toTime),
  callDuration: tolerant(toCount),
  terminationCode: tolerant(plainText),
  terminationReason: tolerant(reasonText),
  sipCode: tolerant(plainText),
  callStatus: tolerant(plainText),
  feedbackValue: tolerant(toKey),
  outRecallCount: tolerant(toCount),
});

/**
 * Reads one record or report in any of its formats: times as ms or ISO text, counts as number or text, a stage that
 * was not reached as 0, null or absent. Null if it is not an object or has no voiceId.
 */
export function parseRecord(value: unknown): CallRecord | null {
  const parsed = shape.safeParse(value);
  if (!parsed.success || parsed.data.voiceId === null) return null;
  const fields = parsed.data;
  return {
    voiceId: parsed.data.voiceId,
    callee: fields.callee,
    calledInfo: fields.calledInfo,
    submitTimeAt: fields.submitTime,
    callTimeAt: fields.callTime,
    ringingTimeAt: fields.ringingTime,
    answerTimeAt: fields.answerTime,
    hangupTimeAt: fields.hangupTime,
    callDuration: fields.callDuration,
    terminationCode: fields.terminationCode,
    terminationReason: fields.terminationReason,
    sipCode: fields.sipCode,
    callStatus: fields.callStatus,
    feedbackValue: fields.feedbackValue,
    outRecallCount: fields.outRecallCount ?? 0,
    // The shape above proved that it is an object.
    raw: value as Record<string, unknown>,
  };
}

/** A voiceId as text, from text or from a number with all its digits; otherwise null. */
export { toVoiceId as parseVoiceId };
