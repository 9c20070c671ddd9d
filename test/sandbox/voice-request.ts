import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { VoicePlatform } from '../../sandbox/voice/server.ts';

export const FILE = '12022022570cc2484c59d4f8b9745d34226285b1e.mp3';
export const APP = 'Ab3dE5gH';
export const JSON_TYPE = 'application/json;charset=UTF-8';

/** Phones that take no time: everything is over within milliseconds. */
export const FAST = { ringAfterMs: 0, outcomeAfterMs: 0, secondMs: 0 };

/** A valid sendGroup body. */
export function group(over: Record<string, unknown> = {}): Record<string, unknown> {
  return { callee: '6591110010,6591110011', fileId: FILE, appId: APP, calledInfo: 'token-1', ...over };
}

/** A valid sendCode body. */
export function code(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    callee: '6591110010',
    text: 'Disk alarm.',
    language: 'EN',
    appId: APP,
    calledInfo: 'token-2',
    ...over,
  };
}

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** Headers for epoch ms `at`, signed here with the documentation's sample key. */
export function signed(at = Date.now()): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  return { 'Api-Key': 'bDqJFiq9', Timestamp: timestamp, Sign: md5(`bDqJFiq97bz1lzh9${timestamp}`) };
}

export interface Reply {
  status?: unknown;
  code?: unknown;
  reason?: string;
  msg?: string;
  desc?: string;
  data?: unknown;
  balance?: string;
}

/** A signed POST of `body` (unchanged, if it is a string). */
export async function send(
  platform: VoicePlatform,
  endpoint: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${platform.url}/${endpoint}`, {
    method: 'POST',
    headers: { 'Content-Type': JSON_TYPE, ...signed(), ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual',
  });
}

/** The same, with its JSON. */
export async function post(
  platform: VoicePlatform,
  endpoint: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return json(await send(platform, endpoint, body, headers));
}

export async function get(platform: VoicePlatform, path: string): Promise<Reply> {
  return json(await fetch(path.startsWith('http') ? path : `${platform.url}/${path}`, { headers: signed() }));
}

async function json(response: Response): Promise<Reply> {
  const body: Reply = JSON.parse(await response.text());
  return body;
}

export interface Row {
  voiceId?: string | null;
  callee: string;
  terminationCode: string;
}

/** The rows of a sendGroup answer. Throws if `data` is no array. */
export function rows(reply: Reply): Row[] {
  if (!Array.isArray(reply.data)) throw new Error(`no rows in ${JSON.stringify(reply)}`);
  return reply.data;
}

/** A nested field of an object: at(reply, 'data', 'records', 0, 'callee'). */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** A receiver of reports. It keeps them in order, and answers `status`. */
export async function startReceiver(status = () => 200) {
  const bodies: unknown[] = [];
  const headers: NodeJS.Dict<string | string[]>[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    bodies.push(JSON.parse(text));
    headers.push(request.headers);
    response.statusCode = status();
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/reports`,
    bodies,
    headers,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
