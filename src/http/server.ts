import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { VoicecallError } from '../errors.ts';
import type { Log } from '../log.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** The handlers of a path, by method. */
export type Route = Partial<Record<'GET' | 'POST', Handler>>;

export interface HttpServer {
  /** The port it listens on (needed if 0 was given). */
  port(): number;
  start(): Promise<void>;
  /** Accepts no more connections, waits for running answers, and cuts requests that do not arrive. */
  stop(): Promise<void>;
}

/**
 * Slack, the platform and a few tools need about ten connections, a proxy a few hundred. An idle one costs about 10
 * kB.
 */
const mostConnections = 4_000;
/**
 * The headers, and then the whole request, must arrive within this time:
 * https://nodejs.org/api/http.html#serverrequesttimeout
 */
const headersWithinMs = 10_000;
const requestWithinMs = 30_000;
/**
 * A connection without traffic is closed after this time, ms. Longer than keep-alive, so that it never cuts an
 * answer.
 */
const idleMs = 90_000;
/** How long a stop waits for requests that are still arriving, ms. Their sender retries elsewhere. */
const arrivingMs = 1_000;

/**
 * A plain HTTP server. `route` returns a path's handlers, or undefined (404); another method is answered with 405. A
 * handler that throws is answered with 500, because outside Bolt nothing else catches it.
 */
export function createHttpServer(settings: {
  host: string;
  port: number;
  log: Log;
  /** The settings that name its address, for the sentence of a start that fails. */
  names: { host: 'HOST' | 'METRICS_HOST'; port: 'PORT' | 'METRICS_PORT' };
  route: (path: string) => Route | undefined;
}): HttpServer {
  const server: Server = createServer(
    { headersTimeout: headersWithinMs, requestTimeout: requestWithinMs, connectionsCheckingInterval: 2_000 },
    (request, response) => {
      arriving.set(request.socket, request);
      const handler = findHandler(settings.route, request, response);
      if (handler === undefined) return;
      Promise.resolve()
        .then(() => handler(request, response))
        .catch((error: unknown) => {
          // The sender went away in the middle: nothing to report.
          if (request.destroyed && !request.complete) return;
          settings.log.error({ err: error }, 'an HTTP request failed');
          if (!response.headersSent) answer(response, 500, { error: 'internal error' });
          else response.end();
        });
    },
  );
  /** Each open connection with its newest request. */
  const arriving = new Map<Socket, IncomingMessage | undefined>();
  server.on('connection', (socket: Socket) => {
    arriving.set(socket, undefined);
    socket.once('close', () => arriving.delete(socket));
  });
  // Longer than the usual 60 s of a proxy, so that the proxy never finds the connection closed under its request.
  server.keepAliveTimeout = 75_000;
  server.timeout = idleMs;
  server.maxConnections = mostConnections;

  function cutWhatStillArrives(): void {
    for (const [socket, request] of arriving) if (request?.complete !== true) socket.destroy();
  }

  return {
    port() {
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : settings.port;
    },
    start: () =>
      new Promise((resolve, reject) => {
        const refuse = (error: Error) => reject(cannotListen(error, settings));
        server.once('error', refuse);
        server.listen(settings.port, settings.host, () => {
          server.off('error', refuse);
          resolve();
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        if (!server.listening) return resolve();
        // A proxy's connection that is busy now would stay open after its answer and carry more requests.
        const closing = setInterval(() => server.closeIdleConnections(), 50);
        const cutting = setTimeout(cutWhatStillArrives, arrivingMs);
        server.close(() => {
          clearInterval(closing);
          clearTimeout(cutting);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** Why it cannot listen, and what to do, in words. Any other error stays as it is. */
function cannotListen(
  error: Error,
  { host, port, names }: Pick<Parameters<typeof createHttpServer>[0], 'host' | 'port' | 'names'>,
): Error {
  const sentences: Record<string, string> = {
    EADDRINUSE: `Port ${port} is taken: set ${names.port} to another one, or stop what uses it.`,
    EACCES: `This user may not listen on port ${port}: set ${names.port} to one above 1023.`,
    EADDRNOTAVAIL: `This machine has no address ${host}: set ${names.host} to one that it has.`,
    ENOTFOUND: `There is no host ${host}: set ${names.host} to an address of this machine.`,
  };
  const sentence = sentences['code' in error ? String(error.code) : ''];
  return sentence === undefined ? error : new VoicecallError('config', sentence, { cause: error });
}

/** The handler for a request's path and method. Undefined after it has answered 404 or 405 itself. */
function findHandler(
  route: (path: string) => Route | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Handler | undefined {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const methods = route(path);
  if (methods === undefined) {
    answer(response, 404, { error: 'not found' });
    return undefined;
  }
  const { method } = request;
  const handler = method === 'GET' || method === 'POST' ? methods[method] : undefined;
  if (handler === undefined) {
    const allowed = Object.keys(methods).join(', ');
    response.setHeader('allow', allowed);
    answer(response, 405, { error: `method not allowed: use ${allowed}` });
  }
  return handler;
}

/** Answers with a JSON body. */
export function answer(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json;charset=UTF-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** The most memory for all arriving bodies together. If it is used up, further senders are asked to retry. */
const mostArrivingBytes = 64 * 1024 * 1024;
let arrivingBytes = 0;

/**
 * Reads the whole body. 'too large': longer than `limit` bytes. 'busy': too much is arriving at once. The rest is
 * read and discarded, so that the sender gets its answer.
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<Buffer | 'too large' | 'busy'> {
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    request.resume();
    return 'too large';
  }
  const chunks: Buffer[] = [];
  let size = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | 'too large' | 'busy'>();
  const refuse = (why: 'too large' | 'busy') => {
    request.off('data', take);
    request.resume();
    resolve(why);
  };
  const take = (chunk: Buffer) => {
    size += chunk.length;
    arrivingBytes += chunk.length;
    if (size > limit) return refuse('too large');
    if (arrivingBytes > mostArrivingBytes) return refuse('busy');
    chunks.push(chunk);
  };
  const cut = () => reject(new Error('the request was cut off'));
  request.on('data', take);
  request.once('end', () => resolve(Buffer.concat(chunks)));
  request.once('error', reject);
  request.once('close', cut);
  try {
    return await promise;
  } finally {
    arrivingBytes -= size;
    request.off('close', cut);
  }
}

/** Answers a request whose body `readBody` refused. */
export function answerUnread(response: ServerResponse, why: 'too large' | 'busy', body: unknown): void {
  if (why === 'busy') response.setHeader('retry-after', '2');
  answer(response, why === 'busy' ? 503 : 413, body);
}
