import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createExplainer, type Explanation } from '../../src/alerts/explain/explain.ts';
import type { Rule } from '../../src/config/types.ts';
import { rule } from './helpers.ts';

/** The dry run's result for a sequence; production decides the same. */
function play(events: Record<string, unknown>[]): Explanation[] {
  return events.map(explainer([]));
}

function explainer(rules: Rule[]): (event: Record<string, unknown>) => Explanation {
  const explain = createExplainer(rules, 0);
  return (event) => explain({ type: 'message', channel: 'C1', bot_id: 'B1', ...event });
}

const edit = (ts: string, at: string, text: string) => ({
  subtype: 'message_changed',
  ts: at,
  message: { bot_id: 'B1', ts, text, edited: { ts: at, user: 'U1' } },
});

describe('a sequence of messages', () => {
  it('calls once, refreshes, resolves, calls again', () => {
    const seen = play([
      { ts: '1.1', text: 'db is down' },
      { ts: '2.1', text: 'db is down' },
      { ts: '3.1', text: 'db is up' },
      { ts: '4.1', text: 'db is up' },
      { ts: '5.1', text: 'db is down' },
    ]);
    assert.deepEqual(
      seen.map((item) => item.news),
      ['fired', 'refreshed', 'resolved', 'none', 'fired'],
    );
    assert.equal(new Set(seen.map((item) => item.key)).size, 1);
  });
  it('finds the alert of an edit and of a thread reply, whatever their text', () => {
    const seen = play([
      { ts: '1.1', text: 'Problem: db-1 is down' },
      edit('1.1', '2.1', 'Resolved in 3m by Ada'),
      { ts: '3.1', thread_ts: '1.1', text: 'Problem: it is down again' },
      { ts: '4.1', thread_ts: '1.1', text: 'Resolved' },
    ]);
    assert.deepEqual(
      seen.map((item) => item.news),
      ['fired', 'resolved', 'fired', 'resolved'],
    );
    assert.equal(new Set(seen.map((item) => item.key)).size, 1);
  });
  it('a reply that fires for something else is a separate alert', () => {
    const seen = play([
      { ts: '1.1', text: 'Triggered: load\nHost: web-1' },
      { ts: '2.1', thread_ts: '1.1', text: 'Triggered: load\nHost: web-2' },
    ]);
    assert.notEqual(seen[0]?.key, seen[1]?.key);
  });
  it('alerts that only share a thread under a message that is no alert stay separate', () => {
    const seen = play([
      { ts: '1.1', text: 'Messages of today' },
      { ts: '2.1', thread_ts: '1.1', text: 'a is down' },
      { ts: '3.1', thread_ts: '1.1', text: 'b is down' },
    ]);
    assert.equal(new Set(seen.map((item) => item.key)).size, 3);
  });
  it('an original that arrives after its edit is old news', () => {
    const seen = play([edit('1.1', '2.1', 'Resolved: db'), { ts: '1.1', text: 'db is very down' }]);
    assert.equal(seen[1]?.key, seen[0]?.key);
    assert.deepEqual(
      seen.map((item) => item.news),
      ['resolved', 'none'],
    );
  });
  it('an edit that still fires refreshes, and a late edit is ignored', () => {
    const seen = play([
      { ts: '1.1', text: 'db is down (3 errors)' },
      edit('1.1', '2.1', 'db is down (4 errors)'),
      edit('1.1', '4.1', 'db is up'),
      edit('1.1', '3.1', 'db is down (5 errors)'),
    ]);
    assert.deepEqual(
      seen.map((item) => item.news),
      ['fired', 'refreshed', 'resolved', 'none'],
    );
    assert.deepEqual(
      play([
        { ts: '1.1', text: 'db is down' },
        { ts: '1.1', text: 'db is down' },
      ])[1]?.news,
      'none',
    );
  });
  it('a resolve that arrives before its firing calls nobody', () => {
    assert.deepEqual(
      play([{ ts: '1.1', text: 'db is up' }]).map((item) => item.news),
      ['resolved'],
    );
  });
  it('a resolve of another fault of the same place ends nothing', () => {
    const shown = (ts: string, text: string, color: string) => ({
      ts,
      attachments: [{ title: 'prod.example.com', text, color }],
    });
    const said = play([
      shown('1.1', 'Memory almost full on node-3', 'danger'),
      shown('2.1', '[RESOLVED] Volume data is full', 'good'),
      shown('3.1', '[RESOLVED] Memory almost full on node-3', 'good'),
    ]);
    assert.equal(said[2]?.key, said[0]?.key);
    assert.notEqual(said[1]?.key, said[0]?.key);
    assert.deepEqual(
      said.map(({ news }) => news),
      ['fired', 'resolved', 'resolved'],
    );
  });
  it('a resolve that quotes the name of one alert ends it, unless another thing is named', () => {
    const said = play([
      { ts: '1.1', text: 'New alert: "Payments queue is stuck" Priority: P2, Source: cron' },
      { ts: '2.1', text: 'Ana closed alert "Mails queue is stuck"' },
      { ts: '3.1', text: 'Ana closed alert "Payments queue is stuck" of db-9' },
      { ts: '4.1', text: 'Ana closed alert "Payments queue is stuck"' },
    ]);
    assert.deepEqual(
      said.map(({ key }) => key === said[0]?.key),
      [true, false, false, true],
    );
  });
  it('a resolve in other words ends the one alert that fits, and none if two fit', () => {
    const cpu = (host: string) => ({ text: `CPU too high\nHost: ${host}` });
    const one = play([
      { ts: '1.1', ...cpu('web-1') },
      { ts: '2.1', text: 'Triggered: CPU too high\nHost: web-1' },
      { ts: '3.1', text: 'CPU returned to normal\nHost: web-1' },
    ]);
    assert.equal(one[2]?.key, one[1]?.key);
    const two = play([
      { ts: '1.1', text: 'Triggered: CPU too high\nHost: web-1' },
      { ts: '2.1', text: 'Triggered: CPU too high\nHost: web-2' },
      { ts: '3.1', text: 'CPU returned to normal' },
    ]);
    assert.ok(two[2]?.key !== two[0]?.key && two[2]?.key !== two[1]?.key);
    const other = play([
      { ts: '1.1', text: 'Triggered: CPU too high\nHost: web-1' },
      { ts: '2.1', text: 'CPU returned to normal\nHost: web-2' },
    ]);
    assert.notEqual(other[0]?.key, other[1]?.key);
  });
  it('a passed build ends its failure and nothing else', () => {
    const failed = { ts: '1.1', text: 'Build api failed' };
    assert.deepEqual(
      play([failed, { ts: '2.1', text: 'Build api passed' }]).map((item) => item.status),
      ['firing', 'resolved'],
    );
    assert.deepEqual(
      play([failed, { ts: '2.1', text: 'Build web passed' }]).map((item) => item.status),
      ['firing', 'info'],
    );
  });
});

