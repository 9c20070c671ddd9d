import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createExplainer } from '../../src/alerts/explain/explain.ts';
import { findEnded } from '../../src/alerts/same-alert.ts';
import { isQuick, timeOf } from '../support/quick.ts';
import { fixtures, gated, read } from './helpers.ts';

const sameKey = (left: string, right: string) => read({ text: left }).key === read({ text: right }).key;

describe('severity', () => {
  const cases: [Record<string, unknown>, string | null][] = [
    [{ text: '[CRITICAL] x' }, 'critical'],
    [{ text: 'WARNING: x' }, 'warning'],
    [{ text: 'P1 - Checkout failing' }, 'critical'],
    [{ text: '[SEV-3] Checkout failing' }, 'warning'],
    [{ text: '[FIRING:1] DiskFull (host1 warning)' }, 'warning'],
    [{ text: 'Alert: x\n - severity = page\n' }, 'critical'],
    [{ text: 'Alert: x\nSeverity: Average' }, 'warning'],
    [{ text: 'Alert: x\nThe severity: nobody says this is critical to us all' }, null],
    [{ text: 'Alert: x\nThis is critical, a disaster, P1.' }, null],
    [{ text: ':fire: Queue is long' }, 'critical'],
    [{ text: '🟡 Queue is long' }, 'warning'],
    [{ text: '🔴 Down: shop' }, null],
    [
      { text: 'Problem: x', attachments: [{ fields: [{ title: 'Severity', value: 'Disaster' }] }] },
      'critical',
    ],
    [
      { text: 'Problem: x', attachments: [{ fields: [{ title: 'Severity', value: 'Not classified' }] }] },
      null,
    ],
    [{ text: 'Azure Monitor alert fired\nSeverity: Sev2' }, 'warning'],
    [
      {
        text: 'Problem: x',
        attachments: [{ title: '[FIRING:1] x', fallback: '[FIRING:1] x (critical) | https://x' }],
      },
      'critical',
    ],
  ];
  for (const [parts, severity] of cases) {
    it(`${severity}: ${JSON.stringify(parts)}`, () => assert.equal(read(parts).severity, severity));
  }
});

