import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { databaseKinds } from '../../support/store.ts';
import { usualConfig } from '../../support/world.ts';
import {
  ask,
  becomes,
  countsOf,
  current,
  dialled,
  type Flow,
  pressStop,
  resultsOf,
  shownText,
  soon,
  startFlow,
  toldAlone,
} from '../flow.ts';

const small = usualConfig.replace('submit:', 'limits: { callees: 2 }, submit:');

for (const database of databaseKinds) {
  describe(`the voice platform down or slow, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config: small });
    });
    after(() => flow.end());

    test('down: shown on the board, retried, and called once when it is back', async () => {
      await flow.voice.goDown();
      const board = await ask(flow, { callee: '+6591500061' });
      const waiting = await soon(flow, 'the board says so', () => {
        const text = shownText(current(flow, board));
        return /not called yet/i.test(text) && /refused the connection|could not be reached/i.test(text)
          ? text
          : undefined;
      });
      assert.match(waiting, /call_cancel/);
      assert.equal(countsOf(flow, board).unknown, 0);
      await flow.voice.comeBack();
      await becomes(flow, board, 'done', { answered: 1 });
      assert.equal(flow.voice.calls.filter((call) => call.callee === '6591500061').length, 1);
    });

    test('cancelled while it is being sent: what was ready is stopped, and the counts add up', async () => {
      flow.voice.faults.next({ delayMs: 400, times: 1 });
      const posts = dialled(flow).length;
      const board = await ask(flow, {
        callee: Array.from({ length: 9 }, (_, index) => `+659150001${index}`).join(','),
      });
      await soon(flow, 'the first is being sent', () => dialled(flow).length === posts + 1, { stepMs: 0 });
      await pressStop(flow, 'U0ASHA', board);
      assert.match(await toldAlone(flow, 'U0ASHA'), /Cancelled: 7 people will not be called/);
      const done = await becomes(flow, board, 'done', { accepted: 2, cancelled: 7, answered: 2 });
      assert.equal(done.callees, 9);
      assert.match(shownText(current(flow, board)), /Cancelled by Asha: 7 people not called\./);
      assert.equal(dialled(flow).length, posts + 1);
      const told = flow.slack.ephemerals('U0ASHA').length;
      const value = {
        type: 'button',
        text: { type: 'plain_text', text: 'Cancel' },
        action_id: 'call_cancel',
        value: String(board.metadata?.event_payload.request_id),
      };
      const old = flow.slack.postAs({ bot: flow.slack.state.app.botId }, 'C0OPS', {
        text: 'old',
        blocks: [{ type: 'actions', elements: [value] }],
      });
      await flow.slack.press('U0ASHA', 'C0OPS', old.ts, 'call_cancel');
      assert.match(await toldAlone(flow, 'U0ASHA', told), /[Aa]lready|Too late/);
    });

    test('cancelled by the command while the platform is down: nobody is called when it is back', async () => {
      await flow.voice.goDown();
      const board = await ask(flow, { callee: '+6591500031, +6591500032, +6591500033' });
      await soon(flow, 'it was tried', () => /not called yet/i.test(shownText(current(flow, board))));
      const result = await flow.slack.command(
        'U0ASHA',
        'C0OPS',
        `cancel ${String(board.metadata?.event_payload.request_id)}`,
      );
      // One submission may be on its way at that moment; it is stopped when it comes back.
      assert.match(result.reply?.text ?? '', /Cancelled: (3 people|1 person|2 people) will not be called/);
      await flow.voice.comeBack();
      await becomes(flow, board, 'cancelled', { cancelled: 3, callees: 3 });
      flow.clock.jump(20_000);
      assert.ok(!flow.voice.calls.some((call) => call.callee.startsWith('659150003')));
    });

    test('a refused account is not tried again for the rest of the request', async () => {
      flow.voice.faults.next({ refuse: { code: '-10' } });
      const posts = dialled(flow).length;
      const board = await ask(flow, {
        callee: Array.from({ length: 6 }, (_, index) => `+659150004${index}`).join(','),
      });
      await becomes(flow, board, 'done', { refused: 2, failed: 4 });
      assert.equal(dialled(flow).length, posts + 1);
      assert.match(await resultsOf(flow, board), /Not called: the platform refused \(balance\)/);
    });
  });
}

// The clock jumps by minutes, which a database's own clock does not follow.
describe('the voice platform down for long', () => {
  let flow: Flow;
  before(async () => {
    flow = await startFlow({ config: small });
  });
  after(() => flow.end());

  test('after ten minutes it has failed, with a button to try again that calls each person once', async () => {
    await flow.voice.goDown();
    const board = await ask(flow, { callee: '+6591500051, +6591500052, +6591500053' });
    await soon(flow, 'it has failed', () => countsOf(flow, board).state === 'failed', { stepMs: 5_000 });
    assert.equal(countsOf(flow, board).failed, 3);
    const text = shownText(current(flow, board));
    assert.match(text, /Not called: the platform could not be reached/);
    assert.match(text, /Ask again/);
    assert.match(await resultsOf(flow, board), /Not called: the platform could not be reached/);
    await flow.voice.comeBack();
    flow.clock.jump(3_600_000);
    assert.equal(flow.voice.calls.length, 0);
    await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_redial');
    const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
    const again = await flow.slack.submitView('U0ASHA', view.id);
    assert.equal(again.view?.callback_id, 'voicecall_confirm', JSON.stringify(again.errors));
    await flow.slack.submitView('U0ASHA', again.view.id);
    await soon(flow, 'all three ring', () => flow.voice.calls.length === 3);
  });
});
