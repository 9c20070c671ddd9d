import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { startVoicePlatform, type VoicePlatform } from '../../sandbox/voice/server.ts';
import type { Call } from '../../sandbox/voice/types.ts';
import { at, code, FAST, get, group, post, startReceiver } from './voice-request.ts';

let platform: VoicePlatform;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeEach(async () => {
  receiver = await startReceiver();
  // A second of ringing takes 10 ms: 60 s of it are over in 600 ms.
  platform = await startVoicePlatform({ ...FAST, secondMs: 10, reportUrl: receiver.url });
});
afterEach(async () => {
  assert.deepEqual(platform.violations, []);
  await platform.stop();
  receiver.stop();
});

async function ring(callee: string, over: Record<string, unknown> = {}): Promise<Call> {
  await post(platform, 'sendCode', code({ callee, calledInfo: `ring ${callee}`, ...over }));
  const call = platform.calls.at(-1);
  assert.ok(call);
  return call;
}

async function ended(call: Call): Promise<Record<string, unknown>> {
  await platform.until(() => call.state === 'ended');
  await platform.reportsSettled();
  const body = receiver.bodies.at(-1);
  assert.ok(typeof body === 'object' && body !== null);
  return { ...body };
}

describe('phones', () => {
  const endings: [string, string, string | undefined][] = [
    ['6591110001', '486', undefined],
    ['6591110002', '480', undefined],
    ['6591110003', '603', undefined],
    ['6591110004', '404', undefined],
    ['6591110005', '200', '40'],
  ];
  for (const [callee, sipCode, callStatus] of endings) {
    it(`${callee} ends with ${sipCode}`, async () => {
      const call = await ring(callee);
      const report = await ended(call);
      assert.equal(report.terminationCode, sipCode);
      assert.equal(report.callStatus === undefined ? undefined : String(report.callStatus), callStatus);
      const record = (await get(platform, `recordGroup/${call.voiceId}`)).data;
      assert.equal(at(record, 'terminationCode'), sipCode);
      assert.equal(at(record, 'answerTime') === null, callee !== '6591110005');
      assert.equal(call.ringingTimeAt === null, callee === '6591110004');
    });
  }

  it('ring until maxRingingTime is over if nobody does anything', async () => {
    const call = await ring('6591110010', { maxRingingTime: 20 });
    await platform.until(() => call.state === 'ringing');
    assert.equal((await ended(call)).terminationCode, '480');
    assert.ok((call.hangupTimeAt ?? 0) - (call.ringingTimeAt ?? 0) >= 195);
  });

  it('are answered, with a key, no longer than maxDuration', async () => {
    const call = await ring('6591110010', { maxDuration: 10 });
    platform.answer(call.voiceId, { seconds: 30, key: '5' });
    const report = await ended(call);
    assert.equal(report.terminationCode, '200');
    assert.equal(report.callDuration, 10);
    assert.equal(report.chargedDuration, 20);
    assert.equal(report.feedbackValue, '5');
    assert.equal(report.calledInfo, 'ring 6591110010');
    assert.equal(report.type, 2);
    assert.equal(typeof report.answerTime, 'number');
    assert.throws(() => platform.answer(call.voiceId), /is over/);
    assert.throws(() => platform.answer('123'), /no call/);
  });

  it('are declined, busy, left ringing, hung up', async () => {
    const declined = await ring('6591110010');
    platform.decline(declined.voiceId);
    assert.equal((await ended(declined)).terminationCode, '603');
    const busy = await ring('6591110011');
    platform.busy(busy.voiceId);
    assert.equal((await ended(busy)).terminationCode, '486');
    platform.setBehaviour({ autoAnswerMs: 60 });
    const left = await ring('6591110012', { maxRingingTime: 20 });
    platform.leaveRinging(left.voiceId);
    assert.equal((await ended(left)).terminationCode, '480');
    platform.setBehaviour({ secondMs: 1000 });
    const hungUp = await ring('6591110013');
    platform.press(hungUp.voiceId, '1');
    platform.press(hungUp.voiceId, '2');
    platform.hangUp(hungUp.voiceId);
    const report = await ended(hungUp);
    assert.equal(report.terminationCode, '200');
    assert.equal(report.callDuration, 1);
    assert.equal(report.feedbackValue, '2');
    assert.throws(() => platform.press(hungUp.voiceId, '12'));
  });

  it('answer by themselves if that is set', async () => {
    platform.setBehaviour({ autoAnswerMs: 5, autoKey: '1', talkSeconds: 4 });
    const auto = await ended(await ring('6591110010'));
    assert.deepEqual([auto.callDuration, auto.feedbackValue], [4, '1']);
    platform.setBehaviour({ phones: { '0077': { answer: { seconds: 7, key: '9' } }, '10077': 'busy' } });
    const planned = await ended(await ring('6591120077'));
    assert.deepEqual([planned.callDuration, planned.feedbackValue], [7, '9']);
    assert.equal((await ended(await ring('6591110077'))).terminationCode, '486');
  });

  it('wait in a queue first if that is set', async () => {
    platform.setBehaviour({ queueMs: 50, autoAnswerMs: 0 });
    const call = await ring('6591110010');
    assert.equal(call.state, 'queued');
    const report = await ended(call);
    assert.ok(Number(report.callTime) - Number(report.submitTime) >= 48);
  });
});

