import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SandboxMessage } from '../../../sandbox/slack/types.ts';
import { databaseKinds } from '../../support/store.ts';
import { boards, messages, thread } from '../../support/world.ts';
import { becomes, type Flow, shownText, soon } from '../flow.ts';
import { callsTo, isCalled, understood } from './alert-flow.ts';
import {
  callee,
  event,
  grafana,
  postTo,
  sourcesConfig,
  startSources,
  tokenOf,
  tokens,
  webhook,
} from './source-flow.ts';

/** The alerts that we posted, without their threads. */
function shownAlerts(flow: Flow): SandboxMessage[] {
  return messages(flow, 'C0ALERTS').filter(
    (each) => each.user === flow.slack.state.app.botUserId && (each.thread_ts ?? each.ts) === each.ts,
  );
}

for (const database of databaseKinds) {
  describe(`alerts posted to us, on ${database}`, () => {
    test('Alertmanager’s webhook calls, is shown with its board in the thread, is edited, and its resolve is shown', async (t) => {
      const flow = await startSources(database);
      t.after(() => flow.stop());
      const port = flow.app.port();
      const fires = webhook('DiskFull', {
        labels: { instance: 'db-1', path: '<!channel> /var' },
        annotations: { summary: '91 % used' },
      });
      const answered = await postTo(port, 'prometheus', fires);
      assert.deepEqual([answered.status, JSON.parse(answered.text)], [202, { status: 'success' }]);
      await isCalled(flow, callee, 1);
      const alert = await soon(flow, 'the alert is shown', () => shownAlerts(flow)[0]);
      assert.match(shownText(alert), /Firing.*DiskFull: 91 % used/s);
      assert.match(shownText(alert), /instance: db-1/);
      assert.match(JSON.stringify(alert.blocks), /&lt;!channel&gt;/);
      const board = await soon(flow, 'the board stands under it', () => boards(flow, 'C0ALERTS')[0]);
      assert.equal(board.thread_ts, alert.ts);
      await becomes(flow, board, 'done', { answered: 1 });

      // With a changed title it is the same alert: its message is edited, and nobody is called again.
      const changed = { ...fires, commonAnnotations: { summary: '97 % used' } };
      const [first] = changed.alerts;
      assert.ok(first);
      first.annotations = { summary: '97 % used' };
      changed.alerts.push({ ...first, fingerprint: 'second' });
      assert.equal((await postTo(port, 'prometheus', changed)).status, 202);
      await soon(flow, 'the alert is edited', () =>
        shownText(shownAlerts(flow)[0] ?? alert).includes('97 %'),
      );
      assert.match(shownText(shownAlerts(flow)[0] ?? alert), /alerts: 2/);

      const over = webhook('DiskFull', { status: 'resolved', endsAt: '2026-01-05T09:30:00Z' });
      assert.equal((await postTo(port, 'prometheus', over)).status, 202);
      await soon(flow, 'it says that it is over', () =>
        shownText(shownAlerts(flow)[0] ?? alert).includes('Resolved'),
      );
      assert.doesNotMatch(shownText(shownAlerts(flow)[0] ?? alert), /alerts: 2/, 'one alert ended, not two');
      await soon(flow, 'its thread says so', () =>
        thread(flow, alert).some((each) => shownText(each).includes('Resolved: DiskFull')),
      );
      await soon(flow, 'the results stand in the alert’s own thread', () =>
        thread(flow, alert).some((each) => each.metadata?.event_type === 'voicecall_results'),
      );
      assert.equal(shownAlerts(flow).length, 1);
      assert.equal(boards(flow, 'C0ALERTS').length, 1);
      assert.equal(callsTo(flow, callee).length, 1);
      await flow.end();
    });

    test('in a channel that the app is not in, an alert waits: once invited it is shown with its board and results', async (t) => {
      const flow = await startSources(database);
      t.after(() => flow.stop());
      const bot = flow.slack.state.app.botUserId;
      flow.slack.removeMember('C0ALERTS', bot);
      const answered = await postTo(flow.app.port(), 'prometheus', webhook('Unseen'));
      assert.equal(answered.status, 202);
      await isCalled(flow, callee, 1);
      await soon(flow, 'the log says what to do', () =>
        flow.logs.some((line) => /"kind":"board".*not_in_channel.*invite the app to it/.test(line)),
      );
      assert.equal(shownAlerts(flow).length, 0);
      flow.slack.invite('C0ALERTS', bot);
      const board = await soon(flow, 'the board', () => boards(flow, 'C0ALERTS')[0], { stepMs: 2_000 });
      const [alert, ...others] = shownAlerts(flow);
      assert.ok(alert);
      assert.deepEqual(others, []);
      assert.match(shownText(alert), /Unseen/);
      assert.equal(board.thread_ts, alert.ts);
      await becomes(flow, board, 'done', { answered: 1 });
      await soon(flow, 'the results', () =>
        thread(flow, alert).some((each) => each.metadata?.event_type === 'voicecall_results'),
      );
      assert.equal(boards(flow, 'C0ALERTS').length, 1);
      assert.equal(callsTo(flow, callee).length, 1);
      await flow.end();
    });

    test('an alert whose channel closes after another failure of Slack is in the log, and again when it is given up', async (t) => {
      const flow = await startSources(database);
      t.after(() => flow.stop());
      flow.slack.removeMember('C0ALERTS', flow.slack.state.app.botUserId);
      const fails = { method: 'chat.postMessage', channel: 'C0ALERTS', kind: 'error', times: 1 } as const;
      flow.slack.fault({ ...fails, holds: 'Unseen' });
      flow.slack.fault({ ...fails, holds: 'voicecall_request' });
      const errors = (kind: string) =>
        flow.logs.filter((line) => line.includes(`"kind":"${kind}"`) && line.includes('can be shown nowhere'))
          .length;
      await postTo(flow.app.port(), 'prometheus', webhook('Unseen'));
      await soon(flow, 'the log says so of the board', () => errors('board') === 1, { stepMs: 2_000 });
      assert.equal(errors('alert'), 1);
      flow.clock.jump(24 * 3_600_000);
      await soon(flow, 'the log says that the board is given up', () => errors('board') === 2, {
        stepMs: 60_000,
      });
      assert.equal(errors('alert'), 1, 'with its board the alert waited too');
      await flow.end();
    });

    test('old news changes nothing: a firing after its own resolve calls nobody, the next one does', async (t) => {
      const flow = await startSources(database);
      t.after(() => flow.stop());
      const port = flow.app.port();
      const over = { status: 'resolved', endsAt: '2026-01-05T09:30:00Z' } as const;
      await postTo(port, 'prometheus', webhook('Lag', over));
      await postTo(port, 'prometheus', webhook('Lag'));
      await understood(flow);
      assert.equal(callsTo(flow, callee).length, 0);
      assert.equal(shownAlerts(flow).length, 0);
      await postTo(port, 'prometheus', webhook('Lag', { startsAt: '2026-01-05T10:00:00Z' }));
      await isCalled(flow, callee, 1);
      // A late resolve of the first episode does not end the second.
      await postTo(port, 'prometheus', webhook('Lag', { ...over, endsAt: '2026-01-05T09:31:00Z' }));
      await understood(flow);
      await postTo(port, 'prometheus', webhook('Lag', { startsAt: '2026-01-05T10:00:00Z' }));
      await understood(flow);
      assert.equal(callsTo(flow, callee).length, 1);
      await flow.end();
    });

    test('a tool whose clock is ahead: its next alert calls all the same', async (t) => {
      const config = sourcesConfig.replace('call: [oncall]', 'call: [oncall], cooldown: 0s');
      const flow = await startSources(database, { config });
      t.after(() => flow.stop());
      const port = flow.app.port();
      const startsAt = '2099-01-01T00:00:00Z';
      await postTo(port, 'prometheus', webhook('Ahead', { startsAt }));
      await isCalled(flow, callee, 1);
      const over = { status: 'resolved', endsAt: '2026-01-05T09:30:00Z' } as const;
      await postTo(port, 'prometheus', webhook('Ahead', { ...over, startsAt }));
      await understood(flow);
      const now = new Date(flow.clock.now()).toISOString();
      await postTo(port, 'prometheus', webhook('Ahead', { startsAt: now }));
      await isCalled(flow, callee, 2);
      await flow.end();
    });

    test('Grafana’s alerts are distinguished by fingerprint, whatever their names', async (t) => {
      const flow = await startSources(database);
      t.after(() => flow.stop());
      const port = flow.app.port();
      await postTo(port, 'grafana', grafana('f1'));
      await isCalled(flow, callee, 1);
      await postTo(port, 'grafana', grafana('f1', { title: 'CPU of db-1' }));
      await postTo(port, 'grafana', grafana('f9', { severity: 'warning' }));
      await understood(flow);
      assert.equal(callsTo(flow, callee).length, 1);
      await postTo(port, 'grafana', grafana('f2'));
      await isCalled(flow, callee, 2);
      await flow.end();
    });

    test('the Events API: one alert for each key; acknowledging stops unsent calls, resolving ends it', async (t) => {
      const flow = await startSources(database);
      t.after(() => flow.stop());
      const port = flow.app.port();
      const send = async (body: unknown) => {
        const { status, text } = await postTo(port, 'old-pager', body, {});
        assert.equal(status, 202, text);
        return JSON.parse(text) as { dedup_key: string; status: string };
      };
      assert.deepEqual(await send(event('acknowledge', 'k0')), {
        ...{ status: 'success', message: 'Event processed', dedup_key: 'k0' },
      });
      await send(event('resolve', 'k0'));
      const given = await send(event('trigger', undefined));
      assert.match(given.dedup_key, /^\w{32}$/);
      await isCalled(flow, callee, 1);
      await send(event('trigger', given.dedup_key, 'Other words'));
      await understood(flow);
      assert.equal(callsTo(flow, callee).length, 1);
      await send(event('acknowledge', given.dedup_key));
      await understood(flow);
      const store = await flow.database.open();
      const acked = await store.read.selectFrom('requests').select('acked_by').execute();
      assert.deepEqual(acked, [{ acked_by: 'tool:old-pager' }]);
      await store.close();
      await send(event('resolve', given.dedup_key));
      await understood(flow);
      await send(event('trigger', given.dedup_key));
      await understood(flow);
      flow.clock.jump(16 * 80_000);
      await isCalled(flow, callee, 2);
      assert.equal(messages(flow, 'C0ALERTS').length, 0, 'no channel, no message');
      await flow.end();
    });

    test('a message for a Slack webhook, as JSON and as a form', async (t) => {
      const flow = await startSources(database);
      t.after(() => flow.stop());
      const port = flow.app.port();
      const body = { text: '', attachments: [{ color: 'danger', title: '[FIRING:1] ApiDown (critical)' }] };
      const answered = await postTo(port, 'anything', body);
      assert.deepEqual([answered.status, answered.text], [202, 'ok']);
      await isCalled(flow, callee, 1);
      const form = `payload=${encodeURIComponent(JSON.stringify({ text: '[RESOLVED] ApiDown (critical)' }))}`;
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const path = `/alerts/anything/${tokenOf('anything')}`;
      assert.equal((await postTo(port, 'anything', form, type, path)).text, 'ok');
      await soon(flow, 'it is over', () => {
        const [alert] = shownAlerts(flow);
        return alert !== undefined && shownText(alert).includes('Resolved');
      });
      await flow.end();
    });
  });
}

