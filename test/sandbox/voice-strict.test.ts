import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get as httpGet } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startVoicePlatform, type VoicePlatform } from '../../sandbox/voice/server.ts';
import {
  APP,
  at,
  code,
  FAST,
  FILE,
  get,
  group,
  JSON_TYPE,
  md5,
  post,
  rows,
  send,
  signed,
} from './voice-request.ts';

let platform: VoicePlatform;
before(async () => {
  platform = await startVoicePlatform({ ...FAST, secondMs: 20 });
});
after(() => platform.stop());
beforeEach(() => {
  platform.violations.length = 0;
});

async function refused(
  endpoint: string,
  body: unknown,
  expected: string,
  headers: Record<string, string> = {},
) {
  const before = platform.calls.length;
  const reply = await post(platform, endpoint, body, headers);
  assert.equal(reply.status, expected, JSON.stringify(reply));
  assert.equal(platform.calls.length, before, 'nobody was called');
}

async function isViolation(
  endpoint: string,
  body: unknown,
  expected = '-22',
  headers: Record<string, string> = {},
) {
  platform.violations.length = 0;
  await refused(endpoint, body, expected, headers);
  assert.equal(platform.violations.length, 1, JSON.stringify(body).slice(0, 200));
}

async function isGood(endpoint: string, body: unknown) {
  platform.violations.length = 0;
  const reply = await post(platform, endpoint, body);
  assert.equal(reply.status, '0', JSON.stringify(reply));
  assert.deepEqual(platform.violations, []);
}

describe('signature', () => {
  it('is the published vector', async () => {
    const old = await startVoicePlatform({ now: () => 1_630_468_800_000 });
    const headers = {
      'Api-Key': 'bDqJFiq9',
      Timestamp: '1630468800',
      Sign: '05d7a50893e22a5c4bb3216ae3396c7c',
    };
    const reply = await (await fetch(old.balanceUrl, { headers })).json();
    assert.deepEqual(reply, {
      status: '0',
      reason: 'success',
      balance: '99.900',
      gift: '0.000',
      credit: '0.000',
    });
    await old.stop();
  });

  it('may be in capital letters', async () => {
    const headers = signed();
    await isGoodWith({ Sign: String(headers.Sign).toUpperCase() });
  });

  async function isGoodWith(headers: Record<string, string>) {
    const reply = await post(platform, 'fileQuery', { current: 1, size: 25 }, headers);
    assert.equal(reply.status, '0', JSON.stringify(reply));
  }

  it('refuses an unknown key, a wrong or missing signature with -1', async () => {
    await isViolation('sendGroup', group(), '-1', { 'Api-Key': 'somebody' });
    await isViolation('sendGroup', group(), '-1', { Sign: md5('something else') });
    await isViolation('sendGroup', group(), '-1', { Sign: '' });
    // Signed with another time than the one in the header.
    await isViolation('sendGroup', group(), '-1', { Timestamp: String(Math.floor(Date.now() / 1000) - 60) });
  });

  it('accepts half an hour either side of its clock, -16 beyond, which is no mistake of the client', async () => {
    const minute = 60_000;
    await isGoodWith(signed(Date.now() - 29 * minute));
    await isGoodWith(signed(Date.now() + 29 * minute));
    await refused('sendGroup', group(), '-16', signed(Date.now() - 31 * minute));
    await refused('sendGroup', group(), '-16', signed(Date.now() + 31 * minute));
    assert.deepEqual(platform.violations, []);
  });

  it('treats a time in milliseconds as a mistake', async () => {
    const inMs = String(Date.now());
    await isViolation('sendGroup', group(), '-16', { Timestamp: inMs, Sign: md5(`bDqJFiq97bz1lzh9${inMs}`) });
  });
});

