import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { VoicecallError } from '../../src/errors.ts';
import { platformTime, type VoiceSettings } from '../../src/voice/client.ts';
import type { Network } from '../../src/voice/exchange.ts';
import type { VoiceClient } from '../../src/voice/types.ts';
import {
  answerJson,
  answerText,
  type Behaviour,
  createTestClient,
  silence,
  startAt,
  startRawPlatform,
} from './raw-platform.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function setUp(
  behaviours: Behaviour[],
  settings: (url: string) => Partial<VoiceSettings> = () => ({}),
  network: Partial<Network> = {},
) {
  const platform = await startRawPlatform(...behaviours);
  const { client, log, clock } = createTestClient(platform.url, {
    settings: settings(platform.url),
    network,
  });
  stops.push(async () => {
    await client.close();
    await platform.stop();
  });
  return { platform, client, log, clock };
}

const success = (data: unknown) => answerJson({ status: '0', reason: 'success', data });
const page = (records: unknown[], total: number, pages: number, current: number) =>
  success({ total, size: 100, current, pages, records });
const record = (voiceId: string) => ({ voiceId, callee: '6591110001' });

function fails(code: VoicecallError['code'], platformCode: string) {
  return (error: unknown) => {
    assert.ok(error instanceof VoicecallError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.facts.code, platformCode);
    assert.match(error.facts.remedy ?? '', /\.$/);
    return true;
  };
}

test('one slash between prefix and name, with any end of the prefix; ids are encoded', async () => {
  for (const ending of ['', '/', '//']) {
    const { platform, client } = await setUp([success(null)], (url) => ({ apiUrl: `${url}${ending}` }));
    assert.equal(await client.recordGroup('26/../0 1'), null);
    assert.equal(platform.heard[0]?.path, '/voice/recordGroup/26%2F..%2F0%201');
    assert.equal(platform.heard[0]?.method, 'GET');
    assert.equal(platform.heard[0]?.headers['api-key'], 'bDqJFiq9');
  }
});

test('every page of the recordings, each once, without invalid ones', async () => {
  const { platform, client } = await setUp([
    page([{ fileId: 'a.mp3', fileName: 'one.mp3' }, { fileName: 'x' }], 3, 2, 1),
    page(
      [
        { fileId: 'b.mp3', fileName: 'two.mp3', added: 1 },
        { fileId: 'a.mp3', fileName: 'one.mp3' },
      ],
      3,
      2,
      2,
    ),
  ]);
  assert.deepEqual(await client.fileQuery(), [
    { fileId: 'a.mp3', fileName: 'one.mp3' },
    { fileId: 'b.mp3', fileName: 'two.mp3' },
  ]);
  assert.deepEqual(
    platform.heard.map((each) => each.json),
    [
      { current: 1, size: 100 },
      { current: 2, size: 100 },
    ],
  );
});

test('an empty library ends at once, whatever size it claims', async () => {
  for (const [total, pages] of [
    [0, 0],
    [7, 3],
  ] as const) {
    const { platform, client } = await setUp([page([], total, pages, 1)]);
    assert.deepEqual(await client.fileQuery(), []);
    assert.equal(platform.heard.length, 1);
  }
});

/**
 * The voiceIds of the records from `startAt` on, in their order. `onTurn` is called if a page must wait for its turn.
 */
async function voiceIdsOf(client: VoiceClient, toAt: number, onTurn = async () => {}): Promise<string[]> {
  const voiceIds: string[] = [];
  await client.recordGroupQuery(startAt, toAt, {
    async take(records) {
      voiceIds.push(...records.map((each) => each.voiceId));
    },
    nextTurn: onTurn,
  });
  return voiceIds;
}

test('records of a window: +08:00, all pages, page 1 again if the total changed', async () => {
  const { platform, client } = await setUp([
    page([record('1'), record('2')], 3, 2, 1),
    page([record('2'), record('3')], 4, 2, 2),
    page([record('4'), record('1')], 4, 2, 1),
  ]);
  assert.deepEqual(await voiceIdsOf(client, startAt + 60_001), ['1', '2', '2', '3', '4', '1']);
  assert.deepEqual(
    platform.heard.map((each) => each.json.current),
    [1, 2, 1],
  );
  assert.deepEqual(platform.heard[0]?.json, {
    current: 1,
    size: 100,
    params: { strTime: '2026-01-05T17:30:11+08:00', endTime: '2026-01-05T17:31:12+08:00' },
  });
});

test('an unchanged total needs no second read of page 1', async () => {
  const { platform, client } = await setUp([page([record('1')], 2, 2, 1), page([record('2')], 2, 2, 2)]);
  assert.deepEqual(await voiceIdsOf(client, startAt), ['1', '2']);
  assert.equal(platform.heard.length, 2);
});

test('if each page counts as a query, the pages wait for turns', async () => {
  const busy = answerJson({ status: '-15', reason: 'Frequent Queries' });
  const { platform, client, clock } = await setUp([
    page([record('1')], 3, 3, 1),
    busy,
    page([record('2')], 3, 3, 2),
    page([record('3')], 3, 3, 3),
  ]);
  let turns = 0;
  const voiceIds = await voiceIdsOf(client, startAt, async () => {
    turns++;
    await clock.advance(61_000);
  });
  assert.deepEqual(voiceIds, ['1', '2', '3']);
  assert.equal(turns, 2);
  assert.deepEqual(
    platform.heard.map((each) => each.json.current),
    [1, 2, 2, 3],
  );
});

