import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { SendCodeRequest, SendGroupRequest } from '../../src/voice/types.ts';
import {
  answerJson,
  answerText,
  type Behaviour,
  createTestClient,
  startAt,
  startRawPlatform,
} from './raw-platform.ts';

const request: SendGroupRequest = {
  callees: ['6591110001', '6591110002', '6591110003'],
  fileId: '1202601050123456789abcdef.mp3',
  calledInfo: 'v1.b7Q2.9f3c',
};
const spoken: SendCodeRequest = {
  callee: '6591110001',
  text: 'Disk "alarm".\nPress one.',
  language: 'EN',
  calledInfo: 'v1.x',
};
const row = (callee: unknown, voiceId: unknown, terminationCode: unknown = '0') => ({
  ...{ callee, voiceId, terminationCode },
  terminationReason: 'words',
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function setUp(...behaviours: Behaviour[]) {
  const platform = await startRawPlatform(...behaviours);
  const { client, clock, log } = createTestClient(platform.url);
  stops.push(async () => {
    await client.close();
    await platform.stop();
  });
  return { platform, client, clock, log };
}

async function outcomes(data: unknown, header: Record<string, unknown> = { status: '0', reason: 'success' }) {
  const { client } = await setUp(answerJson({ ...header, data }));
  const result = await client.sendGroup(request);
  assert.ok(result.outcome === 'answered', JSON.stringify(result));
  return result.rows.map((each) => [each.callee.slice(-1), each.outcome, each.voiceId]);
}

test('the request is strict JSON with the documented fields, signed, without options that are not set', async () => {
  const { platform, client } = await setUp(answerJson({ status: '0', data: [] }));
  await client.sendGroup({ ...request, maxDuration: 60, loopCount: 2 });
  await client.sendGroup({ ...request, displayNum: '1008122211', maxRingingTime: 45 });
  const [first, second] = platform.heard;
  assert.equal(first?.method, 'POST');
  assert.equal(first?.path, '/voice/sendGroup');
  assert.equal(first?.headers['content-type'], 'application/json;charset=UTF-8');
  assert.equal(first?.headers.timestamp, String(startAt / 1000));
  assert.match(first?.headers.sign ?? '', /^[0-9a-f]{32}$/);
  assert.deepEqual(first?.json, {
    callee: '6591110001,6591110002,6591110003',
    fileId: request.fileId,
    appId: 'Ab3dE5gH',
    maxDuration: 60,
    loopCount: 2,
    calledInfo: 'v1.b7Q2.9f3c',
  });
  assert.equal(second?.json.displayNum, '1008122211');
  assert.equal(second?.json.maxRingingTime, 45);
});

test('spoken text: one callee, escaped, answered with a bare voiceId', async () => {
  const { platform, client } = await setUp(
    answerText('{"status":0,"reason":"success","data":2601050930110000003}'),
  );
  const result = await client.sendCode({ ...spoken, loopCount: 2 });
  assert.equal(platform.heard[0]?.path, '/voice/sendCode');
  assert.deepEqual(platform.heard[0]?.json, {
    ...{ callee: '6591110001', language: 'EN', text: spoken.text, appId: 'Ab3dE5gH', loopCount: 2 },
    calledInfo: 'v1.x',
  });
  assert.ok(result.outcome === 'answered');
  assert.deepEqual(
    result.rows.map((each) => [each.callee, each.outcome, each.voiceId]),
    [['6591110001', 'accepted', '2601050930110000003']],
  );
});

test('spoken text: other shapes of data, and none', async () => {
  const shapes: [unknown, string][] = [
    ['2601050930110000003', 'accepted'],
    [{ voiceId: '2601050930110000003' }, 'accepted'],
    [[row('6591110001', '2601050930110000003')], 'accepted'],
    [[row('6591110001', null, '-26')], 'refused'],
    [null, 'ambiguous'],
    ['', 'ambiguous'],
    [{}, 'ambiguous'],
    [[], 'ambiguous'],
  ];
  for (const [data, expected] of shapes) {
    const { client } = await setUp(answerJson({ status: '0', data }));
    const result = await client.sendCode(spoken);
    const found = result.outcome === 'answered' ? result.rows[0]?.outcome : result.outcome;
    assert.equal(found, expected, JSON.stringify(data));
  }
});

test('rows are matched by callee, never by position', async () => {
  const shuffled = [row('6591110003', 'c'), row(6591110001, 2601), row('+6591110002', null, '-26')];
  assert.deepEqual(await outcomes(shuffled), [
    ['1', 'accepted', '2601'],
    ['2', 'refused', null],
    ['3', 'accepted', 'c'],
  ]);
});

test('missing or unreadable rows are unknown for their callee only', async () => {
  assert.deepEqual(await outcomes([row('6591110001', 'a'), null, 7, row('6591110002', 'b', null)]), [
    ['1', 'accepted', 'a'],
    ['2', 'unknown', 'b'],
    ['3', 'unknown', null],
  ]);
  assert.deepEqual(
    await outcomes([row('6591110001', null, '-18'), row('6591110002', null, {}), row('6591110003', 'c', 0)]),
    [
      ['1', 'unknown', null],
      ['2', 'unknown', null],
      ['3', 'accepted', 'c'],
    ],
  );
});

test('a code is a short number: words and numbers in its place are words, with numbers masked', async () => {
  const rows = ['ask +65 9111 0009', '6591110009'].map((code, at) => ({
    ...{ callee: `659111000${at + 1}`, voiceId: null, terminationCode: code },
  }));
  const { client } = await setUp(answerJson({ status: '0', data: rows }));
  const result = await client.sendGroup(request);
  assert.ok(result.outcome === 'answered');
  assert.deepEqual(
    result.rows.map((each) => [each.outcome, each.terminationCode, each.terminationReason]).slice(0, 2),
    [
      ['unknown', null, 'ask ***0009'],
      ['unknown', null, '***0009'],
    ],
  );
});

test('foreign rows are ignored; of two for one callee the one that may have called counts', async () => {
  const rows = [
    row('6591110001', null, '-26'),
    row('6599999999', 'x'),
    row('6591110001', 'a'),
    row('6591110002', null, '-18'),
    row('6591110002', null, '-26'),
    row('6591110003', 'c', '-26'),
  ];
  const expected = [
    ['1', 'accepted', 'a'],
    ['2', 'unknown', null],
    ['3', 'refused', 'c'],
  ];
  assert.deepEqual(await outcomes(rows), expected);
  assert.deepEqual(await outcomes(rows.toReversed()), expected);
});

test('a refusal that has rows anyway: the rows count', async () => {
  const rows = [row('6591110001', 'a'), row('6591110002', null, '-10')];
  assert.deepEqual(await outcomes(rows, { status: '-10' }), [
    ['1', 'accepted', 'a'],
    ['2', 'refused', null],
    ['3', 'unknown', null],
  ]);
});

test('what the code of the whole answer decides alone', async () => {
  const answers: [unknown, string, string | null][] = [
    [{ status: '-10', reason: 'no money' }, 'refused', '-10'],
    [{ status: -26, desc: 'no rate', data: null }, 'refused', '-26'],
    [{ code: '-22', msg: 'parameter', data: [] }, 'refused', '-22'],
    [{ status: '-18', reason: 'port program' }, 'ambiguous', '-18'],
    [{ status: '-12' }, 'ambiguous', '-12'],
    [{ status: '999' }, 'ambiguous', '999'],
    [{ status: '-777' }, 'ambiguous', '-777'],
    [{ reason: 'success' }, 'ambiguous', null],
    [{ status: '0', data: null }, 'ambiguous', '0'],
    [{ status: '0', data: 'x' }, 'ambiguous', '0'],
    [{ status: '0' }, 'ambiguous', '0'],
    [{ status: '0', data: [] }, 'ambiguous', '0'],
    [{ status: '0', data: [row('6599999999', 'x')] }, 'ambiguous', '0'],
    [{ status: '-10', data: [row('6599999999', 'x')] }, 'ambiguous', '-10'],
  ];
  for (const [answer, outcome, code] of answers) {
    const { client } = await setUp(answerJson(answer));
    const result = await client.sendGroup(request);
    assert.equal(result.outcome, outcome, JSON.stringify(answer));
    assert.equal('code' in result ? result.code : undefined, code, JSON.stringify(answer));
  }
});

test('a reason that names the callee is masked when it comes in', async () => {
  const reason = '6591110001 (+65 9111-0001) is blocked\u0000\ud800';
  const { client } = await setUp(
    answerJson({ status: '0', reason, data: [{ ...row('6591110001', null), terminationReason: reason }] }),
  );
  const result = await client.sendGroup(request);
  assert.ok(result.outcome === 'answered');
  const told = [result.reason, result.rows[0]?.terminationReason];
  assert.deepEqual(told, Array(2).fill('***0001 ***0001) is blocked\ufffd'));
});

test('code and msg instead of status and reason', async () => {
  const { client } = await setUp(answerJson({ code: 0, msg: 'success', data: [row('6591110001', 'a')] }));
  const result = await client.sendGroup(request);
  assert.ok(result.outcome === 'answered');
  assert.equal(result.reason, 'success');
});

test('-16 once: that answer corrects the clock and the same submission is sent again, newly signed', async () => {
  const platformAt = startAt + 40 * 60_000;
  const { platform, client } = await setUp(
    answerJson({ status: -16, desc: 'timestamp expires' }, { date: new Date(platformAt).toUTCString() }),
    answerJson({ status: '0', data: [row('6591110001', 'a')] }),
  );
  const result = await client.sendGroup(request);
  assert.equal(result.outcome, 'answered');
  assert.equal(platform.heard.length, 2);
  assert.equal(platform.heard[1]?.headers.timestamp, String(platformAt / 1000));
  assert.notEqual(platform.heard[1]?.headers.sign, platform.heard[0]?.headers.sign);
  assert.equal(platform.heard[1]?.body, platform.heard[0]?.body);
  assert.equal(client.clockOffset(), 40 * 60_000);
});

test('-16 corrects even a difference too small to be corrected otherwise', async () => {
  const { platform, client } = await setUp(
    answerJson({ status: '-16' }, { date: new Date(startAt + 120_000).toUTCString() }),
    answerJson({ status: '0', data: [row('6591110001', 'a')] }),
  );
  await client.sendGroup(request);
  assert.equal(platform.heard[1]?.headers.timestamp, String(startAt / 1000 + 120));
});

test('-16 again is a refusal; -16 with rows is never sent again', async () => {
  const twice = await setUp(answerJson({ status: '-16' }));
  const result = await twice.client.sendGroup(request);
  assert.equal(result.outcome, 'refused');
  assert.equal(twice.platform.heard.length, 2);

  const rows = await setUp(answerJson({ status: '-16', data: [row('6591110001', 'a')] }));
  assert.equal((await rows.client.sendGroup(request)).outcome, 'answered');
  assert.equal(rows.platform.heard.length, 1);
});
