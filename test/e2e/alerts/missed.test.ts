// Messages that Slack did not deliver are read from the channel's history, through the same intake, and count once.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { databaseKinds } from '../../support/store.ts';
import { type Flow, soon, startFlow } from '../flow.ts';
import {
  callsTo,
  deliveryOf,
  firing,
  isCalled,
  post,
  resolved,
  said,
  tool,
  under,
  understood,
} from './alert-flow.ts';

const config = `
country: IN
voice: { submit: { concurrency: 1, perSecond: 200 } }
rules:
  - { name: pager, channels: [C0ALERTS], match: { from: [B0OTHER], title: db- }, call: ["+91 85632 14120"], say: "{title}" }
  - { name: ops, channels: [C0OPS], match: { from: [B0OTHER], status: [any] }, call: ["+91 85632 14999"], say: "{title}" }
`;
const callee = '918563214120';
const minuteMs = 60_000;

async function start(t: TestContext, options: Parameters<typeof startFlow>[0]): Promise<Flow> {
  const flow = await startFlow({ config, ...options, slack: { eventRetryDelaysMs: [], ...options?.slack } });
  t.after(() => flow.stop());
  await read(flow);
  return flow;
}

/** Waits until every channel has been read at the start, and the next look has its time. */
async function read(flow: Flow): Promise<void> {
  const store = await flow.database.open();
  try {
    await soon(flow, 'the channels were looked at', async () => {
      const rows = await store.read.selectFrom('channel_reads').selectAll().execute();
      const held = await store.read
        .selectFrom('tasks')
        .select('key')
        .where('lease_owner', 'is not', null)
        .execute();
      return rows.length >= 2 && held.length === 0;
    });
  } finally {
    await store.close();
  }
}

/** Sets the time up to which the channel was read. */
async function lastReadAt(flow: Flow, at: number): Promise<void> {
  const store = await flow.database.open();
  const read_until = (at / 1000).toFixed(6);
  await store.transaction((tx) => tx.updateTable('channel_reads').set({ read_until }).execute());
  await store.close();
}

/** While `write` runs, no event reaches the app. */
async function deaf<Value>(flow: Flow, write: () => Value): Promise<Value> {
  flow.slack.fault({ method: 'app:event', times: 100_000, kind: 'drop_before' });
  const value = write();
  await flow.slack.settled();
  flow.slack.clearFaults();
  return value;
}

const historyCalls = (flow: Flow, channel = 'C0ALERTS') =>
  flow.slack.state.callsLog.filter(
    (call) => call.method === 'conversations.history' && call.args.channel === channel,
  );