test('after "too often" nobody asks for a minute', async () => {
  const busy = answerJson({ status: '-15', reason: 'Frequent Queries' });
  const { platform, client, clock } = await setUp([busy, page([], 0, 0, 1)]);
  await assert.rejects(client.fileQuery(), fails('voice_refused', '-15'));
  await clock.advance(59_000);
  await assert.rejects(client.fileQuery(), fails('voice_refused', '-15'));
  assert.equal(platform.heard.length, 1);
  await clock.advance(2_000);
  assert.deepEqual(await client.fileQuery(), []);
});

test('a window of more than 100,000 records is read to its end, page by page', async () => {
  const pages = 1_200;
  const { client } = await setUp(
    Array.from({ length: pages }, (_, index) => page([record(`v${index}`)], pages, pages, index + 1)),
  );
  assert.equal((await voiceIdsOf(client, startAt)).length, pages);
});

test('half a window is no result, because it would look like proof', async () => {
  const { client } = await setUp([page([record('1')], 2, 2, 1), success(null)]);
  await assert.rejects(voiceIdsOf(client, startAt), fails('voice_unavailable', 'no_code'));
});

test('the platform’s times are written at +08:00, also over midnight', () => {
  assert.equal(platformTime(Date.UTC(2026, 0, 4, 16, 0, 0, 999)), '2026-01-05T00:00:00+08:00');
});

test('one record; unknown or not visible yet is null, in each of its forms', async () => {
  const one = await setUp([success({ ...record('2601050930110000001'), terminationCode: 200 })]);
  const found = await one.client.recordGroup('2601050930110000001');
  assert.equal(found?.terminationCode, '200');

  const bare = await setUp([
    answerText('{"status":"0","data":{"voiceId":2601050930110000001,"callee":"1"}}'),
  ]);
  assert.equal((await bare.client.recordGroup('2601050930110000001'))?.voiceId, '2601050930110000001');

  const missing = [
    success(null),
    success(''),
    ...['-14', '-22', '-24'].map((status) => answerJson({ status })),
  ];
  for (const behaviour of [...missing, success(record('someone-elses'))]) {
    const { client } = await setUp([behaviour]);
    assert.equal(await client.recordGroup('2601050930110000001'), null);
  }
});

test('the balance: fields at the top level, only if a URL is set', async () => {
  const answer = answerJson({ status: '0', reason: 'success', balance: '99.900', gift: '0.000' });
  const { platform, client } = await setUp([answer], (url) => ({ balanceUrl: `${url}/sms/getBalance?x=1` }));
  assert.deepEqual(await client.getBalance(), { balance: '99.900', gift: '0.000', credit: null });
  assert.equal(platform.heard[0]?.path, '/voice/sms/getBalance?x=1');

  const unset = await setUp([answer]);
  assert.equal(await unset.client.getBalance(), null);
  assert.equal(unset.platform.heard.length, 0);
});

test('a read is retried after a passing fault, twice at most', async () => {
  const passing: Behaviour[] = [
    (socket) => socket.resetAndDestroy(),
    answerText('<html>', { status: '502 Bad' }),
    answerJson({ status: '-18' }),
  ];
  for (const behaviour of passing) {
    const { platform, client } = await setUp([behaviour, behaviour, page([], 0, 0, 1)]);
    assert.deepEqual(await client.fileQuery(), []);
    assert.equal(platform.heard.length, 3);
  }
  const { platform, client } = await setUp([answerJson({ status: '-18' })]);
  await assert.rejects(client.fileQuery(), fails('voice_unavailable', '-18'));
  assert.equal(platform.heard.length, 3);
});

test('a definite refusal is not retried', async () => {
  const cases: [Behaviour, VoicecallError['code'], string][] = [
    [answerJson({ status: '-1', reason: 'auth failed' }), 'voice_refused', '-1'],
    [answerJson({ status: '-15', reason: 'Frequent Queries' }), 'voice_refused', '-15'],
    [answerText('', { status: '404 Not Found' }), 'voice_unavailable', 'http_status'],
    [
      answerText('', { status: '302 Found', extra: 'Location: /elsewhere\r\n' }),
      'voice_unavailable',
      'http_status',
    ],
  ];
  for (const [behaviour, code, platformCode] of cases) {
    const { platform, client } = await setUp([behaviour]);
    await assert.rejects(client.fileQuery(), fails(code, platformCode));
    assert.equal(platform.heard.length, 1, platformCode);
  }
});

test('-16 is answered with the right time, once', async () => {
  const date = new Date(startAt + 3_600_000).toUTCString();
  const { platform, client } = await setUp([answerJson({ status: -16 }, { date }), page([], 0, 0, 1)]);
  assert.deepEqual(await client.fileQuery(), []);
  assert.equal(platform.heard[1]?.headers.timestamp, String(startAt / 1000 + 3_600));

  const always = await setUp([answerJson({ status: -16 }, { date })]);
  await assert.rejects(always.client.fileQuery(), fails('voice_refused', '-16'));
  assert.equal(always.platform.heard.length, 2);
});

test('a silent platform gives an error', async () => {
  const { client } = await setUp([silence], undefined, { answerTimeoutMs: 60 });
  await assert.rejects(client.fileQuery(), fails('voice_unavailable', 'timeout'));
});

test('no error text contains a key, a secret or a signature', async () => {
  const { platform, client } = await setUp([answerJson({ status: '-1', reason: 'auth failed' })]);
  const error = await client.fileQuery().catch((caught: unknown) => caught);
  assert.ok(error instanceof VoicecallError);
  const told = `${error.stack} ${JSON.stringify(error.facts)}`;
  for (const secret of ['bDqJFiq9', '7bz1lzh9', platform.heard[0]?.headers.sign ?? '-']) {
    assert.equal(told.includes(secret), false);
  }
});
