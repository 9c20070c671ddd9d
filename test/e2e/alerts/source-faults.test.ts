import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, test } from 'node:test';
import { databaseKinds, lockSqlite } from '../../support/store.ts';
import { becomes } from '../flow.ts';
import {
  alertmanager,
  boardUnder,
  callsTo,
  firing,
  isCalled,
  post,
  resolved,
  said,
  understood,
} from './alert-flow.ts';
import {
  callee,
  event,
  grafana,
  postTo,
  sourcesConfig,
  startSources,
  tokenOf,
  webhook,
} from './source-flow.ts';

/** The configuration with a source whose tool also posts its alerts into #alerts, where the same rule hears them. */
function bothWays(format: 'alertmanager' | 'grafana'): string {
  return sourcesConfig
    .replace(`format: ${format}, channel: C0ALERTS`, `format: ${format}, also: C0ALERTS`)
    .replace('name: pager, sources', 'name: pager, channels: [C0ALERTS], sources');
}

for (const database of databaseKinds) {
  describe(`faults of sources, on ${database}`, () => {
    test('NUL, lone surrogates and mark-up in labels do no harm', async (t) => {
      const flow = await startSources(database);
      t.after(() => flow.stop());
      const nasty = { instance: 'a\u0000b\ud800c', 'la\u0000bel': '<!channel> & <@U0BEN|x>' };
      const annotations = { summary: '\u202e<!here> \udfff\u0000 <https://evil.example|click>' };
      const answered = await postTo(
        flow.app.port(),
        'prometheus',
        webhook('Nasty', { labels: nasty, annotations }),
      );
      assert.equal(answered.status, 202);
      await isCalled(flow, callee, 1);
      await understood(flow);
      await flow.end();
    });

    test('five thousand alerts in one payload are one request, and block the process for less than a second', async (t) => {
      const flow = await startSources(database);
      t.after(() => flow.stop());
      const one = webhook('Storm');
      const [first] = one.alerts;
      const alerts = Array.from({ length: 5_000 }, (_, index) => ({
        ...{ status: first?.status, labels: { alertname: 'Storm', severity: 'critical', i: `${index}` } },
        ...{ annotations: {}, startsAt: first?.startsAt, endsAt: first?.endsAt, fingerprint: `f${index}` },
      }));
      const body = JSON.stringify({ ...one, alerts });
      assert.ok(body.length < 1024 * 1024, `${body.length}`);
      assert.equal((await postTo(flow.app.port(), 'prometheus', body)).status, 202);
      await isCalled(flow, callee, 1);
      await understood(flow);
      assert.equal(callsTo(flow, callee).length, 1);
      await flow.end();
    });

    test('the same alert by two ways calls once, whichever comes first', async (t) => {
      const config = bothWays('alertmanager');
      const flow = await startSources(database, { config });
      t.after(() => flow.stop());
      const port = flow.app.port();
      await postTo(port, 'prometheus', webhook('DiskFull'));
      await isCalled(flow, callee, 1);
      await post(flow, firing('DiskFull', 'critical'));
      await understood(flow);
      await post(flow, firing('ReplicaLag', 'critical'));
      await isCalled(flow, callee, 2);
      await postTo(port, 'prometheus', webhook('ReplicaLag'));
      await understood(flow);
      assert.equal(callsTo(flow, callee).length, 2);
      await postTo(port, 'prometheus', webhook('OtherThing'));
      await isCalled(flow, callee, 3);
      await flow.end();
    });

    test('the end that a tool only posts ends the same alert of its channel, and the next firing calls again', async (t) => {
      const config = bothWays('alertmanager').replace(
        'call: [oncall], ',
        '$&then: [{ after: 5m, call: ["+91 85632 14199"] }], cooldown: 1m, ',
      );
      const flow = await startSources(database, { config });
      t.after(() => flow.stop());
      flow.voice.setBehaviour({ phones: { [callee.slice(-4)]: 'busy' } });
      const port = flow.app.port();
      // In the channel first, so that its alert is the one that calls.
      const inChannel = post(flow, firing('DiskFull', 'critical'));
      const board = await boardUnder(flow, inChannel);
      await becomes(flow, board, 'sent', { not_answered: 1 });
      await postTo(port, 'prometheus', webhook('DiskFull'));
      await understood(flow);
      await postTo(port, 'prometheus', webhook('DiskFull', { status: 'resolved' }));
      await becomes(flow, board, 'done', { callees: 1 });
      await said(flow, inChannel, 'Resolved: ');
      flow.clock.jump(10 * 60_000);
      await understood(flow);
      assert.equal(callsTo(flow, '918563214199').length, 0, 'its ladder has ended');
      await postTo(port, 'prometheus', webhook('DiskFull'));
      await isCalled(flow, callee, 2);
      await flow.end();
    });

    test('an alert that only its channel ends calls again when it fires again there', async (t) => {
      const config = bothWays('alertmanager').replace('call: [oncall], ', '$&cooldown: 1m, ');
      const flow = await startSources(database, { config });
      t.after(() => flow.stop());
      await postTo(flow.app.port(), 'prometheus', webhook('DiskFull'));
      await isCalled(flow, callee, 1);
      post(flow, firing('DiskFull', 'critical'));
      await understood(flow);
      post(flow, resolved('DiskFull', 'critical'));
      await understood(flow);
      flow.clock.jump(10 * 60_000);
      post(flow, firing('DiskFull', 'critical'));
      await isCalled(flow, callee, 2);
      await flow.end();
    });

    test('a group that Grafana posts alert by alert, and writes into the channel in one message, is not called once more', async (t) => {
      const config = bothWays('grafana').replace(
        'voice:',
        'limits: { perCallee: { calls: 100, per: 1h } }\nvoice:',
      );
      const flow = await startSources(database, { config });
      t.after(() => flow.stop());
      const [one] = grafana('f1', { title: 'DiskFull' }).alerts;
      const [other] = grafana('f2', { title: 'DiskFull' }).alerts;
      const group = { ...grafana('f1', { title: 'DiskFull' }), alerts: [one, other] };
      assert.equal((await postTo(flow.app.port(), 'grafana', group)).status, 202);
      await isCalled(flow, callee, 2);
      await post(flow, alertmanager('FIRING:2', 'DiskFull', 'critical'));
      await understood(flow);
      const store = await flow.database.open();
      const requests = await store.read.selectFrom('requests').select('id').execute();
      await store.close();
      assert.equal(requests.length, 2);
      await flow.end();
    });

    test('an alert by two ways that fires again within the cooldown is called for once, when it ends', async (t) => {
      const config = bothWays('alertmanager');
      const flow = await startSources(database, { config });
      t.after(() => flow.stop());
      const port = flow.app.port();
      for (const inChannelFirst of [true, false]) {
        const name = inChannelFirst ? 'DiskFull' : 'ReplicaLag';
        const before = callsTo(flow, callee).length;
        const written = () => void post(flow, firing(name, 'critical'));
        const posted = async () => void (await postTo(port, 'prometheus', webhook(name)));
        const fires = async () => {
          await (inChannelFirst ? written() : posted());
          await understood(flow);
          await (inChannelFirst ? posted() : written());
          await understood(flow);
        };
        await fires();
        await isCalled(flow, callee, before + 1);
        await postTo(port, 'prometheus', webhook(name, { status: 'resolved' }));
        post(flow, resolved(name, 'critical'));
        await understood(flow);
        flow.clock.jump(5 * 60_000);
        await fires();
        assert.equal(callsTo(flow, callee).length, before + 1, 'its cooldown has not ended');
        flow.clock.jump(10 * 60_000);
        await isCalled(flow, callee, before + 2);
        flow.clock.jump(10 * 60_000);
        await understood(flow);
        assert.equal(callsTo(flow, callee).length, before + 2, 'once');
      }
      await flow.end();
    });

    test('a message for a group goes on until the last alert that Grafana posts of it has ended', async (t) => {
      const config = bothWays('grafana').replace(
        'call: [oncall], ',
        '$&then: [{ after: 5m, call: ["+91 85632 14199"] }], ',
      );
      const flow = await startSources(database, { config });
      t.after(() => flow.stop());
      flow.voice.setBehaviour({ phones: { [callee.slice(-4)]: 'busy' } });
      const port = flow.app.port();
      const inChannel = post(flow, alertmanager('FIRING:2', 'DiskFull', 'critical'));
      const board = await boardUnder(flow, inChannel);
      await becomes(flow, board, 'sent', { not_answered: 1 });
      for (const fingerprint of ['f1', 'f2'])
        await postTo(port, 'grafana', grafana(fingerprint, { title: 'DiskFull' }));
      await postTo(port, 'grafana', grafana('f1', { title: 'DiskFull', status: 'resolved' }));
      await understood(flow);
      flow.clock.jump(5 * 60_000);
      await isCalled(flow, '918563214199', 1);
      await postTo(port, 'grafana', grafana('f2', { title: 'DiskFull', status: 'resolved' }));
      await said(flow, inChannel, 'Resolved: ');
      await flow.end();
    });

    test('nulls, numbers, a byte order mark and an empty key are no reason to lose a page', async (t) => {
      const flow = await startSources(database);
      t.after(() => flow.stop());
      const port = flow.app.port();
      const [alert] = webhook('Script').alerts;
      const bare = {
        ...webhook('Script'),
        ...{ groupLabels: null, commonLabels: null, commonAnnotations: null, externalURL: null },
        alerts: [
          {
            ...{ ...alert, annotations: null, startsAt: null, endsAt: null, generatorURL: null },
            labels: { alertname: 'Script', severity: 'critical', code: 500, team: null, tags: ['a'] },
          },
        ],
      };
      const gaps = { ...grafana('f7'), externalURL: null, status: null };
      const form = { 'content-type': 'Application/X-WWW-Form-Urlencoded; charset=utf-8' };
      const secret = (source: 'anything') => ({ authorization: `Bearer ${tokenOf(source)}` });
      const said = [
        await postTo(port, 'prometheus', `\ufeff${JSON.stringify(bare)}`),
        await postTo(port, 'grafana', { ...gaps, alerts: [{ ...gaps.alerts[0], panelURL: null }] }),
        await postTo(port, 'old-pager', { ...event('trigger', ''), links: null }, {}),
        await postTo(port, 'anything', { text: null, blocks: null, attachments: [{ title: 'DOWN: web-1' }] }),
        await postTo(
          port,
          'anything',
          `payload=${encodeURIComponent(JSON.stringify({ text: 'DOWN: web-2' }))}`,
          { ...secret('anything'), ...form },
        ),
      ];
      assert.deepEqual(
        said.map(({ status, text }) => [status, status === 202 ? '' : text]),
        said.map(() => [202, '']),
      );
      await isCalled(flow, callee, 5);
      await flow.end();
    });
  });
}

