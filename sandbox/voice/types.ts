import type { Endpoint } from './endpoint-names.ts';
import type { Fault } from './faults.ts';
import type { ReportBehaviour } from './report-behaviour.ts';

export type Outcome = 'answered' | 'busy' | 'no-answer' | 'rejected' | 'not-valid' | 'voicemail' | 'failed';

/**
 * What a phone does without a person. `wait`: rings until a person acts (or until maxRingingTime is over). `answer`:
 * answers. `refuse`: is not a phone; the platform refuses the row with this code.
 */
export type PhonePlan =
  | Exclude<Outcome, 'answered'>
  | 'wait'
  | { answer: { afterMs?: number | undefined; seconds?: number | undefined; key?: string | undefined } }
  | { refuse: { code: string; reason?: string | undefined } };

/** One call. Times are epoch ms on the platform's clock; null if the call did not get that far. */
export interface Call {
  voiceId: string;
  callee: string;
  /** The client's calledInfo, with its token. Empty if the client sent none. */
  calledInfo: string;
  endpoint: 'sendGroup' | 'sendCode';
  /** The `id` in `requests` of the request that made the call. */
  requestId: number;
  displayNum: string;
  fileId: string | null;
  text: string | null;
  language: string | null;
  /** In seconds. */
  maxDuration: number;
  /** In seconds. */
  maxRingingTime: number;
  loopCount: number;
  state: 'queued' | 'ringing' | 'talking' | 'ended';
  outcome: Outcome | null;
  submitTimeAt: number;
  callTimeAt: number | null;
  ringingTimeAt: number | null;
  answerTimeAt: number | null;
  hangupTimeAt: number | null;
  /** In seconds. */
  callDuration: number;
  key: string | null;
  /** The form of this call's report, from the fault of its submission. */
  report: ReportBehaviour;
}

export interface Recording {
  fileId: string;
  fileName: string;
}

/** One request as received, without secrets. An uploaded file is replaced by its length. */
export interface LoggedRequest {
  id: number;
  /** Epoch ms on the platform's clock. */
  at: number;
  endpoint: Endpoint | null;
  method: string;
  path: string;
  /** content-type, user-agent, timestamp. */
  headers: Record<string, string>;
  /** The JSON object of the body. Null if it is not a JSON object. */
  body: Record<string, unknown> | null;
  /** Its TCP connection, and the number of the request on it (1: the connection was new). */
  connection: number;
  nthOnConnection: number;
  /** How many calls it made. */
  dialled: number;
  /** The code of the answer, also if the answer was lost on purpose. Null: none. */
  code: string | null;
  httpStatus: number | null;
  fault: Fault | null;
}

export interface PushedReport {
  at: number;
  body: unknown;
  voiceIds: string[];
  /** The receiver's HTTP status. Null while running or if it could not be reached. */
  status: number | null;
  error: string | null;
}

export interface Behaviour {
  /** From acceptance to the call, ms. A published sample shows 456 s. */
  queueMs: number;
  ringAfterMs: number;
  /** How long after the call a phone that is busy, rejects or is invalid says so, ms. */
  outcomeAfterMs: number;
  /** If set: a phone with the plan `wait` answers by itself after ringing this long, ms. */
  autoAnswerMs: number | null;
  /** The key that a phone presses which answers by itself. */
  autoKey: string | null;
  /** How long an answered call lasts by default, in seconds (never above maxDuration). */
  talkSeconds: number;
  /** How long one second of ringing or talking takes, ms. 1: a ringing time of 60 s takes 60 ms. */
  secondMs: number;
  /** The phones' plans, by number or by its ending. The longest match counts. */
  phones: Record<string, PhonePlan>;
  /** When a call becomes visible to recordGroup and recordGroupQuery, ms after `recordsFrom`. */
  recordVisibleAfterMs: number;
  recordsFrom: 'submission' | 'termination';
  recordOrder: 'newest-first' | 'oldest-first';
  /** recordGroup's answer for an id that is unknown or not visible yet: data null, or a code. */
  unknownRecord: 'null' | '-14' | '-22' | '-24';
  unknownFileCode: '-22' | '-14';
  /** A recordGroupQuery sooner than this after the last one gets -15. 0: no limit. */
  queryIntervalMs: number;
  /** The platform's clock minus the machine's, ms: moves the Date header and the window for signatures. */
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

/** A request changes twice: when it arrives, and when it is answered (or never will be). */
export type Change =
  | { kind: 'request'; request: LoggedRequest }
  | { kind: 'call'; call: Call }
  | { kind: 'report'; report: PushedReport }
  | { kind: 'violation'; text: string };

/** An endpoint's answer: the code, and `data` or top-level fields. */
export interface Answer {
  code: string;
  reason: string;
  data?: unknown;
  fields?: Record<string, unknown>;
  /** The calls made for it. */
  calls?: Call[];
}

export interface Checked {
  /** The numbers that the request calls. Empty for queries. */
  callees: string[];
  /** Carries it out. Called at most once, also if the answer will be lost. */
  act: (fault: Fault) => Answer;
}

export interface EndpointHandler {
  method: 'GET' | 'POST';
  /** Throws Refusal for everything that the platform would refuse. */
  check: (world: World, request: LoggedRequest, body: unknown, pathId: string) => Checked;
}

/** The platform's whole state. */
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
  /** What a correct client never does, in words. Empty at the end of a good test. */
  violations: string[];
  lastQueryAt: number | null;
  /** "callee calledInfo" of every call. */
  called: Set<string>;
  /** Epoch ms on the platform's clock. */
  now: () => number;
  violate: (text: string) => void;
  changed: (change: Change) => void;
  /** Runs once after `delayMs`, unless cancelled or the platform stops. */
  later: (delayMs: number, run: () => void) => () => void;
  /** Passes an ended call to the report sender. */
  reportEnd: (call: Call) => Promise<void>;
  /** Replaces the timer of a call, which has at most one. */
  timers: Map<string, () => void>;
}