describe('which rules call', () => {
  const day = { expireAfterMs: 24 * 3_600_000, cooldownMs: 900_000 };
  const heard = (rules: Rule[], events: Record<string, unknown>[]) => events.map(explainer(rules));

  it('no rule calls for the end of an alert, unless the rule says so', () => {
    const [any, named] = [['any'], ['any', 'resolved']].map((status) => [
      rule('all', { status: status as ('any' | 'resolved')[] }, day),
    ]);
    const event = { ts: '1.1', text: '[RESOLVED:1] db is up' };
    const [dropped] = heard(any ?? [], [event]);
    assert.deepEqual(
      [dropped?.status, dropped?.rule, dropped?.calls, dropped?.nearest, dropped?.failed],
      ['resolved', null, [], 'all', ['status']],
    );
    assert.match(dropped?.why ?? '', /status any; the message is resolved, which has to be named/);
    assert.deepEqual(heard(named ?? [], [event])[0]?.calls, ['all']);
  });
  it('calls once for each episode, and again after a silence', () => {
    const rules = [rule('pager', {}, day)];
    const at = (hours: number) => String(1_714_550_000 + hours * 3600);
    const down = (hours: number) => ({ ts: at(hours), text: 'db is down' });
    const seen = heard(rules, [
      down(0),
      down(1),
      { ts: at(2), text: 'db is up' },
      down(3),
      down(4),
      down(29),
    ]);
    assert.deepEqual(
      seen.map(({ calls }) => calls.length),
      [1, 0, 0, 1, 0, 1],
    );
    assert.equal(seen[1]?.rule, 'pager');
    assert.match(seen[1]?.why ?? '', /has called for this alert already/);
  });
  it('says which condition of the nearest rule failed', () => {
    const rules = [
      rule('far', { title: { substring: 'queue' }, severity: ['critical'] }),
      rule('near', { severity: ['critical'] }),
    ];
    const [seen] = heard(rules, [{ ts: '1.1', text: 'db is down', attachments: [] }]);
    assert.deepEqual([seen?.rule, seen?.nearest, seen?.failed], [null, 'near', ['severity']]);
    assert.match(seen?.why ?? '', /Rule near: needs severity critical; the message has none/);
    const posted = { ...rule('posted', {}), channels: [], sources: ['prometheus'] };
    const [apart] = heard([posted], [{ ts: '1.1', text: 'db is down', attachments: [] }]);
    assert.equal(apart?.why, 'Rule posted: reads no channel, only what is posted to prometheus.');
    const each: [Partial<Rule>, string][] = [
      [{ channels: ['C2'] }, 'channels'],
      [{ match: { ...rule('x', { title: { substring: 'queue' } }).match, severity: undefined } }, 'title'],
      [{ match: { ...rule('x', { from: ['B9'] }).match } }, 'from'],
      [{ match: { ...rule('x', { text: { substring: 'nothing of it' } }).match } }, 'text'],
      [{ match: { ...rule('x', { status: ['info'] }).match } }, 'status'],
      [{ not: { ...rule('x', { title: { substring: 'db' } }).match } }, 'not'],
      [{ days: [], between: undefined }, 'between'],
    ];
    for (const [changed, condition] of each) {
      const [said] = heard([rule('one', {}, changed)], [{ ts: '1.1', text: 'db is down' }]);
      assert.deepEqual(said?.failed, [condition]);
      assert.match(said?.why ?? '', /^Rule one: \S+ /);
    }
  });
});

