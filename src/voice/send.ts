import type { Log } from '../log.ts';
import { codeInfo } from './codes.ts';
import { type Envelope, parseEnvelope } from './envelope.ts';
import type { Exchange } from './exchange.ts';
import { parseJson } from './json.ts';
import { rowForText, rowsByCallee } from './rows.ts';
import type { SendCodeRequest, SendGroupRequest, SendResult, SubmittedRow } from './types.ts';

/** How one kind of submission reads an answer's `data`. Null: it says nothing about any callee. */
export type ReadRows = (data: unknown) => SubmittedRow[] | null;

export interface Dial {
  path: 'sendGroup' | 'sendCode';
  body: string;
  readRows: ReadRows;
}

/** One recording to many callees. Options that are not set are left out. */
export function groupDial(request: SendGroupRequest, appId: string, log: Log): Dial {
  const { callees, fileId, displayNum, maxDuration, maxRingingTime, loopCount, calledInfo } = request;
  const body = {
    ...{ callee: callees.join(','), displayNum, fileId, appId },
    ...{ maxDuration, maxRingingTime, loopCount, calledInfo },
  };
  return {
    path: 'sendGroup',
    body: JSON.stringify(body),
    readRows: (data) => rowsByCallee(data, callees, log),
  };
}

/** One spoken text to one callee. */
export function codeDial(request: SendCodeRequest, appId: string, log: Log): Dial {
  const { callee, text, language, displayNum, maxDuration, maxRingingTime, loopCount, calledInfo } = request;
  const body = {
    ...{ callee, displayNum, language, text, appId },
    ...{ maxDuration, maxRingingTime, loopCount, calledInfo },
  };
  return { path: 'sendCode', body: JSON.stringify(body), readRows: (data) => rowForText(data, callee, log) };
}

/** The result of one POST. It is ambiguous unless it is clearly an answer, a refusal or not sent. */
export function toSendResult(exchange: Exchange, readRows: ReadRows): SendResult {
  if (exchange.outcome === 'not_sent') return exchange;
  if (exchange.outcome === 'lost') return ambiguous(null, exchange.why, exchange.detail);
  // Only status 200 is known to come from the platform; any other may come from a proxy.
  if (exchange.status !== 200) return ambiguous(null, 'http_status', `HTTP ${exchange.status}`);
  const envelope = readEnvelope(exchange.text);
  if (envelope === null)
    return ambiguous(null, 'not_json', `${exchange.text.length} characters, no JSON object`);
  return readAnswer(envelope, readRows);
}

function readAnswer({ code, reason, data }: Envelope, readRows: ReadRows): SendResult {
  if (code === null) return ambiguous(null, 'no_code', 'the answer has no status');
  const { submitted } = codeInfo(code);
  // Rows count for their callees even if the answer's code is a refusal.
  const rows = readRows(data);
  if (rows !== null && (submitted === 'rows' || Array.isArray(data))) {
    return { outcome: 'answered', code, reason, rows };
  }
  if (submitted === 'unknown') return ambiguous(code, 'platform_code', reason);
  if (submitted === 'rows') return ambiguous(code, 'no_code', 'success, without a row for any callee');
  if (saysSomething(data)) return ambiguous(code, 'platform_code', 'a refusal that carries data of its own');
  return { outcome: 'refused', code, reason };
}

// A refusal has no data, an empty list or an empty object.
function saysSomething(data: unknown): boolean {
  if (typeof data === 'string') return data.trim() !== '';
  if (Array.isArray(data)) return data.length > 0;
  return typeof data === 'object' && data !== null && 'voiceId' in data && Boolean(data.voiceId);
}

function ambiguous(
  code: string | null,
  why: Extract<SendResult, { outcome: 'ambiguous' }>['why'],
  detail: string,
): SendResult {
  return { outcome: 'ambiguous', code, why, detail };
}

/** Reads the envelope of a body. Null if there is none. */
export function readEnvelope(text: string): Envelope | null {
  try {
    return parseEnvelope(parseJson(text));
  } catch {
    // Not JSON: each caller has its own error for this.
    return null;
  }
}
