import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boards } from '../support/world.ts';
import { becomes, dialled, pressValue, soon, startFlow } from './flow.ts';

test('unknown calls of an alert can be settled although nobody asked and nobody approves', async () => {
  const flow = await startFlow({
    config: `
country: IN
voice: { submit: { concurrency: 1, perSecond: 200 } }
lists: { db-oncall: ["+91 85632 14120"] }
rules:
  - { name: db, channels: [C0ALERTS], match: { title: "replica lag" }, call: [db-oncall], say: "{title}", onUnknown: hold }
`,
  });
  try {
    flow.voice.faults.next({ on: 'sendCode', reset: 'after-reading' });
    flow.slack.postAs({ bot: 'B0OTHER' }, 'C0ALERTS', {
      text: '',
      attachments: [{ color: 'danger', title: '[FIRING:1] replica lag', fallback: '[FIRING:1] replica lag' }],
    });
    const board = await soon(flow, 'the board', () => boards(flow, 'C0ALERTS')[0]);
    await becomes(flow, board, 'sent', { unknown: 1 });
    await soon(flow, 'its buttons', () => JSON.stringify(boards(flow, 'C0ALERTS')).includes(':silent'));
    await pressValue(flow, 'U0ASHA', board, 'call_settle', ':silent');
    await becomes(flow, board, 'done', { unknown: 0, failed: 1 });
    assert.equal(dialled(flow).length, 1);
  } finally {
    await flow.end();
  }
});

test('a page of the history with any number is answered', async () => {
  const flow = await startFlow();
  try {
    const answer = await flow.slack.command('U0ASHA', 'C0OPS', 'history 99999999999999999999');
    assert.equal(answer.outcome, 'ok');
    const told = await soon(flow, 'the answer', () => flow.slack.ephemerals('U0ASHA').at(-1));
    assert.match(told.text, /nothing on page/);
  } finally {
    await flow.end();
  }
});
