import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Fault } from '../../sandbox/voice/faults.ts';
import { startVoicePlatform, type VoicePlatform } from '../../sandbox/voice/server.ts';
import {
  at,
  code,
  FAST,
  get,
  group,
  JSON_TYPE,
  post,
  rows,
  send,
  signed,
  startReceiver,
} from './voice-request.ts';

let platform: VoicePlatform;
beforeEach(async () => {
  platform = await startVoicePlatform(FAST);
});
afterEach(async () => {
  assert.deepEqual(platform.violations, []);
  await platform.stop();
});

const callees = () => platform.calls.map((call) => call.callee);
const BOTH = ['6591110010', '6591110011'];

/** What a client sees on its own socket: everything until the end, and how it ended. */
function raw(body: string, waitMs: number): Promise<{ text: string; ended: 'end' | 'reset' | 'silence' }> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(platform.url);
    const socket = connect(Number(port), hostname);
    let text = '';
    const finish = (ended: 'end' | 'reset' | 'silence') => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, ended });
    };
    const timer = setTimeout(() => finish('silence'), waitMs);
    socket.on('data', (bytes) => {
      text += bytes;
    });
    socket.on('end', () => finish('end'));
    socket.on('error', () => finish('reset'));
    const headers = {
      ...signed(),
      'Content-Type': JSON_TYPE,
      'Content-Length': body.length,
      Connection: 'close',
    };
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST /voice/sendGroup HTTP/1.1\r\nHost: localhost\r\n${head.join('')}\r\n${body}`);
  });
}

describe('ends of an exchange', () => {
  it('silence, before or after calling', async () => {
    platform.faults.next({ silence: 'before-dialling' });
    assert.deepEqual(await raw(JSON.stringify(group()), 300), { text: '', ended: 'silence' });
    assert.deepEqual(callees(), []);
    platform.faults.next({ silence: 'after-dialling' });
    assert.deepEqual(await raw(JSON.stringify(group()), 300), { text: '', ended: 'silence' });
    assert.deepEqual(callees(), BOTH);
  });

  it('a reset, before reading, after reading, after calling', async () => {
    for (const when of ['before-reading', 'after-reading'] as const) {
      platform.faults.next({ reset: when });
      assert.deepEqual(await raw(JSON.stringify(group()), 60_000), { text: '', ended: 'reset' });
      assert.deepEqual(callees(), []);
      assert.equal(platform.requests.at(-1)?.body === null, when === 'before-reading');
    }
    platform.faults.next({ reset: 'after-dialling' });
    assert.deepEqual(await raw(JSON.stringify(group()), 60_000), { text: '', ended: 'reset' });
    assert.deepEqual(callees(), BOTH);
  });

  for (const dialled of [false, true]) {
    const expected = dialled ? BOTH : [];
    it(`HTTP 502 with HTML, ${dialled ? '' : 'not '}having called`, async () => {
      platform.faults.next({ http: { status: 502, dialled } });
      const response = await send(platform, 'sendGroup', group());
      assert.equal(response.status, 502);
      assert.equal(response.headers.get('content-type'), 'text/html');
      assert.match(await response.text(), /<html>/);
      assert.deepEqual(callees(), expected);
    });

    it(`a redirect, ${dialled ? '' : 'not '}having called`, async () => {
      platform.faults.next({ redirect: { location: `${platform.url}/sendGroup`, dialled } });
      const response = await send(platform, 'sendGroup', group());
      assert.equal(response.status, 307);
      assert.equal(response.headers.get('location'), `${platform.url}/sendGroup`);
      assert.deepEqual(callees(), expected);
    });

    it(`-18, ${dialled ? '' : 'not '}having called`, async () => {
      platform.faults.next({ refuse: { code: '-18', dialled } });
      const reply = await post(platform, 'sendGroup', group());
      assert.deepEqual(reply, { status: '-18', reason: 'port program error' });
      assert.deepEqual(callees(), expected);
    });
  }

  it('a refusal of the whole request with any code, on any endpoint', async () => {
    for (const refusal of ['-1', '-2', '-10', '-12', '-13', '-16', '-22', '-26', '-31', '-777']) {
      platform.faults.next({ refuse: { code: refusal } });
      assert.equal((await post(platform, 'sendGroup', group())).status, refusal);
    }
    assert.deepEqual(callees(), []);
    platform.faults.next({ on: 'fileQuery', refuse: { code: '-15' } });
    assert.equal((await post(platform, 'fileQuery', { current: 1, size: 1 })).reason, 'Frequent Queries');
    platform.faults.next({ on: ['getBalance', 'recordGroup'], refuse: { code: '-13' } });
    assert.equal((await get(platform, platform.balanceUrl)).status, '-13');
  });

  it('a refusal whose rows say otherwise', async () => {
    platform.faults.next({ refuse: { code: '-18', dialled: true, withRows: true } });
    const reply = await post(platform, 'sendGroup', group());
    assert.equal(reply.status, '-18');
    assert.deepEqual(
      rows(reply).map((row) => row.voiceId),
      platform.calls.map((call) => call.voiceId),
    );
  });

  it('an answer cut off, its JSON or its connection, having called', async () => {
    platform.faults.next({ cut: 'json' });
    const response = await send(platform, 'sendGroup', group());
    assert.equal(response.status, 200);
    const text = await response.text();
    assert.throws(() => JSON.parse(text), SyntaxError);
    assert.ok(text.startsWith('{"status":"0"'));
    platform.faults.next({ cut: 'connection' });
    const broken = await send(platform, 'sendGroup', group({ calledInfo: 'token-3' }));
    await assert.rejects(broken.text());
    assert.equal(callees().length, 4);
  });

  it('connections refused, and accepted again with everything still there', async () => {
    await post(platform, 'sendGroup', group());
    await platform.goDown();
    await assert.rejects(send(platform, 'sendGroup', group()));
    await platform.comeBack();
    assert.equal((await post(platform, 'sendCode', code())).status, '0');
    assert.equal(callees().length, 3);
  });
});

describe('rows', () => {
  const numbers = Array.from({ length: 8 }, (_, i) => String(6_592_000_010 + i));
  const body = group({ callee: numbers.join(',') });
  const sendWith = async (fault: Fault) => {
    platform.faults.next(fault);
    return rows(await post(platform, 'sendGroup', body));
  };

  it('missing, although called', async () => {
    const left = await sendWith({ missingRows: 3 });
    assert.deepEqual(
      left.map((row) => row.callee),
      numbers.slice(3),
    );
    assert.deepEqual(callees(), numbers);
  });

  it('missing by number', async () => {
    const left = await sendWith({ missingRows: [numbers[4] ?? ''] });
    assert.equal(left.length, 7);
    assert.ok(!left.some((row) => row.callee === numbers[4]));
  });

  it('in another order than the request’s', async () => {
    const shuffled = (await sendWith({ shuffleRows: true })).map((row) => row.callee);
    assert.notDeepEqual(shuffled, numbers);
    assert.deepEqual(shuffled.toSorted(), numbers);
    for (const call of platform.calls) assert.ok(call.voiceId);
  });

  it('refused, N of them, with any value for their voiceId', async () => {
    const three = await sendWith({ refuseRows: { count: 3, code: '-26' } });
    assert.deepEqual(
      three.map((row) => row.terminationCode),
      ['0', '0', '0', '0', '0', '-26', '-26', '-26'],
    );
    assert.deepEqual(
      three.slice(5).map((row) => row.voiceId),
      [null, null, null],
    );
    assert.deepEqual(callees(), numbers.slice(0, 5));
  });

  it('refused by number, with or without a voiceId', async () => {
    const named = { callees: [numbers[0] ?? ''], code: '-9' };
    const [absent] = await sendWith({ refuseRows: named, voiceIds: 'absent' });
    assert.equal(absent?.terminationCode, '-9');
    assert.ok(absent && !('voiceId' in absent));
    platform.calls.length = 0;
    platform.faults.next({ refuseRows: named, voiceIds: 'given' });
    const [given] = rows(await post(platform, 'sendGroup', { ...body, calledInfo: 'other' }));
    assert.match(given?.voiceId ?? '', /^[0-9]{19,20}$/);
    assert.ok(!platform.calls.some((call) => call.voiceId === given?.voiceId));
  });

  it('accepted without a voiceId, and for a number that nobody asked for', async () => {
    const strange = await sendWith({ voiceIds: 'null-all', foreignRow: true });
    assert.equal(strange.length, 9);
    assert.equal(strange[0]?.voiceId, null);
    assert.equal(strange[8]?.callee, '10000000000');
    assert.deepEqual(callees(), numbers);
  });

  it('of phones that are always refused', async () => {
    platform.setBehaviour({ phones: { '0012': { refuse: { code: '-26' } } } });
    const reply = rows(await post(platform, 'sendGroup', body));
    assert.equal(reply.find((row) => row.callee === '6592000012')?.terminationCode, '-26');
    assert.ok(!callees().includes('6592000012'));
    assert.equal((await post(platform, 'sendCode', code({ callee: '6592000012' }))).status, '-26');
  });
});

describe('the form of an answer', () => {
  it('comes in every published envelope, and in none', async () => {
    const look = async (envelope: NonNullable<Fault['envelope']>) => {
      platform.faults.next({ on: 'fileQuery', envelope });
      const { data: _data, ...rest } = await post(platform, 'fileQuery', { current: 1, size: 1 });
      return rest;
    };
    assert.deepEqual(await look('status'), { status: '0', reason: 'success' });
    assert.deepEqual(await look('status-number'), { status: 0, reason: 'success' });
    assert.deepEqual(await look('code-msg'), { code: 0, msg: 'success' });
    assert.deepEqual(await look('code-msg-string'), { code: '0', msg: 'success' });
    assert.deepEqual(await look('status-desc'), { status: 0, desc: 'success' });
    assert.deepEqual(await look('none'), {});
  });

  it('may be slow, after calling', async () => {
    platform.faults.next({ delayMs: 400 });
    const begun = performance.now();
    let answered = false;
    const answer = post(platform, 'sendGroup', group()).finally(() => {
      answered = true;
    });
    await platform.until(() => platform.calls.length === 2);
    assert.equal(answered, false);
    assert.equal((await answer).status, '0');
    assert.ok(performance.now() - begun >= 395);
  });

  it('may be huge', async () => {
    platform.faults.next({ padBytes: 3_000_000 });
    const text = await (await send(platform, 'sendGroup', group())).text();
    assert.ok(text.length > 3_000_000);
  });

  it('may have a wrong date, although the clock is right', async () => {
    platform.faults.next({ on: 'getBalance', dateOffsetMs: -3_600_000 });
    const response = await fetch(platform.balanceUrl, { headers: signed() });
    const off = Date.parse(response.headers.get('date') ?? '') - Date.now();
    assert.ok(Math.abs(off + 3_600_000) < 5000);
    assert.equal(at(await response.json(), 'status'), '0');
  });

  it('a clock that is wrong shows it in the date, and the client must follow it', async () => {
    platform.setBehaviour({ clockOffsetMs: 3_600_000 });
    const response = await fetch(platform.balanceUrl, { headers: signed() });
    assert.equal(at(await response.json(), 'status'), '-16');
    const date = Date.parse(response.headers.get('date') ?? '');
    const again = await (await fetch(platform.balanceUrl, { headers: signed(date) })).json();
    assert.equal(at(again, 'status'), '0');
  });
});

describe('the queue of faults', () => {
  const sent = async (callee = '6591110010') =>
    (await post(platform, 'sendCode', code({ callee, calledInfo: crypto.randomUUID() }))).status;

  it('each is used once, in order, then there is none', async () => {
    const first = platform.faults.next({ refuse: { code: '-10' } });
    platform.faults.next({ refuse: { code: '-26' }, times: 2 });
    assert.deepEqual([await sent(), await sent(), await sent(), await sent()], ['-10', '-26', '-26', '0']);
    assert.equal(first.used(), 1);
    assert.deepEqual(platform.faults.pending(), []);
  });

  it('waits for its endpoint, its callee, its turn', async () => {
    platform.faults.next({ on: 'sendGroup', refuse: { code: '-2' } });
    platform.faults.next({ callee: '6591110077', refuse: { code: '-9' } });
    assert.equal(await sent(), '0');
    assert.equal(await sent('6591110077'), '-9');
    platform.faults.next({ on: 'sendCode', after: 1, refuse: { code: '-1' } });
    assert.deepEqual([await sent(), await sent(), await sent()], ['0', '-1', '0']);
    assert.equal((await post(platform, 'sendGroup', group())).status, '-2');
  });

  it('permanent ones come last and stay until removed', async () => {
    const sticky = platform.faults.always({ refuse: { code: '-18' } });
    platform.faults.next({ refuse: { code: '-10' } });
    assert.deepEqual([await sent(), await sent(), await sent()], ['-10', '-18', '-18']);
    sticky.remove();
    assert.equal(await sent(), '0');
  });

  it('is not used up by a request that is refused anyway', async () => {
    platform.faults.next({ silence: 'before-dialling' });
    const late = await post(platform, 'sendCode', code(), signed(Date.now() - 3_600_000));
    assert.equal(late.status, '-16');
    assert.equal(platform.faults.pending().length, 1);
  });

  it('refuses a contradictory fault', () => {
    assert.throws(() => platform.faults.next({ silence: 'after-dialling', cut: 'json' }), /ends in one way/);
    assert.throws(
      () => platform.faults.next({ reset: 'before-reading', callee: '6591110010' }),
      /not known yet/,
    );
  });
});

it('a report can come before the answer', async () => {
  const receiver = await startReceiver();
  platform.setReportUrl(receiver.url);
  platform.faults.next({ reportBeforeAnswer: true });
  let answered = false;
  const answer = post(platform, 'sendGroup', group({ callee: '6591110010,6591110001' })).then((reply) => {
    answered = true;
    return reply;
  });
  platform.onChange((change) => {
    if (change.kind === 'report') assert.equal(answered, false);
  });
  const reply = await answer;
  assert.deepEqual(
    receiver.bodies.map((body) => at(body, 'voiceId')).toSorted(),
    rows(reply)
      .map((row) => row.voiceId)
      .toSorted(),
  );
  assert.deepEqual(receiver.bodies.map((body) => at(body, 'sipCode')).toSorted(), ['200', '486']);
  receiver.stop();
});