describe('HTTP', () => {
  it('knows no other path or method', async () => {
    for (const path of ['nothing', '/sendGroup', 'sendGroup/', 'sendGroup?x=1', 'group/call/send']) {
      platform.violations.length = 0;
      assert.equal((await send(platform, path, group())).status, 404, path);
      assert.equal(platform.violations.length, 1);
    }
    const wrongMethod = await fetch(`${platform.url}/sendGroup`, { headers: signed() });
    assert.equal(wrongMethod.status, 405);
    assert.equal((await send(platform, 'recordGroup/1', {})).status, 405);
  });

  it('requires its content type', async () => {
    for (const type of ['text/plain', 'application/json', 'application/x-www-form-urlencoded']) {
      await isViolation('sendGroup', group(), '-22', { 'Content-Type': type });
    }
    const spaced = await post(
      platform,
      'fileQuery',
      { current: 1, size: 1 },
      { 'Content-Type': 'application/json; charset=utf-8' },
    );
    assert.equal(spaced.status, '0');
  });

  it('requires strict JSON', async () => {
    await isViolation('sendGroup', '{"callee":"6591110010",}');
    await isViolation('sendGroup', '');
    await isViolation('sendGroup', '[]');
    await isViolation('sendGroup', 'null');
  });

  it('refuses a body above 1 MiB', async () => {
    assert.equal(
      (await send(platform, 'sendGroup', group({ calledInfo: 'x'.repeat(1_100_000) }))).status,
      413,
    );
  });

  it('logs each request without the signature, with its connection', async () => {
    await post(platform, 'sendGroup', group({ calledInfo: 'logged' }));
    const logged = platform.requests.at(-1);
    assert.equal(logged?.endpoint, 'sendGroup');
    assert.equal(logged?.body?.calledInfo, 'logged');
    assert.equal(logged?.headers['content-type'], JSON_TYPE);
    assert.equal(logged?.dialled, 2);
    assert.equal(logged?.code, '0');
    assert.ok(!JSON.stringify(logged).includes(md5(`bDqJFiq97bz1lzh9${logged?.headers.timestamp}`)));
  });

  it('distinguishes requests on a kept connection from those on a new one', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const _ of [1, 2]) {
      const [response] = await once(httpGet(platform.balanceUrl, { agent, headers: signed() }), 'response');
      response.resume();
      await once(response, 'end');
    }
    agent.destroy();
    await get(platform, platform.balanceUrl);
    const [first, second, other] = platform.requests.slice(-3);
    assert.deepEqual([first?.nthOnConnection, second?.nthOnConnection], [1, 2]);
    assert.equal(first?.connection, second?.connection);
    assert.notEqual(other?.connection, first?.connection);
  });
});

describe('sendGroup', () => {
  const numbers = (count: number) =>
    Array.from({ length: count }, (_, i) => String(6_592_000_000 + i)).join(',');

  it('answers one row per callee and calls all of them', async () => {
    const before = platform.calls.length;
    const reply = await post(platform, 'sendGroup', group({ calledInfo: 'rows' }));
    const dialled = platform.calls.slice(before);
    assert.deepEqual(
      rows(reply),
      dialled.map(({ voiceId, callee }) => ({
        voiceId,
        callee,
        terminationCode: '0',
        terminationReason: 'success',
      })),
    );
    assert.deepEqual(
      dialled.map((call) => call.callee),
      ['6591110010', '6591110011'],
    );
    assert.deepEqual(
      dialled.map((call) => call.calledInfo),
      ['rows', 'rows'],
    );
    for (const call of dialled) assert.match(call.voiceId, /^[0-9]{19,20}$/);
    assert.ok(dialled.every((call) => call.fileId === FILE));
  });

  it('accepts 1 to 200 callees', async () => {
    await isGood('sendGroup', group({ callee: numbers(200), calledInfo: 'two hundred' }));
    await isGood('sendGroup', group({ callee: numbers(1), calledInfo: 'one' }));
    await isViolation('sendGroup', group({ callee: numbers(201) }));
    await isViolation('sendGroup', group({ callee: '' }));
  });

  it('accepts callees of 7 to 15 digits, no 0 first, no spaces, none twice', async () => {
    await isGood('sendGroup', group({ callee: '1234567,123456789012345', calledInfo: 'digits' }));
    const bad = [
      '123456',
      '1234567890123456',
      '0123456789',
      '+6591110010',
      '6591110010, 6591110011',
      '6591110010,',
    ];
    for (const callee of bad) await isViolation('sendGroup', group({ callee }));
    await isViolation('sendGroup', group({ callee: '6591110010,6591110011,6591110010' }));
    assert.match(platform.violations[0] ?? '', /6591110010 stands there twice/);
    await isViolation('sendGroup', group({ callee: 6591110010 }));
    await isViolation('sendGroup', group({ callee: ['6591110010'] }));
  });

  it('keeps to the bounds of numbers, which are integers', async () => {
    const bounds: [string, number, number][] = [
      ['maxDuration', 1, 120],
      ['maxRingingTime', 20, 120],
      ['loopCount', 1, 3],
    ];
    for (const [field, least, most] of bounds) {
      await isGood('sendGroup', group({ [field]: least, calledInfo: `${field} least` }));
      await isGood('sendGroup', group({ [field]: most, calledInfo: `${field} most` }));
      for (const bad of [least - 1, most + 1, least + 0.5, String(least), null]) {
        await isViolation('sendGroup', group({ [field]: bad }));
      }
    }
  });

  it('keeps to the bounds of texts, and knows its fields', async () => {
    await isGood('sendGroup', group({ calledInfo: 'c'.repeat(1000) }));
    await isViolation('sendGroup', group({ calledInfo: 'c'.repeat(1001) }));
    for (const displayNum of ['1234567', '123456789012345', '']) {
      await isGood('sendGroup', group({ displayNum, calledInfo: `shown as ${displayNum}` }));
    }
    for (const displayNum of ['123456', '1234567890123456', '+1234567', null, 1234567]) {
      await isViolation('sendGroup', group({ displayNum }));
    }
    await isViolation('sendGroup', group({ recallCount: 0 }));
    for (const field of ['callee', 'fileId', 'appId']) {
      const { [field]: _left, ...body } = group();
      await isViolation('sendGroup', body);
    }
  });

  it('refuses what the account does not have', async () => {
    await refused('sendGroup', group({ appId: 'Zz3dE5gH' }), '-32');
    await refused('sendGroup', group({ fileId: 'nothing.mp3' }), '-22');
    platform.setBehaviour({ unknownFileCode: '-14', balance: '0.000' });
    await refused('sendGroup', group(), '-10');
    platform.setBehaviour({ balance: '1.000' });
    await refused('sendGroup', group({ fileId: 'nothing.mp3' }), '-14');
    assert.deepEqual(platform.violations, []);
  });

  it('reports a callee that is called twice for one token', async () => {
    await isGood('sendGroup', group({ calledInfo: 'once' }));
    await post(platform, 'sendGroup', group({ callee: '6591110011', calledInfo: 'once' }));
    assert.match(platform.violations[0] ?? '', /6591110011 is called a second time for calledInfo "once"/);
    platform.violations.length = 0;
    await isGood('sendGroup', group({ callee: '6591110011', calledInfo: 'again' }));
  });

  it('can use the wider bounds of some pages', async () => {
    const wide = await startVoicePlatform({ ...FAST, limits: { callees: 1000, loopCount: 9 } });
    const reply = await post(wide, 'sendGroup', group({ callee: numbers(1000), loopCount: 9 }));
    assert.equal(rows(reply).length, 1000);
    await wide.stop();
  });
});

