/** One row per callee of a submission, whatever the platform's answer looked like. */
export interface SubmittedRow {
  callee: string;
  /** unknown: the answer did not mention this callee, or not in a way that can be understood. */
  outcome: 'accepted' | 'refused' | 'unknown';
  voiceId: string | null;
  terminationCode: string | null;
  terminationReason: string | null;
}

/**
 * What came of one signed POST that dials. Three outcomes besides an answer with rows, never to be mixed up:
 * refused (definite: nobody was dialled), ambiguous (may have dialled: never to be sent again by itself),
 * not_sent (provably nothing left this machine: safe to try again).
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
   * Called once the connection is open and nothing is written yet. False ends the attempt as not_sent (why:
   * "stopped"): the instance lost its lease while it connected.
   */
  mayWrite?: () => boolean;
  signal?: AbortSignal;
}

/** One call as a record or a delivery report tells it; times are epoch ms, or null when that stage was not reached. */
export interface CallRecord {
  voiceId: string;
  callee: string | null;
  calledInfo: string | null;
  submitTimeAt: number | null;
  callTimeAt: number | null;
  ringingTimeAt: number | null;
  answerTimeAt: number | null;
  hangupTimeAt: number | null;
  /** Seconds. */
  callDuration: number | null;
  terminationCode: string | null;
  terminationReason: string | null;
  sipCode: string | null;
  callStatus: string | null;
  /** The key pressed; null when none was or nothing was said about it ("-1", "", absent). */
  feedbackValue: string | null;
  outRecallCount: number;
  /** As it came, unknown fields included. */
  raw: Record<string, unknown>;
}

export interface Recording {
  fileId: string;
  fileName: string;
}

/** What came of one fileUpload. `unclear`: it may be there or not; by its name it can be looked for, or uploaded again. */
export type UploadResult =
  | { outcome: 'uploaded'; fileId: string }
  /** There is one of this name already. */
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
  /** Where the platform counts each page as a query: resolves when the next one may be asked for. Throws to stop. */
  nextTurn(): Promise<void>;
}

/** The voice platform as the rest of the program sees it. Reads throw VoiceError; sends never throw. */
export interface VoiceClient {
  sendGroup(request: SendGroupRequest, control?: SendControl): Promise<SendResult>;
  sendCode(request: SendCodeRequest, control?: SendControl): Promise<SendResult>;
  /** Uploads a recording under a name that is unique in the account: an upload that is repeated makes no second one. Never throws. */
  fileUpload(upload: { fileName: string; bytes: Uint8Array }, signal?: AbortSignal): Promise<UploadResult>;
  /** Every page of the account's recordings. */
  fileQuery(): Promise<Recording[]>;
  /** Null: not known or not visible yet. */
  recordGroup(voiceId: string): Promise<CallRecord | null>;
  /** Every record between the two times (epoch ms), page by page; a call may come twice. Throws where one page is missing. */
  recordGroupQuery(fromAt: number, toAt: number, reader: RecordReader): Promise<void>;
  /** Null where no balance URL is set. */
  getBalance(): Promise<Balance | null>;
  /** Platform's clock minus ours, ms, as last seen in a Date header; 0 before the first answer. */
  clockOffset(): number;
  close(): Promise<void>;
}
