import { z } from 'zod';
import { plainText, reasonText } from './envelope.ts';
import type { CallRecord } from './types.ts';

/** Times before 2000 or after 2100 are placeholders or another unit, not times. */
const earliestAt = Date.UTC(2000, 0, 1);
const latestAt = Date.UTC(2100, 0, 1);

// Its samples are ISO 8601; Date.parse alone would read a year out of "-1".
const isoTime = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d+)?)(Z|[+-]\d{2}:?\d{2})?$/;

function toTime(value: unknown): number | null {
  const at = typeof value === 'string' ? timeOfText(value.trim()) : value;
  if (typeof at !== 'number' || !(at >= earliestAt && at <= latestAt)) return null;
  return Math.trunc(at);
}

function timeOfText(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const parts = isoTime.exec(text);
  // The platform's clock stands at UTC+8, where a time carries no zone.
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

// Kept byte for byte: it carries our token.
function toWhole(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

// A bare number above 2^53 has lost its last digits before it came here: no key to anything.
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
 * One record or delivery report, whichever way its fields are written (times as ms or ISO text, counts as number or
 * text, stages not reached as 0, null or nothing). Null: no object, or without a voiceId to know it by.
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
    // An object, as the shape has just found.
    raw: value as Record<string, unknown>,
  };
}

/** A voiceId as text, from text or a number that kept its digits; null otherwise. */
export { toVoiceId as parseVoiceId };