describe('sendCode', () => {
  it('calls one number and answers its voiceId', async () => {
    const reply = await post(platform, 'sendCode', code());
    const call = platform.calls.at(-1);
    assert.equal(reply.data, call?.voiceId);
    assert.equal(call?.text, 'Disk alarm.');
    await isViolation('sendCode', code({ callee: '6591110010,6591110011' }));
  });

  it('keeps to its bounds', async () => {
    await isGood('sendCode', code({ text: 't'.repeat(299), calledInfo: 'long' }));
    for (const text of ['t'.repeat(300), '', null]) await isViolation('sendCode', code({ text }));
    for (const language of ['en', 'XX', undefined]) await isViolation('sendCode', code({ language }));
    for (const over of [{ ssmlGender: 3 }, { speakingRate: 5 }, { loopCount: 4 }, { fileId: FILE }]) {
      await isViolation('sendCode', code(over));
    }
  });
});

describe('recordings', () => {
  it('come in pages; both fields are required', async () => {
    const reply = await post(platform, 'fileQuery', { current: 2, size: 1 });
    assert.equal(at(reply, 'data', 'total'), 2);
    assert.equal(at(reply, 'data', 'pages'), 2);
    assert.equal(at(reply, 'data', 'records', 0, 'fileName'), 'wake-up.mp3');
    for (const body of [{}, { current: 1 }, { current: null, size: 25 }, { current: 0, size: 25 }]) {
      await isViolation('fileQuery', body);
    }
    await isViolation('fileQuery', { current: 1, size: 101 });
    await isViolation('fileQuery', { current: '1', size: 100 });
  });

  it('are uploaded under a unique name', async () => {
    const file = Buffer.from('ID3 not really').toString('base64');
    const reply = await post(platform, 'fileUpload', { fileName: 'new-one.mp3', file });
    assert.match(String(reply.data), /^1[0-9]{8}[0-9a-f]{32}\.mp3$/);
    assert.equal(platform.requests.at(-1)?.body?.file, `(${file.length} characters)`);
    await isGood('sendGroup', group({ fileId: reply.data, calledInfo: 'uploaded' }));
    await refused('fileUpload', { fileName: 'new-one.mp3', file }, '-20');
    await isViolation('fileUpload', { fileName: 'other.mp3', file: '%%%' }, '-21');
    await isViolation('fileUpload', { fileName: 'other.txt', file }, '-21');
    await isViolation('fileUpload', { fileName: 'a.mp', file });
    await isViolation('fileUpload', { fileName: `${'a'.repeat(29)}.mp3`, file });
  });
});

