import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Fault, isCarriedOut } from './faults.ts';
import { endAtOnce } from './phones.ts';
import { reasonOf } from './send-group.ts';
import type { Answer, LoggedRequest, World } from './types.ts';

const HTML = '<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>';
const JSON_TYPE = 'application/json;charset=UTF-8';

/** The bytes of a body. Throws RangeError if there are more than `most`. */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    // Reads on to the end, because leaving the loop would close the connection before the answer.
    if (length <= most) chunks.push(bytes);
  }
  if (length > most) throw new RangeError(`the body has more than ${most} bytes`);
  return Buffer.concat(chunks);
}

/** Ends a connection with a TCP reset, like a crashed proxy. */
export function reset(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

/**
 * Carries out a valid request and answers as its fault says. Calls `act` at most once. The log gets the code and HTTP
 * status that were sent (or would have been).
 */
export async function answerWith(
  world: World,
  http: { request: IncomingMessage; response: ServerResponse },
  logged: LoggedRequest,
  fault: Fault,
  act: (fault: Fault) => Answer,
): Promise<void> {
  const { request, response } = http;
  const done = isCarriedOut(fault) ? act(fault) : null;
  if (fault.reportBeforeAnswer) await Promise.all((done?.calls ?? []).map((call) => endAtOnce(world, call)));
  if (fault.delayMs) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = world.later(fault.delayMs, resolve);
    // A client that has gone needs no answer.
    response.once('close', resolve);
    await promise;
    cancel();
  }

  if (fault.silence) return;
  if (fault.reset) {
    reset(request);
    return;
  }
  if (fault.http) {
    logged.httpStatus = fault.http.status;
    send(world, response, fault, {
      status: fault.http.status,
      type: fault.http.contentType ?? 'text/html',
      body: fault.http.body ?? HTML,
    });
    return;
  }
  if (fault.redirect) {
    logged.httpStatus = fault.redirect.status ?? 307;
    response.setHeader('Location', fault.redirect.location);
    send(world, response, fault, { status: logged.httpStatus, type: 'text/html', body: HTML });
    return;
  }
  sendAnswer(
    world,
    response,
    logged,
    fault,
    fault.refuse ? refusalOf(fault.refuse, done) : (done ?? { code: '0', reason: '' }),
  );
}

function refusalOf(refuse: NonNullable<Fault['refuse']>, done: Answer | null): Answer {
  const answer = { code: refuse.code, reason: refuse.reason ?? reasonOf(refuse.code) };
  return refuse.withRows ? { ...answer, data: done?.data ?? [] } : answer;
}

/** Sends an answer in the fault's envelope, cut off if the fault says so. */
export function sendAnswer(
  world: World,
  response: ServerResponse,
  logged: LoggedRequest,
  fault: Fault,
  answer: Answer,
): void {
  logged.code = answer.code;
  logged.httpStatus = 200;
  const padding = fault.padBytes === undefined ? {} : { padding: 'x'.repeat(fault.padBytes) };
  const text = JSON.stringify({ ...envelope(answer, fault.envelope ?? 'status'), ...padding });
  const half = text.slice(0, Math.floor(text.length / 2));
  if (fault.cut === 'connection') {
    head(world, response, fault, 200, JSON_TYPE);
    response.setHeader('Content-Length', Buffer.byteLength(text));
    response.write(half, () => response.destroy());
    return;
  }
  send(world, response, fault, { status: 200, type: JSON_TYPE, body: fault.cut === 'json' ? half : text });
}

function envelope(answer: Answer, style: NonNullable<Fault['envelope']>): Record<string, unknown> {
  const { code, reason } = answer;
  const rest = { ...(answer.data === undefined ? {} : { data: answer.data }), ...answer.fields };
  if (style === 'status') return { status: code, reason, ...rest };
  if (style === 'status-number') return { status: Number(code), reason, ...rest };
  if (style === 'code-msg') return { code: Number(code), msg: reason, ...rest };
  if (style === 'code-msg-string') return { code, msg: reason, ...rest };
  if (style === 'status-desc') return { status: Number(code), desc: reason, ...rest };
  return rest;
}

function head(world: World, response: ServerResponse, fault: Fault, status: number, type: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.setHeader('Date', new Date(world.now() + (fault.dateOffsetMs ?? 0)).toUTCString());
}

function send(
  world: World,
  response: ServerResponse,
  fault: Fault,
  what: { status: number; type: string; body: string },
): void {
  if (response.destroyed) return;
  head(world, response, fault, what.status, what.type);
  response.end(what.body);
}

/** A plain HTTP answer without the platform's envelope, for a path that is no endpoint. */
export function sendPlain(world: World, response: ServerResponse, status: number, body: string): void {
  send(world, response, {}, { status, type: 'text/plain;charset=UTF-8', body });
}

/** JSON for the control API. */
export function sendJson(world: World, response: ServerResponse, status: number, body: unknown): void {
  send(world, response, {}, { status, type: JSON_TYPE, body: JSON.stringify(body) });
}
