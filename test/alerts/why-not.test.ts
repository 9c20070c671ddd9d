import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createExplainer } from '../../src/alerts/explain/explain.ts';
import { configOf } from '../support/world.ts';

test('the nearest rule is one that reads the place, though a rule of another place fails fewer conditions', () => {
  const { rules } = configOf(`
country: IN
lists: { oncall: ["+91 85632 14120"] }
sources: { prometheus: { format: alertmanager, channel: C0ALERTS } }
rules:
  - { name: posted, sources: [prometheus], match: {}, call: [oncall], say: "{title}" }
  - { name: here, channels: [C0ALERTS], match: { severity: [critical], title: "replica lag" }, call: [oncall], say: "{title}" }
`);
  const event = {
    type: 'message',
    channel: 'C0ALERTS',
    bot_id: 'B0MON',
    ts: '1714550000.000100',
    text: '[FIRING] disk warning',
  };
  const said = createExplainer(rules, 0)(event);
  assert.equal(said.nearest, 'here');
  assert.match(said.why ?? '', /Rule here: needs severity critical/);
});
