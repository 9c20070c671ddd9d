import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fillModal } from '../support/world.ts';
import { ask, becomes, boards, current, dialled, pressValue, shownText, soon, startFlow } from './flow.ts';

const hourMs = 3_600_000;

describe('nothing waits for ever', () => {
  test('calls that a person said rang are done after a day', async () => {
    const flow = await startFlow();
    try {
      flow.voice.faults.next({ reset: 'after-reading' });
      const board = await ask(flow, { callee: '+6591400051' });
      await becomes(flow, board, 'sent', { unknown: 1 });
      flow.clock.jump(600_000);
      await soon(flow, 'a person can answer', () => shownText(current(flow, board)).includes('call_settle'));
      await pressValue(flow, 'U0ASHA', board, 'call_settle', ':rang');
      await becomes(flow, board, 'sent', { unknown: 0, accepted: 1 });
      for (let hour = 0; hour < 26; hour++) {
        flow.clock.jump(hourMs);
        await sleep(20);
      }
      flow.stepMs = 60_000;
      await becomes(flow, board, 'done', { accepted: 1 });
      assert.equal(dialled(flow).length, 1);
    } finally {
      await flow.end();
    }
  });

  test('without pushed reports: a call that the records show as ringing is asked for until its end', async () => {
    const flow = await startFlow({
      reports: false,
      voice: { queueMs: 300_000, recordsFrom: 'submission', recordVisibleAfterMs: 0 },
    });
    try {
      flow.voice.faults.next({ reset: 'after-dialling' });
      const board = await ask(flow, { callee: '+6591400061' });
      await becomes(flow, board, 'sent', { unknown: 1 });
      flow.clock.jump(65_000);
      await becomes(flow, board, 'sent', { unknown: 0, accepted: 1, answered: 0 });
      for (const call of flow.voice.calls) flow.voice.answer(call.voiceId);
      for (let minute = 0; minute < 20; minute++) {
        flow.clock.jump(60_000);
        await sleep(20);
      }
      flow.stepMs = 10_000;
      await becomes(flow, board, 'done', { answered: 1 });
    } finally {
      await flow.end();
    }
  });

  test('a message that Slack keeps refusing does not silence its channel', async () => {
    const flow = await startFlow();
    try {
      const first = await fillModal(flow, { callee: '+6591400071', calledInfo: 'refused again' });
      flow.slack.fault({
        method: 'chat.postMessage',
        kind: 'error',
        error: 'msg_too_long',
        times: 1_000,
        holds: 'refused again',
      });
      await flow.slack.submitView('U0ASHA', first.view?.id ?? '');
      for (let minute = 0; minute < 12; minute++) {
        flow.clock.jump(61_000);
        await sleep(50);
      }
      const board = await ask(flow, { callee: '+6591400072' });
      await becomes(flow, board, 'done');
      flow.slack.clearFaults();
      const late = await soon(flow, 'the refused one, once Slack takes it', () =>
        boards(flow).find((each) => shownText(each).includes('refused again')),
      );
      await becomes(flow, late, 'done');
    } finally {
      await flow.end({ refusals: ['msg_too_long'] });
    }
  });
});
