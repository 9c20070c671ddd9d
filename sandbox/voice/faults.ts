import { z } from 'zod';
import type { Endpoint } from './endpoint-names.ts';
import { milliseconds, reportSchema } from './report-behaviour.ts';

const endpoint = z.enum([
  'sendGroup',
  'sendCode',
  'fileQuery',
  'fileUpload',
  'recordGroup',
  'recordGroupQuery',
  'getBalance',
]);
const code = z.string().regex(/^-?[0-9]+$/);

export const faultSchema = z
  .strictObject({
    /** Which requests get it. Absent: those that call people. */
    on: z.union([endpoint, z.array(endpoint)]).optional(),
    /** Only a request that calls this number. */
    callee: z.string().optional(),
    /** How many matching requests get it. Default 1. */
    times: z.union([z.int().min(1), z.literal('always')]).optional(),
    /** How many matching requests pass before it begins. Default 0. */
    after: z.int().min(0).optional(),

    // How the exchange ends: at most one of these.
    silence: z.enum(['before-dialling', 'after-dialling']).optional(),
    reset: z.enum(['before-reading', 'after-reading', 'after-dialling']).optional(),
    http: z
      .strictObject({
        status: z.int().min(200).max(599),
        body: z.string().optional(),
        contentType: z.string().optional(),
        dialled: z.boolean().optional(),
      })
      .optional(),
    redirect: z
      .strictObject({
        status: z.int().min(300).max(399).optional(),
        location: z.string(),
        dialled: z.boolean().optional(),
      })
      .optional(),
    /** The whole request is refused. With `dialled` the phones ring anyway; with `withRows` the data says so. */
    refuse: z
      .strictObject({
        code,
        reason: z.string().optional(),
        dialled: z.boolean().optional(),
        withRows: z.boolean().optional(),
      })
      .optional(),
    /** json: a complete HTTP answer whose JSON stops half way. connection: the body stops half way. */
    cut: z.enum(['json', 'connection']).optional(),

    // What the rows look like.
    /** Leaves out the first N rows, or those of these numbers. */
    missingRows: z.union([z.int().min(1), z.array(z.string())]).optional(),
    shuffleRows: z.boolean().optional(),
    /** Refuses the last N rows, or those of these numbers. */
    refuseRows: z
      .strictObject({
        code,
        reason: z.string().optional(),
        count: z.int().min(1).optional(),
        callees: z.array(z.string()).optional(),
      })
      .optional(),
    /** What replaces the voiceId of a refused row. Default: null. null-all: accepted rows have none either. */
    voiceIds: z.enum(['null', 'absent', 'given', 'null-all']).optional(),
    /** Adds a row for a number that the request did not contain. */
    foreignRow: z.boolean().optional(),

    // What the answer looks like and when it comes.
    envelope: z
      .enum(['status', 'status-number', 'code-msg', 'code-msg-string', 'status-desc', 'none'])
      .optional(),
    padBytes: z
      .int()
      .min(1)
      .max(64 * 1024 * 1024)
      .optional(),
    delayMs: milliseconds.optional(),
    /** Only the Date header is wrong by this. For a wrong clock see clockOffsetMs. */
    dateOffsetMs: z.int().optional(),

    /** How the calls of this request are reported. */
    report: reportSchema.optional(),
    /** The calls end at once (answered, if nothing else is planned) and are reported before the answer. */
    reportBeforeAnswer: z.boolean().optional(),
  })
  .refine(
    (fault) =>
      [fault.silence, fault.reset, fault.http, fault.redirect, fault.refuse, fault.cut].filter(Boolean)
        .length <= 1,
    'an exchange ends in one way: give one of silence, reset, http, redirect, refuse, cut',
  )
  .refine(
    (fault) => fault.reset !== 'before-reading' || fault.callee === undefined,
    'before reading, the callee is not known yet',
  );

export type Fault = z.infer<typeof faultSchema>;

export interface FaultHandle {
  /** How many requests have got it. */
  used: () => number;
  remove: () => void;
}

export interface Faults {
  /** The next matching request gets this (or as many as `times` says). Throws ZodError if the fault is invalid. */
  next: (fault: Fault) => FaultHandle;
  /** Every matching request gets this until it is removed. Faults set by `next` go first. */
  always: (fault: Fault) => FaultHandle;
  clear: () => void;
  /** Faults that are not used up. */
  pending: () => Fault[];
  /** The fault for this request; its count is reduced by one. */
  take: (endpoint: Endpoint, callees: string[]) => Fault;
  /** The same before the body is read: only resets at that point. */
  takeBeforeReading: (endpoint: Endpoint) => Fault | null;
}

interface Entry {
  fault: Fault;
  left: number;
  skip: number;
  used: number;
}

/** An empty queue of faults. */
export function createFaults(): Faults {
  let entries: Entry[] = [];

  function add(given: Fault): FaultHandle {
    const fault = faultSchema.parse(given);
    const entry: Entry = {
      fault,
      left: fault.times === 'always' ? Number.POSITIVE_INFINITY : (fault.times ?? 1),
      skip: fault.after ?? 0,
      used: 0,
    };
    entries.push(entry);
    return {
      used: () => entry.used,
      remove: () => {
        entries = entries.filter((other) => other !== entry);
      },
    };
  }

  function takeFirst(matches: (fault: Fault) => boolean): Fault | null {
    const single = entries.filter((entry) => entry.left !== Number.POSITIVE_INFINITY);
    const sticky = entries.filter((entry) => entry.left === Number.POSITIVE_INFINITY);
    for (const entry of [...single, ...sticky]) {
      if (!matches(entry.fault)) continue;
      if (entry.skip > 0) {
        entry.skip -= 1;
        continue;
      }
      entry.used += 1;
      entry.left -= 1;
      if (entry.left === 0) entries = entries.filter((other) => other !== entry);
      return entry.fault;
    }
    return null;
  }

  return {
    next: add,
    always: (fault) => add({ ...fault, times: 'always' }),
    clear: () => {
      entries = [];
    },
    pending: () => entries.map((entry) => entry.fault),
    take: (endpoint, callees) =>
      takeFirst(
        (fault) =>
          fault.reset !== 'before-reading' &&
          appliesTo(fault, endpoint) &&
          (fault.callee === undefined || callees.includes(fault.callee)),
      ) ?? {},
    takeBeforeReading: (endpoint) =>
      takeFirst((fault) => fault.reset === 'before-reading' && appliesTo(fault, endpoint)),
  };
}

function appliesTo(fault: Fault, endpoint: Endpoint): boolean {
  if (fault.on === undefined) return endpoint === 'sendGroup' || endpoint === 'sendCode';
  return Array.isArray(fault.on) ? fault.on.includes(endpoint) : fault.on === endpoint;
}

/** True if a request with this fault is carried out (calls people, stores) before it fails. */
export function isCarriedOut(fault: Fault): boolean {
  if (fault.silence) return fault.silence === 'after-dialling';
  if (fault.reset) return fault.reset === 'after-dialling';
  const ending = fault.http ?? fault.redirect ?? fault.refuse;
  return ending === undefined || ending.dialled === true;
}