describe('reports', () => {
  const two = '6591110001,6591110010';
  async function pushed(report: Parameters<VoicePlatform['setBehaviour']>[0]['report']) {
    platform.setBehaviour({ autoAnswerMs: 0, talkSeconds: 1, ...(report ? { report } : {}) });
    await post(platform, 'sendGroup', group({ callee: two }));
    await platform.until(() => platform.calls.every((call) => call.state === 'ended'));
    await platform.reportsSettled();
    return receiver.bodies;
  }

  it('are single objects, unsigned, by default', async () => {
    const bodies = await pushed({});
    assert.deepEqual(bodies.map((body) => at(body, 'callee')).toSorted(), two.split(','));
    assert.equal(receiver.headers[0]?.['content-type'], 'application/json;charset=UTF-8');
    assert.equal(receiver.headers[0]?.sign, undefined);
    assert.deepEqual(
      platform.reports.map((report) => report.status),
      [200, 200],
    );
    const busy = bodies.find((body) => at(body, 'callee') === '6591110001');
    assert.equal(at(busy, 'answerTime'), null);
    assert.equal(at(busy, 'feedbackValue'), '-1');
  });

  it('are an array in an object, or a bare one', async () => {
    const [first] = await pushed({ form: 'array', gatherMs: 300 });
    assert.equal(receiver.bodies.length, 1);
    assert.deepEqual(Object.keys(Object(first)), ['array']);
    assert.equal(at(first, 'array', 'length'), 2);
    platform.setBehaviour({ report: { form: 'bare', gatherMs: 300 } });
    await ended(await ring('6591110001'));
    assert.ok(Array.isArray(receiver.bodies[1]));
  });

  it('have SIP codes or zero, stages left out, integers as text', async () => {
    const bodies = await pushed({
      codes: 'zero',
      notReached: 'absent',
      intsAsStrings: true,
      callStatus: true,
    });
    const answered = bodies.find((body) => at(body, 'callee') === '6591110010');
    const busy = bodies.find((body) => at(body, 'callee') === '6591110001');
    assert.deepEqual([at(answered, 'terminationCode'), at(answered, 'sipCode')], ['0', '200']);
    assert.deepEqual([at(busy, 'terminationCode'), at(busy, 'sipCode')], ['486', '486']);
    assert.equal(at(busy, 'answerTime'), undefined);
    assert.equal(at(answered, 'callDuration'), '1');
    assert.deepEqual([at(answered, 'callStatus'), at(busy, 'callStatus')], ['50', '10']);
  });

  it('have 0 for stages not reached', async () => {
    const bodies = await pushed({ notReached: 'zero' });
    assert.equal(
      at(
        bodies.find((body) => at(body, 'callee') === '6591110001'),
        'answerTime',
      ),
      0,
    );
  });

  it('come twice, or never', async () => {
    await pushed({ copies: 2 });
    assert.equal(receiver.bodies.length, 4);
    platform.setBehaviour({ report: { copies: 0 } });
    const call = await ring('6591110001');
    await platform.until(() => call.state === 'ended');
    await platform.reportsSettled();
    assert.equal(receiver.bodies.length, 4);
    assert.equal(at((await get(platform, `recordGroup/${call.voiceId}`)).data, 'terminationCode'), '486');
  });

  it('come out of order, a first attempt after the result', async () => {
    platform.setBehaviour({ autoAnswerMs: 0, report: { recalled: true, order: 'reversed' } });
    const call = await ring('6591110010');
    await ended(call);
    assert.deepEqual(
      receiver.bodies.map((body) => at(body, 'outRecallCount')),
      [1, 0],
    );
    assert.deepEqual(
      receiver.bodies.map((body) => at(body, 'terminationCode')),
      ['200', '480'],
    );
  });

  it('come late', async () => {
    platform.setBehaviour({ report: { delayMs: 60 } });
    const call = await ring('6591110001');
    await platform.until(() => call.state === 'ended');
    assert.equal(receiver.bodies.length, 0);
    await platform.reportsSettled();
    assert.equal(receiver.bodies.length, 1);
  });

  it('are not retried unless that is set', async () => {
    let status = 500;
    const failing = await startReceiver(() => status);
    platform.setReportUrl(failing.url);
    const first = await ring('6591110001');
    await platform.until(() => first.state === 'ended');
    await platform.reportsSettled();
    assert.equal(failing.bodies.length, 1);
    platform.setBehaviour({ report: { retries: 3, retryAfterMs: 5 } });
    const second = await ring('6591120001');
    platform.onChange((change) => {
      if (change.kind === 'report' && platform.reports.length === 3) status = 200;
    });
    await platform.until(() => second.state === 'ended');
    await platform.reportsSettled();
    assert.deepEqual(
      platform.reports.map((report) => report.status),
      [500, 500, 500, 200],
    );
    failing.stop();
  });

  it('of one submission can differ from the others', async () => {
    platform.faults.next({ report: { form: 'bare', copies: 1 } });
    await ended(await ring('6591110001'));
    await ended(await ring('6591120001'));
    assert.deepEqual(receiver.bodies.map(Array.isArray), [true, false]);
  });

  it('go to this machine only', () => {
    assert.throws(() => platform.setReportUrl('https://example.com/reports'), /this machine/);
  });
});

