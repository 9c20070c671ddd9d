import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databaseKinds } from '../../support/store.ts';
import { soon, startFlow } from '../flow.ts';
import { callsTo, firing, isCalled, post } from './alert-flow.ts';

const config = `
country: IN
voice: { submit: { concurrency: 4, perSecond: 200 } }
recordings: { fire-drill: 12022022570cc2484c59d4f8b9745d34226285b1e.mp3 }
limits: { callsPerHour: 1000, perCallee: { calls: 100, per: 1h } }
rules:
  - { name: people, channels: [C0ALERTS], match: { title: slow }, call: [U0BEN], recording: fire-drill }
  - { name: numbers, channels: [C0ALERTS], match: { title: quick }, call: ["+919800000001"], recording: fire-drill }
`;

for (const database of databaseKinds) {
  describe(`alerts whose people Slack is slow to return, on ${database}`, () => {
    test('do not delay alerts to plain numbers, and call when Slack answers', async () => {
      // Until Slack hangs, no rule names the person: the app would remember the number, and call it without Slack.
      const flow = await startFlow({ database, config: config.replace('U0BEN', '"+919800000002"') });
      try {
        flow.slack.fault({ method: 'users.info', kind: 'hang', times: 1_000_000 });
        flow.setConfig(config);
        for (let count = 0; count < 20; count++)
          await post(flow, firing(`slow ${'abcdefghijklmnopqrst'[count]}`));
        await post(flow, firing('quick'));
        await isCalled(flow, '919800000001', 1);
        assert.equal(flow.voice.calls.length, 1, 'nobody else can be called yet');
        flow.slack.clearFaults();
        await soon(flow, 'the people are called', () => callsTo(flow, '919876543211').length >= 20);
        assert.equal(callsTo(flow, '919876543211').length, 20);
        assert.equal(callsTo(flow, '919800000001').length, 1);
      } finally {
        await flow.end();
      }
    });
  });
}
