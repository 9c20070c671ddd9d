import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { databaseKinds } from '../../support/store.ts';
import { recording } from '../../support/world.ts';
import { becomes, type Flow, shownText, soon, startFlow } from '../flow.ts';
import {
  boardsUnder,
  boardUnder,
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
callers: [U0ASHA, U0BEN]
voice: { loopCount: 2, submit: { concurrency: 2, perSecond: 200 } }
recordings: { fire-drill: ${recording} }
lists: { oncall: ["+91 85632 14120", "+91 85632 13000"], boss: ["+91 85632 14999"], "night shift": ["+91 85632 15000"], pair: ["+91 85632 18001", "+91 85632 18002"] }
limits: { deny: ["+1900"] }
rules:
  - { name: pager, channels: [C0ALERTS], match: { from: [B0OTHER], severity: [warning, critical, null], title: db- }, call: [oncall], say: "Database alert from {source} in {channel}. {title}. {severity}.", cooldown: 30m }
  - { name: manager, channels: [C0ALERTS], match: { from: [A0OTHER], severity: [critical], title: db- }, call: [boss], say: "Critical. {title}." }
  - { name: tape, channels: [C0ALERTS], match: { title: "/^\\\\[firing.*tape/i" }, not: { text: drill }, call: ["night shift", U0BEN, S0LEADS], recording: fire-drill, loopCount: 1, maxDuration: 20 }
  - { name: first, channels: [C0ALERTS], match: { title: stopped }, call: ["+91 85632 16001"], say: "{title}", stop: true }
  - { name: second, channels: [C0ALERTS], match: { title: stopped }, call: ["+91 85632 16002"], say: "{title}" }
  - { name: pair, channels: [C0ALERTS], match: { title: redialled }, call: [pair], say: "{title}" }
  - { name: trial, channels: [C0ALERTS], match: { title: shadow }, call: [oncall], say: "Shadow. {title}.", mode: shadow }
  - { name: refused, channels: [C0ALERTS], match: { title: denied }, call: ["+1 900 555 0199"], say: "{title}" }
  - { name: everything, channels: [C0OPS], match: { status: [any] }, call: ["+91 85632 17000"], say: "News. {title}.", cooldown: 5m }
`;

for (const database of databaseKinds) {
  describe(`alerts call by rules, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config, slack: { eventRetryDelaysMs: [] } });
    });
    after(() => flow.end());

    test('a firing alert calls the people of its rule, with a board and results in its own thread', async () => {
      const alert = post(flow, firing('db-1 replica lag', 'db-1 warning'));
      const board = await boardUnder(flow, alert);
      await becomes(flow, board, 'done', { callees: 2, answered: 2 });
      await said(flow, alert, 'All 2 answered');
      const top = flow.slack
        .history('C0ALERTS')
        .filter((each) => each.user === flow.slack.state.app.botUserId);
      assert.ok(
        top.every((each) => each.thread_ts !== undefined),
        'the channel stays quiet',
      );
      const calls = flow.voice.requests.filter((each) => each.endpoint === 'sendCode');
      assert.equal(calls.length, 2, 'one callee for each POST of spoken text');
      const text = flow.voice.calls[0]?.text ?? '';
      assert.equal(text, 'Database alert from OtherBot in alerts. db-1 replica lag db-1 warning. warning.');
      assert.equal(callsTo(flow, '918563214999').length, 0, 'the rule for critical ones stays silent');
      assert.match(shownText(board), /Rule \*pager\*/);
    });

    test('a repeated firing calls nobody; a more severe one also calls for the stricter rule', async () => {
      const alert = post(flow, firing('db-2 lag', 'warning'));
      await isCalled(flow, '918563214120', 2);
      post(flow, firing('db-2 lag', 'warning'));
      post(flow, firing('db-2 lag', 'warning'));
      await understood(flow);
      await isCalled(flow, '918563214120', 2);
      post(flow, firing('db-2 lag', 'critical'));
      await isCalled(flow, '918563214999', 1);
      await understood(flow);
      await isCalled(flow, '918563214120', 2);
      await boardUnder(flow, alert);
      await said(flow, alert, 'Rule manager');
    });

    test('an edit to a higher severity calls for the stricter rule, and an edit that resolves ends the alert', async () => {
      const before = callsTo(flow, '918563214999').length;
      const alert = post(flow, firing('db-edit lag', 'warning'));
      await understood(flow);
      flow.slack.editAs(tool, 'C0ALERTS', alert.ts, firing('db-edit lag', 'critical'));
      await isCalled(flow, '918563214999', before + 1);
      flow.slack.editAs(tool, 'C0ALERTS', alert.ts, resolved('db-edit lag'));
      await said(flow, alert, 'Resolved: ');
    });

    test('a resolve is shown once under the alert; other channels, people and texts that do not match call nobody', async () => {
      const alert = post(flow, firing('db-3 lag', 'warning'));
      await understood(flow);
      post(flow, resolved('db-3 lag', 'warning'));
      post(flow, resolved('db-3 lag', 'warning'));
      await said(flow, alert, 'Resolved: db-3 lag');
      await understood(flow);
      assert.equal(under(flow, alert).filter((each) => each.text.startsWith('Resolved:')).length, 1);
      const dialled = flow.voice.calls.length;
      flow.slack.postAs({ user: 'U0ASHA' }, 'C0ALERTS', '[FIRING:1] db-9 lag (critical)');
      flow.slack.postAs({ user: 'U0ASHA' }, 'C0ALERTS', firing('db-9 lag', 'critical'));
      post(flow, firing('db-9 lag', 'critical'), 'C0RANDOM');
      const own = { bot: flow.slack.state.app.botId };
      flow.slack.postAs(own, 'C0ALERTS', { ...firing('db-9 lag', 'critical'), text: 'db-9 lag' });
      const { botId } = flow.slack.createWebhook('C0ALERTS', 'elsewhere');
      post(flow, firing('db-9 lag', 'critical'), 'C0ALERTS', { webhook: botId });
      post(flow, resolved('db-never lag'));
      await flow.slack.settled();
      for (const subtype of ['bot_add', 'channel_join', 'message_deleted']) {
        const delivery = flow.slack.state.deliveries.findLast((each) => each.kind === 'event');
        assert.ok(delivery);
        const event = {
          type: 'message',
          ...firing('db-9 lag', 'critical'),
          channel: 'C0ALERTS',
          bot_id: 'B0OTHER',
        };
        const ts = '1900000000.000100';
        Object.assign(delivery.body, { event_id: `Ev${subtype}`, event: { ...event, subtype, ts } });
        assert.equal((await flow.slack.redeliver(delivery.id)).outcome, 'ok');
      }
      await understood(flow);
      assert.deepEqual(
        flow.voice.calls.slice(dialled).map((call) => call.text),
        [],
      );
    });

    test('in the wrong order, an edit before its original and a resolve before its firing call nobody wrongly', async () => {
      const dialled = flow.voice.calls.length;
      flow.slack.fault({ method: 'app:event', times: 4, kind: 'drop_before' });
      const first = post(flow, firing('db-order lag', 'warning'));
      flow.slack.editAs(tool, 'C0ALERTS', first.ts, resolved('db-order lag'));
      post(flow, firing('db-late lag', 'warning'));
      post(flow, resolved('db-late lag', 'warning'));
      await flow.slack.settled();
      flow.slack.clearFaults();
      const kept = flow.slack.state.deliveries.filter((each) => each.kind === 'event').slice(-4);
      assert.ok(kept.every((each) => each.result?.outcome !== 'ok'));
      for (const delivery of kept.toReversed()) {
        await flow.slack.redeliver(delivery.id, 1);
        await understood(flow);
      }
      assert.equal(flow.voice.calls.length, dialled);
    });

    test('the same event three times at once, on two instances, is one request', async () => {
      const dialled = callsTo(flow, '918563214120').length;
      const alert = post(flow, firing('db-thrice lag', 'warning'));
      await flow.slack.settled();
      const delivery = deliveryOf(flow, alert.ts);
      const other = database === 'postgres' ? await flow.startInstance() : flow.app;
      const again = [1, 2, 3].map((retry) => {
        const port = retry === 2 ? other.port() : flow.app.port();
        flow.slack.setRequestUrl(`http://127.0.0.1:${port}/slack/events`);
        return flow.slack.redeliver(delivery.id, retry);
      });
      for (const result of await Promise.all(again)) assert.equal(result.outcome, 'ok');
      await understood(flow);
      await isCalled(flow, '918563214120', dialled + 1);
      assert.equal(boardsUnder(flow, alert).length <= 1, true);
    });

    test('match, not, lists, people and groups, a recording with options of the rule', async () => {
      post(flow, {
        text: '',
        attachments: [{ title: '[FIRING:1] tape changer', text: 'only a drill', color: 'danger' }],
      });
      await understood(flow);
      assert.equal(callsTo(flow, '918563215000').length, 0, 'not: text');
      const alert = post(flow, firing('tape robot'));
      const board = await boardUnder(flow, alert);
      await becomes(flow, board, 'done', { callees: 2 });
      const [call] = callsTo(flow, '918563215000');
      assert.equal(call?.fileId, recording);
      assert.equal(call?.loopCount, 1);
      assert.equal(call?.maxDuration, 20);
      assert.equal(callsTo(flow, '919876543211').length, 1, 'Ben, who is also in the group, is called once');
    });

    test('every matching rule fires unless one has stop; a shadow rule says what it would do', async () => {
      post(flow, firing('stopped disk'));
      await isCalled(flow, '918563216001', 1);
      const dialled = flow.voice.calls.length;
      const shadow = post(flow, firing('shadow disk'));
      const text = await said(
        flow,
        shadow,
        'Rule trial (shadow, calls nobody) would say “Shadow. shadow disk.” to 2 people',
      );
      assert.doesNotMatch(text, /85632 ?14120/);
      await understood(flow);
      assert.equal(flow.voice.calls.length, dialled);
      assert.equal(callsTo(flow, '918563216002').length, 0);
    });

    test('if nobody can be called, one sentence says so, and retries add no second message', async () => {
      const alert = post(flow, firing('denied number'));
      const text = await said(flow, alert, 'Rule refused called nobody yet');
      assert.match(text, /: Remove the number: “\+1 …\d{4}” begins with \+1900, which may not be called\./);
      post(flow, firing('denied number'));
      await understood(flow);
      flow.clock.jump(61_000);
      await understood(flow);
      assert.equal(under(flow, alert).length, 1);
      assert.equal(flow.voice.calls.filter((call) => call.callee.startsWith('1900')).length, 0);
    });

    test('a rule for any message matches messages that are no alerts, once per cooldown, and never their edits', async () => {
      const one = post(flow, 'Deployed version 7 of the shop', 'C0OPS');
      await isCalled(flow, '918563217000', 1);
      assert.equal(callsTo(flow, '918563217000')[0]?.text, 'News. Deployed version 7 of the shop.');
      flow.slack.editAs(tool, 'C0OPS', one.ts, 'Deployed version 7 of the shop');
      post(flow, 'Deployed version 7 of the shop', 'C0OPS');
      await understood(flow);
      await isCalled(flow, '918563217000', 1);
      flow.clock.jump(6 * 60_000);
      post(flow, 'Deployed version 7 of the shop', 'C0OPS');
      await isCalled(flow, '918563217000', 2);
      assert.ok(
        flow.logs.some((line) => line.includes('neither fires nor resolves')),
        'what was understood is logged',
      );
    });

    test('/voicecall rules shows when each rule last matched', async () => {
      const { reply } = await flow.slack.command('U0ASHA', 'C0OPS', 'rules');
      const text = shownText(reply ?? {});
      assert.match(text, /\*pager\*.*last matched/);
      assert.match(text, /\*second\*.*never matched/);
      assert.match(text, /shadow: calls nobody/);
    });

    test('the shortcut offers the title of an alert with empty text, and calls in its thread', async () => {
      const alert = post(flow, firing('Disk & fan of web-1', 'info'), 'C0ALERTS');
      await understood(flow);
      await flow.slack.messageShortcut('U0ASHA', 'C0ALERTS', alert.ts, 'voicecall_from_message');
      const view = await soon(flow, 'the modal opens', () => {
        const top = flow.slack.state.views.get('U0ASHA')?.at(-1);
        return top?.callback_id === 'voicecall' ? top : undefined;
      });
      assert.match(JSON.stringify(view.blocks), /Disk & fan of web-1/);
      const first = await flow.slack.submitView('U0ASHA', view.id, { callee: '+91 85632 18000' });
      assert.deepEqual(first.errors, {});
      await flow.slack.submitView('U0ASHA', first.view?.id ?? '', {});
      const board = await boardUnder(flow, alert);
      await becomes(flow, board, 'done', { answered: 1 });
      assert.match(callsTo(flow, '918563218000')[0]?.text ?? '', /Disk & fan of web-1/);
    });

    test('a caller who redials an alert’s calls sees no number of its lists', async () => {
      await understood(flow);
      flow.voice.faults.next({ on: 'sendCode', refuse: { code: '-10' }, times: 2 });
      const alert = post(flow, firing('redialled disk'));
      const board = await boardUnder(flow, alert);
      // The code refuses the account, so everything that is not sent yet fails too.
      const { refused, failed } = await becomes(flow, board, 'done', { callees: 2 });
      assert.equal(refused + failed, 2);
      await flow.slack.press('U0BEN', board.channel, board.ts, 'call_redial');
      const view = await soon(flow, 'the form', () => flow.slack.state.views.get('U0BEN')?.at(-1));
      assert.match(
        JSON.stringify(view),
        /\+91 …800\d and \+91 …800\d, again\. Fill these in only to call somebody else/,
      );
      const next = await flow.slack.submitView('U0BEN', view.id);
      assert.match(JSON.stringify(next.view), /…8001/);
      assert.doesNotMatch(JSON.stringify([view, next]), /85632 ?1800/);
    });
  });
}
