// Late news calls nobody, and an alert that its tool acknowledges stops like with *I've got it*.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject, SandboxMessage } from '../../../sandbox/slack/types.ts';
import { databaseKinds } from '../../support/store.ts';
import { type Flow, shownText, soon, startFlow } from '../flow.ts';
import {
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
voice: { submit: { concurrency: 1, perSecond: 200 } }
rules:
  - { name: usual, channels: [C0ALERTS], match: { from: [B0OTHER], title: db- }, call: ["+91 85632 14120"], say: "{title}" }
  - { name: patient, channels: [C0ALERTS], match: { from: [B0OTHER], title: db- }, call: ["+91 85632 14999"], say: "{title}", maxAge: 3h }
  - { name: slow, channels: [C0ALERTS], match: { from: [B0OTHER], title: slow- }, call: ["+91 85632 17001", "+91 85632 17002", "+91 85632 17003"], say: "{title}" }
`;

const minuteMs = 60_000;

for (const database of databaseKinds) {
  describe(`late and acknowledged alerts, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config, slack: { eventRetryDelaysMs: [] } });
    });
    after(() => flow.end());

    /** Posts a message that reaches the app only after `afterMs`. */
    async function late(afterMs: number, write: () => SandboxMessage): Promise<SandboxMessage> {
      flow.slack.fault({ method: 'app:event', times: 1_000, kind: 'drop_before' });
      const message = write();
      await flow.slack.settled();
      flow.slack.clearFaults();
      const delivery = flow.slack.state.deliveries.findLast(({ body }) => {
        const event = body.event as { ts?: string; message?: { ts?: string } } | undefined;
        return (event?.message?.ts ?? event?.ts) === message.ts;
      });
      assert.ok(delivery);
      flow.clock.jump(afterMs);
      await flow.slack.redeliver(delivery.id, 1);
      await understood(flow);
      return message;
    }

    test('two hours late: one line in the thread, and only a rule that allows it calls', async () => {
      const alert = await late(125 * minuteMs, () => post(flow, firing('db-1 lag')));
      await isCalled(flow, '918563214999', 1);
      await said(flow, alert, 'Not called: 2 h old. Rule: usual (maxAge 15 min).');
      await flow.slack.redeliver(deliveryOf(flow, alert.ts).id, 2);
      await understood(flow);
      assert.equal(under(flow, alert).filter((each) => each.text.startsWith('Not called')).length, 1);
      assert.equal(callsTo(flow, '918563214120').length, 0);
      post(flow, firing('db-1 lag'));
      await isCalled(flow, '918563214120', 1);
    });

    test('fourteen minutes is not late', async () => {
      const before = callsTo(flow, '918563214120').length;
      await late(14 * minuteMs, () => post(flow, firing('db-2 lag')));
      await isCalled(flow, '918563214120', before + 1);
    });

    test('an edit counts by its own time: an edit of an old message calls, unless it arrives late', async () => {
      const before = callsTo(flow, '918563214120').length;
      const alert = post(flow, { text: 'db-3 lag: all quiet' });
      await understood(flow);
      flow.clock.jump(300 * minuteMs);
      const edit = (words: JsonObject | string) => flow.slack.editAs(tool, 'C0ALERTS', alert.ts, words);
      edit(firing('db-3 lag'));
      await isCalled(flow, '918563214120', before + 1);
      edit(resolved('db-3 lag'));
      await understood(flow);
      flow.clock.jump(30 * minuteMs);
      await late(60 * minuteMs, () => edit(firing('db-3 lag')));
      await said(flow, alert, 'Not called: 1 h old');
      assert.equal(callsTo(flow, '918563214120').length, before + 1);
    });

    test('an edit that says who acknowledged acknowledges the alert: the board says so, and nothing more is sent', async () => {
      await flow.voice.goDown();
      const alert = post(flow, firing('slow-1'));
      const board = await boardUnder(flow, alert);
      const body = firing('slow-1');
      const [attachment] = body.attachments as JsonObject[];
      const fields = [{ title: 'Acknowledged by', value: 'Asha <!channel> 9000000000', short: true }];
      flow.slack.editAs(tool, 'C0ALERTS', alert.ts, { text: '', attachments: [{ ...attachment, fields }] });
      const shown = await soon(flow, 'the board says it', () => {
        const now = flow.slack.history('C0ALERTS').find((each) => each.ts === board.ts);
        const text = now === undefined ? '' : shownText(now);
        return text.includes('has got it') && text.includes('Not called:') ? text : undefined;
      });
      assert.match(shown, /Not called: Asha .*\(OtherBot\) has got it/);
      assert.doesNotMatch(shown, /<!channel>|9000000000/);
      await flow.voice.comeBack();
      const store = await flow.database.open();
      const row = await store.read
        .selectFrom('alerts')
        .selectAll()
        .where('title', 'like', '%slow-1%')
        .executeTakeFirstOrThrow();
      const calls = await store.read
        .selectFrom('calls')
        .innerJoin('requests', 'requests.id', 'calls.request_id')
        .select('calls.state')
        .where('requests.alert_id', '=', row.id)
        .execute();
      await store.close();
      assert.match(row.acked_by ?? '', /^tool:Asha/);
      assert.ok(
        calls.some(({ state }) => state === 'cancelled'),
        JSON.stringify(calls),
      );
    });
  });
}