describe('records', () => {
  const at8 = (ms: number) => `${new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
  const window = (fromMs: number, toMs: number) => ({
    current: 1,
    size: 100,
    params: { strTime: at8(Date.now() + fromMs), endTime: at8(Date.now() + toMs) },
  });
  const day = 86_400_000;

  it('are found by voiceId and by window once the call is over', async () => {
    const reply = await post(platform, 'sendCode', code({ calledInfo: 'found' }));
    const voiceId = String(reply.data);
    assert.equal((await get(platform, `recordGroup/${voiceId}`)).data, null);
    platform.answer(voiceId, { seconds: 13, key: '1' });
    await platform.until(() => platform.calls.at(-1)?.state === 'ended');
    const record = (await get(platform, `recordGroup/${voiceId}`)).data;
    assert.equal(at(record, 'terminationCode'), '200');
    assert.equal(at(record, 'callDuration'), 13);
    assert.equal(at(record, 'feedbackValue'), '1');
    assert.match(String(at(record, 'answerTime')), /\+08:00$/);
    const found = await post(platform, 'recordGroupQuery', window(-60_000, 60_000));
    assert.deepEqual(at(found, 'data', 'records', 0), record);
    const none = await post(platform, 'recordGroupQuery', window(-120_000, -60_000));
    assert.equal(at(none, 'data', 'total'), 0);
  });

  it('can be slow to appear, or appear while it rings', async () => {
    const reply = await post(platform, 'sendCode', code({ calledInfo: 'slow' }));
    platform.setBehaviour({ recordVisibleAfterMs: 60_000, unknownRecord: '-24' });
    platform.answer(String(reply.data));
    await platform.until(() => platform.calls.at(-1)?.state === 'ended');
    assert.equal((await get(platform, `recordGroup/${reply.data}`)).status, '-24');
    platform.setBehaviour({ recordVisibleAfterMs: 0, recordsFrom: 'submission' });
    platform.setBehaviour({ queueMs: 60_000 });
    const queued = await post(platform, 'sendCode', code({ calledInfo: 'queued' }));
    const record = (await get(platform, `recordGroup/${queued.data}`)).data;
    assert.equal(at(record, 'terminationCode'), null);
    platform.setBehaviour({ queueMs: 0, recordsFrom: 'termination', unknownRecord: 'null' });
  });

  it('are queried in one form', async () => {
    const good = window(-day, day);
    await isGood('recordGroupQuery', good);
    const zulu = { strTime: new Date().toISOString(), endTime: new Date(Date.now() + day).toISOString() };
    await isViolation('recordGroupQuery', { ...good, params: zulu });
    await isViolation('recordGroupQuery', {
      ...good,
      params: { startTime: good.params.strTime, endTime: good.params.endTime },
    });
    await isViolation('recordGroupQuery', {
      ...good,
      params: { ...good.params, endTime: good.params.strTime },
    });
    await isViolation('recordGroupQuery', { ...good, size: 101 });
    await isViolation('recordGroupQuery', window(-32 * day, 0), '-25');
    await isViolation('recordGroupQuery', window(-63 * day, -60 * day), '-25');
    const reply = await get(platform, 'recordGroup/abc');
    assert.equal(reply.status, '-22');
  });

  it('can be queried too often', async () => {
    platform.setBehaviour({ queryIntervalMs: 60_000 });
    await refused('recordGroupQuery', window(-day, day), '-15');
    platform.setBehaviour({ queryIntervalMs: 0 });
  });
});

describe('balance', () => {
  it('is a signed GET, with its fields at the top level', async () => {
    assert.equal((await get(platform, platform.balanceUrl)).balance, '1.000');
    const unsigned = await (await fetch(platform.balanceUrl)).json();
    assert.equal(at(unsigned, 'status'), '-1');
  });

  it('belongs to the given application', () => {
    assert.equal(platform.credentials.appId, APP);
  });
});
