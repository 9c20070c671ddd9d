import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boardUnder, rung, said, understood } from '../e2e/alert-flow.ts';
import { becomes, startFlow } from '../e2e/flow.ts';
import { eventually } from '../support/world.ts';
import { alertmanagerProgram, startAlertmanager } from './alertmanager.ts';

const program = alertmanagerProgram();
const absent = 'no Alertmanager here: apt-get install prometheus-alertmanager';

test('a real Alertmanager rings once for each group, and its resolve is written in the thread', {
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
  const alertmanager = await startAlertmanager(program ?? '', webhook.url);
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
  assert.equal(rung(flow, '918563214120').length, 2, 'once for each group');

  await alertmanager.push([alert('DiskFull', 'db-3')]);
  await eventually('the group says it again', () => posted('] DiskFull').length === 2);
  await understood(flow);
  assert.equal(rung(flow, '918563214120').length, 2, 'a third alert of the group only refreshes');

  const endsAt = new Date(Date.now() - 1_000).toISOString();
  await alertmanager.push([{ ...alert('ReplicaLag', 'db-1'), endsAt }]);
  await said(flow, lag, /Resolved: \[RESOLVED\] ReplicaLag/);
  await understood(flow);
  assert.equal(rung(flow, '918563214120').length, 2);
  await flow.end();
});
