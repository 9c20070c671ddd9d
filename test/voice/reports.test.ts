import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../src/voice/json.ts';
import { parseRecord } from '../../src/voice/record.ts';
import { parseReports } from '../../src/voice/reports.ts';

const pushed = {
  ...{ voiceId: '2601050930110000001', type: 1, callee: '6591110001', displayNum: '' },
  ...{
    submitTime: 1767576611000,
    callTime: 1767576614000,
    ringingTime: 1767576616000,
    answerTime: 1767576625000,
  },
  ...{
    hangupTime: 1767576638000,
    callDuration: 13,
    chargedDuration: 20,
    code: 'Singapore(X)',
    cost: '0.0079',
  },
  ...{ terminationCode: '200', terminationReason: 'success', sipCode: '200', feedbackValue: '1' },
  ...{ calledInfo: 'v1.b7Q2.9f3c', ringDuration: 9, outRecallCount: 0 },
};
const polled = {
  ...{ voiceId: '2601050930110000001', callee: '6591110001', displayNum: '', code: 'Singapore(X)' },
  ...{ submitTime: '2026-01-05T09:30:11+08:00', callTime: '2026-01-05T09:30:14+08:00' },
  ...{ ringingTime: '2026-01-05T09:30:16+08:00', answerTime: '2026-01-05T09:30:25+08:00' },
  ...{ hangupTime: '2026-01-05T09:30:38+08:00', callDuration: '13', terminationCode: 200 },
  ...{ terminationReason: 'success', sipCode: 200, feedbackValue: 1, calledInfo: 'v1.b7Q2.9f3c' },
};

test('a pushed report and the polled record of one call say the same', () => {
  const fromPush = parseRecord(pushed);
  const fromPoll = parseRecord(polled);
  assert.deepEqual({ ...fromPush, raw: null }, { ...fromPoll, raw: null });
  assert.deepEqual(fromPush?.raw, pushed, 'unknown fields are kept');
  assert.deepEqual(fromPoll?.raw, polled);
  assert.equal(fromPush?.answerTimeAt, 1767576625000);
  assert.equal(fromPush?.callDuration, 13);
});

test('one object, a batch, a bare array', () => {
  for (const body of [pushed, { array: [pushed] }, [pushed]]) {
    const { reports, setAside } = parseReports(body);
    assert.equal(reports[0]?.voiceId, '2601050930110000001');
    assert.deepEqual([reports.length, setAside], [1, 0]);
  }
});

test('elements that are no report do not lose the others', () => {
  const { reports, setAside } = parseReports([
    null,
    pushed,
    'x',
    {},
    { ...pushed, voiceId: '' },
    [pushed],
    7,
  ]);
  assert.deepEqual([reports.length, setAside], [1, 6]);
  assert.deepEqual(parseReports({ array: [] }), { reports: [], setAside: 0 });
  for (const none of [null, 'x', 7, {}, undefined])
    assert.deepEqual(parseReports(none), { reports: [], setAside: 1 });
});

test('times as ms, as digits, as ISO text with and without a zone; stages that were not reached are null', () => {
  const at = 1767576625000;
  const told: [unknown, number | null][] = [
    [at, at],
    [String(at), at],
    ['2026-01-05T09:30:25+08:00', at],
    ['2026-01-05T01:30:25Z', at],
    ['2026-01-05 09:30:25', at],
    ['2026-01-05 09:30:25+0800', at],
    ['20260105093025', null],
    ['2026-01-05T09:30:25.500', at + 500],
    ...[0, '0', -1, '-1', null, undefined, '', 'never', true, {}, 1e300, 5].map((none): [unknown, null] => [
      none,
      null,
    ]),
  ];
  for (const [answerTime, expected] of told) {
    assert.equal(parseRecord({ ...pushed, answerTime })?.answerTimeAt, expected, String(answerTime));
  }
});

test('no key pressed, in each of its forms', () => {
  for (const none of ['-1', -1, '', ' ', null, undefined]) {
    assert.equal(parseRecord({ ...pushed, feedbackValue: none })?.feedbackValue, null);
  }
  for (const [key, expected] of [
    ['0', '0'],
    [0, '0'],
    ['*', '*'],
    ['#', '#'],
    [9, '9'],
  ]) {
    assert.equal(parseRecord({ ...pushed, feedbackValue: key })?.feedbackValue, expected);
  }
});

test('a voiceId as a number keeps its digits, or is none', () => {
  const read = parseReports(parseJson('{"voiceId":2601050930110000001}'));
  assert.equal(read.reports[0]?.voiceId, '2601050930110000001');
  assert.equal(parseRecord({ voiceId: 260105 })?.voiceId, '260105');
  for (const voiceId of [Number('2601050930110000001'), 0, 1.5, '../x', 'a b', 'x'.repeat(65), {}, null]) {
    assert.equal(parseRecord({ voiceId }), null, String(voiceId));
  }
});

test('calledInfo is kept byte for byte', () => {
  const calledInfo = ' note\n v1.b7Q2.9f3c ';
  assert.equal(parseRecord({ ...pushed, calledInfo })?.calledInfo, calledInfo);
});

test('nothing that can be sent makes it throw, and every element is counted', () => {
  const keys = Object.keys(pushed);
  const element = fc.oneof(
    fc.anything(),
    fc.dictionary(fc.constantFrom(...keys), fc.anything()),
    fc.constant(pushed),
  );
  fc.assert(
    fc.property(fc.array(element), (body) => {
      const { reports, setAside } = parseReports(body);
      assert.equal(reports.length + setAside, body.length);
    }),
  );
});
