import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databaseKinds } from '../../support/store.ts';
import { boards, messages } from '../../support/world.ts';
import { callsTo, isCalled, understood } from '../alerts/alert-flow.ts';
import { callee, event, postTo, sourcesConfig, startSources, webhook } from '../alerts/source-flow.ts';
import { becomes, type Flow, shownText, soon } from '../flow.ts';

type Kind = 'error' | 'hang' | 'drop_before' | '500';

/** Every call to Slack fails like this until `slackIsBack`. */
function slackIsDown(flow: Flow, kind: Kind): void {
  flow.slack.fault({ method: '*', times: 1_000_000, kind, error: 'service_unavailable' });
}

function slackIsBack(flow: Flow): void {
  flow.slack.state.faults.length = 0;
}

function ownMessages(flow: Flow) {
  return messages(flow, 'C0ALERTS').filter((each) => each.user === flow.slack.state.app.botUserId);
}

for (const database of databaseKinds) {
  describe(`Slack is down from the start, on ${database}`, () => {
    for (const kind of ['error', 'hang', 'drop_before', '500'] as const) {
      test(`${kind}: alerts are accepted and people are called; afterwards there is one alert message and one board`, async (t) => {
        const flow = await startSources(database);
        t.after(() => flow.stop());
        slackIsDown(flow, kind);
        await flow.restart();
        const port = flow.app.port();
        const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
        assert.equal(ready.status, 200, 'a load balancer lets the posts through');
        assert.deepEqual(await ready.json(), { status: 'ready', problems: ['slack'] });
        assert.equal((await postTo(port, 'prometheus', webhook('DiskFull'))).status, 202);
        await isCalled(flow, callee, 1);
        assert.equal((await postTo(port, 'old-pager', event('trigger', 'k1'), {})).status, 202);
        await isCalled(flow, callee, 2);
        // An hour passes, a report is accepted in it, and the alert is over before Slack is back.
        for (let minute = 0; minute < 60; minute += 5) {
          flow.clock.jump(5 * 60_000);
          await postTo(port, 'prometheus', webhook('DiskFull'));
        }
        await postTo(
          port,
          'prometheus',
          webhook('DiskFull', { status: 'resolved', endsAt: '2026-01-05T10:00:00Z' }),
        );
        assert.equal(ownMessages(flow).length, 0);
        slackIsBack(flow);
        const board = await soon(flow, 'the board', () => boards(flow, 'C0ALERTS')[0], {
          stepMs: 2_000,
        });
        await becomes(flow, board, 'done', { answered: 1 });
        await soon(flow, 'the alert is shown as over', () => {
          const alerts = ownMessages(flow).filter((each) => each.ts === board.thread_ts);
          return alerts.length === 1 && shownText(alerts[0] ?? board).includes('Resolved');
        });
        assert.equal(ownMessages(flow).filter((each) => (each.thread_ts ?? each.ts) === each.ts).length, 1);
        assert.equal(boards(flow, 'C0ALERTS').length, 1);
        assert.equal(callsTo(flow, callee).length, 2);
        // Slack's own events arrive again.
        await understood(flow);
        await flow.end();
      });
    }
  });
}

test('a bad token ends a start; one that turns out bad when Slack is back does not stop the calls', async (t) => {
  const flow = await startSources('sqlite');
  t.after(() => flow.stop());
  flow.slack.fault({ method: 'auth.test', times: 1, kind: 'error', error: 'invalid_auth' });
  await assert.rejects(flow.restart(), { code: 'config' });
  slackIsDown(flow, 'drop_before');
  await flow.restart();
  flow.slack.state.faults.length = 0;
  flow.slack.fault({ method: '*', times: 1_000_000, kind: 'error', error: 'invalid_auth' });
  await soon(flow, 'it is said', () =>
    flow.logs.some((line) => line.includes('Slack is back but refuses us')),
  );
  await postTo(flow.app.port(), 'prometheus', webhook('DiskFull'));
  await isCalled(flow, callee, 1);
  slackIsBack(flow);
  await flow.stop();
});

for (const database of databaseKinds) {
  test(`while Slack is down, the people of rules are called at their last known numbers, on ${database}`, async (t) => {
    const config = sourcesConfig.replace('call: [oncall]', 'call: [U0BEN, S0OPS]');
    const flow = await startSources(database, { config });
    t.after(() => flow.stop());
    const store = await flow.database.open();
    t.after(() => store.close());
    const learned = async () => await store.read.selectFrom('learned_people').selectAll().execute();
    await soon(flow, 'they are learnt', async () => (await learned()).some(({ id }) => id === 'S0OPS'));
    const numbers = (await learned()).flatMap(({ body }) => {
      const { phone } = JSON.parse(body) as { phone?: string };
      return phone === undefined || phone === '' ? [] : [phone.replace(/\D/g, '')];
    });
    assert.ok(numbers.length > 1);
    slackIsDown(flow, 'hang');
    await flow.restart();
    flow.clock.jump(2 * 3_600_000);
    await postTo(flow.app.port(), 'prometheus', webhook('DiskFull'));
    await soon(flow, 'all are called', () => numbers.every((number) => callsTo(flow, number).length === 1));
    // A person whom no rule calls any more is forgotten within the hour.
    slackIsBack(flow);
    flow.setConfig(sourcesConfig);
    await soon(flow, 'they are forgotten', async () => (await learned()).length === 0, { stepMs: 60_000 });
    await flow.end();
  });
}
