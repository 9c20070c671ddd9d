// A button's value names a request. With the value of another request it may do no more than that request allows.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databaseKinds } from '../../support/store.ts';
import { ask, becomes, current, shownText, soon, startFlow, toldAlone } from '../flow.ts';
import { boardUnder, firing, post } from './alert-flow.ts';

const config = `
country: IN
voice: { submit: { concurrency: 1, perSecond: 200 } }
callers: [U0ASHA, U0BEN]
reach: { attempts: 3, every: 60m }
rules: [{ name: pager, channels: [C0ALERTS], match: { title: db- }, call: ["+91 85632 14120"], say: "{title}", attempts: 3, every: 60m }]
`;

for (const database of databaseKinds) {
  describe(`values of other requests, on ${database}`, () => {
    test('"I’ve got it" does not stop what a person asked for', async (t) => {
      const flow = await startFlow({ database, config });
      t.after(() => flow.stop());
      flow.voice.setBehaviour({ phones: { '918563214121': 'busy', '918563214120': 'busy' } });
      const asked = await ask(flow, { callee: '+91 85632 14121' });
      await becomes(flow, asked, 'sent', { not_answered: 1 });
      const alert = await boardUnder(flow, post(flow, firing('db-1 down')));
      await soon(flow, 'the button', () => shownText(current(flow, alert)).includes('"call_ack"'));
      const id = String(asked.metadata?.event_payload.request_id);
      const before = flow.slack.ephemerals('U0BEN').length;
      await flow.slack.press('U0BEN', 'C0ALERTS', alert.ts, 'call_ack', id);
      assert.doesNotMatch(await toldAlone(flow, 'U0BEN', before), /You have got it/);
      const store = await flow.database.open();
      t.after(() => store.close());
      const row = await store.read
        .selectFrom('requests')
        .select(['acked_by', 'cancelled_by', 'reaching'])
        .where('id', '=', id)
        .executeTakeFirst();
      assert.deepEqual(row, { acked_by: null, cancelled_by: null, reaching: 1 });
      await flow.end();
    });
  });
}
