// `/voicecall rules` in a channel with alerts: what matched no rule and why, and the rules tried on its history.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databaseKinds } from '../../support/store.ts';
import { becomes, soon, startFlow } from '../flow.ts';
import { boardUnder, firing, isCalled, post, understood } from './alert-flow.ts';

const config = `
country: IN
voice: { submit: { concurrency: 1, perSecond: 200 } }
rules:
  - { name: severe, channels: [C0ALERTS], match: { from: [B0OTHER], severity: [critical] }, call: ["+91 85632 14120"], say: "{title}" }
`;

for (const database of databaseKinds) {
  describe(`/voicecall rules, on ${database}`, () => {
    test('shows the last alerts without a matching rule, and tries the rules on the history, for the person only', async (t) => {
      const flow = await startFlow({ database, config });
      t.after(() => flow.stop());
      post(flow, firing('db-1 lag <!channel>', 'warning'));
      post(flow, firing('db-2 lag', 'critical'));
      await understood(flow);
      await isCalled(flow, '918563214120', 1);
      const calls = flow.voice.calls.length;
      const told = () =>
        flow.slack.ephemerals('U0ASHA').map((each) => JSON.stringify([each.text, each.blocks]));
      await flow.slack.command('U0ASHA', 'C0RANDOM', 'rules');
      assert.doesNotMatch(
        told().at(-1) ?? '',
        /matched no rule|rules_history/,
        'of other channels nothing is told',
      );
      await flow.slack.command('U0ASHA', 'C0ALERTS', 'rules');
      const shown = flow.slack.ephemerals('U0ASHA').at(-1);
      assert.ok(shown);
      const text = JSON.stringify(shown.blocks);
      assert.match(
        text,
        /matched no rule[\s\S]*db-1 lag[\s\S]*needs severity critical; the message has warning/,
      );
      assert.doesNotMatch(text, /<!channel>/);
      assert.match(text, /rules_history/);
      flow.slack.fault({ method: 'conversations.history', kind: '429', times: 1, retryAfter: 2 });
      await flow.slack.press('U0ASHA', 'C0ALERTS', shown.ts, 'rules_history');
      const answer = await soon(flow, 'the answer', () =>
        told().find((each) => each.includes('would have called')),
      );
      assert.match(answer, /2 bot messages, 2 new alerts\. Nobody was called\./);
      assert.match(
        answer,
        /\*severe\* would have called once \(1 message matched\), by hour \([\w/]+\): \d\d:00 \(1\)/,
      );
      assert.equal(flow.voice.calls.length, calls);
      assert.ok(
        flow.slack.history('C0ALERTS').every((each) => !JSON.stringify(each).includes('would have called')),
        'nobody else reads it',
      );
      await flow.end();
    });

    test('what Voicecall wrote into the channel itself is no alert of its history', async (t) => {
      const any = `${config}  - { name: any, channels: [C0ALERTS], match: { status: [any] }, call: ["+91 85632 14121"], say: "{title}" }\n`;
      const flow = await startFlow({ database, config: any });
      t.after(() => flow.stop());
      flow.voice.setBehaviour({ phones: { '4120': 'busy', '4121': 'busy' } });
      const board = await boardUnder(flow, post(flow, firing('db-1 lag', 'critical')));
      await becomes(flow, board, 'done', { not_answered: 1 });
      const ours = () =>
        flow.slack
          .history('C0ALERTS')
          .filter((each) => each.reply_broadcast && /Nobody answered/.test(each.text));
      await soon(flow, 'the replies in the channel', () => ours().length === 2);
      await flow.slack.command('U0ASHA', 'C0ALERTS', 'rules');
      const shown = flow.slack.ephemerals('U0ASHA').at(-1);
      assert.ok(shown);
      await flow.slack.press('U0ASHA', 'C0ALERTS', shown.ts, 'rules_history');
      const answer = await soon(flow, 'the answer', () =>
        flow.slack
          .ephemerals('U0ASHA')
          .map((each) => JSON.stringify([each.text, each.blocks]))
          .find((each) => each.includes('would have called')),
      );
      assert.match(answer, /: 1 bot message, 1 new alert\. Nobody was called\./);
      assert.match(answer, /\*any\* would have called once \(1 message matched\)/);
      await flow.end();
    });
  });
}
