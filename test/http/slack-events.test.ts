import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { createLog } from '../../src/log.ts';
import { timeOf } from '../support/quick.ts';
import { startWorld, type World } from '../support/world.ts';

/** A connection on which a request is written by hand. `answer` is the first line of the response. */
async function send(port: number, head: string[], body: string | Buffer = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`${[...head, 'Host: x', '', ''].join('\r\n')}`);
  socket.write(body);
  return socket;
}

async function firstLine(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString().split('\r\n')[0] ?? '';
}

const signedLooking = [
  `X-Slack-Signature: v0=${'0'.repeat(64)}`,
  `X-Slack-Request-Timestamp: ${Math.floor(Date.now() / 1000)}`,
];

suite('POST /slack/events before Bolt', () => {
  let world: World;
  const lines: string[] = [];
  before(async () => {
    world = await startWorld({ log: createLog('info', { sink: { write: (line) => lines.push(line) } }) });
  });
  after(() => world.stop());

  const post = (headers: string[]) => ['POST /slack/events HTTP/1.1', ...headers];

  test('two hundred unsigned requests of 3 MB are refused before their bodies come', async () => {
    const head = post(['Content-Type: application/json', 'Content-Length: 3000000']);
    const sockets = await Promise.all(Array.from({ length: 200 }, () => send(world.app.port(), head)));
    for (const line of await Promise.all(sockets.map(firstLine))) assert.match(line, /401/);
    for (const socket of sockets) socket.destroy();
  });

  test('a body of more than 1 MB is refused, announced or not', async () => {
    const announced = await send(world.app.port(), post([...signedLooking, 'Content-Length: 1048577']));
    assert.match(await firstLine(announced), /413/);
    announced.destroy();
    const chunk = Buffer.alloc(1_100_000, 'a');
    const chunked = await send(
      world.app.port(),
      post([...signedLooking, 'Transfer-Encoding: chunked']),
      Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk]),
    );
    assert.match(await firstLine(chunked), /413/);
    chunked.destroy();
  });

  test('bodies that arrive at once hold at most 64 MB: the others are asked to retry', async () => {
    const head = post([...signedLooking, 'Content-Length: 1048576']);
    const almost = Buffer.alloc(1_048_575, 'a');
    const sockets = await Promise.all(Array.from({ length: 80 }, () => send(world.app.port(), head, almost)));
    const refused = Promise.all(
      sockets.slice(0, 1).map(async () => await Promise.race(sockets.map(firstLine))),
    );
    assert.match((await refused)[0] ?? '', /503/);
    for (const socket of sockets) socket.destroy();
  });

  test('Slack’s certificate check needs no signature', async () => {
    const answer = await fetch(`http://127.0.0.1:${world.app.port()}/slack/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'token=x&ssl_check=1',
    });
    assert.equal(answer.status, 200);
  });

  test('a signed body that is no object is refused, and the process continues', async () => {
    const signed = async (body: string, type: string) => {
      const timestamp = String(Math.floor(Date.now() / 1000));
      const digest = createHmac('sha256', world.slack.state.app.signingSecret)
        .update(`v0:${timestamp}:${body}`)
        .digest('hex');
      const answer = await fetch(`http://127.0.0.1:${world.app.port()}/slack/events`, {
        method: 'POST',
        headers: {
          'content-type': type,
          'x-slack-signature': `v0=${digest}`,
          'x-slack-request-timestamp': timestamp,
        },
        body,
      });
      return answer.status;
    };
    for (const body of ['null', ' null', '[]', '"a"', '1', ''])
      assert.equal(await signed(body, 'application/json'), 400, JSON.stringify(body));
    for (const body of ['payload=null', 'payload=%6eull', 'payload=', 'payload=%5B%5D'])
      assert.equal(await signed(body, 'application/x-www-form-urlencoded'), 400, body);
    assert.equal(
      await signed('{"type":"url_verification","challenge":"c"}', 'application/json; charset=utf-8'),
      200,
    );
  });

  test('another method is answered with 405 and is not logged', async () => {
    lines.length = 0;
    for (const method of ['GET', 'PUT', 'DELETE', 'HEAD']) {
      const answer = await fetch(`http://127.0.0.1:${world.app.port()}/slack/events`, {
        method,
        headers: { 'x-strange': 'planted-header' },
      });
      assert.equal(answer.status, 405, method);
      assert.equal(answer.headers.get('allow'), 'POST');
    }
    const reports = await fetch(`http://127.0.0.1:${world.app.port()}/voice/reports/sandbox-report-token`);
    assert.equal(reports.status, 405);
    assert.doesNotMatch(lines.join(''), /planted-header|error/);
  });

  test('a request that arrives in halves does not delay a stop', async () => {
    const half = await send(world.app.port(), post([...signedLooking, 'Content-Length: 100']), '{"a":');
    const silent = connect(world.app.port(), '127.0.0.1');
    silent.on('error', () => {});
    await once(silent, 'connect');
    // Their own time limits are 10 s and 30 s.
    const tookMs = await timeOf(() => world.app.stop());
    assert.ok(tookMs < 9_000, `${tookMs} ms`);
    half.destroy();
    silent.destroy();
    await world.restart();
  });
});