test('what cannot be stored is answered with 503, and accepted when the tool retries: one request', async (t) => {
  const flow = await startSources('sqlite');
  t.after(() => flow.stop());
  const port = flow.app.port();
  const unlock = await lockSqlite(flow.database.dataDir);
  const refused = await postTo(port, 'prometheus', webhook('DiskFull'));
  assert.equal(refused.status, 503);
  assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);
  const pager = await postTo(port, 'old-pager', event('trigger', 'k'), {});
  assert.equal(pager.status, 503);
  unlock();
  assert.equal((await postTo(port, 'prometheus', webhook('DiskFull'))).status, 202);
  await isCalled(flow, callee, 1);
  await understood(flow);
  assert.equal(callsTo(flow, callee).length, 1);
  await flow.end();
});

test('the same payload ten times at once to two instances calls once', {
  skip: databaseKinds.includes('postgres') ? false : 'needs PostgreSQL',
}, async (t) => {
  const flow = await startSources('postgres');
  t.after(() => flow.stop());
  const other = await flow.startInstance();
  const ports = [flow.app.port(), other.port()];
  const all = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      postTo(ports[index % 2] ?? 0, 'grafana', grafana('f1'), {
        authorization: `Bearer ${tokenOf('grafana')}`,
      }),
    ),
  );
  assert.deepEqual([...new Set(all.map(({ status }) => status))], [202]);
  await isCalled(flow, callee, 1);
  await understood(flow);
  assert.equal(callsTo(flow, callee).length, 1);
  await flow.end();
});

test('a thousand posts of a hundred alerts are a hundred requests', async (t) => {
  const flow = await startSources('sqlite', {
    config: sourcesConfig.replace(
      'lists:',
      'limits: { callsPerHour: 10000, calleesPerRequest: 100 }\nlists:',
    ),
  });
  t.after(() => flow.stop());
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  for (let round = 0; round < 10; round++) {
    const posts = Array.from({ length: 100 }, (_, index) =>
      postTo(flow.app.port(), 'prometheus', webhook(`Alert${index}`, { labels: { round: `${round}` } })),
    );
    assert.deepEqual([...new Set((await Promise.all(posts)).map(({ status }) => status))], [202]);
  }
  await understood(flow);
  delay.disable();
  await isCalled(flow, callee, 100);
  t.diagnostic(`event loop delay p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms`);
  await flow.end();
});
