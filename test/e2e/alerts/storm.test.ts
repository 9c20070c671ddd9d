import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { longestBlock } from '../../support/quick.ts';
import { databaseKinds, lockSqlite } from '../../support/store.ts';
import { ask, messages } from '../../support/world.ts';
import { becomes, type Flow, shownText, soon, startFlow } from '../flow.ts';
import {
  alertmanager,
  boardUnder,
  callsTo,
  deliveryOf,
  firing,
  isCalled,
  post,
  tool,
  understood,
} from './alert-flow.ts';

const callee = '918563214120';
const config = (perSecond = 200) => `
voice: { submit: { concurrency: 1, perSecond: ${perSecond} } }
lists: { one: ["+91 85632 14120"], crowd: [${Array.from({ length: 30 }, (_, index) => `"+91 85633 ${10_000 + index}"`).join(', ')}] }
rules:
  - { name: pager, channels: [C0ALERTS], match: { from: [B0OTHER] }, call: [one], say: "Alert. {title}." }
`;

async function start(t: TestContext, database: 'sqlite' | 'postgres', perSecond = 200): Promise<Flow> {
  const flow = await startFlow({ database, config: config(perSecond), slack: { eventRetryDelaysMs: [] } });
  t.after(() => flow.stop());
  return flow;
}

const nasty = [
  '<!channel> <!here> <!subteam^S0OPS> <@U0BEN> pay attention',
  'call +1 900 555 0199 now, or 00919999911111',
  '/voicecall 919999922222',
  '<https://evil.example/?x=919999933333|click> <tel:+919999944444|ring>',
  '*bold _broken ~strike `code <unclosed & > |',
  '{text} {callee} {severity} %{process.exit(1)}',
  '\u202eevil\u0000\u0007 \ud800',
  'x'.repeat(100_000),
  '',
];