describe('whose alert it is', () => {
  const fired = { ts: '1.1', text: 'CRITICAL: db is down' };
  const reply = (bot_id: string, text: string, more = {}) => ({
    ts: '2.1',
    thread_ts: '1.1',
    bot_id,
    text,
    ...more,
  });
  const after = (rules: Rule[], event: Record<string, unknown>) => {
    const explain = explainer(rules);
    const first = explain(fired);
    const second = explain(event);
    const third = explain({ ...fired, ts: '3.1' });
    return { second, same: second.key === first.key, stillFires: third.news === 'refreshed' };
  };

  it('only the sender of an alert can change it, whatever others write in its thread', () => {
    for (const text of [
      'Resolved: all good',
      'severity: warning, db is down',
      '[FIRING] db is down',
      'db is up',
    ]) {
      const { second, stillFires } = after([rule('all')], reply('B2', text, { username: 'Alertmanager' }));
      assert.deepEqual(
        [second.status, second.key, second.rule, stillFires],
        ['not-an-alert', null, null, true],
      );
      assert.match(second.why ?? '', /Another sender/);
    }
    const own = after([rule('all')], reply('B1', 'Resolved: all good'));
    assert.deepEqual([own.second.news, own.same, own.stillFires], ['resolved', true, false]);
  });
  it('a sender listed beside it in `from` can change it too, but no other rule’s sender', () => {
    const both = rule('both', { from: ['B1', 'A2'] });
    const word = reply('B2', 'Resolved', { app_id: 'A2' });
    assert.equal(after([both], word).second.news, 'resolved');
    const apart = [rule('one', { from: ['B1'] }), rule('two', { from: ['A2'] })];
    assert.equal(after(apart, word).second.status, 'not-an-alert');
    assert.equal(
      after([rule('both', { from: ['B1', 'A2'] }, { channels: ['C2'] })], word).second.status,
      'not-an-alert',
    );
  });
  it('a sender that a rule names raises its own alert in the thread of another', () => {
    const rules = [rule('one', { from: ['B1'] }), rule('two', { from: ['B2'] })];
    const { second, same, stillFires } = after(rules, reply('B2', 'CRITICAL: db is down'));
    assert.deepEqual([second.calls, same, stillFires], [['two'], false, true]);
  });
});

