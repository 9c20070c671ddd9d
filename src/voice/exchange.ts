import type { LookupFunction } from 'node:net';
import { Agent, buildConnector, Client, type Dispatcher } from 'undici';
import type { AmbiguousReason, NotSentReason } from './types.ts';

/** Time-outs and limits. Each has a default; tests set others. */
export interface Network {
  connectTimeoutMs: number;
  /**
   * From the first byte of the request to the last byte of the answer. The vendor's own client waits 15 s; a large
   * submission needs longer.
   */
  answerTimeoutMs: number;
  maxAnswerBytes: number;
  lookup?: LookupFunction;
}

export const defaultNetwork: Network = {
  connectTimeoutMs: 5_000,
  answerTimeoutMs: 30_000,
  maxAnswerBytes: 1024 * 1024,
};

export interface HttpRequest {
  method: 'GET' | 'POST';
  origin: string;
  /** As it is written on the wire: percent-encoded, with its leading slash. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  /** Called when the connection is open and nothing is written yet. False: nothing is written. */
  mayWrite?: (() => boolean) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * answer: complete, with any status. lost: the request was written, or may have been. not_sent: nothing was written,
 * for certain.
 */
export type Exchange =
  | { outcome: 'answer'; status: number; date: string | null; text: string }
  | { outcome: 'lost'; why: AmbiguousReason; detail: string }
  | { outcome: 'not_sent'; why: NotSentReason; detail: string };

function options(network: Network) {
  return {
    // One protocol and one request for each connection: HTTP/2 retries by itself (REFUSED_STREAM, GOAWAY).
    allowH2: false,
    pipelining: 1,
    maxResponseSize: network.maxAnswerBytes,
    // exchange() has one time limit for headers and body together.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: buildConnector({
      allowH2: false,
      // An explicit value, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
      rejectUnauthorized: true,
      timeout: network.connectTimeoutMs,
      // Node's default is 250 ms for each address. One round trip to another continent can take longer.
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: 1_000,
      ...(network.lookup ? { lookup: network.lookup } : {}),
    }),
  };
}

/** Connections for reads; they are kept alive between reads. */
export function createReadAgent(network: Network): Agent {
  return new Agent({ ...options(network), connections: 4 });
}

/**
 * Sends one request on a new connection and closes it. On a kept-alive socket that the other side has just closed, a
 * request looks lost although it was never taken.
 */
export async function exchangeOnce(request: HttpRequest, network: Network): Promise<Exchange> {
  const client = new Client(request.origin, options(network));
  try {
    return await exchange(client, request, network);
  } finally {
    await client.destroy();
  }
}

/** Sends one request through this dispatcher. Never repeats it, never follows a redirect, never throws. */
export function exchange(dispatcher: Dispatcher, request: HttpRequest, network: Network): Promise<Exchange> {
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  const attempt = startAttempt(request, network, resolve);
  if (request.signal?.aborted) {
    attempt.stop();
    return promise;
  }
  const { origin, path, method, headers, body = null } = request;
  try {
    // `reset` sends "connection: close", for a connection that is not kept.
    const reset = dispatcher instanceof Client;
    dispatcher.dispatch({ origin, path, method, headers, body, reset }, handlerOf(attempt));
  } catch (error) {
    attempt.fail(error);
  }
  return promise;
}

/** One request under way. It ends once; whatever comes after its end changes nothing. */
interface Attempt {
  /**
   * Call when the connection is open, just before the first byte: until then nothing was sent. Writing goes on only if
   * `abort` was not called.
   */
  connected(abort: () => void): void;
  end(result: Exchange): void;
  /** Ends with an error of the connection. */
  fail(error: unknown): void;
  /** Ends because the caller has stopped. */
  stop(): void;
}

