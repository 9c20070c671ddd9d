import { z } from 'zod';
import type { CallOptions } from '../../config/types.ts';
import type { Json } from '../../store/values.ts';
import type { CallRecord } from '../../voice/types.ts';
import { onePlan } from './plan.ts';
import type { ApprovalAsk, Audio, CountryCount, Ladder, Plan, RosterNote } from './types.ts';

// Reads the JSON columns. A value that does not fit was not written by Voicecall; the error says what is wrong.

export const audioShape: z.ZodType<Audio> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('recording'), fileId: z.string(), name: z.string().nullable() }),
  z.object({ kind: z.literal('text'), text: z.string(), language: z.string() }),
]);

export const optionsShape: z.ZodType<CallOptions> = z.object({
  displayNum: z.string().exactOptional(),
  maxDuration: z.number().exactOptional(),
  maxRingingTime: z.number().exactOptional(),
  loopCount: z.number().exactOptional(),
});

const countriesShape: z.ZodType<CountryCount[]> = z.array(
  z.object({ country: z.string(), callees: z.number() }),
);

const approvalShape: z.ZodType<ApprovalAsk> = z.object({
  reasons: z.array(z.string()),
  approvers: z.array(z.string()),
  quorum: z.number(),
  allowSelfApproval: z.boolean(),
  channelId: z.string().nullable(),
  expiresAfterMs: z.number(),
});

export const planShape: z.ZodType<Plan> = z.object({
  until: z.enum(['answered', 'confirmed']),
  attempts: z.number(),
  everyMs: z.number(),
  enough: z.number().nullable(),
  confirmKey: z.string().nullable(),
});

const ladderShape: z.ZodType<Ladder> = z.object({
  firstCall: z.array(z.string()),
  source: z.string().nullable(),
  furtherSteps: z.array(
    z.object({
      afterMs: z.number(),
      call: z.array(z.string()),
      say: z.string().nullable(),
      recording: z.string().nullable(),
    }),
  ),
  repeat: z.number(),
});

const detailShape = z.record(z.string(), z.unknown());

export function readAudio(json: Json<Audio>): Audio {
  return audioShape.parse(JSON.parse(json));
}

export function readOptions(json: Json<CallOptions>): CallOptions {
  return optionsShape.parse(JSON.parse(json));
}

export function readCountries(json: Json<CountryCount[]>): CountryCount[] {
  return countriesShape.parse(JSON.parse(json));
}

/** Null: no approval is needed. */
export function readApproval(json: Json<ApprovalAsk> | null): ApprovalAsk | null {
  return json === null ? null : approvalShape.parse(JSON.parse(json));
}

/** A request without a plan calls each callee once. */
export function readPlan(json: Json<Plan> | null): Plan {
  return json === null ? onePlan : planShape.parse(JSON.parse(json));
}

/** Null if it has no plan: such a request is cheaper to count. */
export function planIn(request: { plan: Json<Plan> | null }): Plan | null {
  return request.plan === null ? null : readPlan(request.plan);
}

/** Null: there are no further steps. */
export function readLadder(json: Json<Ladder> | null): Ladder | null {
  return json === null ? null : ladderShape.parse(JSON.parse(json));
}

export const rostersShape: z.ZodType<RosterNote[]> = z.array(
  z.object({
    roster: z.string(),
    people: z.array(z.object({ name: z.string().nullable(), id: z.string().nullable() })),
    untilAt: z.number().nullable(),
    unknown: z.array(z.string()),
    why: z.enum(['nobody', 'unknown', 'never_read', 'no_number']).nullable(),
    fallback: z.array(z.string()),
    ageMs: z.number().nullable(),
    step: z.number(),
  }),
);

/** The rosters that a request uses. Empty if it uses none. */
export function readRosters(json: Json<RosterNote[]> | null): RosterNote[] {
  return json === null ? [] : rostersShape.parse(JSON.parse(json));
}

const namesShape = z.array(z.string());

/** Names of lists. Empty if there are none. */
export function readNames(json: Json<string[]> | null): string[] {
  return json === null ? [] : namesShape.parse(JSON.parse(json));
}

export function readDetail(json: Json<Record<string, unknown>>): Record<string, unknown> {
  return detailShape.parse(JSON.parse(json));
}

const text = z.string().nullable();
const number = z.number().nullable();
const recordShape: z.ZodType<CallRecord> = z.object({
  voiceId: z.string(),
  callee: text,
  calledInfo: text,
  submitTimeAt: number,
  callTimeAt: number,
  ringingTimeAt: number,
  answerTimeAt: number,
  hangupTimeAt: number,
  callDuration: number,
  terminationCode: text,
  terminationReason: text,
  sipCode: text,
  callStatus: text,
  feedbackValue: text,
  outRecallCount: z.number(),
  // Its many fields are not looked at one by one: ten thousand reports may be read at once.
  raw: z.custom<CallRecord['raw']>((value) => typeof value === 'object' && value !== null),
});

/** A stored report. */
export function readRecord(json: string): CallRecord {
  return recordShape.parse(JSON.parse(json));
}
