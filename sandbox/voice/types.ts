import { z } from 'zod';
import type { Fault } from './faults.ts';

export type Endpoint =
  | 'sendGroup'
  | 'sendCode'
  | 'fileQuery'
  | 'fileUpload'
  | 'recordGroup'
  | 'recordGroupQuery'
  | 'getBalance';

export type Outcome = 'answered' | 'busy' | 'no-answer' | 'rejected' | 'not-valid' | 'voicemail' | 'failed';

/**
 * What a phone does by itself. `wait` rings until somebody acts on it (or until maxRingingTime is over);
 * `answer` picks up; `refuse` is no phone at all: the platform refuses the row with this code.
 */
export type PhonePlan =
  | Exclude<Outcome, 'answered'>
  | 'wait'
  | { answer: { afterMs?: number | undefined; seconds?: number | undefined; key?: string | undefined } }
  | { refuse: { code: string; reason?: string | undefined } };

/** One dialled callee. Times are epoch ms on the platform's clock, null when that stage was not reached. */
export interface Call {
  voiceId: string;
  callee: string;
  /** What the client sent with the submission: its token stands in here. Empty when it sent none. */
  calledInfo: string;
  endpoint: 'sendGroup' | 'sendCode';
  /** `id` of the request in `requests` that dialled it. */
  requestId: number;
  displayNum: string;
  fileId: string | null;
  text: string | null;
  language: string | null;
  /** Seconds. */
  maxDuration: number;
  /** Seconds. */
  maxRingingTime: number;
  loopCount: number;
  state: 'queued' | 'ringing' | 'talking' | 'ended';
  outcome: Outcome | null;
  submitTimeAt: number;
  callTimeAt: number | null;
  ringingTimeAt: number | null;
  answerTimeAt: number | null;
  hangupTimeAt: number | null;
  /** Seconds. */
  callDuration: number;
  key: string | null;
  /** The report's form for this call alone, from the fault that its submission met. */
  report: ReportBehaviour;
}

export interface Recording {
  fileId: string;
  fileName: string;
}

/** One request as it came; secrets are left out, an uploaded file is replaced by its length. */
export interface LoggedRequest {
  id: number;
  /** Epoch ms on the platform's clock. */
  at: number;
  endpoint: Endpoint | null;
  method: string;
  path: string;
  /** content-type, user-agent, timestamp. */
  headers: Record<string, string>;
  /** The JSON object that was sent; null for none or for what is no JSON object. */
  body: Record<string, unknown> | null;
  /** Which TCP connection it came on, and as which request on it (1: the connection was fresh). */
  connection: number;
  nthOnConnection: number;
  /** How many calls it dialled. */
  dialled: number;
  /** The code that was (or, when the answer got lost on purpose, would have been) answered; null: none. */
  code: string | null;
  httpStatus: number | null;
  fault: Fault | null;
}

export interface PushedReport {
  at: number;
  body: unknown;
  voiceIds: string[];
  /** The receiver's HTTP status; null while under way or when it could not be reached. */
  status: number | null;
  error: string | null;
}

export interface Behaviour {
  /** Between acceptance and dialling; a published sample shows 456 s. */
  queueMs: number;
  ringAfterMs: number;
  /** How long a phone that is busy, rejects or is not valid takes to say so, once dialled. */
  outcomeAfterMs: number;
  /** Set: a phone with the plan `wait` answers by itself after ringing this long. */
  autoAnswerMs: number | null;
  /** Key that a phone presses which answers by itself. */
  autoKey: string | null;
  /** How long an answered call lasts unless said otherwise, seconds (never above maxDuration). */
  talkSeconds: number;
  /** How long one second of ringing or talking takes; 1 makes a 60 s ringing time pass in 60 ms. */
  secondMs: number;
  /** What phones do, by number or ending of the number; the longest match wins. */
  phones: Record<string, PhonePlan>;
  /** When a call becomes visible to recordGroup and recordGroupQuery, counted from `recordsFrom`. */
  recordVisibleAfterMs: number;
  recordsFrom: 'submission' | 'termination';
  recordOrder: 'newest-first' | 'oldest-first';
  /** The answer of recordGroup for an id that is unknown or not visible yet: data null, or a code. */
  unknownRecord: 'null' | '-14' | '-22' | '-24';
  unknownFileCode: '-22' | '-14';
  /** Queries (recordGroupQuery) closer together than this get -15; 0: no limit. */
  queryIntervalMs: number;
  /** The platform's clock minus the machine's: moves the Date header and the time window of signatures. */
  clockOffsetMs: number;
  balance: string;
  report: ReportBehaviour;
}

