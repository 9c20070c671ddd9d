import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import type { Network } from '../../src/voice/exchange.ts';
import type { SendControl, SendResult } from '../../src/voice/types.ts';
import {
  answerJson,
  answerText,
  type Behaviour,
  createTestClient,
  silence,
  startRawPlatform,
} from './raw-platform.ts';
import { selfSigned } from './self-signed.ts';

const request = { callees: ['6591110001'], fileId: 'f.mp3', calledInfo: 'v1.x' };
const ok = answerJson({ status: '0', data: [{ callee: '6591110001', voiceId: 'a', terminationCode: '0' }] });

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function setUp(behaviours: Behaviour[], network: Partial<Network> = {}) {
  const platform = await startRawPlatform(...behaviours);
  stops.push(() => platform.stop());
  const { client } = createTestClient(platform.url, { network });
  return { platform, client };
}

const why = (result: SendResult) => ('why' in result ? [result.outcome, result.why] : [result.outcome]);

async function sendTo(apiUrl: string, network: Partial<Network> = {}, control: SendControl = {}) {
  return why(await createTestClient(apiUrl, { network }).client.sendGroup(request, control));
}

test('everything that breaks after the request was written is ambiguous, and is not sent again', async () => {
  const html = '<html>Bad gateway</html>';
  const cases: [string, Behaviour, string][] = [
    ['reset after the request', (socket) => socket.resetAndDestroy(), 'connection_lost'],
    ['closed after the request', (socket) => socket.end(), 'connection_lost'],
    ['silence', silence, 'timeout'],
    [
      'headers, then silence',
      (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"st'),
      'timeout',
    ],
    [
      'cut off within its length',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"st'),
      'connection_lost',
    ],
    [
      'cut off, without a length',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"status":"0","da'),
      'not_json',
    ],
    ['empty body', answerText(''), 'not_json'],
    ['HTML with 200', answerText(html), 'not_json'],
    ['an array', answerText('[]'), 'not_json'],
    ['no HTTP at all', (socket) => socket.end('hello\r\n\r\n'), 'connection_lost'],
    ['HTML with 502', answerText(html, { status: '502 Bad Gateway' }), 'http_status'],
    ['500 with an envelope', answerJson({ status: '-10' }, { status: '500 Oops' }), 'http_status'],
    ['401 with an envelope', answerJson({ status: '-1' }, { status: '401 No' }), 'http_status'],
    ['202', answerJson({ status: '0', data: [] }, { status: '202 Accepted' }), 'http_status'],
    ['-18', answerJson({ status: '-18' }), 'platform_code'],
  ];
  for (const [name, behaviour, reason] of cases) {
    // Only a silent platform is given up early: a busy machine may take long for the others.
    const network = reason === 'timeout' ? { answerTimeoutMs: 300 } : {};
    const { platform, client } = await setUp([behaviour, ok], network);
    assert.deepEqual(why(await client.sendGroup(request)), ['ambiguous', reason], name);
    assert.equal(platform.heard.length, 1, name);
  }
});

test('a redirect is not followed', async () => {
  const { platform, client } = await setUp([
    (socket, heard) =>
      answerText('', { status: '307 Moved', extra: `Location: ${heard.path}/again\r\n` })(socket, heard),
    ok,
  ]);
  assert.deepEqual(why(await client.sendGroup(request)), ['ambiguous', 'http_status']);
  assert.equal(platform.heard.length, 1);
});

test('an endless body is given up at its limit', async () => {
  const { client } = await setUp([answerText(`{"status":"0","data":"${'x'.repeat(5_000)}"}`)], {
    maxAnswerBytes: 4_096,
  });
  assert.deepEqual(why(await client.sendGroup(request)), ['ambiguous', 'too_large']);
});

test('a slow trickle of bytes does not extend the time limit', async () => {
  const trickle: Behaviour = (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n');
    const timer = setInterval(() => socket.write(' '), 20);
    socket.on('close', () => clearInterval(timer));
  };
  const { client } = await setUp([trickle], { answerTimeoutMs: 300 });
  assert.deepEqual(why(await client.sendGroup(request)), ['ambiguous', 'timeout']);
});

test('a reset as soon as the connection is open may have lost the request: ambiguous', async () => {
  const { platform, client } = await setUp([ok]);
  platform.server.on('connection', (socket) => socket.resetAndDestroy());
  const result = await client.sendGroup(request);
  // The kernel decides whether undici sees the reset before its first byte. It is never a success or a refusal.
  assert.ok(['ambiguous', 'not_sent'].includes(result.outcome));
  if (result.outcome === 'not_sent') assert.equal(platform.heard.length, 0);
});

test('every submission has its own connection, and says that it will close it', async () => {
  const { platform, client } = await setUp([ok]);
  assert.equal((await client.sendGroup(request)).outcome, 'answered');
  assert.equal((await client.sendGroup(request)).outcome, 'answered');
  assert.equal(platform.counts.connections, 2);
  assert.equal(platform.heard[0]?.headers.connection, 'close');
});

test('a sender that may no longer write writes no byte', async () => {
  for (const mayWrite of [
    () => false,
    () => {
      throw new Error('lease store down');
    },
  ]) {
    const { platform, client } = await setUp([ok]);
    assert.deepEqual(why(await client.sendGroup(request, { mayWrite })), ['not_sent', 'stopped']);
    assert.equal(platform.counts.connections, 1, 'asked when the connection stands, not before');
    assert.equal(platform.counts.bytes, 0);
  }
});

test('mayWrite is called once for each attempt', async () => {
  let asked = 0;
  const { client } = await setUp([answerJson({ status: '-16' }), ok]);
  const mayWrite = () => ++asked === 1;
  assert.deepEqual(why(await client.sendGroup(request, { mayWrite })), ['not_sent', 'stopped']);
  assert.equal(asked, 2);
});

test('stopped before writing: not sent; while waiting for the answer: ambiguous', async () => {
  const { platform, client } = await setUp([silence], { answerTimeoutMs: 5_000 });
  assert.deepEqual(why(await client.sendGroup(request, { signal: AbortSignal.abort() })), [
    'not_sent',
    'stopped',
  ]);
  assert.equal(platform.counts.connections, 0);

  const late = new AbortController();
  const mayWrite = () => {
    late.abort();
    return true;
  };
  assert.deepEqual(why(await client.sendGroup(request, { signal: late.signal, mayWrite })), [
    'not_sent',
    'stopped',
  ]);
  assert.equal(platform.counts.bytes, 0);

  const waiting = new AbortController();
  const sent = client.sendGroup(request, { signal: waiting.signal });
  while (platform.heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
  waiting.abort();
  assert.deepEqual(why(await sent), ['ambiguous', 'connection_lost']);
});

test('what never left this machine: refused, no such name, no connection in time, stopped while connecting', async () => {
  const closed = await startRawPlatform(ok);
  await closed.stop();
  assert.deepEqual(await sendTo(closed.url), ['not_sent', 'connect_refused']);
  assert.deepEqual(
    await sendTo('http://voice.invalid/voice', {
      lookup: (hostname, _options, callback) => {
        callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), '', 4);
      },
    }),
    ['not_sent', 'dns'],
  );

  const never = { lookup: () => {} };
  assert.deepEqual(await sendTo('http://voice.invalid/', { ...never, connectTimeoutMs: 100 }), [
    'not_sent',
    'connect_timeout',
  ]);
  const signal = AbortSignal.timeout(50);
  assert.deepEqual(await sendTo('http://voice.invalid/', never, { signal }), ['not_sent', 'stopped']);
});

test('an untrusted certificate, or no TLS at all: not sent', async () => {
  let read = 0;
  const server = createTlsServer(selfSigned, (socket) => {
    socket.on('data', (chunk) => (read += chunk.length));
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const allowedBefore = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  stops.push(() => {
    if (allowedBefore === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = allowedBefore;
  });
  assert.deepEqual(await sendTo(`https://localhost:${address.port}/voice`), ['not_sent', 'tls']);
  assert.equal(read, 0);

  const { platform } = await setUp([ok]);
  platform.server.on('connection', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  assert.deepEqual(await sendTo(platform.url.replace('http:', 'https:')), ['not_sent', 'tls']);
});