test('no token, a wrong one and another source’s are refused; no token is in any answer or log', async (t) => {
  const flow = await startSources('sqlite');
  t.after(() => flow.stop());
  const port = flow.app.port();
  const body = webhook('Secret');
  const tries: [Record<string, string>, string?][] = [
    [{}],
    [{ authorization: 'Bearer ' }],
    [{ authorization: 'Bearer prometheus-token-0002' }],
    [{ authorization: `Bearer ${tokens.SOURCE_GRAFANA_TOKEN}` }],
    [{ authorization: `Digest ${tokens.SOURCE_PROMETHEUS_TOKEN}` }],
    [{}, '/alerts/prometheus/wrong'],
    [{}, '/alerts/prometheus/%E0%A4%A'],
    [{ authorization: `Bearer ${tokens.SOURCE_PROMETHEUS_TOKEN}` }, '/alerts/prometheus/wrong'],
  ];
  for (const [headers, path] of tries) {
    const { status, text } = await postTo(port, 'prometheus', body, headers, path);
    assert.equal(status, 401, JSON.stringify([headers, path]));
    assert.doesNotMatch(text, /token-0/);
  }
  assert.equal(
    (await postTo(port, 'old-pager', { ...event('trigger', 'k'), routing_key: 'x' }, {})).status,
    401,
  );
  assert.equal((await postTo(port, 'prometheus', body, {}, '/alerts/nobody')).status, 404);
  assert.equal((await fetch(`http://127.0.0.1:${port}/alerts/prometheus`)).status, 405);
  const wrong = { authorization: 'Bearer a-wrong-token-of-a-stranger' };
  for (let group = 0; group < 20; group++) {
    const some = await Promise.all(Array.from({ length: 50 }, () => postTo(port, 'prometheus', body, wrong)));
    assert.deepEqual([...new Set(some.map(({ status }) => status))], [401]);
  }
  assert.equal(flow.logs.filter((line) => line.includes('wrong token')).length, 1);
  assert.doesNotMatch(flow.logs.join(''), /stranger/);
  const basic = Buffer.from(`x:${tokens.SOURCE_PROMETHEUS_TOKEN}`).toString('base64');
  assert.equal((await postTo(port, 'prometheus', body, { authorization: `Basic ${basic}` })).status, 202);
  await isCalled(flow, callee, 1);
  for (const token of Object.values(tokens)) assert.doesNotMatch(flow.logs.join(''), new RegExp(token));
  await flow.end();
});

