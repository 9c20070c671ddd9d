import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeInfo, describeCode, documentedCodes } from '../../src/voice/codes.ts';
import { parseEnvelope } from '../../src/voice/envelope.ts';
import { parseJson } from '../../src/voice/json.ts';

test('the three shapes, codes as text or number', () => {
  const shapes: [unknown, string | null, string][] = [
    [{ status: '0', reason: 'success', data: [] }, '0', 'success'],
    [{ status: 0, reason: 'success' }, '0', 'success'],
    [{ code: 0, msg: 'success' }, '0', 'success'],
    [{ code: '-20', msg: 'exists' }, '-20', 'exists'],
    [{ status: -16, desc: 'timestamp expires' }, '-16', 'timestamp expires'],
    [{ status: null, code: '0', reason: 'mixed' }, '0', 'mixed'],
    [{ status: 'OK' }, null, ''],
    [{ status: 0.5 }, null, ''],
    [{ status: true }, null, ''],
    [{ data: [] }, null, ''],
  ];
  for (const [value, code, reason] of shapes) {
    const envelope = parseEnvelope(value);
    assert.equal(envelope?.code, code, JSON.stringify(value));
    assert.equal(envelope?.reason, reason, JSON.stringify(value));
  }
  for (const none of [null, [], 'success', 0]) assert.equal(parseEnvelope(none), null);
});

test('unknown fields are kept, foreign text is cut to one line', () => {
  const envelope = parseEnvelope({ status: '0', reason: `a\n\u0000b${'x'.repeat(500)}`, new: 1 });
  assert.equal(envelope?.fields.new, 1);
  assert.equal(envelope?.reason.length, 300);
  assert.match(envelope?.reason ?? '', /^a bx/);
});

test('long whole numbers keep every digit, others stay numbers', () => {
  const text =
    '\uFEFF{"voiceId":2601050930110000001,"deep":[{"id":-9007199254740993}],"n":12,"f":1.5,"e":1e30}';
  assert.deepEqual(parseJson(text), {
    voiceId: '2601050930110000001',
    deep: [{ id: '-9007199254740993' }],
    n: 12,
    f: 1.5,
    e: 1e30,
  });
  assert.throws(() => parseJson('{"a":'), SyntaxError);
});

test('which codes prove that nobody was called', () => {
  const definite = [-1, -2, -7, -8, -9, -10, -11, -13, -14, -16, -17, -54];
  for (let code = -32; code <= -19; code++) definite.push(code);
  for (const code of definite) assert.equal(codeInfo(String(code)).submitted, 'no', `${code}`);
  for (const code of [
    '-12',
    '-18',
    '997',
    '998',
    '999',
    '-999',
    '1',
    '200',
    '',
    'constructor',
    '__proto__',
  ]) {
    assert.equal(codeInfo(code).submitted, 'unknown', code);
  }
  assert.equal(codeInfo('0').submitted, 'rows');
});

test('every code, the platform’s and ours, has a sentence for people and one that says what to do', () => {
  for (const code of [...documentedCodes, 'timeout', 'dns', 'tls', 'stopped', 'http_status', '4711']) {
    const { meaning, remedy } = describeCode(code);
    assert.match(meaning, /^[A-Z].+\.$/, code);
    assert.match(remedy, /^[A-Z].+\.$/, code);
  }
});
