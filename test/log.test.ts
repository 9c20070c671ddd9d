import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, redactNumbers } from '../src/log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLog('debug', { sink: { write: (line) => lines.push(line) } }));
  return lines.map((line) => JSON.parse(line));
}

test('one JSON object on each line, level by name, time as ISO text, facts of the parent', () => {
  const [line] = logged((log) => log.child({ requestId: 'r1' }).warn({ offsetMs: 61_000 }, 'clock'));
  const { time, ...rest } = line ?? {};
  assert.deepEqual(rest, { level: 'warn', requestId: 'r1', offsetMs: 61_000, msg: 'clock' });
  assert.match(String(time), /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/);
});

test('secrets are removed by name, at every depth of an HTTP error', () => {
  const secrets = {
    'Api-Key': 'k3y',
    Sign: 's1gn',
    Timestamp: '1',
    authorization: 'Bearer b34rer',
    token: 't0ken',
  };
  const lines = logged((log) => {
    log.info(secrets, 'a');
    log.info({ headers: secrets, secret: 's3cret' }, 'b');
    log.error({ err: Object.assign(new Error('x'), { request: { headers: secrets } }) }, 'c');
  });
  assert.doesNotMatch(JSON.stringify(lines), /k3y|s1gn|b34rer|t0ken|s3cret/);
});

test('for an error a line has name, message, code, stack and cause, and nothing else', () => {
  const cause = Object.assign(new TypeError('inner'), { req: { headers: { 'x-planted': 'y' } } });
  const error = Object.assign(new Error('outer', { cause }), {
    code: 'E_X',
    req: { headers: { 'x-planted': 'z' } },
    body: 'x-planted',
  });
  const [line] = logged((log) => log.error({ err: error }, 'failed'));
  assert.doesNotMatch(JSON.stringify(line), /planted/);
  assert.ok(line);
  const { stack, cause: inner, ...rest } = line.err as Record<string, unknown>;
  assert.deepEqual(rest, { name: 'Error', message: 'outer', code: 'E_X' });
  assert.match(String(stack), /log\.test/);
  assert.deepEqual([(inner as Error).name, (inner as Error).message], ['TypeError', 'inner']);
});

test('phone numbers and Slack tokens are masked everywhere, in facts, messages and errors', () => {
  const lines = logged((log) => {
    log.info(
      { callee: '6591110001', list: ['call\n6591110002'], deep: { text: '+91 85632-14120' } },
      'to 6591110003',
    );
    log.error({ err: new Error('bad 6591110004, xoxb-123-abc') }, 'failed');
    log.info({ url: 'https://x.test/?n=6591110005&m=2' }, 'tel:+6591110006');
  });
  assert.doesNotMatch(JSON.stringify(lines), /659111000|85632|xoxb-/);
  assert.match(JSON.stringify(lines), /\*\*\*0001/);
});

test('numbers are masked in every spelling that the form accepts', () => {
  for (const text of [
    '9777 0006',
    '(65) 9777-0006',
    '+65 (9777) 0006',
    '65.9777.0006',
    '65/9777/0006',
    '９７７７０００６',
    '＋６５ ９７７７ ０００６',
    '65\u00a09777\u20110006',
    '٩٧٧٧٠٠٠٦',
    'Asha 9777 0006, Ben 9777-0006',
    '919.005.550.106',
  ]) {
    const [line] = logged((log) => log.info({ text, deep: { list: [text] } }, `to ${text}.`));
    const { time: _, ...rest } = line ?? {};
    assert.doesNotMatch(JSON.stringify(rest), /[9９٩][7７٧]{3}|919/u, text);
  }
});

test('the masker needs one pass, however many digits there are', () => {
  for (const text of [
    '1 '.repeat(50_000),
    '1'.repeat(100_000),
    `${'1'.repeat(15)}a`.repeat(6_000),
    '(+'.repeat(50_000),
  ]) {
    const started = process.cpuUsage();
    redactNumbers(text);
    assert.ok(process.cpuUsage(started).user < 100_000, text.slice(0, 20));
  }
});

test('times, ids, voiceIds, fileIds and tokens stay readable', () => {
  const facts = {
    ...{ sendingAt: 1767576611000, slackTs: '1767576611.123456', iso: '2026-01-05T09:30:11.000+08:00' },
    ...{ at: '2026-01-05 09:30', host: '10.100.20.35:9100', count: 'took 1234 of 5678' },
    ...{ voiceId: '2601050930110000001', fileId: '12022022570cc2484c59d4f8b9745d34226285b1e.mp3' },
    ...{ requestId: 'r7k2m9x0q4ab', short: '123456', quoted: 'a "b" \\ 12' },
  };
  const [line] = logged((log) => log.info(facts, 'x'));
  const { time: _, level: __, msg: ___, ...rest } = line ?? {};
  assert.deepEqual(rest, facts);
});

test('a short number shows even fewer digits', () => {
  assert.equal(redactNumbers('1234567'), '***67');
  assert.equal(redactNumbers('123456789012345'), '***2345');
});

test('nothing below its level is written', () => {
  const lines: string[] = [];
  createLog('warn', { sink: { write: (line) => lines.push(line) } }).info({}, 'x');
  assert.deepEqual(lines, []);
});
