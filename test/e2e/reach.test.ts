// Further attempts: who is called again, and when it ends.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { databaseKinds } from '../support/store.ts';
import { recording } from '../support/world.ts';
import { callsTo } from './alerts/alert-flow.ts';
import { ask, becomes, current, dialled, type Flow, shownText, soon, startFlow } from './flow.ts';

const config = `
country: IN
voice: { submit: { concurrency: 2, perSecond: 200 } }
recordings: { fire-drill: ${recording} }
reach: { confirmKey: "1" }
`;

/** The board's metadata. */
function told(flow: Flow, board: Parameters<typeof current>[1]) {
  return current(flow, board).metadata?.event_payload ?? {};
}

for (const database of databaseKinds) {
  describe(`until somebody is reached, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config });
      flow.stepMs = 3_000;
    });
    after(() => flow.end());

    test('those who were not reached are called again after the pause, and nobody else', async () => {
      flow.voice.setBehaviour({
        phones: { '1001': 'busy', '1002': 'not-valid', '1003': { answer: { seconds: 3 } } },
      });
      const board = await ask(flow, {
        callee: '+91 85632 21001, +91 85632 21002, +91 85632 21003',
        fileId: recording,
        attempts: '3',
        every: '5',
      });
      await becomes(flow, board, 'done', { callees: 3, accepted: 3, answered: 1, not_answered: 2 });
      assert.equal(callsTo(flow, '918563221001').length, 3);
      assert.equal(callsTo(flow, '918563221002').length, 1, 'a number that does not exist');
      assert.equal(callsTo(flow, '918563221003').length, 1);
      assert.equal(told(flow, board).reached, 1);
      assert.equal(told(flow, board).attempt, 3);
      assert.equal(told(flow, board).step, 1);
      assert.match(shownText(current(flow, board)), /up to 3 times each, 5 min apart, until answered/);
    });

    test('an answered attempt ends the attempts', async () => {
      flow.voice.setBehaviour({ phones: { '1101': 'busy' } });
      const board = await ask(flow, {
        callee: '+91 85632 21101',
        fileId: recording,
        attempts: '3',
        every: '5',
      });
      await soon(flow, 'the first attempt is over', () => told(flow, board).not_answered === 1);
      flow.voice.setBehaviour({ phones: { '1101': { answer: { seconds: 3 } } } });
      await becomes(flow, board, 'done', { callees: 1, accepted: 1, answered: 1, not_answered: 0 });
      assert.equal(callsTo(flow, '918563221101').length, 2);
    });

    test('a call without a report is never called again, however long it takes', async () => {
      // The platform queues calls: until they are made, no report or record mentions them.
      flow.voice.setBehaviour({ queueMs: 3_600_000 });
      const board = await ask(flow, {
        callee: '+91 85632 21201, +91 85632 21202',
        fileId: recording,
        attempts: '3',
        every: '1',
      });
      await soon(flow, 'both are accepted', () => told(flow, board).accepted === 2);
      const silentUntil = flow.clock.now() + 20 * 60_000;
      await soon(flow, '20 minutes pass', () => flow.clock.now() > silentUntil);
      assert.equal(callsTo(flow, '918563221201').length + callsTo(flow, '918563221202').length, 2);
      assert.equal(told(flow, board).state, 'sent');
      flow.voice.setBehaviour({ queueMs: 0 });
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_cancel');
      await soon(flow, 'nobody is called again', () =>
        /nobody else is called/.test(shownText(current(flow, board))),
      );
    });

    test('a crowd with busy, invalid and open callees over a restart: only busy ones are called again', async () => {
      flow.voice.setBehaviour({
        ...{ phones: { '1301': 'busy', '1302': 'busy', '1303': 'not-valid' } },
        ...{ autoAnswerMs: null, secondMs: 100_000 },
      });
      const board = await ask(flow, {
        callee: '+91 85632 21301, +91 85632 21302, +91 85632 21303, +91 85632 21304',
        ...{ fileId: recording, attempts: '2', every: '5' },
      });
      await soon(flow, 'three ends are known', () => told(flow, board).not_answered === 3);
      await flow.restart();
      await soon(flow, 'the second attempt', () => callsTo(flow, '918563221302').length === 2);
      await soon(flow, 'its number is shown', () => told(flow, board).attempt === 2);
      await flow.restart();
      const [open] = callsTo(flow, '918563221304');
      assert.ok(open);
      flow.voice.setBehaviour({ secondMs: 1 });
      flow.voice.answer(open.voiceId, { seconds: 2 });
      await becomes(flow, board, 'done', { callees: 4, accepted: 4, answered: 1, not_answered: 3 });
      assert.deepEqual(
        ['1301', '1302', '1303', '1304'].map((ending) => callsTo(flow, `91856322${ending}`).length),
        [2, 2, 1, 1],
      );
      flow.voice.setBehaviour({ autoAnswerMs: 10 });
    });

    test('enough of a crowd: groups of the needed number and half, and the rest are never called', async () => {
      flow.voice.setBehaviour({ autoAnswerMs: 10 });
      const numbers = Array.from({ length: 12 }, (_, index) => `+91 85632 22${100 + index}`);
      const before = dialled(flow).length;
      const board = await ask(flow, { callee: numbers.join('\n'), fileId: recording, enough: '3' });
      const counts = await becomes(flow, board, 'done', { callees: 12, answered: 5, cancelled: 7 });
      assert.equal(counts.accepted, 5);
      assert.equal(dialled(flow).length, before + 1);
      assert.match(shownText(current(flow, board)), /Needed: 3\. Reached: 5/);
    });

    test('called again, fewer people than were needed: the form needs all of them, and takes that', async () => {
      flow.voice.setBehaviour({
        phones: { '2301': 'busy', '2302': 'busy', '2303': { answer: { seconds: 3 } } },
      });
      const callee = '+91 85632 22301, +91 85632 22302, +91 85632 22303';
      const board = await ask(flow, { callee, fileId: recording, enough: '3' });
      await becomes(flow, board, 'done', { callees: 3, answered: 1, not_answered: 2 });
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_redial');
      const form = await soon(flow, 'the form', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      const submitted = await flow.slack.submitView('U0ASHA', form.id, {});
      assert.deepEqual(submitted.errors, {});
      assert.equal(submitted.view?.callback_id, 'voicecall_confirm');
      await flow.slack.closeView('U0ASHA', submitted.view.id, true);
    });
  });
}