function startAttempt(request: HttpRequest, network: Network, onEnd: (result: Exchange) => void): Attempt {
  let state: 'connecting' | 'written' | 'ended' = 'connecting';
  let abort: (() => void) | undefined;
  let timer = setTimeout(() => end(noConnection(network)), network.connectTimeoutMs);
  request.signal?.addEventListener('abort', stop);

  function end(result: Exchange): void {
    if (state === 'ended') return;
    state = 'ended';
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', stop);
    onEnd(result);
    // After an answer there is nothing to abort. In every other case the socket must not continue.
    if (result.outcome !== 'answer') abort?.();
  }

  function stop(): void {
    end(state === 'written' ? stoppedInAnswer : stoppedBeforeWriting);
  }

  return {
    end,
    stop,
    fail: (error) => end(state === 'written' ? lost(error) : notSent(error)),
    connected(abortSocket) {
      abort = abortSocket;
      // A second start would be a second request: undici queues a request again if its connection ends too soon.
      if (state !== 'connecting') return abort();
      const may = allowed(request.mayWrite);
      // mayWrite() itself may have caused a stop.
      if (state !== 'connecting') return;
      if (!may) return stop();
      state = 'written';
      clearTimeout(timer);
      timer = setTimeout(() => end(noWholeAnswer(network)), network.answerTimeoutMs);
    },
  };
}

function handlerOf(attempt: Attempt): Dispatcher.DispatchHandler {
  let status = 0;
  let date: string | null = null;
  const chunks: Buffer[] = [];
  return {
    onRequestStart(controller) {
      attempt.connected(() => controller.abort(new Error('stopped')));
    },
    onResponseStart(_controller, statusCode, headers) {
      status = statusCode;
      date = typeof headers.date === 'string' ? headers.date : null;
    },
    onResponseData(_controller, chunk) {
      chunks.push(chunk);
    },
    onResponseEnd() {
      attempt.end({ outcome: 'answer', status, date, text: Buffer.concat(chunks).toString('utf8') });
    },
    onResponseError(_controller, error) {
      attempt.fail(error);
    },
  };
}

const stoppedBeforeWriting: Exchange = {
  outcome: 'not_sent',
  why: 'stopped',
  detail: 'stopped before the request was written',
};
const stoppedInAnswer: Exchange = {
  outcome: 'lost',
  why: 'connection_lost',
  detail: 'stopped during the answer',
};

function noConnection({ connectTimeoutMs }: Network): Exchange {
  return { outcome: 'not_sent', why: 'connect_timeout', detail: `no connection in ${connectTimeoutMs} ms` };
}

function noWholeAnswer({ answerTimeoutMs }: Network): Exchange {
  return { outcome: 'lost', why: 'timeout', detail: `no whole answer in ${answerTimeoutMs} ms` };
}

function allowed(mayWrite: (() => boolean) | undefined): boolean {
  try {
    return mayWrite === undefined || mayWrite();
  } catch {
    // If the check fails, do not send.
    return false;
  }
}

function lost(error: unknown): Exchange {
  const { code, detail } = describe(error);
  const why = code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' ? 'too_large' : 'connection_lost';
  return { outcome: 'lost', why, detail };
}

function notSent(error: unknown): Exchange {
  const { code, detail } = describe(error);
  return { outcome: 'not_sent', why: connectReason(code), detail };
}

// Code names from https://nodejs.org/api/errors.html, getaddrinfo(3) and Node's names for OpenSSL's verification
// errors.
function connectReason(code: string): NotSentReason {
  if (code === 'ENOTFOUND' || code === 'ENODATA' || code.startsWith('EAI_')) return 'dns';
  if (code === 'ECONNREFUSED') return 'connect_refused';
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'connect_timeout';
  if (code === 'EPROTO' || /^ERR_(TLS|SSL)_|CERT|SIGNATURE|^CRL_|^INVALID_(CA|PURPOSE)$/.test(code))
    return 'tls';
  return 'connect_failed';
}

function describe(error: unknown): { code: string; detail: string } {
  if (!(error instanceof Error)) return { code: '', detail: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { code, detail: `${code} ${error.message}`.trim().slice(0, 300) };
}
