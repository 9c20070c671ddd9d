// An edit notifies nobody. What a person must notice is a reply that mentions the requester or goes to the channel.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SandboxMessage } from '../../sandbox/slack/types.ts';
import { databaseKinds } from '../support/store.ts';
import { boardUnder, firing, post, resolved, under, understood } from './alerts/alert-flow.ts';
import { askForApproval, configWith, directsTo, pressCard } from './approval/stage.ts';
import { ask, becomes, current, type Flow, pressValue, replies, shownText, soon, startFlow } from './flow.ts';

const config = `${configWith('{ calleesOver: 2, approvers: [U0BEN], channel: C0APPROVE }')}
callers: [U0ASHA, U0BEN, U0CLEO]
rules:
  - { name: pager, channels: [C0ALERTS], match: { from: [B0OTHER] }, say: "{title}", call: [db-oncall] }
`;

/** Our replies that are neither board, results nor card. */
function told(messages: SandboxMessage[]): SandboxMessage[] {
  return messages.filter((each) => each.metadata?.event_type === 'voicecall_reply');
}

for (const database of databaseKinds) {
  describe(`what must be noticed, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config, slack: { eventRetryDelaysMs: [] } });
      flow.voice.setBehaviour({ phones: { '6591709001': 'busy', '13000': 'busy' } });
    });
    after(() => flow.end());

    const toldUnder = async (board: SandboxMessage, words: RegExp): Promise<SandboxMessage> =>
      await soon(flow, `told ${words}`, () =>
        told(replies(flow, board)).find((each) => words.test(shownText(each))),
      );

    test('the end mentions the requester, once, with the outcome and those who were not reached', async () => {
      const board = await ask(flow, { callee: '+6591709001, +6591709002' });
      await becomes(flow, board, 'done', { answered: 1 });
      const end = await toldUnder(board, /1 of 2 answered/);
      assert.match(end.text, /^<@U0ASHA> 1 of 2 answered\. Not reached: \+65 …9001\.$/);
      assert.notEqual(end.reply_broadcast, true);
      flow.clock.jump(120_000);
      await flow.restart();
      assert.equal(told(replies(flow, board)).length, 1);
    });

    test('a person who cancels their own request gets no message about it', async () => {
      const { board } = await askForApproval(flow);
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_cancel');
      await becomes(flow, board, 'cancelled');
      await soon(flow, 'nothing waits', () => flow.clock.jump(2_000) === undefined);
      assert.deepEqual(told(replies(flow, board)), []);
    });

    test('a decision is posted where the request was made, and the end after it', async () => {
      const waiting = await askForApproval(flow);
      await pressCard(flow, 'U0BEN', waiting, 'call_approve');
      const decided = await toldUnder(waiting.board, /Approved by/);
      assert.match(decided.text, /^<@U0ASHA> Approved by Ben\./);
      await becomes(flow, waiting.board, 'done');
      await toldUnder(waiting.board, /<@U0ASHA> \d of 3 answered|<@U0ASHA> All 3 answered/);
      assert.equal(told(replies(flow, waiting.board)).length, 2);
      assert.deepEqual(
        directsTo(flow, 'U0ASHA').filter((each) => each.includes(waiting.id)),
        [],
        'nobody is told the same twice',
      );
    });

    test('an unknown call is shown with what to do; a person who has settled it is not told again', async () => {
      flow.voice.faults.next({ on: 'recordGroupQuery', times: 'always', refuse: { code: '-18' } });
      flow.voice.faults.next({ reset: 'after-reading' });
      const board = await ask(flow, { callee: '+6591709011, +6591709012' }, { user: 'U0CLEO' });
      await becomes(flow, board, 'sent', { unknown: 2 });
      const unknown = await toldUnder(board, /We don't know whether 2 phones rang/);
      assert.match(unknown.text, /^<@U0CLEO> .*Mark as rung.*Mark as not rung/);
      await pressValue(flow, 'U0CLEO', board, 'call_settle', ':silent');
      await becomes(flow, board, 'done', { failed: 2 });
      flow.clock.jump(60_000);
      await soon(flow, 'the clock goes on', () => flow.clock.jump(2_000) === undefined);
      assert.equal(told(replies(flow, board)).length, 1);
      flow.voice.faults.clear();
    });

    test('a channel that closes before the end: the end is told in a direct message', async () => {
      flow.voice.setBehaviour({ phones: { '6591709021': 'wait' }, secondMs: 1_000, autoAnswerMs: null });
      const board = await ask(flow, { callee: '+6591709021' }, { user: 'U0BEN', channel: 'C0ALERTS' });
      await becomes(flow, board, 'sent', { accepted: 1 });
      await soon(flow, 'the results stand', () => replies(flow, board)[0]);
      flow.slack.setArchived('C0ALERTS', true);
      flow.voice.decline(flow.voice.calls.at(-1)?.voiceId ?? '');
      await soon(flow, 'the person is told', () =>
        directsTo(flow, 'U0BEN').some((each) => /^<@U0BEN> Nobody answered \(0 of 1\)\./.test(each)),
      );
      flow.slack.setArchived('C0ALERTS', false);
      flow.voice.setBehaviour({ secondMs: 1 });
    });

    test('an alert that nobody answered is shown in the channel, and one that somebody answered is not', async () => {
      flow.voice.setBehaviour({ phones: { '13000': 'busy', '14120': 'no-answer' } });
      const alert = post(flow, firing('db-1 lag'));
      await becomes(flow, await boardUnder(flow, alert), 'done', { not_answered: 2 });
      const reply = await soon(flow, 'it is told', () =>
        told(under(flow, alert)).find((each) => each.text.startsWith('Nobody answered (0 of 2).')),
      );
      assert.equal(reply.reply_broadcast, true);
      assert.match(reply.text, /db-1 lag/);
      await flow.slack.press('U0BEN', 'C0ALERTS', reply.ts, 'call_ack');
      const edited = await soon(flow, 'the reply says who has got it', () =>
        told(under(flow, alert)).find((each) => each.text.startsWith('Ben has got it · Nobody answered')),
      );
      assert.equal(edited.ts, reply.ts);
      assert.doesNotMatch(JSON.stringify(edited.blocks), /call_ack/, 'the button is gone');
      flow.voice.setBehaviour({ phones: { '13000': 'busy', '14120': { answer: {} } } });
      const other = post(flow, firing('db-2 lag'));
      await becomes(flow, await boardUnder(flow, other), 'done', { answered: 1 });
      await understood(flow);
      flow.clock.jump(60_000);
      await soon(flow, 'the clock goes on', () => flow.clock.jump(2_000) === undefined);
      assert.deepEqual(told(under(flow, other)), []);
    });

    test('*I’ve got it* answers in the thread and says what still rings; a resolved alert wakes nobody', async () => {
      flow.voice.setBehaviour({
        phones: { '13000': 'wait', '14120': 'wait' },
        secondMs: 1_000,
        autoAnswerMs: null,
      });
      const alert = post(flow, firing('db-3 lag'));
      const board = await boardUnder(flow, alert);
      await becomes(flow, board, 'sent', { accepted: 2 });
      await flow.slack.press('U0BEN', 'C0ALERTS', board.ts, 'call_ack');
      const taken = await soon(flow, 'it is told', () => told(under(flow, alert))[0]);
      assert.match(
        taken.text,
        /^Ben has got it\. 2 calls were still under way: \+91 …4120 and \+91 …3000\.$/,
      );
      assert.notEqual(taken.reply_broadcast, true);
      post(flow, resolved('db-3 lag'));
      for (const call of flow.voice.calls.slice(-2)) flow.voice.decline(call.voiceId);
      await becomes(flow, board, 'done', { not_answered: 2 });
      await understood(flow);
      assert.equal(told(under(flow, alert)).filter((each) => /Nobody answered/.test(each.text)).length, 0);
    });
  });
}

const again = `
country: IN
lists: { twice: ["+91 85632 15001"] }
rules:
  - { name: twice, channels: [C0ALERTS], match: { from: [B0OTHER] }, say: "{title}", call: [twice], attempts: 2, every: 1m, onUnknown: hold }
`;

for (const database of databaseKinds) {
  describe(`what is said while phones ring, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config: again, slack: { eventRetryDelaysMs: [] } });
    });
    after(() => flow.end());

    const takenUnder = async (alert: SandboxMessage): Promise<string> =>
      (
        await soon(flow, 'it is told', () =>
          told(under(flow, alert)).find((each) => /got it/.test(each.text)),
        )
      ).text;

    test('taken while a POST that calls is on its way: nobody claims that no phone rings', async () => {
      flow.voice.setBehaviour({ phones: { '15001': 'wait' }, secondMs: 1_000, autoAnswerMs: null });
      const slow = flow.voice.faults.next({ delayMs: 3_000 });
      const alert = post(flow, firing('db-1 lag'));
      const board = await boardUnder(flow, alert);
      await soon(flow, 'the POST is on its way', () => slow.used() === 1);
      await flow.slack.press('U0BEN', 'C0ALERTS', board.ts, 'call_ack');
      assert.match(await takenUnder(alert), /has got it\. 1 call was still under way: \+91 …5001\.$/);
      await becomes(flow, board, 'sent', { accepted: 1 });
      flow.voice.decline(flow.voice.calls.at(-1)?.voiceId ?? '');
      await becomes(flow, board, 'done', { not_answered: 1 });
    });

    test('taken while the second call rings: it is counted as ringing, not as its first call ended', async () => {
      flow.voice.setBehaviour({ phones: { '15001': 'busy' }, secondMs: 1 });
      const alert = post(flow, firing('db-2 lag'));
      const board = await boardUnder(flow, alert);
      await becomes(flow, board, 'sent', { not_answered: 1 });
      flow.voice.setBehaviour({ phones: { '15001': 'wait' }, secondMs: 1_000, autoAnswerMs: null });
      const calls = flow.voice.calls.length;
      await soon(flow, 'the second call', () => flow.voice.calls.length > calls);
      await becomes(flow, board, 'sent', { not_answered: 1 });
      await flow.slack.press('U0BEN', 'C0ALERTS', board.ts, 'call_ack');
      assert.match(await takenUnder(alert), /has got it\. 1 call was still under way: \+91 …5001\.$/);
      const shown = await soon(flow, 'the board says who has it', () => {
        const text = shownText(current(flow, board));
        return text.includes('has got it') ? text : undefined;
      });
      assert.doesNotMatch(shown, /Nobody answered|not answered/);
      flow.voice.decline(flow.voice.calls.at(-1)?.voiceId ?? '');
      await becomes(flow, board, 'done', { not_answered: 1 });
      assert.match(current(flow, board).text, /Nobody answered/);
    });

    test('the second call is unknown: nobody claims that nobody answered, and somebody is asked to look', async () => {
      flow.voice.setBehaviour({ phones: { '15001': 'busy' }, secondMs: 1 });
      const alert = post(flow, firing('db-3 lag'));
      const board = await boardUnder(flow, alert);
      await becomes(flow, board, 'sent', { not_answered: 1 });
      flow.voice.faults.next({ on: 'recordGroupQuery', times: 'always', refuse: { code: '-18' } });
      const lost = flow.voice.faults.next({ reset: 'after-reading' });
      await soon(flow, 'the second call', () => lost.used() === 1);
      const asked = await soon(flow, 'it is told', () =>
        told(under(flow, alert)).find((each) => /Mark as not rung/.test(each.text)),
      );
      assert.match(asked.text, /unknown for 1|We don't know whether the phone rang/);
      await soon(flow, 'the board says so', () =>
        /We don't know whether the phone rang/.test(current(flow, board).text),
      );
      assert.doesNotMatch(shownText(current(flow, board)), /Nobody answered|Call the 1/);
      flow.voice.faults.clear();
    });
  });
}
