// The rules tried on a channel's history.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainHistory } from '../../src/alerts/explain/history.ts';
import { configOf } from '../support/world.ts';

const { rules } = configOf(`
country: IN
rules: [{ name: severe, channels: [C0ALERTS], match: { severity: [critical] }, call: ["+91 85632 14120"], say: "{title}" }]
`);

test('other work may run after each message of a long history', () => {
  const events = Array.from({ length: 20 }, (_, index) => ({
    type: 'message',
    channel: 'C0ALERTS',
    bot_id: 'B0OTHER',
    ts: `${1_700_000_000 + index}.000100`,
    text: `[FIRING:1] disk-${index} is full`,
    attachments: [{ text: 'severity = critical' }],
  }));
  const reading = explainHistory(rules, events, 1_700_001_000_000, {});
  let steps = 0;
  let step = reading.next();
  for (; !step.done; step = reading.next()) steps += 1;
  assert.equal(steps, events.length);
  assert.equal(step.value.messages, events.length);
  assert.equal(step.value.rules[0]?.calls, events.length);
});
