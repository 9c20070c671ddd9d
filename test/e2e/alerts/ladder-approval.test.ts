// The approval policy of a rule looks at everybody whom its ladder may call, not only at its first step.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databaseKinds } from '../../support/store.ts';
import { cardOf, pressAlone } from '../approval/stage.ts';
import { becomes, shownText, soon, startFlow } from '../flow.ts';
import { boardUnder, callsTo, firing, isCalled, post, said } from './alert-flow.ts';

const asha = '918563214120';
const abroad = '6591110001';
const config = `
country: IN
voice: { submit: { concurrency: 1, perSecond: 200 } }
lists: { leads: ["+91 85632 15001", "+91 85632 15002", "+91 85632 15003"], abroad: ["+65 9111 0001"] }
approval: { calleesOver: 3, outsideCountries: [IN], approvers: [U0BEN], channel: C0APPROVE }
rules:
  - { name: far, channels: [C0ALERTS], match: { title: far- }, call: ["+91 85632 14120"], say: "{title}", approval: policy, then: [{ after: 5m, call: [abroad] }] }
  - { name: many, channels: [C0ALERTS], match: { title: many- }, call: ["+91 85632 14120"], say: "{title}", approval: policy, then: [{ after: 5m, call: [leads] }] }
  - { name: few, channels: [C0ALERTS], match: { title: few- }, call: ["+91 85632 14120"], say: "{title}", approval: policy, then: [{ after: 5m, call: ["+91 85632 15001"] }] }
  - { name: absent, channels: [C0ALERTS], match: { title: absent- }, call: [U0GONE], say: "{title}", approval: policy, then: [{ after: 5m, call: [U0GONE] }, { after: 5m, call: [abroad], say: "Abroad. {title}" }, { after: 5m, call: [leads] }] }
  - { name: shade, channels: [C0ALERTS], match: { title: shade- }, call: [U0GONE], say: "{title}", mode: shadow, then: [{ after: 5m, call: [leads] }] }
`;

for (const database of databaseKinds) {
  describe(`the approval of a ladder, on ${database}`, () => {
    test('the people of further steps count: nobody is called before somebody approves', async (t) => {
      const flow = await startFlow({ database, config });
      t.after(() => flow.stop());
      for (const [title, why] of [
        ['far-1 down', /1 outside IN/],
        ['many-1 down', /4 calls; above 3 needs approval/],
      ] as const) {
        const board = await boardUnder(flow, post(flow, firing(title)));
        await becomes(flow, board, 'awaiting_approval');
        const id = String(board.metadata?.event_payload.request_id);
        const card = await soon(flow, 'the card', () => cardOf(flow, id));
        assert.match(shownText(card), why);
      }
      assert.equal(flow.voice.calls.length, 0);
      const few = await boardUnder(flow, post(flow, firing('few-1 down')));
      await isCalled(flow, asha, 1);
      await becomes(flow, few, 'done');
      assert.equal(callsTo(flow, abroad).length, 0);
      await flow.end();
    });

    test('the first step calls nobody: the approvers are asked about the first step that can', async (t) => {
      const flow = await startFlow({ database, config });
      t.after(() => flow.stop());
      const alert = post(flow, firing('absent-1 down'));
      const board = await boardUnder(flow, alert);
      await said(
        flow,
        alert,
        'Step 1 of rule absent calls nobody, so the approvers are asked about the next step: Gone is deactivated in Slack.',
      );
      await becomes(flow, board, 'awaiting_approval');
      const id = String(board.metadata?.event_payload.request_id);
      const card = await soon(flow, 'the card', () => cardOf(flow, id));
      const text = shownText(card);
      assert.match(text, /Approve 1 call\?/);
      assert.match(text, /Abroad\. absent-1 down/);
      assert.match(text, /leads 5 min later, then <@U0GONE> 5 min later, then <@U0GONE> 5 min later/);
      assert.equal(flow.voice.calls.length, 0);
      assert.match(await pressAlone(flow, 'U0BEN', { board, card, id }, 'call_approve'), /start now/);
      await isCalled(flow, abroad, 1);
      assert.equal(callsTo(flow, abroad)[0]?.text, 'Abroad. absent-1 down');
      await flow.end();
    });

    test('a rule that only shows what it would do shows the first step that can call somebody', async (t) => {
      const flow = await startFlow({ database, config });
      t.after(() => flow.stop());
      const alert = post(flow, firing('shade-1 down'));
      await said(flow, alert, 'Rule shade (shadow, calls nobody) would say “shade-1 down” to 3 people: ');
      assert.equal(flow.voice.calls.length, 0);
      await flow.end();
    });
  });
}
