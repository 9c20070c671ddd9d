import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { colorOf } from '../../src/alerts/status.ts';
import { read } from './helpers.ts';

const lines = {
  firing: [
    'Interface eth0 down on sw-1',
    'Tests: 118 passed, 2 failed',
    '[FIRING:2, RESOLVED:1] api',
    'Unresolved: queue stuck',
    'NOT OK: db-1',
    'db-1: OK → CRITICAL',
    'State changed from OK to ALARM for cpu',
    'Alert: status is not resolved yet for db',
    'db-1 down',
    'Site is down: shop.example.com',
    '🚨 High memory on web-1',
    'Backup failed for db-1',
    'Cron job nightly missed its deadline',
    'Alert: CPU high on web-1',
    'ALERT CPU high on web-1',
    'Warning: disk 91% on web-1',
    'Problem: Success rate below 99%',
    'Triggered: Request success rate low',
    '[CRITICAL] web-1 load',
    'Incident #12 opened: API errors',
    'Daily backup failed on db-1',
    'Health check failed for api',
    'Certificate for shop.example.com expired',
    'Certificate for shop.example.com expires in 5 days',
    'Anomaly detected in checkout latency',
    'api latency exceeded threshold',
    'Heartbeat missed: nightly',
    'Pod api-1 is in CrashLoopBackOff',
    'Alarm: "cpu" in EU',
    'Escalated: API errors',
    'P1 - Checkout is failing',
    'Issue activated: High CPU',
    'Error: payment worker crashed',
    'Disk space critical on db-1',
    'High error rate detected on checkout',
    'Server web-1 unreachable',
    'web-1 not responding',
    'Monitor "Shop" is failing',
    'Threshold breached: queue depth',
    'SLO burn rate alert: checkout',
    'Fatal: out of memory',
    'CRITICAL: replica lag 93s on db-1',
    'Replication lag is high on db-1',
    'DISASTER - power lost',
    'BGP session down',
    'Deployment api failed',
    'Outage: payments',
    'Major outage: payments API',
    'Error budget exhausted: checkout',
    '502 errors above 5% on checkout',
    'OPEN Problem P-12: Failure rate of checkout',
    'Status change: Payments API Operational → Major outage',
    'Status change: Login Operational → Degraded performance',
    'pod kafka-0 down',
    'SLO breach: cart availability',
    'CPU of web-1 is over 80%',
    'Free memory on web-1 dropped below 10%',
    '[P1] Kafka consumer group billing is lagging',
    'SSL certificate of shop is invalid',
    'Connection error to redis-1',
    'DNS failure for shop.example.com',
    'Power lost on rack 4',
    'Unexpected restart of web-1',
    'Timeout of job import-a',
    'Downtime detected for https://shop.example.com',
    'web-3 Filesystem /var is in CRIT state',
  ],
  resolved: [
    'Downtime resolved for https://shop.example.com',
    'The outage of Shop is over (12 min)',
    'Status change: Payments API Major outage → Operational',
    'Status change: Login Degraded Performance → Operational',
    'KafkaDown on kafka-0 resolved',
    'Alarm 11200: retrieval failure - back below threshold 10',
    'Health check cleared: OSD_DOWN',
    'LMD4411 cleared - esx-3 Ping',
    'DiskFull stopped firing',
    'CPU on web-1 dropped below 80%',
    'web-1 answers again',
    '✅ payments failing',
    'web-3 Filesystem /var is in OK state',
    'Interface eth0 up on sw-1',
    '[RESOLVED:2] api',
    'db-1 is no longer critical',
    'cpu-web: ALARM to OK',
    'API changed from DOWN to UP',
    'Site is back up: shop.example.com',
    'shop is back online',
    '✅ shop is up',
    'Resolved: Payment failed too often',
    'Resolved: API is down',
    'Alert resolved: API errors',
    '[OK] web-1 load',
    'Incident #12 resolved: API errors',
    'All clear: disk on web-1',
    'CPU on web-1 returned to normal',
    'OK: cpu',
    'Issue closed: High CPU',
    'web-1 is responding again',
    'Monitor "Shop" is passing',
    'RECOVERY: web-1',
    'Cleared: BGP session',
  ],
  info: [
    'Heads up on the deploy',
    'Following up on the incident: notes are in the doc',
    'What is up in engineering',
    'Sign up at the desk',
    'Write down in the doc what you need',
    'Closed for the holidays',
    'Standup: Ada — Yesterday: fixed the alert. Today: nothing. Blockers: none',
    'Ada completed the task "Fix down alert"',
    'New PR: Fix OOM in api',
    'CI: all checks passed on main',
    'Canary deployed, error rate normal',
    '🎉 v2.0 is live',
    'Database migration completed',
    'Weekly uptime report: 99.9%',
    'Monitoring report: 3 incidents, 2 resolved',
    'Feature flag new-checkout is now active',
    'Feature flag new-checkout was turned off',
    '<https://giphy.com/x|this is fine>',
    'Meeting started: Critical incident review',
    'Maintenance window started for db-1',
    'Snoozed: cpu on web-1 until 10:00',
    'Silence created by Ada: DiskFull',
    'Daily summary: 0 critical, 2 warnings',
    'Alert rule "cpu" was updated by Ada',
    'Monitor "Shop" was created by Ada',
    'Monitor "Shop" was paused',
    'Tests: 120 passed, 0 failed',
    'Ada requested access to production',
    'Docker image api:1.2 pushed',
    'Your subscription was renewed',
    'New customer signed up: Alarm Systems Inc',
    'Rollback of api completed',
    'Security digest: 3 critical vulnerabilities fixed this week',
    'Question of the day: what is your worst outage?',
    '🏆 Ada resolved 5 tickets this month',
    'Time off: Bob is out until Monday',
    'On-call this week: Ada',
    'Hourly summary: 12 alerts fired, 12 resolved',
    'Trivia: the fire alarm was invented in 1852',
    'Incident channel created: #inc-210',
    'Deploy to production approved by Ada',
    '✅ Deploy of api finished in 3m',
    '🚀 Deploying api v3 to production',
    ':white_check_mark: All checks have passed',
    'Terraform apply finished',
    'Reminder: submit your timesheet',
    'Lunch is ready',
    'Stand up in 5 minutes',
    'Let us sign up for the party',
    'Recovered 3 GB disk space on build-7',
    'The retro of incident INC-31 "Checkout was down" is tomorrow',
    'Replication slot a is inactive',
    'The retro of "db is down" moved to 15:00',
    'Power loss drill of the Berlin office is on Tuesday',
    'Fix SLO breach in the cart service',
    'Your invite link is invalid',
    'Fix connection error to redis',
    'OPS-12 Handle the DNS failure of staging',
    'A post about timeouts and power loss',
    'Monthly uptime: shop 99.98%. Longest outage 12 min',
    'Build #12 passed',
    'Deployed api v2 to production',
    'Daily stand-up reminder: what went down yesterday?',
    'The weekly critical alerts digest is ready',
    'No alerts in the last 24 hours',
    'All systems operational',
    'Acknowledged: API is down',
    'DOWNTIMESTART: web-1 is CRITICAL',
    'Störung: Server nicht erreichbar',
    'You have 3 unresolved incidents to review this week',
    'Pull request opened: fix alarm',
    'Merge request !12 merged: Resolve critical outage',
    'P1 review meeting at 10',
    'New comment on incident INC-12: looks down to me',
    'Ada acknowledged incident #12',
    'Ada added a note to incident #12: it is down',
    'Ada was assigned to incident #12',
    'Status page updated',
    'Test notification from Pingdom',
    'Ticket #12 closed',
    'Sprint 12 started',
    'The door was opened',
    'Restarting api to apply critical update',
    'api scaled up to 5 replicas',
    'api scaled down',
    'Your free trial expires in 3 days',
    'Deployment api finished',
    'Rollout of api in progress',
    'Autoscaling: added 2 nodes',
    'On-call handoff: Ada takes over. 2 open incidents.',
    'Postmortem for the API outage is due',
    'Incident review: API outage',
    'New sign up: ada@example.com',
    'New order #123 from Critical Mass',
    'Error budget report for May',
    'Detected language: English',
    'Detected a new login on MacBook Pro',
    'There are issues assigned to you',
    'Failover guide for new colleagues',
    'Your promo code SAVE 500 is here',
    "Can't wait to see you all over lunch",
    'Asha sealed the deal with Globex',
    'The vault was sealed by Ben',
    'Внимание! Сегодня встреча в 15:00',
    'Security updates available for your laptop',
    'Please check that the projector is working',
  ],
};

