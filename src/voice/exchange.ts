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
  return new Promise((resolve) => {
    let finished = false;
    let written = false;
    let abort: (() => void) | undefined;
    let status = 0;
    let date: string | null = null;
    const chunks: Buffer[] = [];

    const finish = (result: Exchange) => {
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', stop);
      resolve(result);
      // After an answer there is nothing to abort. In every other case the socket must not continue.
      if (result.outcome !== 'answer') abort?.();
    };
    const stop = () => {
      if (written) finish({ outcome: 'lost', why: 'connection_lost', detail: 'stopped during the answer' });
      else finish({ outcome: 'not_sent', why: 'stopped', detail: 'stopped before the request was written' });
    };
    let timer = setTimeout(() => {
      finish({
        outcome: 'not_sent',
        why: 'connect_timeout',
        detail: `no connection in ${network.connectTimeoutMs} ms`,
      });
    }, network.connectTimeoutMs);

    const handler: Dispatcher.DispatchHandler = {
      // Called when the connection is open, just before the first byte. Until then nothing was sent.
      onRequestStart(controller) {
        abort = () => controller.abort(new Error('stopped'));
        // A second start would be a second request: undici queues a request again if its connection ends too soon.
        if (finished || written) return abort();
        const may = allowed(request.mayWrite);
        // mayWrite() itself may have caused a stop.
        if (finished) return;
        if (!may) return stop();
        written = true;
        clearTimeout(timer);
        timer = setTimeout(() => {
          finish({
            outcome: 'lost',
            why: 'timeout',
            detail: `no whole answer in ${network.answerTimeoutMs} ms`,
          });
        }, network.answerTimeoutMs);
      },
      onResponseStart(_controller, statusCode, headers) {
        status = statusCode;
        date = typeof headers.date === 'string' ? headers.date : null;
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk);
      },
      onResponseEnd() {
        finish({ outcome: 'answer', status, date, text: Buffer.concat(chunks).toString('utf8') });
      },
      onResponseError(_controller, error) {
        finish(written ? lost(error) : { outcome: 'not_sent', ...connectFailure(error) });
      },
    };

    if (request.signal?.aborted) return stop();
    request.signal?.addEventListener('abort', stop);
    const { origin, path, method, headers, body } = request;
    try {
      // `reset` sends "connection: close", for a connection that is not kept.
      const reset = dispatcher instanceof Client;
      dispatcher.dispatch({ origin, path, method, headers, body: body ?? null, reset }, handler);
    } catch (error) {
      finish(written ? lost(error) : { outcome: 'not_sent', ...connectFailure(error) });
    }
  });
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

function connectFailure(error: unknown): { why: NotSentReason; detail: string } {
  const { code, detail } = describe(error);
  return { why: connectReason(code), detail };
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
