import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, messages, startWorld } from '../support/world.ts';

test('the channel is told why a rule called nobody, without the number', async () => {
  const world = await startWorld({
    config: `
country: IN
lists: { db-oncall: ["+91 85632 14120"] }
limits: { countries: [SG] }
rules:
  - { name: db, channels: [C0ALERTS], match: { title: "replica lag" }, call: [db-oncall], say: "{title}" }
`,
  });
  try {
    await world.slack.postAs({ bot: 'B0OTHER' }, 'C0ALERTS', {
      text: '',
      attachments: [{ color: 'danger', title: '[FIRING:1] replica lag', fallback: '[FIRING:1] replica lag' }],
    });
    const said = await eventually('it is said', () =>
      messages(world, 'C0ALERTS').find((each) => each.text.includes('Rule db')),
    );
    assert.doesNotMatch(said.text.replace(/\D/g, ''), /8563214120/, said.text);
  } finally {
    await world.stop();
  }
});