describe('status of one line', () => {
  for (const [status, texts] of Object.entries(lines)) {
    for (const text of texts) it(`${status}: ${text}`, () => assert.equal(read({ text }).status, status));
  }
});

describe('status of a message', () => {
  const title = 'CPU on web-1';
  it('uses the colour only if no word decides', () => {
    assert.equal(read({ attachments: [{ title, color: 'a30200' }] }).status, 'firing');
    assert.equal(read({ attachments: [{ title, color: '2eb886' }] }).status, 'resolved');
    assert.equal(
      read({ attachments: [{ title: `Resolved: ${title}`, color: 'a30200' }] }).status,
      'resolved',
    );
    assert.equal(read({ attachments: [{ title: `Triggered: ${title}`, color: 'good' }] }).status, 'firing');
    assert.equal(read({ attachments: [{ title, color: '3aa3e3' }] }).status, 'info');
  });
  it('a word in the body does not decide', () => {
    const text = 'It was resolved and recovered, all is ok and up.\nStatus page: resolved';
    assert.equal(read({ attachments: [{ title, color: 'danger', text }] }).status, 'firing');
    assert.equal(
      read({ attachments: [{ title: `[RESOLVED] ${title}`, text: 'The host is DOWN\n[FIRING:3]' }] }).status,
      'resolved',
    );
    assert.equal(
      read({ attachments: [{ title: 'Lunch menu', text: 'CRITICAL: soup is down' }] }).status,
      'info',
    );
  });
  it('a title with a fault ends in green only if the text below says so', () => {
    const of = (color: string, text: string) =>
      read({ attachments: [{ color, title: 'payments failing', text }] }).status;
    assert.equal(of('good', 'This alert has recovered.'), 'resolved');
    assert.equal(of('danger', 'This alert has recovered.'), 'firing');
    assert.equal(of('good', 'It recovered yesterday. Now it fails again.'), 'firing');
    assert.equal(of('good', ''), 'firing');
  });
  it('reads a state that stands alone in a small line below', () => {
    const of = (small: string) =>
      read({
        blocks: [
          { type: 'section', text: { type: 'mrkdwn', text: 'Cart latency is above 2s' } },
          { type: 'context', elements: [{ type: 'mrkdwn', text: small }] },
        ],
      }).status;
    assert.equal(of('Firing • Source: Grafana'), 'firing');
    assert.equal(of('Resolved • Source: Grafana'), 'resolved');
    assert.equal(of('Resolved yesterday • Source: Grafana'), 'firing');
  });
  it('reads state fields if the title says nothing', () => {
    const fields = (State: string) => [{ title: 'Alarm state', value: State }];
    assert.equal(read({ attachments: [{ title, fields: fields('ALARM') }] }).status, 'firing');
    assert.equal(read({ attachments: [{ title, fields: fields('OK') }] }).status, 'resolved');
    assert.equal(
      read({ attachments: [{ title, color: 'danger', fields: fields('CRITICAL → OK') }] }).status,
      'resolved',
    );
    assert.equal(read({ attachments: [{ title, fields: fields('INSUFFICIENT_DATA') }] }).status, 'info');
  });
  it('survives strange messages', () => {
    assert.equal(read({ text: '' }).status, 'info');
    assert.equal(read({ text: '*_~`<<|>>|<http://|[](' }).status, 'info');
    assert.equal(read({ text: 'Ereignis: Störung' }).status, 'info');
    assert.equal(
      read({ text: 'Störung', attachments: [{ color: 'danger', text: 'Server' }] }).status,
      'firing',
    );
    const nested = {
      type: 'brandnew',
      elements: [{ type: 'deeper', text: { type: 'mrkdwn', text: '*Resolved:* queue' } }],
    };
    assert.equal(read({ blocks: [nested] }).status, 'resolved');
  });
  it('ignores the labels of buttons', () => {
    const actions = {
      type: 'actions',
      elements: [{ type: 'button', text: { type: 'plain_text', text: 'Resolved' } }],
    };
    assert.equal(read({ text: 'Lunch', blocks: [actions] }).status, 'info');
  });
});

