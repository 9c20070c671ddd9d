import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Rule } from '../../../src/config/types.ts';
import { renderRules } from '../../../src/slack/lookup/rules.ts';
import { configOf } from '../../support/world.ts';
import { assertMessage, seen } from '../samples.ts';

const config = configOf(`
country: IN
recordings: { fire-drill: drill.mp3 }
lists: { oncall-20260105: ["+91 85632 14120"] }
rules:
  - name: db
    channels: [C0ALERTS]
    call: [oncall-20260105, "+91 85632 14121", "085632 14122", "Asha: +91 85632 14123", U0BEN]
    recording: fire-drill
`);

suite('the rules', () => {
  test('lists, people and names as configured, numbers masked', () => {
    const message = renderRules(config, () => null);
    assertMessage(message);
    assert.match(
      seen(message.blocks),
      /call oncall-20260105, \+91 …4121, \+91 …4122, Asha and <@U0BEN>; plays fire-drill; never matched\./,
    );
    assert.doesNotMatch(JSON.stringify(message), /85632/);
  });

  test('rules of sources and of silence say what they are for', () => {
    const { rules, ...rest } = configOf(`
sources: { prometheus: { format: alertmanager, channel: C0ALERTS } }
lists: { ops: ["+91 85632 14120"] }
rules:
  - { name: pushed, sources: [prometheus], call: [ops], say: "Alert." }
  - { name: watchdog, sources: [prometheus], match: { title: Watchdog }, silentFor: 10m, call: [ops], say: "Silent." }
`);
    const shown = seen(renderRules({ ...rest, rules }, () => null).blocks);
    assert.match(shown, /^\*pushed\*: alerts from prometheus call ops;/m);
    assert.match(shown, /^\*watchdog\*: if no alert comes from prometheus for 10 min, it calls ops;/m);
  });

  test('a text that is no readable number shows no digits', () => {
    const [rule] = config.rules;
    assert.ok(rule);
    const odd: Rule = { ...rule, call: ['Asha 85632 14123 or 85632 14124'] };
    assert.doesNotMatch(JSON.stringify(renderRules({ ...config, rules: [odd] }, () => null)), /85632/);
  });
});