export interface Limits {
  callees: number;
  loopCount: number;
  textLength: number;
  languages: string[];
}

/** A request changes twice: when it has come, and when it has been answered (or will never be). */
export type Change =
  | { kind: 'request'; request: LoggedRequest }
  | { kind: 'call'; call: Call }
  | { kind: 'report'; report: PushedReport }
  | { kind: 'violation'; text: string };

/** What an endpoint answers: the code, and `data` or top-level fields. */
export interface Answer {
  code: string;
  reason: string;
  data?: unknown;
  fields?: Record<string, unknown>;
  /** The calls that were dialled for it. */
  calls?: Call[];
}

export interface Checked {
  /** Whom the request wants to ring; empty for queries. */
  callees: string[];
  /** Does it. Called at most once, also when the answer is going to be lost. */
  act: (fault: Fault) => Answer;
}

export interface EndpointHandler {
  method: 'GET' | 'POST';
  /** Throws Refusal for anything the platform would refuse. */
  check: (world: World, request: LoggedRequest, body: unknown, pathId: string) => Checked;
}

/** Everything the platform knows. */
export interface World {
  credentials: { apiKey: string; apiSecret: string; appId: string };
  limits: Limits;
  behaviour: Behaviour;
  reportUrl: string | null;
  recordings: Recording[];
  requests: LoggedRequest[];
  calls: Call[];
  callsById: Map<string, Call>;
  reports: PushedReport[];
  /** What a correct client never does, in words; empty at the end of a good test. */
  violations: string[];
  lastQueryAt: number | null;
  /** "callee calledInfo" of everything dialled. */
  rung: Set<string>;
  /** Epoch ms on the platform's clock. */
  now: () => number;
  violate: (text: string) => void;
  changed: (change: Change) => void;
  /** Runs once after `delayMs`, unless cancelled or the platform stops. */
  later: (delayMs: number, run: () => void) => () => void;
  /** Hands a call that just ended to the report sender. */
  reportEnd: (call: Call) => Promise<void>;
  /** Replaces the timer of a call; a call has one at most. */
  timers: Map<string, () => void>;
}

export const milliseconds = z.int().min(0);

/** How reports are pushed; every field left out keeps the documented form. */
export const reportSchema = z.strictObject({
  /** One object, {"array":[…]} or a bare array; the two latter gather what ends within `gatherMs`. */
  form: z.enum(['single', 'array', 'bare']).optional(),
  gatherMs: milliseconds.optional(),
  /** sip: terminationCode 200 means answered. zero: "0" does, with sipCode beside it. Both are documented. */
  codes: z.enum(['sip', 'zero']).optional(),
  /** How a stage that was not reached looks. */
  notReached: z.enum(['null', 'zero', 'absent']).optional(),
  intsAsStrings: z.boolean().optional(),
  /** Newer accounts have this field; a voicemail always carries it, nothing else tells it from an answer. */
  callStatus: z.boolean().optional(),
  delayMs: milliseconds.optional(),
  /** 2: every report comes twice; 0: none comes. */
  copies: z.int().min(0).max(10).optional(),
  /** reversed: what gathered within `gatherMs` is sent last first. */
  order: z.enum(['as-it-happened', 'reversed']).optional(),
  /** A first attempt that failed is reported too (outRecallCount 0), then the result (outRecallCount 1). */
  recalled: z.boolean().optional(),
  retries: z.int().min(0).max(10).optional(),
  retryAfterMs: milliseconds.optional(),
});

export type ReportBehaviour = z.infer<typeof reportSchema>;