describe('control', () => {
  const control = async (path: string, body?: unknown) => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`${platform.origin}/control/${path}`, init);
    return { status: response.status, body: await response.json() };
  };

  it('shows the state and acts on phones, faults, behaviour', async () => {
    assert.equal((await control('behaviour', { talkSeconds: 3 })).status, 200);
    assert.equal((await control('fault', { shuffleRows: true, report: { codes: 'zero' } })).status, 200);
    const call = await ring('6591110010');
    const { body } = await control('state');
    assert.equal(at(body, 'calls', 0, 'voiceId'), call.voiceId);
    assert.equal(at(body, 'requests'), 1);
    assert.deepEqual(at(body, 'violations'), []);
    assert.deepEqual(at(body, 'faults'), []);
    assert.equal((await control('phone', { voiceId: call.voiceId, action: 'key', key: '4' })).status, 200);
    const report = await ended(call);
    assert.deepEqual([report.terminationCode, report.callDuration, report.feedbackValue], ['0', 3, '4']);
    assert.equal((await control('report-url', { url: null })).status, 200);
    assert.equal(at((await control('state')).body, 'reportUrl'), null);
  });

  it('explains invalid requests', async () => {
    assert.equal((await control('nothing')).status, 404);
    assert.equal((await control('fault', { silense: 'after-dialling' })).status, 400);
    assert.equal((await control('behaviour', { ringAfterMs: -1 })).status, 400);
    const phone = await control('phone', { voiceId: '1', action: 'answer' });
    assert.deepEqual(phone, { status: 400, body: { error: 'no call has the voiceId 1' } });
    await control('fault', { times: 'always', cut: 'json' });
    assert.equal(platform.faults.pending().length, 1);
    await control('fault', { clear: true });
    assert.equal(platform.faults.pending().length, 0);
  });
});