describe('key', () => {
  const same: [string, string][] = [
    ['[FIRING:1] X prod (host1 warning)', '[RESOLVED] X prod'],
    ['Triggered: Queue depth', 'Recovered: Queue depth'],
    ['🔴 Down: shop', '✅ Up: shop'],
    ['PROBLEM: disk-1 on web-1', 'OK: disk-1 on web-1'],
    ['shop is down', 'shop is up'],
    ['Problem: High load', 'Resolved in 5m 3s: High load'],
    ['CRITICAL: cpu = 93% on web-1', 'CRITICAL: cpu = 97% on web-1'],
    ['Alert: 12 errors on api at 10:03:11', 'Alert: 90 errors on api at 11:04:00'],
    ['Alert: cpu 93.4 % on api (2024-05-01T10:00:00Z)', 'Alert: cpu 99.1 % on api (2024-05-02T10:00:00Z)'],
    ['Alert: api slow for 5 minutes', 'Alert: api slow for 10 minutes'],
    ['web-1: OK → CRITICAL', 'web-1: CRITICAL → OK'],
    ['DiskFull - 2 firing', 'DiskFull - 3 resolved'],
    ['Origin health: cart-origin unhealthy', 'Origin health: cart-origin healthy'],
    ['lb-cart in pool eu is unhealthy (HTTP timeout)', 'lb-cart in pool eu is healthy'],
    ['FIRING (1)\nNodeDown of node-7', 'RESOLVED (2)\nNodeDown of node-7'],
    ['⚠️ queue invoices has 12,410 jobs waiting', '✅ queue invoices has 410 jobs waiting'],
    ['Job orders failed (task load, try 3)', 'Job orders recovered (task load, try 4)'],
    [
      'rds state is now ALARM: Threshold Crossed: 3 out of 3 datapoints were above 90',
      'rds state is now OK: Threshold Crossed: 1 datapoint was not above 90',
    ],
    ['web-3 Filesystem /var is in CRIT state', 'web-3 Filesystem /var is in OK state'],
    [
      '<https://x.io/incidents/9001|New incident> Status 503',
      '<https://x.io/incidents/9001|Automatically resolved incident> Status 503',
    ],
    [
      '<https://console.cloud.google.com/monitoring/alerting/incidents/0.n1|Uptime of shop> fails',
      '<https://console.cloud.google.com/monitoring/alerting/incidents/0.n1|Uptime of shop> is back to normal',
    ],
  ];
  for (const [left, right] of same)
    it(`same: ${JSON.stringify([left, right])}`, () => assert.ok(sameKey(left, right)));
  const apart: [string, string][] = [
    ['CRITICAL: disk-1 on web-1', 'CRITICAL: disk-2 on web-1'],
    ['CRITICAL: disk on web-1', 'CRITICAL: disk on web-2'],
    ['CRITICAL: disk 1', 'CRITICAL: disk 2'],
    ['payments is down', 'search is down'],
    ['High packet loss on router-3', 'High packet loss on router-4'],
    ['High packet loss on router-3', 'High DNS latency on router-3'],
    ['Increased response time on checkout', 'Increased response time on search'],
    ['Job stuck since the restart of worker-3', 'Job stuck since the restart of worker-4'],
    ['🚨 PSP *stripe*: success rate 71.2%', '🚨 PSP *adyen*: success rate 71.2%'],
    ['Rule 100 triggered on waf', 'Rule 101 triggered on waf'],
    ['Pods crash\n● pod api-1\n● namespace shop', 'Pods crash\n● pod api-2\n● namespace shop'],
    ['Nodes not ready after the upgrade in cluster-2', 'Nodes not ready after the upgrade in cluster-3'],
    ['Rule violation started: Response time of checkout', 'Rule violation started: Response time of search'],
    ['Verify that https://a.io is working. It is down', 'Verify that https://b.io is working. It is down'],
    ['Link is down: timeout on sw-1', 'Link is down: timeout on sw-2'],
    ['FIRING (1)\nNodeDown of node-7', 'FIRING (1)\nKafkaLag of orders'],
    ['Host 10.0.0.5 is DOWN', 'Host 10.0.0.6 is DOWN'],
    ['port 443 on web-1 is down', 'port 80 on web-1 is down'],
    ['[prod] [CRITICAL] api', '[stage] [CRITICAL] api'],
    ['web-1 is CRITICAL: disk-1', 'web-1 is CRITICAL: disk-2'],
    ['Alert: high load\nHost: web-1', 'Alert: high load\nHost: web-2'],
    ['High load\nLoad on web-1 is 9.3', 'High load\nLoad on web-2 is 9.3'],
    ['cpu > 90%', 'cpu > 95%'],
  ];
  for (const [left, right] of apart)
    it(`apart: ${JSON.stringify([left, right])}`, () => assert.ok(!sameKey(left, right)));

  it('does not depend on volatile parts of the title or the link', () => {
    const volatile = fc.record({
      value: fc.integer({ min: 0, max: 99_999 }),
      decimal: fc.integer({ min: 0, max: 9 }),
      id: fc.integer({ min: 1, max: 1e12 }),
    });
    fc.assert(
      fc.property(volatile, volatile, (left, right) => {
        const message = ({ value, decimal, id }: { value: number; decimal: number; id: number }) => ({
          attachments: [
            {
              color: 'danger',
              title: `Triggered: cpu = ${value}.${decimal}% on web-1`,
              title_link: `https://app.example.com/monitors/7?event_id=${id}&from_ts=${id}`,
            },
          ],
        });
        assert.equal(read(message(left)).key, read(message(right)).key);
      }),
      { numRuns: 100 },
    );
  });
  it('depends on channel and sender', () => {
    const keys = ['C1', 'C2'].flatMap((channel) =>
      ['B1', 'B2'].map((bot_id) => read({ text: 'db is down', channel, bot_id }).key),
    );
    assert.equal(new Set(keys).size, 4);
  });
});