test('an invalid payload is explained in words, and one that is too large is refused', async (t) => {
  const flow = await startSources('sqlite');
  t.after(() => flow.stop());
  const port = flow.app.port();
  const whole = JSON.stringify(webhook('Cut'));
  const wrong: [Parameters<typeof postTo>[1], unknown, RegExp][] = [
    ['prometheus', whole.slice(0, 200), /not JSON/],
    ['prometheus', {}, /groupKey/],
    ['prometheus', null, /Alertmanager/],
    ['prometheus', [], /Alertmanager/],
    ['prometheus', { ...webhook('x'), alerts: [] }, /alerts/],
    ['grafana', webhook('x') && { alerts: [{ status: 'firing' }] }, /fingerprint/],
    ['anything', {}, /neither text/],
    ['anything', { text: 5 }, /text/],
  ];
  for (const [source, body, words] of wrong) {
    const { status, text } = await postTo(port, source, body);
    assert.equal(status, 400, text);
    assert.match(text, words);
  }
  const events = [{ event_action: 'shout' }, { event_action: 'resolve' }, { event_action: 'trigger' }];
  for (const body of events) {
    const routed = { routing_key: tokens.SOURCE_OLD_PAGER_TOKEN, ...body };
    const { status, text } = await postTo(port, 'old-pager', routed, {});
    assert.equal(status, 400);
    assert.equal((JSON.parse(text) as { status: string }).status, 'invalid event');
  }
  const large = { ...webhook('Large'), padding: 'x'.repeat(1024 * 1024) };
  assert.equal((await postTo(port, 'prometheus', large)).status, 413);
  const values = {
    text: 'FIRING',
    ...Object.fromEntries(Array.from({ length: 80_000 }, (_, at) => [at, 1])),
  };
  const tooMany = await postTo(port, 'anything', values);
  assert.deepEqual([tooMany.status, /more than 60000 values/.test(tooMany.text)], [413, true]);
  const nested = `${'{"type":"rich_text","elements":['.repeat(3_000)}${']}'.repeat(3_000)}`;
  assert.equal((await postTo(port, 'anything', `{"text":"FIRING","blocks":[${nested}]}`)).status, 400);
  assert.equal(callsTo(flow, callee).length, 0);
  await flow.end();
});
