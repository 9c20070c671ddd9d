import type { Log } from '../log.ts';
import { codeInfo } from './codes.ts';
import { type Envelope, parseEnvelope } from './envelope.ts';
import type { Exchange } from './exchange.ts';
import { parseJson } from './json.ts';
import { rowForText, rowsByCallee } from './rows.ts';
import type { SendCodeRequest, SendGroupRequest, SendResult, SubmittedRow } from './types.ts';

/** How one kind of submission reads the `data` of an answer; null: it says nothing about any callee. */
export type ReadRows = (data: unknown) => SubmittedRow[] | null;

export interface Dial {
  path: 'sendGroup' | 'sendCode';
  body: string;
  readRows: ReadRows;
}

/** One recording to many; options that are not set do not go out at all. */
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

/** Spoken text to one callee. */
export function codeDial(request: SendCodeRequest, appId: string, log: Log): Dial {
  const { callee, text, language, displayNum, maxDuration, maxRingingTime, loopCount, calledInfo } = request;
  const body = {
    ...{ callee, displayNum, language, text, appId },
    ...{ maxDuration, maxRingingTime, loopCount, calledInfo },
  };
  return { path: 'sendCode', body: JSON.stringify(body), readRows: (data) => rowForText(data, callee, log) };
}

/** What became of one POST. Anything that is not provably an answer, a refusal or not sent is ambiguous. */
export function toSendResult(exchange: Exchange, readRows: ReadRows): SendResult {
  if (exchange.outcome === 'not_sent') return exchange;
  if (exchange.outcome === 'lost') return ambiguous(null, exchange.why, exchange.detail);
  // Only 200 is known to be the platform speaking; the rest may be a proxy's words, whatever they look like.
  if (exchange.status !== 200) return ambiguous(null, 'http_status', `HTTP ${exchange.status}`);
  const envelope = readEnvelope(exchange.text);
  if (envelope === null)
    return ambiguous(null, 'not_json', `${exchange.text.length} characters, no JSON object`);
  return readAnswer(envelope, readRows);
}

function readAnswer({ code, reason, data }: Envelope, readRows: ReadRows): SendResult {
  if (code === null) return ambiguous(null, 'no_code', 'the answer has no status');
  const { submitted } = codeInfo(code);
  // Rows speak for their callees even where the header refuses.
  const rows = readRows(data);
  if (rows !== null && (submitted === 'rows' || Array.isArray(data))) {
    return { outcome: 'answered', code, reason, rows };
  }
  if (submitted === 'unknown') return ambiguous(code, 'platform_code', reason);
  if (submitted === 'rows') return ambiguous(code, 'no_code', 'success, without a row for any callee');
  if (saysSomething(data)) return ambiguous(code, 'platform_code', 'a refusal that carries data of its own');
  return { outcome: 'refused', code, reason };
}

// A refusal comes with nothing, an empty list or an empty object.
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

/** The envelope in a body; null where there is none. */
export function readEnvelope(text: string): Envelope | null {
  try {
    return parseEnvelope(parseJson(text));
  } catch {
    // No JSON: the caller says so in its own words.
    return null;
  }
}