for (const database of databaseKinds) {
  describe(`storms and bad messages, on ${database}`, () => {
    test('alert text is never obeyed: it notifies nobody, and calls only those whom the rule names', async (t) => {
      const flow = await start(t, database);
      const last: ReturnType<typeof post>[] = [];
      for (const [index, words] of nasty.entries()) {
        const title = `[FIRING:1] case${index} ${words}`;
        last.push(
          post(flow, { text: '', attachments: [{ title, text: words, fallback: words, color: 'danger' }] }),
        );
      }
      const hundred = Array.from({ length: 100 }, (_, index) => ({
        title: `[FIRING:1] many${index}`,
        text: 'z',
        color: 'danger',
      }));
      last.push(post(flow, { text: '', attachments: hundred }));
      last.push(
        post(flow, {
          text: '',
          blocks: [{ type: 'hologram', text: { type: 'mrkdwn', text: 'db is down' } }],
          attachments: [{ title: '[FIRING:1] odd', color: 'danger' }],
        }),
      );
      await understood(flow);
      await isCalled(flow, callee, last.length);
      assert.deepEqual([...new Set(flow.voice.calls.map((call) => call.callee))], [callee]);
      const texts = flow.voice.calls.map((call) => call.text ?? '');
      for (const text of texts) {
        assert.ok(text.length > 0 && text.length <= 299, text);
        assert.doesNotMatch(text, /\d{7}|https?:|<|voicecall 9|@|\{/);
      }
      for (const alert of last) await boardUnder(flow, alert);
      const written = messages(flow, 'C0ALERTS').filter(
        (each) => each.user === flow.slack.state.app.botUserId,
      );
      for (const each of written)
        assert.doesNotMatch(shownText(each), /<!(channel|here|subteam)|<@U0BEN>|<https:\/\/evil|<tel:/);
      assert.ok(flow.logs.every((line) => !/91999991|9005550199/.test(line)));
      await flow.end();
    });

    test('an alert goes ahead of a long queue, and any number of messages with one key are one request', async (t) => {
      const flow = await start(t, database, 2);
      await ask(flow, { lists: ['crowd'], fileId: [], text: 'A drill.' });
      const before = flow.voice.calls.length;
      const alert = post(flow, firing('same disk'));
      await soon(flow, 'the alert called', () => callsTo(flow, callee).length === 1, { stepMs: 5 });
      const place = flow.voice.calls.findIndex((call) => call.callee === callee);
      assert.ok(place < 20, `it was dialled behind ${place} of 30, ${before} of them before it was posted`);
      for (let index = 0; index < 150; index++) post(flow, firing('same disk'));
      await understood(flow);
      await boardUnder(flow, alert);
      assert.equal(callsTo(flow, callee).length, 1);
      await flow.end();
    });

    test('600 events with 20 keys: 20 requests, few Slack calls, and the process stays fast', async (t) => {
      const flow = await start(t, database);
      await understood(flow);
      const longestMs = await longestBlock(async () => {
        for (let index = 0; index < 600; index++) {
          flow.slack.postAs(
            tool,
            'C0ALERTS',
            alertmanager(`FIRING:${1 + (index % 7)}`, `disk of web-${index % 20}`, `value${index}`),
          );
          if (index % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
        }
        await understood(flow);
      });
      await isCalled(flow, callee, 20);
      await soon(
        flow,
        'all boards are posted',
        () =>
          messages(flow, 'C0ALERTS').filter((each) => each.metadata?.event_type === 'voicecall_results')
            .length === 20,
        { stepMs: 300 },
      );
      const calls = flow.slack.state.callsLog.length;
      assert.ok(calls <= 80, `${calls} Slack calls`);
      t.diagnostic(`at most ${longestMs.toFixed(1)} ms without a pause, ${calls} Slack calls`);
      // The sandbox runs in the same process, so this is far more than the app alone needs.
      assert.ok(longestMs < 500, `${longestMs} ms`);
      await flow.end();
    });

    test('a stored event that is not processed yet calls after a restart', async (t) => {
      const flow = await start(t, database);
      const store = await flow.database.open();
      const alert = post(flow, firing('before'));
      await isCalled(flow, callee, 1);
      await flow.slack.settled();
      const delivery = deliveryOf(flow, alert.ts);
      const body = structuredClone(delivery.body);
      const event = {
        ...(body.event as Record<string, unknown>),
        ...firing('after the crash'),
        ts: `${alert.ts.slice(0, -1)}9`,
      };
      await flow.app.stop();
      await store.transaction((tx) =>
        tx
          .insertInto('alert_events')
          .values({
            event_id: 'EvCrash',
            team_id: 'T0SANDBOX',
            channel_id: 'C0ALERTS',
            body: JSON.stringify({ ...body, event_id: 'EvCrash', event }),
            received_at: flow.clock.now(),
            processed_at: null,
          })
          .execute(),
      );
      await store.transaction((tx) =>
        tx
          .insertInto('tasks')
          .values({
            kind: 'alerts',
            key: 'understand',
            payload: 'null',
            run_at: 0,
            priority: 0,
            revision: 1,
            attempts: 0,
            created_at: 0,
          })
          .onConflict((conflict) => conflict.columns(['kind', 'key']).doNothing())
          .execute(),
      );
      await flow.restart();
      await isCalled(flow, callee, 2);
      await flow.end();
    });

    test('an event that cannot be processed does not delay the others', async (t) => {
      const flow = await start(t, database);
      const store = await flow.database.open();
      await store.transaction((tx) =>
        tx
          .insertInto('alert_events')
          .values({
            event_id: 'EvBad',
            team_id: 'T0SANDBOX',
            channel_id: 'C0ALERTS',
            body: '{"cut',
            received_at: 1,
            processed_at: null,
          })
          .execute(),
      );
      const alert = post(flow, firing('good one'));
      await isCalled(flow, callee, 1);
      await becomes(flow, await boardUnder(flow, alert), 'done');
      assert.ok(flow.logs.some((line) => line.includes('EvBad')));
      await flow.end();
    });
  });
}

test('an event that cannot be stored is not acknowledged, so that Slack sends it again', async (t) => {
  const flow = await startFlow({ config: config(), slack: { eventRetryDelaysMs: [] } });
  t.after(() => flow.stop());
  const letGo = await lockSqlite(flow.database.dataDir);
  const alert = post(flow, firing('locked'));
  await flow.slack.settled();
  const delivery = deliveryOf(flow, alert.ts);
  assert.notEqual(delivery.result?.outcome, 'ok');
  letGo();
  assert.equal((await flow.slack.redeliver(delivery.id, 1)).outcome, 'ok');
  await isCalled(flow, callee, 1);
  await boardUnder(flow, alert);
  await flow.end();
});

test('the start names rules with a channel that the app cannot read, and rules without a sender', async (t) => {
  const flow = await startFlow({ config: config().replace('[C0ALERTS]', '[C0ALERTS, C0RANDOM, C0NOWHERE]') });
  t.after(() => flow.stop());
  await soon(flow, 'it is said', () =>
    flow.logs.some((line) => line.includes('C0RANDOM') && line.includes('/invite @Voicecall')),
  );
  await soon(flow, 'it is said', () =>
    flow.logs.some((line) => line.includes('C0NOWHERE') && line.includes('does not show')),
  );
  assert.ok(!flow.logs.some((line) => line.includes('"channel":"C0ALERTS"')));
  await flow.end();
});