describe('colours', () => {
  it('reads names and hex, with and without #', () => {
    for (const red of ['danger', 'a30200', '#d63232', 'ff0000', 'e01e5a', '#f00'])
      assert.equal(colorOf(red), 'red');
    for (const green of ['good', '2eb886', '36a64f', '009900', '00b302', '18be52', '4dc771'])
      assert.equal(colorOf(green), 'green');
    for (const yellow of ['warning', 'daa038', 'ffa059', 'f2c744']) assert.equal(colorOf(yellow), 'yellow');
    for (const none of ['', 'dddddd', '000000', '3aa3e3', 'blue', '#12'])
      assert.equal(colorOf(none), undefined);
  });
});

describe('who acknowledged', () => {
  const of = (line: string) => read({ text: `[FIRING:1] db is down\n${line}` }).acknowledgedBy;
  it('reads the name, or that there is none', () => {
    const cases: [string, string][] = [
      ['Acknowledged by Asha Rao', 'Asha Rao'],
      [':eyes: *Acknowledged by:* Asha at 10:02 UTC', 'Asha'],
      ['Status: Acknowledged by @asha (via email)', 'asha'],
      ['Acked by Ben · 2 min ago', 'Ben'],
      ['This incident was acknowledged by Ben Ito.', 'Ben Ito'],
      ['Asha acknowledged this alert', 'Asha'],
      ['Acknowledged by <@U0ASHA>', ''],
      ['State: *Acknowledged*', ''],
      ['[ACK] db is down', ''],
      ['Acknowledged: Yes', ''],
    ];
    for (const [line, name] of cases) assert.equal(of(line), name, line);
  });
  it('does not accept a promise, a button or a list as an acknowledgement', () => {
    for (const line of [
      'Acknowledged by: nobody',
      'Acknowledged by: -',
      'Acknowledged: No',
      'Not acknowledged',
      'Unacknowledged',
      'Will page again unless acknowledged by Asha',
      'This was not acknowledged by anyone',
      'Must be acknowledged by the on-call within 5 minutes',
      'Reply here once it has been acknowledged by you',
      'Acknowledged incidents this week: 5',
      'Acknowledge this alert',
      'Auto-acknowledged by policy',
      '3 alerts have not been acknowledged by Asha',
    ])
      assert.equal(of(line), null, line);
  });
});