describe('an edit that says the alert’s state below its title', () => {
  const title = '[FIRING:1] Replica lag on db-1';
  const blocks = (...context: string[]) => [
    { type: 'header', text: { type: 'plain_text', text: title } },
    { type: 'section', text: { type: 'mrkdwn', text: 'The replica is 90 s behind.' } },
    ...context.map((text) => ({ type: 'context', elements: [{ type: 'mrkdwn', text }] })),
  ];
  const first = { ts: '1.1', text: '', blocks: blocks('State: *Firing*', 'Triggered at 10:00') };
  const edited = (at: string, message: object) => ({
    subtype: 'message_changed',
    ts: at,
    message: { bot_id: 'B1', ts: '1.1', text: '', edited: { ts: at, user: 'U1' }, ...message },
  });
  const newsAfter = (...context: string[]) =>
    play([first, edited('2.1', { blocks: blocks(...context) })])[1]?.news;

  it('ends by a state word or by who closed it', () => {
    for (const line of [
      'State: *Resolved*',
      ':white_check_mark: *Resolved*',
      'Status: Firing → Resolved',
      '*Status:* Closed by <@U0ASHA>',
      'Closed by Asha Rao',
      'Resolved by <@U0ASHA> after 12 min',
      'Auto-resolved at 10:05 UTC',
      'Alert state: OK',
      'Recovered after 3m',
    ])
      assert.equal(newsAfter('Triggered at 10:00', line), 'resolved', line);
    const field = { fields: [{ title: 'State', value: 'Closed', short: true }], title, color: 'danger' };
    assert.equal(play([first, edited('2.1', { attachments: [field] })])[1]?.news, 'resolved');
  });
  it('does not end by a promise, an empty form, or an older end', () => {
    for (const lines of [
      ['Will be closed by Asha'],
      ['Resolved by: -'],
      ['Closed by: nobody'],
      ['Resolved at: -'],
      ['Not resolved'],
      ['Auto-resolves in 4 h'],
      ['Reply here once resolved'],
      ['Resolved alerts: 3'],
      ['Resolved at 10:05', 'Triggered again at 10:06'],
      ['State: Acknowledged'],
    ])
      assert.notEqual(newsAfter(...lines), 'resolved', lines.join());
  });
  it('a further edit leaves it ended, and an edit that says so fires it again', () => {
    const seen = play([
      first,
      edited('2.1', { blocks: blocks('State: *Resolved*') }),
      edited('3.1', { blocks: blocks('State: *Resolved*', 'Closed by Asha') }),
      edited('4.1', { blocks: blocks('State: *Firing*') }),
    ]);
    assert.deepEqual(
      seen.map(({ news }) => news),
      ['fired', 'resolved', 'none', 'fired'],
    );
  });
  it('a first message and a reply about something else do not end it', () => {
    const posted = play([{ ...first, blocks: blocks('Previous state: OK', 'Resolved by runbook 12') }]);
    assert.equal(posted[0]?.news, 'fired');
  });
  it('a link preview changes nothing, whoever made it', () => {
    const preview = { title: 'Resolved: all good', text: 'State: Resolved', color: '36a64f' };
    for (const more of [
      { from_url: 'https://status.example.com', ...preview },
      { app_unfurl_url: 'https://status.example.com', is_app_unfurl: true, ...preview },
      { original_url: 'https://status.example.com', ...preview },
      { is_msg_unfurl: true, channel_id: 'C9', ts: '9.9', ...preview },
    ]) {
      const event = {
        ...edited('2.1', { blocks: first.blocks, attachments: [more] }),
        previous_message: first,
      };
      const seen = play([first, event, { ts: '3.1', text: '', blocks: first.blocks }]);
      assert.deepEqual(
        seen.map(({ news }) => news),
        ['fired', 'none', 'refreshed'],
      );
    }
  });
});

describe('what a bot says about calls', () => {
  it('is no alert, whatever title it quotes', () => {
    for (const text of [
      'Calling <@U0ASHA> about [FIRING:1] db-1 is down',
      ':telephone_receiver: Calling @asha about CRITICAL: db is down',
      'Paging Asha Rao regarding db-1: critical',
      'Notified @ben about "db-1 is down"',
      'No answer from Asha, calling Ben next: db-1 is down',
      'Asha did not answer the call about db-1 down',
      'Trying to reach the on-call engineer: db-1 is DOWN',
      'Now calling @ben',
    ]) {
      const [seen] = play([{ ts: '1.1', text }]);
      assert.equal(seen?.status, 'info', text);
    }
  });
  it('alerts that begin with similar words are still alerts', () => {
    for (const text of [
      'Paging file usage above 90% on db-1 critical',
      'Calls failing: payments API error rate critical',
      'Ringing service down',
      'CRITICAL: notification service is down',
      'Messaging queue down on web-1',
      'Contact centre is down',
    ]) {
      const [seen] = play([{ ts: '1.1', text }]);
      assert.equal(seen?.status, 'firing', text);
    }
  });
});