for (const database of databaseKinds) {
  describe(`messages that Slack did not deliver, on ${database}`, () => {
    test('are read after five quiet minutes and call; delivered later they are the same message', async (t) => {
      const flow = await start(t, { database });
      const alert = await deaf(flow, () => post(flow, firing('db-1 lag')));
      flow.clock.jump(5 * minuteMs + 30_000);
      await isCalled(flow, callee, 1);
      await flow.slack.redeliver(deliveryOf(flow, alert.ts).id, 1);
      const edit = await deaf(flow, () =>
        flow.slack.editAs(tool, 'C0ALERTS', alert.ts, resolved('db-1 lag')),
      );
      flow.clock.jump(6 * minuteMs);
      await understood(flow);
      await soon(flow, 'the history is read again', () => historyCalls(flow).length >= 2, { stepMs: 5_000 });
      assert.equal(edit.ts, alert.ts);
      assert.equal(callsTo(flow, callee).length, 1);
      await flow.end();
    });

    test('are read after a start: in order, without people’s messages; what is too old is shown and calls nobody', async (t) => {
      const slack = { agoMs: 44 * minuteMs };
      const flow = await start(t, { database, slack: { now: () => Date.now() - slack.agoMs } });
      await flow.app.stop();
      await lastReadAt(flow, Date.now() - 45 * minuteMs);
      const old = await deaf(flow, () => post(flow, firing('db-old lag')));
      slack.agoMs = minuteMs;
      const alert = await deaf(flow, () => {
        const first = post(flow, firing('db-2 lag'));
        flow.slack.postAs({ user: 'U0ASHA' }, 'C0ALERTS', '[FIRING:1] db-3 lag');
        post(flow, firing('db-over lag'));
        post(flow, resolved('db-over lag'));
        return first;
      });
      await flow.restart();
      await said(flow, old, 'Not called: 44 min old');
      await isCalled(flow, callee, 1);
      await understood(flow);
      assert.equal(callsTo(flow, callee)[0]?.text, 'db-2 lag');
      assert.equal(under(flow, alert).filter((each) => each.text.startsWith('Not called')).length, 0);
      const store = await flow.database.open();
      const alerts = await store.read
        .selectFrom('alerts')
        .select(['title', 'status'])
        .orderBy('title')
        .execute();
      await store.close();
      assert.deepEqual(
        alerts.map(({ title, status }) => [title, status]),
        [
          ['[FIRING:1] db-2 lag', 'firing'],
          ['[FIRING:1] db-old lag', 'firing'],
          ['[FIRING:1] db-over lag', 'resolved'],
        ],
      );
      await flow.stop();
    });

    test('go back a day at most, page by page, past a rate limit, a lost answer and a restart', async (t) => {
      const slack = { agoMs: 25 * 60 * minuteMs };
      const flow = await start(t, { database, slack: { now: () => Date.now() - slack.agoMs } });
      await flow.app.stop();
      await lastReadAt(flow, Date.now() - 30 * 60 * minuteMs);
      const ancient = await deaf(flow, () => post(flow, firing('db-ancient lag')));
      slack.agoMs = minuteMs;
      await deaf(flow, () => {
        for (let n = 0; n < 450; n++) flow.slack.postAs({ user: 'U0ASHA' }, 'C0ALERTS', `talk ${n}`);
        post(flow, firing('db-4 lag'));
      });
      const before = historyCalls(flow).length;
      const history = { method: 'conversations.history', channel: 'C0ALERTS', times: 1 };
      flow.slack.fault({ ...history, kind: '429', retryAfter: 20 });
      flow.slack.fault({ ...history, kind: 'drop_after' });
      await flow.restart();
      await soon(flow, 'the first page is asked for', () => historyCalls(flow).length >= before + 2);
      await flow.restart();
      await isCalled(flow, callee, 1);
      assert.equal(callsTo(flow, callee)[0]?.text, 'db-4 lag');
      const asked = historyCalls(flow).slice(before);
      assert.ok(asked.filter((call) => call.answer?.ok === true).length >= 3, 'three pages');
      for (const call of asked)
        assert.ok(Number(call.args.oldest) > Date.now() / 1000 - 24 * 3_600 - 60, 'a day at most');
      await understood(flow);
      assert.deepEqual(under(flow, ancient), [], 'what is older than a day is left alone');
      await flow.stop();
    });

    test('a channel that Slack does not show does not stop the others', async (t) => {
      const flow = await start(t, { database });
      flow.slack.removeMember('C0OPS', flow.slack.state.app.botUserId);
      await deaf(flow, () => post(flow, firing('db-5 lag')));
      flow.clock.jump(6 * minuteMs);
      await isCalled(flow, callee, 1);
      flow.clock.jump(6 * minuteMs);
      await soon(flow, 'it is read again', () => historyCalls(flow, 'C0OPS').length >= 2);
      assert.equal(
        flow.logs.filter((line) => line.includes('history of a channel could not be read')).length,
        1,
      );
      await flow.stop();
    });
  });
}

test('two instances that read the same history call once', async (t) => {
  if (!databaseKinds.includes('postgres')) return t.skip('needs PostgreSQL');
  const flow = await start(t, { database: 'postgres' });
  await flow.startInstance();
  await deaf(flow, () => post(flow, firing('db-6 lag')));
  flow.clock.jump(30_000);
  await Promise.all([flow.startInstance(), flow.startInstance()]);
  await isCalled(flow, callee, 1);
  flow.clock.jump(6 * minuteMs);
  await understood(flow);
  assert.equal(callsTo(flow, callee).length, 1);
  await flow.end();
});
