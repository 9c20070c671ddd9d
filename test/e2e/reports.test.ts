import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { databaseKinds } from '../support/store.ts';
import { reportToken } from '../support/world.ts';
import { ask, becomes, type Flow, resultsOf, startFlow } from './flow.ts';

for (const database of databaseKinds) {
  describe(`reports, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database });
    });
    after(() => flow.end());

    const post = async (body: string, token = reportToken) => {
      const url = `http://127.0.0.1:${flow.app.port()}/voice/reports/${token}`;
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      return response.status;
    };
    const report = (over: Record<string, unknown> = {}) => ({
      voiceId: '2611240000000000001',
      callee: '6591600099',
      terminationCode: '200',
      terminationReason: 'OK',
      submitTime: 1_764_000_000_000,
      hangupTime: 1_764_000_030_000,
      ...over,
    });

    test('every documented form, order and repetition gives the same end', async () => {
      const forms = [
        { form: 'single', copies: 2 },
        { form: 'array', gatherMs: 30, order: 'reversed' },
        { form: 'bare', gatherMs: 30, codes: 'zero', notReached: 'absent' },
        { form: 'single', intsAsStrings: true, notReached: 'zero' },
        { form: 'single', recalled: true, callStatus: true },
      ] as const;
      for (const form of forms) {
        flow.voice.faults.next({ report: form });
        const board = await ask(flow, { callee: '+6591600011, +6591600001, +6591600012' });
        await becomes(flow, board, 'done', { accepted: 3, answered: 2, not_answered: 1 });
        await resultsOf(flow, board, (text) => text.includes('2 of 3 answered'));
      }
    });

    test('reports that come before the result are not lost', async () => {
      flow.voice.faults.next({ reportBeforeAnswer: true, delayMs: 150 });
      const board = await ask(flow, { callee: '+6591600021, +6591600022' });
      await becomes(flow, board, 'done', { accepted: 2, answered: 2 });
      flow.voice.faults.next({ reportBeforeAnswer: true, reset: 'after-dialling' });
      const lost = await ask(flow, { callee: '+6591600023' });
      await becomes(flow, lost, 'done', { accepted: 1, answered: 1, unknown: 0 });
    });

    test('the answers to a push: 200, 400, 404, 405 and 413', async () => {
      const good = JSON.stringify(report());
      assert.equal(await post(good), 200);
      assert.equal(await post(JSON.stringify({ array: [report(), null, 7, { voiceId: {} }] })), 200);
      assert.equal(await post(JSON.stringify([{}, report()])), 200);
      assert.equal(await post('[]'), 200);
      assert.equal(await post('{"array":[]}'), 200);
      for (const body of [
        '',
        '{}',
        'null',
        '<html>',
        '{"voiceId":',
        '[1,2]',
        '"text"',
        `[{"voiceId":"1","more":${'['.repeat(30_000)}"\\u0000"${']'.repeat(30_000)}}]`,
      ]) {
        assert.equal(await post(body), 400, body.slice(0, 100));
      }
      assert.equal(await post(good, `${reportToken}x`), 404);
      assert.equal(await post(good, ''), 404);
      assert.equal(await post(good, encodeURIComponent('../reports')), 404);
      assert.equal(await post(JSON.stringify(report({ more: 'x'.repeat(1_100_000) }))), 413);
      const wrongMethod = await fetch(`http://127.0.0.1:${flow.app.port()}/voice/reports/${reportToken}`);
      assert.equal(wrongMethod.status, 405);
    });

    test('ids larger than a JavaScript number stay distinct', async () => {
      flow.voice.faults.next({ report: { copies: 0 } });
      const board = await ask(flow, { callee: '+6591600031, +6591600032' });
      await becomes(flow, board, 'sent', { accepted: 2 });
      const [first, second] = flow.voice.calls.slice(-2);
      assert.ok(first && second);
      // As a bare number, which JSON.parse would round to another id.
      const bare = JSON.stringify(report({ voiceId: 'ID', callee: first.callee })).replace(
        '"ID"',
        first.voiceId,
      );
      assert.equal(await post(bare), 200);
      await becomes(flow, board, 'sent', { answered: 1, not_answered: 0 });
      assert.equal(
        await post(
          JSON.stringify(report({ voiceId: second.voiceId, callee: second.callee, terminationCode: '486' })),
        ),
        200,
      );
      await becomes(flow, board, 'done', { answered: 1, not_answered: 1 });
    });

    test('reports of other programs, forged tokens and contradictions change nothing', async () => {
      flow.voice.faults.next({ report: { copies: 0 } });
      const board = await ask(flow, { callee: '+6591600041' });
      await becomes(flow, board, 'sent', { accepted: 1 });
      const call = flow.voice.calls.at(-1);
      assert.ok(call);
      const forged = call.calledInfo.replace(/.{4}$/, 'AAAA');
      await post(
        JSON.stringify([
          report({ voiceId: '9999999999999999999', callee: call.callee, calledInfo: forged }),
          report({ voiceId: call.voiceId, callee: '6591600042' }),
        ]),
      );
      flow.clock.jump(3_000);
      await becomes(flow, board, 'sent', { accepted: 1, answered: 0, not_answered: 0 });
      await post(JSON.stringify(report({ voiceId: call.voiceId, callee: call.callee })));
      await becomes(flow, board, 'done', { answered: 1 });
    });

    test('/healthz and /readyz', async () => {
      const get = async (path: string) => (await fetch(`http://127.0.0.1:${flow.app.port()}${path}`)).status;
      assert.equal(await get('/healthz'), 200);
      assert.equal(await get('/readyz'), 200);
      flow.clock.jump(6_000);
      flow.slack.fault({ method: 'auth.test', kind: 'error', error: 'token_revoked', times: 1 });
      assert.equal(await get('/readyz'), 503);
      assert.equal(await get('/healthz'), 200);
      flow.clock.jump(6_000);
      assert.equal(await get('/readyz'), 200);
      assert.equal(await get('/nothing'), 404);
    });
  });
}
