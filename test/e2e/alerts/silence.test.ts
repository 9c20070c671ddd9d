// A rule with silentFor calls when its message is missing, and stops when one comes.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { readMeta } from '../../../src/store/meta.ts';
import { databaseKinds } from '../../support/store.ts';
import { becomes, type Flow, soon, startFlow } from '../flow.ts';
import { boardsUnder, boardUnder, callsTo, firing, isCalled, post, said, understood } from './alert-flow.ts';

const configOf = (silentFor: string) => `
country: IN
voice: { submit: { concurrency: 1, perSecond: 200 } }
rules:
  - { name: watchdog, channels: [C0ALERTS], match: { title: Watchdog, from: [B0OTHER] }, silentFor: ${silentFor}, call: ["+91 85632 14120"], say: "Monitoring is silent. {title}.", cooldown: 0s }
`;
const callee = '918563214120';
const minuteMs = 60_000;

async function start(
  t: TestContext,
  options: Parameters<typeof startFlow>[0],
  silentFor = '10m',
): Promise<Flow> {
  const flow = await startFlow({
    config: configOf(silentFor),
    slack: { eventRetryDelaysMs: [] },
    ...options,
  });
  t.after(() => flow.stop());
  return flow;
}

for (const database of databaseKinds) {
  describe(`a rule with silentFor, on ${database}`, () => {
    test('calls once if nothing has come for that time, ends when a message comes, and calls again', async (t) => {
      const flow = await start(t, { database });
      flow.clock.jump(60 * minuteMs);
      await understood(flow);
      assert.equal(flow.voice.calls.length, 0, 'it counts from the first message');
      const beat = async () => {
        const message = post(flow, firing('Watchdog'));
        await understood(flow);
        return message;
      };
      await beat();
      flow.clock.jump(8 * minuteMs);
      const last = await beat();
      flow.clock.jump(8 * minuteMs);
      await understood(flow);
      assert.equal(flow.voice.calls.length, 0, 'a message counts anew');
      post(flow, firing('db-1 lag'));
      post(flow, firing('Watchdog'), 'C0ALERTS', {
        webhook: flow.slack.createWebhook('C0ALERTS', 'OtherBot').botId,
      });
      await understood(flow);
      flow.clock.jump(3 * minuteMs);
      await isCalled(flow, callee, 1);
      assert.equal(
        callsTo(flow, callee)[0]?.text,
        'Monitoring is silent. Silent: no message for rule watchdog for 10 min.',
      );
      await becomes(flow, await boardUnder(flow, last), 'done', { accepted: 1 });
      flow.clock.jump(30 * minuteMs);
      await understood(flow);
      assert.equal(flow.voice.calls.length, 1);
      await beat();
      await said(flow, last, 'Resolved: Silent: no message for rule watchdog for 10 min');
      flow.clock.jump(11 * minuteMs);
      await isCalled(flow, callee, 2);
      await flow.end();
    });

    test('messages that Slack did not deliver are no silence; while Slack does not answer nobody is called', async (t) => {
      const flow = await start(t, { database });
      post(flow, firing('Watchdog'));
      await understood(flow);
      flow.clock.jump(4 * minuteMs);
      flow.slack.fault({ method: 'app:event', times: 100_000, kind: 'drop_before' });
      flow.slack.fault({ method: 'conversations.history', times: 100_000, kind: 'drop_before' });
      const lost = post(flow, firing('Watchdog'));
      await flow.slack.settled();
      flow.clock.jump(7 * minuteMs);
      await understood(flow);
      await soon(flow, 'Slack was asked in vain', () =>
        flow.logs.some((line) => line.includes('Slack cannot be asked whether that is so')),
      );
      assert.equal(flow.voice.calls.length, 0);
      flow.slack.clearFaults();
      flow.clock.jump(minuteMs);
      await understood(flow);
      assert.equal(flow.voice.calls.length, 0);
      flow.clock.jump(10 * minuteMs);
      await isCalled(flow, callee, 1);
      assert.equal(boardsUnder(flow, lost).length <= 1, true);
      await flow.end();
    });

    // PostgreSQL's own clock does not jump while Voicecall does not run.
    const skip = database === 'postgres';
    test('the time in which Voicecall did not run is no silence of a tool that posts to it', {
      skip,
    }, async (t) => {
      const config = `${configOf('10m')}  - { name: posted, sources: [tool], match: { title: Watchdog }, silentFor: 10m, call: ["+91 85632 14121"], say: "x" }
sources: { tool: { format: slack, channel: C0ALERTS } }
`;
      const token = 'a-token-for-the-tool';
      const flow = await start(t, { database, config, env: { SOURCE_TOOL_TOKEN: token } });
      const answer = await fetch(`http://127.0.0.1:${flow.app.port()}/alerts/tool/${token}`, {
        method: 'POST',
        body: '{"text":"FIRING: Watchdog"}',
      });
      assert.equal(answer.status, 202);
      post(flow, firing('Watchdog'));
      await understood(flow);
      flow.clock.jump(2 * minuteMs);
      await understood(flow);
      const store = await flow.database.open();
      const noted = async () => await readMeta(store.read, 'time');
      const before = Number(await noted());
      flow.clock.jump(minuteMs);
      await soon(flow, 'the time is stored', async () => Number(await noted()) > before, { stepMs: 0 });
      await flow.app.stop();
      flow.clock.jump(30 * minuteMs);
      await flow.restart();
      // Its channel was read, and had nothing.
      await isCalled(flow, callee, 1);
      flow.clock.jump(5 * minuteMs);
      await understood(flow);
      assert.equal(callsTo(flow, '918563214121').length, 0);
      flow.clock.jump(4 * minuteMs);
      await isCalled(flow, '918563214121', 1);
      await flow.end();
    });

    test('the time continues after a restart', async (t) => {
      const flow = await start(t, { database }, '4s');
      post(flow, firing('Watchdog'));
      await understood(flow);
      await flow.restart();
      await isCalled(flow, callee, 1);
      await flow.end();
    });
  });
}
