import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boardUnder, callsTo, said, understood } from '../e2e/alerts/alert-flow.ts';
import { becomes, shownText, soon, startFlow } from '../e2e/flow.ts';
import { boards, eventually, messages } from '../support/world.ts';
import { alertmanagerProgram, slackReceiver, startAlertmanager } from './alertmanager.ts';

const program = alertmanagerProgram();
const absent = 'no Alertmanager here: apt-get install prometheus-alertmanager';

test('a real Alertmanager calls once for each group, and the thread says that it resolved', {
  skip: program === undefined ? absent : false,
}, async (t) => {
  const flow = await startFlow({
    config: `
lists: { oncall: ["+91 85632 14120"] }
voice: { submit: { concurrency: 1, perSecond: 200 } }
rules:
  - { name: pager, channels: [C0ALERTS], match: { severity: [critical, null] }, call: [oncall], say: "Alert. {title}." }
`,
  });
  t.after(() => flow.stop());
  const webhook = flow.slack.createWebhook('C0ALERTS', 'Alertmanager');
  const alertmanager = await startAlertmanager(program ?? '', slackReceiver(webhook.url));
  t.after(() => alertmanager.stop());
  const posted = (start: string) =>
    flow.slack
      .history('C0ALERTS')
      .filter((each) => each.bot_id === webhook.botId && JSON.stringify(each.attachments).includes(start));

  const alert = (alertname: string, instance: string) => ({
    labels: { alertname, instance, severity: 'critical' },
  });
  await alertmanager.push([
    alert('DiskFull', 'db-1'),
    alert('DiskFull', 'db-2'),
    alert('ReplicaLag', 'db-1'),
  ]);
  const disk = await eventually('the group DiskFull', () => posted('] DiskFull')[0]);
  const lag = await eventually('the group ReplicaLag', () => posted('] ReplicaLag')[0]);
  const boards = [await boardUnder(flow, disk), await boardUnder(flow, lag)];
  for (const board of boards) await becomes(flow, board, 'done', { answered: 1 });
  assert.equal(callsTo(flow, '918563214120').length, 2, 'once for each group');

  await alertmanager.push([alert('DiskFull', 'db-3')]);
  await eventually('the group says it again', () => posted('] DiskFull').length === 2);
  await understood(flow);
  assert.equal(callsTo(flow, '918563214120').length, 2, 'a third alert of the group only refreshes');

  const endsAt = new Date(Date.now() - 1_000).toISOString();
  await alertmanager.push([{ ...alert('ReplicaLag', 'db-1'), endsAt }]);
  await said(flow, lag, /Resolved: ReplicaLag/);
  await understood(flow);
  assert.equal(callsTo(flow, '918563214120').length, 2);
  await flow.end();
});

const token = 'alertmanager-token-01';
/** As in the README: the webhook, and PagerDuty's Events API with another address. */
const receivers = {
  alertmanager: (url: string) => `webhook_configs:
      - url: ${url}
        send_resolved: true
        http_config: { authorization: { credentials: ${token} } }`,
  events: (url: string) => `pagerduty_configs:
      - routing_key: ${token}
        url: ${url}
        severity: '{{ or .CommonLabels.severity "critical" }}'`,
};

for (const [format, receiver] of Object.entries(receivers)) {
  test(`while Slack is down, a real Alertmanager posts (${format}) and people are called; later there is one alert message and one board`, {
    skip: program === undefined ? absent : false,
  }, async (t) => {
    const flow = await startFlow({
      env: { SOURCE_PROMETHEUS_TOKEN: token },
      config: `
lists: { oncall: ["+91 85632 14120"] }
voice: { submit: { concurrency: 1, perSecond: 200 } }
sources: { prometheus: { format: ${format}, channel: C0ALERTS } }
rules:
  - { name: pager, sources: [prometheus], match: { severity: [critical] }, call: [oncall], say: "Alert. {title}." }
`,
    });
    t.after(() => flow.stop());
    flow.slack.fault({ method: '*', times: 1_000_000, kind: 'drop_before' });
    await flow.restart();
    const url = `http://127.0.0.1:${flow.app.port()}/alerts/prometheus`;
    const alertmanager = await startAlertmanager(program ?? '', receiver(url));
    t.after(() => alertmanager.stop());
    const alert = (instance: string) => ({
      labels: { alertname: 'DiskFull', instance, severity: 'critical' },
    });
    await alertmanager.push([alert('db-1'), alert('db-2')]);
    await eventually('the phone rings', () => callsTo(flow, '918563214120').length === 1);
    await alertmanager.push([alert('db-3')]);
    const endsAt = new Date(Date.now() - 1_000).toISOString();
    const posts = () => flow.logs.filter((line) => line.includes('"an alert was understood"')).length;
    await eventually('the group says it again', () => posts() >= 2);
    flow.slack.state.faults.length = 0;
    const board = await soon(flow, 'the board', () => boards(flow, 'C0ALERTS')[0]);
    await becomes(flow, board, 'done', { answered: 1 });
    const own = () =>
      messages(flow, 'C0ALERTS').filter(
        (each) => each.user === flow.slack.state.app.botUserId && (each.thread_ts ?? each.ts) === each.ts,
      );
    assert.equal(own()[0]?.ts, board.thread_ts);
    await alertmanager.push(['db-1', 'db-2', 'db-3'].map((name) => ({ ...alert(name), endsAt })));
    await soon(flow, 'it is shown as over', () => shownText(own()[0] ?? board).includes('Resolved'));
    assert.equal(own().length, 1);
    assert.equal(boards(flow, 'C0ALERTS').length, 1);
    assert.equal(callsTo(flow, '918563214120').length, 1);
    await flow.end();
  });
}
