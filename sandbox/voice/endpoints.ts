import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { authenticate } from './auth.ts';
import { getBalance } from './balance.ts';
import type { Endpoint } from './endpoint-names.ts';
import { answerWith, readBody, reset, sendAnswer, sendPlain } from './exchange.ts';
import type { Faults } from './faults.ts';
import { fileQuery } from './file-query.ts';
import { fileUpload } from './file-upload.ts';
import { recordGroup, recordGroupQuery } from './record.ts';
import { Refusal } from './refusal.ts';
import { sendCode } from './send-code.ts';
import { sendGroup } from './send-group.ts';
import type { Checked, EndpointHandler, LoggedRequest, World } from './types.ts';

const HANDLERS: Record<Endpoint, EndpointHandler> = {
  sendGroup,
  sendCode,
  fileQuery,
  fileUpload,
  recordGroup,
  recordGroupQuery,
  getBalance,
};
const PATHS: Record<string, Endpoint> = {
  '/voice/sendGroup': 'sendGroup',
  '/voice/sendCode': 'sendCode',
  '/voice/fileQuery': 'fileQuery',
  '/voice/fileUpload': 'fileUpload',
  '/voice/recordGroupQuery': 'recordGroupQuery',
  '/sms/getBalance': 'getBalance',
};
const LOGGED_HEADERS = ['content-type', 'user-agent', 'timestamp'];
const MOST_BYTES = 1024 * 1024;
const MOST_UPLOAD_BYTES = 8 * 1024 * 1024;

interface Route {
  endpoint: Endpoint;
  pathId: string;
}

/** A function that handles every request to the platform's paths: logs, checks, acts, answers. */
export function createEndpoints(world: World, faults: Faults) {
  const connections = new WeakMap<Socket, { id: number; requests: number }>();
  let connectionCount = 0;

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const connection = connections.get(request.socket) ?? { id: ++connectionCount, requests: 0 };
    connection.requests += 1;
    connections.set(request.socket, connection);
    const route = routeOf(request.url ?? '');
    const logged: LoggedRequest = {
      id: world.requests.length + 1,
      at: world.now(),
      endpoint: route?.endpoint ?? null,
      method: request.method ?? '',
      path: request.url ?? '',
      headers: Object.fromEntries(
        LOGGED_HEADERS.map((name) => [name, String(request.headers[name] ?? '')]).filter(
          ([, value]) => value !== '',
        ),
      ),
      body: null,
      connection: connection.id,
      nthOnConnection: connection.requests,
      dialled: 0,
      code: null,
      httpStatus: null,
      fault: null,
    };
    world.requests.push(logged);
    world.changed({ kind: 'request', request: logged });
    try {
      await handle(world, faults, { request, response }, logged, route);
    } finally {
      world.changed({ kind: 'request', request: logged });
    }
  };
}

function routeOf(url: string): Route | null {
  const endpoint = PATHS[url];
  if (endpoint) return { endpoint, pathId: '' };
  const pathId = /^\/voice\/recordGroup\/([^/?]+)$/.exec(url)?.[1];
  return pathId === undefined ? null : { endpoint: 'recordGroup', pathId };
}

async function handle(
  world: World,
  faults: Faults,
  http: { request: IncomingMessage; response: ServerResponse },
  logged: LoggedRequest,
  route: Route | null,
): Promise<void> {
  const { request, response } = http;
  const violate = (text: string) =>
    world.violate(`request ${logged.id}, ${logged.method} ${logged.path}: ${text}`);
  const refusePlainly = (status: number, text: string) => {
    violate(text);
    logged.httpStatus = status;
    request.resume();
    sendPlain(world, response, status, text);
  };
  if (!route) return refusePlainly(404, 'there is no such endpoint');
  const handler = HANDLERS[route.endpoint];
  if (request.method !== handler.method) return refusePlainly(405, `this endpoint takes ${handler.method}`);

  const early = faults.takeBeforeReading(route.endpoint);
  if (early) {
    logged.fault = early;
    return reset(request);
  }
  let bytes: Buffer;
  try {
    bytes = await readBody(request, route.endpoint === 'fileUpload' ? MOST_UPLOAD_BYTES : MOST_BYTES);
  } catch (error) {
    // A client that goes away while sending gets no answer.
    if (error instanceof RangeError) refusePlainly(413, error.message);
    return;
  }

  let checked: Checked;
  try {
    const body = handler.method === 'POST' ? parseJson(bytes) : undefined;
    logged.body = isObject(body) ? forLog(body) : null;
    authenticate(world, request.headersDistinct);
    if (handler.method === 'POST') checkContentType(request.headers['content-type']);
    else if (bytes.length > 0) throw new Refusal('-22', 'a GET has no body', true);
    if (body instanceof Refusal) throw body;
    checked = handler.check(world, logged, body, route.pathId);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.violation) violate(`${error.code}: ${error.message}`);
    return sendAnswer(world, response, logged, {}, { code: error.code, reason: error.message });
  }

  const fault = faults.take(route.endpoint, checked.callees);
  if (Object.keys(fault).length > 0) logged.fault = fault;
  await answerWith(world, http, logged, fault, checked.act);
}

/**
 * The parsed body, or the reason why it cannot be parsed. Not thrown, because a wrong signature is reported first.
 */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return new Refusal('-22', `the body is no JSON: ${String(error)}`, true);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Refusal);
}

function forLog(body: Record<string, unknown>): Record<string, unknown> {
  return typeof body.file === 'string' ? { ...body, file: `(${body.file.length} characters)` } : body;
}

function checkContentType(contentType: string | undefined): void {
  if (!/^application\/json; ?charset="?utf-8"?$/i.test(contentType ?? '')) {
    throw new Refusal(
      '-22',
      `content-type: "${contentType ?? ''}" is not application/json;charset=UTF-8`,
      true,
    );
  }
}
