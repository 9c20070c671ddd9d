import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Log } from '../../src/log.ts';
import { createVoiceClient, type VoiceSettings } from '../../src/voice/client.ts';
import type { Network } from '../../src/voice/exchange.ts';
import { createFakeClock, type FakeClock } from '../support/clock.ts';

export interface Heard {
  method: string;
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
  json: Record<string, unknown>;
}

/** What to do with a request, on the bare socket: answer, cut, reset, or nothing. */
export type Behaviour = (socket: Socket, heard: Heard) => void;

/** A bare TCP server that handles each request with the next behaviour, and all later ones with the last. */
export async function startRawPlatform(...behaviours: Behaviour[]) {
  const heard: Heard[] = [];
  const sockets = new Set<Socket>();
  const counts = { connections: 0, bytes: 0 };
  const server = createServer((socket) => {
    counts.connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let received = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      counts.bytes += chunk.length;
      received += chunk;
      const request = takeRequest(received);
      if (request === null) return;
      received = '';
      const behaviour = behaviours[Math.min(heard.length, behaviours.length - 1)];
      heard.push(request);
      behaviour?.(socket, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/voice`,
    port: address.port,
    server,
    heard,
    counts,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
}

function takeRequest(received: string): Heard | null {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first = '', ...lines] = received.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const body = received.slice(end + 4);
  if (Buffer.byteLength(body) < Number(headers['content-length'] ?? 0)) return null;
  const [method = '', path = ''] = first.split(' ');
  return { method, path, headers, body, json: body === '' ? {} : JSON.parse(body) };
}

/** Answers with this text and status. Content-Length marks the end of the body; the connection stays open. */
export function answerText(text: string, { status = '200 OK', date = '', extra = '' } = {}): Behaviour {
  return (socket) => {
    const dated = date === '' ? '' : `Date: ${date}\r\n`;
    socket.write(
      `HTTP/1.1 ${status}\r\n${dated}${extra}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
  };
}

export function answerJson(value: unknown, options: { status?: string; date?: string } = {}): Behaviour {
  return answerText(JSON.stringify(value), options);
}

export const silence: Behaviour = () => {};

/** Collects the log. */
export function createTestLog(): Log & { lines: { level: string; facts: object; message: string }[] } {
  const lines: { level: string; facts: object; message: string }[] = [];
  const at = (level: string) => (facts: object, message: string) => {
    lines.push({ level, facts, message });
  };
  const log = {
    ...{ lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    child: () => log,
  };
  return log;
}

export const startAt = Date.UTC(2026, 0, 5, 9, 30, 11);

/** A client of that platform with short time-outs. */
export function createTestClient(
  apiUrl: string,
  options: { network?: Partial<Network>; settings?: Partial<VoiceSettings>; clock?: FakeClock } = {},
) {
  const clock = options.clock ?? createFakeClock(startAt);
  const log = createTestLog();
  const client = createVoiceClient(
    { apiUrl, apiKey: 'bDqJFiq9', apiSecret: '7bz1lzh9', appId: 'Ab3dE5gH', ...options.settings },
    { clock, log, network: { answerTimeoutMs: 10_000, connectTimeoutMs: 10_000, ...options.network } },
  );
  return { client, clock, log };
}
