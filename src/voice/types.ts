/** One row per callee of a submission, in one shape for every kind of answer. */
export interface SubmittedRow {
  callee: string;
  /** unknown: the answer did not mention this callee, or not in a readable way. */
  outcome: 'accepted' | 'refused' | 'unknown';
  voiceId: string | null;
  terminationCode: string | null;
  terminationReason: string | null;
}

/**
 * The result of one signed POST that calls people:
 * - answered: the platform took the submission; `rows` has the result of each callee.
 * - refused: the platform refused all of it, so nobody was called.
 * - ambiguous: phones may ring. It must never be sent again automatically.
 * - not_sent: nothing left this machine, so it can safely be retried.
 */
export type SendResult =
  | { outcome: 'answered'; code: string; reason: string; rows: SubmittedRow[] }
  | { outcome: 'refused'; code: string; reason: string }
  | { outcome: 'ambiguous'; code: string | null; why: AmbiguousReason; detail: string }
  | { outcome: 'not_sent'; why: NotSentReason; detail: string };

export type AmbiguousReason =
  | 'timeout'
  | 'connection_lost'
  | 'http_status'
  | 'not_json'
  | 'no_code'
  | 'platform_code'
  | 'too_large';
export type NotSentReason =
  | 'dns'
  | 'connect_refused'
  | 'connect_timeout'
  | 'tls'
  | 'connect_failed'
  | 'stopped';

export interface SendGroupRequest {
  callees: string[];
  fileId: string;
  displayNum?: string;
  maxDuration?: number;
  maxRingingTime?: number;
  loopCount?: number;
  calledInfo: string;
}

export interface SendCodeRequest extends Omit<SendGroupRequest, 'callees' | 'fileId'> {
  callee: string;
  text: string;
  language: string;
}

export interface SendControl {
  /**
   * Called when the connection is open and nothing is written yet. False ends the attempt as not_sent (why:
   * "stopped"), because this instance lost its lease while it connected.
   */
  mayWrite?: () => boolean;
  signal?: AbortSignal;
}

/**
 * One call as a record or a report describes it. Times are epoch ms; null means that the call did not get that far.
 */
export interface CallRecord {
  voiceId: string;
  callee: string | null;
  calledInfo: string | null;
  submitTimeAt: number | null;
  callTimeAt: number | null;
  ringingTimeAt: number | null;
  answerTimeAt: number | null;
  hangupTimeAt: number | null;
  /** In seconds. */
  callDuration: number | null;
  terminationCode: string | null;
  terminationReason: string | null;
  sipCode: string | null;
  callStatus: string | null;
  /** The key that was pressed. Null if no key was pressed or none was reported ("-1", "", absent). */
  feedbackValue: string | null;
  outRecallCount: number;
  /** The original object, with unknown fields. */
  raw: Record<string, unknown>;
}

export interface Recording {
  fileId: string;
  fileName: string;
}

/**
 * The result of one fileUpload. `unclear`: the file may be there or not; look it up by its name, or upload it again.
 */
export type UploadResult =
  | { outcome: 'uploaded'; fileId: string }
  /** A file with this name exists already. */
  | { outcome: 'exists' }
  | { outcome: 'refused'; code: string; reason: string }
  | { outcome: 'unclear'; code: string; detail: string };

export interface Balance {
  /** Decimal text in the account's currency. */
  balance: string;
  gift: string | null;
  credit: string | null;
}

/** Takes the pages of a list of records. */
export interface RecordReader {
  take(records: CallRecord[]): Promise<void>;
  /** Resolves when the next page may be asked for, where the platform counts each page as a query. Throws to stop. */
  nextTurn(): Promise<void>;
}

/** The voice platform for the rest of the program. Reads throw VoicecallError; sends never throw. */
export interface VoiceClient {
  sendGroup(request: SendGroupRequest, control?: SendControl): Promise<SendResult>;
  sendCode(request: SendCodeRequest, control?: SendControl): Promise<SendResult>;
  /**
   * Uploads a recording under a name that is unique in the account, so a repeated upload makes no second file. Never
   * throws.
   */
  fileUpload(upload: { fileName: string; bytes: Uint8Array }, signal?: AbortSignal): Promise<UploadResult>;
  /** Reads every page of the account's recordings. */
  fileQuery(): Promise<Recording[]>;
  /** Null: the call is not known, or not visible yet. */
  recordGroup(voiceId: string): Promise<CallRecord | null>;
  /**
   * Reads every record between the two times (epoch ms), page by page. A call may come twice. Throws if a page is
   * missing.
   */
  recordGroupQuery(fromAt: number, toAt: number, reader: RecordReader): Promise<void>;
  /** Null if no balance URL is set. */
  getBalance(): Promise<Balance | null>;
  /** The platform's clock minus ours, ms, from the last Date header. 0 before the first answer. */
  clockOffset(): number;
  close(): Promise<void>;
}
