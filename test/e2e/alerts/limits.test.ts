import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { databaseKinds } from '../../support/store.ts';
import { recording } from '../../support/world.ts';
import { ask, becomes, type Flow, soon, startFlow, toldAlone } from '../flow.ts';
import { boardUnder, callsTo, firing, isCalled, post, resolved, said } from './alert-flow.ts';

const minute = 60_000;
const onDuty = '918563214120';
const second = '918563213000';
const perCallee = 'perCallee: { calls: 3, per: 15m }';

for (const database of databaseKinds) {
  describe(`limits and alerts, on ${database}`, () => {
    function configOf(limits: string, rule: string): string {
      return `
callers: [U0ASHA, U0BEN]
voice: { submit: { concurrency: 1, perSecond: 200 } }
recordings: { fire-drill: ${recording} }
lists: { one: ["+91 85632 14120"], two: ["+91 85632 14120", "+91 85632 13000"] }
limits: { ${limits} }
rules:
  - { name: pager, channels: [C0ALERTS], match: { from: [B0OTHER] }, ${rule} }
`;
    }

    async function start(
      t: TestContext,
      limits: string,
      rule = 'call: [one], say: "{title}"',
    ): Promise<Flow> {
      const config = configOf(limits, rule);
      const flow = await startFlow({ database, slack: { eventRetryDelaysMs: [] }, config });
      t.after(() => flow.stop());
      return flow;
    }

    test('three calls by a person to somebody on duty do not hold the call of an alert', async (t) => {
      const flow = await start(t, perCallee);
      for (const held of [0, 0, 1]) {
        const board = await ask(flow, { callee: `+${onDuty}` });
        await becomes(flow, board, 'done', { held });
      }
      await isCalled(flow, onDuty, 2);
      const board = await boardUnder(flow, post(flow, firing('disk')));
      await becomes(flow, board, 'done', { accepted: 1 });
      await isCalled(flow, onDuty, 3);
      await flow.end();
    });

    test('a crowd that uses up the hour leaves the share of rules', async (t) => {
      const flow = await start(t, 'callsPerHour: 4');
      const crowd = Array.from({ length: 6 }, (_, index) => `+659111300${index}`).join(', ');
      const asked = await ask(flow, { callee: crowd });
      await becomes(flow, asked, 'done', { held: 3, accepted: 3 });
      const board = await boardUnder(flow, post(flow, firing('disk')));
      await becomes(flow, board, 'done', { accepted: 1 });
      await flow.end();
    });

    test('the share of rules is configured; without rules people have everything', async (t) => {
      const flow = await start(t, `${perCallee}, reserveForRules: 0`);
      for (let asked = 0; asked < 3; asked++)
        await becomes(flow, await ask(flow, { callee: `+${onDuty}` }), 'done', { held: 0 });
      flow.setConfig(configOf(perCallee, '').replace(/rules:.*/s, ''));
      for (let asked = 0; asked < 3; asked++)
        await becomes(flow, await ask(flow, { callee: `+${second}` }), 'done', { held: 0 });
      await becomes(flow, await ask(flow, { callee: `+${second}` }), 'done', { held: 1 });
      await flow.end();
    });

    test('of several people only those over the limit wait; a restart loses none of them', async (t) => {
      const flow = await start(t, 'perCallee: { calls: 1, per: 15m }', 'call: [two], recording: fire-drill');
      await becomes(flow, await ask(flow, { callee: `+${onDuty}` }), 'done', { held: 0 });
      const alert = post(flow, firing('disk'));
      const board = await boardUnder(flow, alert);
      await becomes(flow, board, 'sending', { accepted: 1, held: 1 });
      assert.match(await said(flow, alert, /next possible:/), /They are called then/);
      await isCalled(flow, second, 1);
      await isCalled(flow, onDuty, 1);
      await flow.restart();
      flow.clock.jump(15 * minute);
      await becomes(flow, board, 'done', { accepted: 2, held: 0 });
      await isCalled(flow, onDuty, 2);
      await isCalled(flow, second, 1);
      await flow.end();
    });

    /** Makes an alert's only call wait for its limit, then runs `end`. The call is never made. */
    async function neverCalled(
      flow: Flow,
      state: string,
      counts: { held: number; cancelled: number },
      end: (board: Awaited<ReturnType<typeof boardUnder>>) => Promise<unknown>,
    ): Promise<void> {
      await becomes(flow, await ask(flow, { callee: `+${onDuty}` }), 'done', { held: 0 });
      const board = await boardUnder(flow, post(flow, firing('disk')));
      await becomes(flow, board, 'approved', { held: 1 });
      await end(board);
      await becomes(flow, board, state, counts);
      flow.clock.jump(16 * minute);
      await soon(flow, 'nothing is left to send', async () => {
        const store = await flow.database.open();
        const ready = await store.read
          .selectFrom('submissions')
          .select('id')
          .where('state', '=', 'ready')
          .execute();
        await store.close();
        return ready.length === 0;
      });
      assert.equal(callsTo(flow, onDuty).length, 1);
      await flow.end();
    }

    const one = 'perCallee: { calls: 1, per: 15m }';

    test('the alert is acknowledged: the held call is not made', async (t) => {
      const flow = await start(t, one);
      await neverCalled(flow, 'cancelled', { held: 0, cancelled: 1 }, async (board) => {
        await flow.slack.press('U0BEN', 'C0ALERTS', board.ts, 'call_ack');
        assert.match(await toldAlone(flow, 'U0BEN'), /1 person will not be/);
      });
    });

    test('the alert is resolved: the held call is not made', async (t) => {
      const flow = await start(t, one);
      await neverCalled(flow, 'cancelled', { held: 0, cancelled: 1 }, async () => {
        post(flow, resolved('disk'));
      });
    });

    test('the alert was silent for too long: the held call is not made', async (t) => {
      const flow = await start(t, one, 'call: [one], say: "{title}", expireAfter: 5m');
      await neverCalled(flow, 'done', { held: 1, cancelled: 0 }, async () => {
        flow.clock.jump(16 * minute);
      });
    });

    test('the configuration now forbids the number: the held call is not made and not retried', async (t) => {
      const flow = await start(t, one);
      await neverCalled(flow, 'done', { held: 1, cancelled: 0 }, async () => {
        flow.setConfig(configOf(`${one}, deny: ["+91"]`, 'call: [one], say: "{title}"'));
        flow.clock.jump(16 * minute);
      });
    });
  });
}
