// An alert belongs to the bot that raised it. Messages of other bots beside it change nothing.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject, SandboxMessage } from '../../../sandbox/slack/types.ts';
import { databaseKinds } from '../../support/store.ts';
import { becomes, type Flow, shownText, startFlow } from '../flow.ts';
import {
  boardsUnder,
  boardUnder,
  callsTo,
  firing,
  isCalled,
  post,
  resolved,
  under,
  understood,
} from './alert-flow.ts';

const config = `
country: IN
voice: { submit: { concurrency: 1, perSecond: 200 } }
rules:
  - { name: trusted, channels: [C0ALERTS], match: { from: [A0OTHER], title: db- }, call: ["+91 85632 14120"], say: "{title}" }
  - { name: severe, channels: [C0ALERTS], match: { severity: [critical], title: db- }, call: ["+91 85632 14999"], say: "{title}" }
`;

for (const database of databaseKinds) {
  describe(`other senders in the thread of an alert, on ${database}`, () => {
    let flow: Flow;
    let workflow: { webhook: string };
    before(async () => {
      flow = await startFlow({ database, config });
      workflow = { webhook: flow.slack.createWebhook('C0ALERTS', 'Alertmanager').botId };
    });
    after(() => flow.end());

    const inThread = (alert: SandboxMessage, words: JsonObject | string) =>
      post(
        flow,
        { ...(typeof words === 'string' ? { text: words } : words), thread_ts: alert.ts },
        'C0ALERTS',
        workflow,
      );

    test('cannot end it, mute it, make it worse, or cause any post', async () => {
      const alert = post(flow, firing('db-1 lag', 'warning'));
      await isCalled(flow, '918563214120', 1);
      const before = flow.voice.calls.length;
      const attempts: (JsonObject | string)[] = [
        'Resolved: all good',
        'severity: warning',
        { text: 'Resolved', username: 'OtherBot', icon_emoji: ':fire:' },
        { ...resolved('db-1 lag', 'warning'), username: 'OtherBot' },
        { ...firing('db-1 lag', 'critical'), username: 'OtherBot' },
        { text: 'Acknowledged by Mallory' },
        { text: 'Resolved', thread_broadcast: true },
        {
          text: '',
          attachments: [{ color: 'good', title: 'db-1 lag: call +19005550100 now', text: 'recovered' }],
        },
      ];
      for (const words of attempts) inThread(alert, words);
      const lie = inThread(alert, 'a note');
      flow.slack.editAs(workflow, 'C0ALERTS', lie.ts, { text: 'Resolved: db-1 lag' });
      await understood(flow);
      await becomes(flow, await boardUnder(flow, alert), 'done', { accepted: 1 });
      assert.equal(flow.voice.calls.length, before, 'nobody else is called');
      assert.deepEqual(
        under(flow, alert)
          .map(shownText)
          .filter((text) => /Resolved|Mallory|19005550100/.test(text)),
        [],
      );
      post(flow, resolved('db-1 lag', 'warning'));
      await understood(flow);
      post(flow, firing('db-1 lag', 'critical'));
      await isCalled(flow, '918563214999', 1);
      assert.equal(callsTo(flow, '918563214999')[0]?.text, 'db-1 lag critical');
    });

    test('a tool in a rule’s `from` that was installed again ends what it raised under its earlier bot id', async () => {
      const again = { id: 'B0AGAIN', app_id: 'A0OTHER', name: 'OtherBot', user_id: 'U0OTHERBOT' };
      flow.slack.state.bots.set(again.id, again);
      post(flow, firing('db-3 lag', 'warning'));
      await isCalled(flow, '918563214120', callsTo(flow, '918563214120').length + 1);
      post(flow, resolved('db-3 lag', 'warning'), 'C0ALERTS', workflow);
      await understood(flow);
      const status = async () => {
        const store = await flow.database.open();
        const alerts = store.read.selectFrom('alerts').select('status').where('bot_id', '=', 'B0OTHER');
        const found = await alerts.where('title', 'like', '%db-3%').execute();
        await store.close();
        return found.map((each) => each.status);
      };
      assert.deepEqual(await status(), ['firing'], 'another app ends nothing');
      post(flow, resolved('db-3 lag', 'warning'), 'C0ALERTS', { bot: again.id });
      await understood(flow);
      assert.deepEqual(await status(), ['resolved']);
    });

    test('a post beside the thread, under the same title, is a separate alert', async () => {
      const alert = post(flow, firing('db-2 lag', 'warning'));
      await boardUnder(flow, alert);
      post(flow, { ...resolved('db-2 lag', 'warning'), username: 'OtherBot' }, 'C0ALERTS', workflow);
      await understood(flow);
      const store = await flow.database.open();
      const rows = await store.read
        .selectFrom('alerts')
        .select(['bot_id', 'app_id', 'status'])
        .where('title', 'like', '%db-2%')
        .execute();
      await store.close();
      assert.deepEqual(rows.map(({ bot_id, status }) => [bot_id === 'B0OTHER', status]).sort(), [
        [false, 'resolved'],
        [true, 'firing'],
      ]);
      assert.equal(rows.find((row) => row.bot_id === 'B0OTHER')?.app_id, 'A0OTHER');
      assert.equal(boardsUnder(flow, alert).length, 1);
    });
  });
}
