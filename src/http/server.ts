import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../log.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

export interface HttpServer {
  /** The port it listens on (of use where 0 was asked for). */
  port(): number;
  start(): Promise<void>;
  /** Takes no more connections and waits for the answers under way. */
  stop(): Promise<void>;
}

/**
 * One plain HTTP server: `route` names the handler of a method and path, or undefined (404). A handler that fails is
 * answered with 500: outside Bolt nobody else catches it.
 */
export function createHttpServer(settings: {
  host: string;
  port: number;
  log: Log;
  route: (method: string, path: string) => Handler | undefined;
}): HttpServer {
  const server: Server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const handler = settings.route(request.method ?? 'GET', path);
    if (handler === undefined) {
      answer(response, 404, { error: 'not found' });
      return;
    }
    Promise.resolve()
      .then(() => handler(request, response))
      .catch((error: unknown) => {
        settings.log.error({ err: error }, 'an HTTP request failed');
        if (!response.headersSent) answer(response, 500, { error: 'internal error' });
        else response.end();
      });
  });
  // Slower than any answer of ours, so that a proxy never finds the connection closed under its request.
  server.keepAliveTimeout = 75_000;
  return {
    port: () => (server.address() as AddressInfo | null)?.port ?? settings.port,
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(settings.port, settings.host, () => {
          server.off('error', reject);
          resolve();
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        if (!server.listening) return resolve();
        // A proxy's connection that is busy now would be kept alive after its answer, and used for more.
        const closing = setInterval(() => server.closeIdleConnections(), 50);
        server.close(() => {
          clearInterval(closing);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
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

/** The whole body, or null where it is longer than `limit` bytes. */
export async function readBody(request: IncomingMessage, limit: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