describe('understanding', () => {
  it('never throws and always has a title', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 5 }),
        fc.jsonValue(),
        fc.jsonValue(),
        fc.string({ unit: 'binary' }),
        (blocks, attachments, extra, text) => {
          const seen = read({
            text,
            blocks: [blocks, { type: 'section', text: extra, fields: [blocks] }],
            attachments: [
              attachments,
              { title: extra, fields: [extra, { title: text, value: text }], blocks: [attachments] },
            ],
          });
          assert.ok(seen.title.length > 0);
          assert.match(seen.key, /^[0-9a-f]{24}$/);
        },
      ),
      { numRuns: 300 },
    );
  });
  it('text added to the body does not change the status', () => {
    const events = fixtures().flatMap((fixture) => fixture.messages.map((message) => message.event));
    const words = fc.constantFrom(
      'resolved',
      'firing',
      'is down',
      'is up',
      'OK',
      'CRITICAL',
      '[RESOLVED]',
      '[FIRING:1]',
      'recovered',
      'all clear',
      'Störung',
    );
    fc.assert(
      fc.property(fc.constantFrom(...events), fc.array(words, { minLength: 1 }), (event, added) => {
        const parts = Array.isArray(event.attachments) ? event.attachments : [];
        const first: unknown = parts[0];
        if (typeof first !== 'object' || first === null || !('title' in first) || !('text' in first)) return;
        const longer = { ...first, text: `${String(first.text)}\n${added.join(' ')}` };
        const before = read(event);
        assert.equal(
          read({ ...event, attachments: [longer, ...parts.slice(1)] }).status,
          before.status,
          before.title,
        );
      }),
      { numRuns: 300 },
    );
  });
  it('understands any 100 kB in some milliseconds', async () => {
    const pieces = [
      'Some prose about web-1. ',
      '*',
      '<',
      '[',
      '1 ',
      'a:',
      'ok ',
      'Host: web-1\n',
      '_',
      '~a',
      'https://',
      ':a',
      '<https://x.y/a|b>',
      '[a](',
      '\n',
      'is down ',
      'from ok to critical ',
      '> ',
      'no longer ',
      ' ',
      '\u202e',
    ];
    read({ text: 'warm-up' });
    for (const piece of pieces) {
      const text = piece.repeat(Math.ceil(100_000 / piece.length));
      const parts = {
        text,
        attachments: [{ title: text, text, fallback: text, fields: [{ title: text, value: text }] }],
      };
      // A text that is read twice at one place for each character takes seconds.
      await isQuick(JSON.stringify(piece), 25, () => timeOf(() => read(parts)), 30);
    }
  });
  it('the title has no emoji names, and its link is used', () => {
    const seen = read({
      attachments: [
        { title: ':fire: DiskFull', title_link: 'https://x.example.com/a?b=1&amp;c=2', color: 'danger' },
      ],
    });
    assert.deepEqual([seen.title, seen.link], ['DiskFull', 'https://x.example.com/a?b=1&c=2']);
  });
  it('explains a message that is no alert with only that', () => {
    const none = { status: 'not-an-alert', severity: null, title: null, link: null, key: null, rule: null };
    const said = createExplainer([], 0)({ type: 'message', user: 'U1', text: 'CRITICAL: db is down' });
    const { news: _news, calls, nearest: _nearest, failed: _failed, why, ...about } = said;
    assert.deepEqual([about, calls], [none, []]);
    assert.match(why ?? '', /A person wrote it/);
    assert.equal(gated({ bot_id: 'B1', ts: '1.1', text: 'x' }).botId, 'B1');
  });
});

describe('a title that names nothing', () => {
  const update = (color: string, value: string) =>
    read({
      attachments: [{ color, title: 'update resource', fields: [{ title: 'update resource', value }] }],
    });
  it('is one with another only if the lines below name the same', () => {
    const failed = update('danger', 'deployment shop/web update failed, error: timeout');
    const other = update('good', 'Successfully updated deployment shop/api');
    const same = update('good', 'Successfully updated deployment shop/web');
    assert.notEqual(failed.key, other.key);
    assert.equal(findEnded(other.identity, [failed]), undefined);
    assert.equal(findEnded(same.identity, [failed]), failed);
  });
});

describe('a resolve that says only its first sentence', () => {
  it('ends its alert', () => {
    const began = read({ text: 'Detected DeadMaster on orders:3306. Affected replicas: 3' });
    const ended = read({ text: 'Recovered from DeadMaster on orders:3306. Failed: db-1; Successor: db-2' });
    assert.equal(began.status, 'firing');
    assert.equal(ended.status, 'resolved');
    assert.equal(findEnded(ended.identity, [began]), began);
  });
});
