// `hours`: people's requests call each person in that person's local hours. The others wait for theirs, in one
// request.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { SandboxMessage } from '../../sandbox/slack/types.ts';
import { clockTime } from '../../src/callees/hours.ts';
import { minuteOfDay } from '../../src/callees/local-time.ts';
import { databaseKinds } from '../support/store.ts';
import { fillModal, recording } from '../support/world.ts';
import { askForApproval, cardOf, command } from './approval/stage.ts';
import { ask, becomes, countsOf, current, dialled, type Flow, shownText, soon, startFlow } from './flow.ts';

const minute = 60_000;
const hour = 60 * minute;
const zoneOf = {
  '6591110001': 'Asia/Singapore',
  '819012345678': 'Asia/Tokyo',
  '918563214120': 'Asia/Kolkata',
  '971501234567': 'Asia/Dubai',
  '447400123456': 'Europe/London',
};
const everybody = Object.keys(zoneOf)
  .map((callee) => `+${callee}`)
  .join('\n');

/** From one hour ago in Singapore, for three hours: it is open there and in Tokyo, and not yet open to the west. */
function hoursNow(flow: Flow): string {
  const singapore = minuteOfDay('Asia/Singapore', flow.clock.now());
  return `${clockTime((singapore + 1380) % 1440)}-${clockTime((singapore + 120) % 1440)}`;
}

const config = (between: string, more = '') => `
country: IN
voice: { loopCount: 2, submit: { concurrency: 1, perSecond: 200 } }
recordings: { fire-drill: ${recording} }
hours: { between: "${between}" }
${more}
`;
const shown = (flow: Flow, board: SandboxMessage) => shownText(current(flow, board));

for (const database of databaseKinds) {
  describe(`hours, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database });
    });
    after(() => flow.end());
    beforeEach(async () => {
      flow.clock.jump(61_000);
      for (const [who, views] of flow.slack.state.views)
        if (views[0] !== undefined) await flow.slack.closeView(who, views.at(-1)?.id ?? '', true);
    });
    const calledSince = (from: number) => flow.voice.calls.slice(from).map((call) => call.callee);

    for (const what of ['recording', 'text'] as const)
      test(`five zones, one request, one board: each person is called in their own hours (${what})`, async () => {
        const between = hoursNow(flow);
        flow.setConfig(config(between));
        const from = flow.voice.calls.length;
        const values =
          what === 'recording'
            ? { callee: everybody }
            : { callee: everybody, fileId: null, text: 'The office is closed today.' };
        const first = await fillModal(flow, values);
        const begin = between.slice(0, 5);
        assert.match(JSON.stringify(first.view), new RegExp(`2 now, 3 at ${begin} their time`));
        await flow.slack.closeView('U0ASHA', first.view?.id ?? '', true);
        const board = await ask(flow, values);
        await soon(flow, 'two are called', () => calledSince(from).length === 2);
        assert.deepEqual(calledSince(from).sort(), ['6591110001', '819012345678']);
        await soon(flow, 'the board tells both', () =>
          new RegExp(`2 called now, 3 at ${begin} their time`).test(shown(flow, board)),
        );
        assert.equal(countsOf(flow, board).held, 0);
        assert.match(await command(flow, 'U0ASHA', 'status'), new RegExp(`3 at ${begin} their time`));
        // India is 2.5 hours behind Singapore, where the window began an hour ago; Dubai is 4, London 7 or 8.
        flow.clock.jump(91 * minute);
        await soon(flow, 'India is called', () => calledSince(from).length === 3);
        assert.equal(calledSince(from)[2], '918563214120');
        flow.clock.jump(90 * minute);
        await soon(flow, 'Dubai is called', () => calledSince(from).length === 4);
        assert.equal(calledSince(from)[3], '971501234567');
        assert.notEqual(countsOf(flow, board).state, 'done');
        flow.clock.jump(5 * hour);
        await becomes(flow, board, 'done', { callees: 5, accepted: 5, held: 0 });
        for (const call of flow.voice.calls.slice(from))
          assert.equal(calledSince(from).filter((each) => each === call.callee).length, 1);
      });

    test('cancel stops those who wait', async () => {
      flow.setConfig(config(hoursNow(flow)));
      const from = flow.voice.calls.length;
      const board = await ask(flow, { callee: everybody });
      await soon(flow, 'two are called', () => calledSince(from).length === 2);
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_cancel');
      await becomes(flow, board, 'done', { accepted: 2, cancelled: 3 });
      flow.clock.jump(24 * hour);
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(calledSince(from).length, 2);
    });

    test('a waiting request is called in the hours that apply when it is due', async () => {
      flow.setConfig(config(hoursNow(flow)));
      const from = flow.voice.calls.length;
      const when = String(Math.floor((flow.clock.now() + 95 * minute) / 1000));
      const callee = '+65 9111 0001\n+91 85632 14120';
      // Two hours of Singapore's window are left by then; India's has just begun.
      const board = await ask(flow, { callee, when });
      flow.clock.jump(96 * minute);
      await becomes(flow, board, 'done', { accepted: 2 });
      assert.equal(calledSince(from).length, 2);
    });

    test('an approver may allow any hour: ticked in the review, shown in the history, nobody waits', async () => {
      const approval = 'approval: { calleesOver: 2, approvers: [U0BEN], channel: C0APPROVE }';
      flow.setConfig(config(hoursNow(flow), approval));
      const from = flow.voice.calls.length;
      const waiting = await askForApproval(flow, { callee: everybody });
      assert.match(shownText(waiting.card), /2 now, 3 at .* their time.*Review\* has a box/);
      await flow.slack.press('U0BEN', waiting.card.channel, waiting.card.ts, 'call_review');
      const view = await soon(flow, 'the review', () => flow.slack.state.views.get('U0BEN')?.at(-1));
      assert.match(JSON.stringify(view.blocks), /2 now, 3 at/);
      await flow.slack.pressInView('U0BEN', view.id, 'any_hour', ['yes']);
      await flow.slack.pressInView('U0BEN', view.id, 'call_approve');
      await becomes(flow, waiting.board, 'done', { accepted: 5 });
      assert.equal(calledSince(from).length, 5);
      assert.match(await command(flow, 'U0ASHA', `status ${waiting.id}`), /approved, at any hour/);
    });

    test('approved on the card, or without the tick: the others wait', async () => {
      const approval = 'approval: { calleesOver: 2, approvers: [U0BEN], channel: C0APPROVE }';
      flow.setConfig(config(hoursNow(flow), approval));
      const from = flow.voice.calls.length;
      const waiting = await askForApproval(flow, { callee: everybody });
      await flow.slack.press('U0BEN', waiting.card.channel, waiting.card.ts, 'call_approve');
      await soon(flow, 'Ben is told', () =>
        flow.slack.ephemerals('U0BEN').some((each) => /outside the hours for 3 people/.test(shownText(each))),
      );
      await soon(flow, 'two are called', () => calledSince(from).length === 2);
      await flow.slack.press('U0ASHA', waiting.board.channel, waiting.board.ts, 'call_cancel');
      await becomes(flow, waiting.board, 'done', { accepted: 2, cancelled: 3 });
      assert.ok(cardOf(flow, waiting.id));
    });

    test('a request with enough: 1 does not wait for a person who sleeps', async () => {
      flow.setConfig(config(hoursNow(flow)));
      const from = flow.voice.calls.length;
      // The first group that would be enough is asleep.
      const callee = '+44 7400 123456\n+971 50 123 4567\n+65 9111 0001\n+81 90 1234 5678';
      const board = await ask(flow, { callee, enough: '1' });
      // Two are called, because one may not answer.
      await becomes(flow, board, 'done', { accepted: 2, cancelled: 2 });
      assert.deepEqual(calledSince(from).sort(), ['6591110001', '819012345678']);
    });

    test('a further attempt waits for the morning too', async () => {
      flow.setConfig(config(hoursNow(flow)));
      flow.voice.setBehaviour({ phones: { '0007': 'busy' } });
      const from = flow.voice.calls.length;
      // Singapore's window ends two hours from now, sooner than the pause between the attempts.
      const board = await ask(flow, { callee: '+65 9111 0007', attempts: '2', every: '180' });
      await soon(flow, 'the first is over', () => countsOf(flow, board).not_answered === 1);
      flow.clock.jump(3 * hour);
      await soon(flow, 'the second waits', () => /1 person at \d\d:\d\d their time/.test(shown(flow, board)));
      flow.clock.jump(10 * hour);
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(calledSince(from).length, 1);
      flow.clock.jump(10 * hour);
      await becomes(flow, board, 'done', { accepted: 1, not_answered: 1 });
      assert.equal(calledSince(from).length, 2);
    });

    test('the time zone of a Slack profile counts, not that of the number', async () => {
      flow.setConfig(config(hoursNow(flow)));
      const ben = flow.slack.state.users.get('U0BEN');
      assert.ok(ben);
      Object.assign(ben, { tz: 'Asia/Singapore' });
      flow.clock.jump(61_000);
      const from = flow.voice.calls.length;
      assert.match(ben.profile.phone, /91/, 'an Indian number');
      const board = await ask(flow, { people: ['U0BEN'] });
      await becomes(flow, board, 'done', { accepted: 1 });
      assert.equal(calledSince(from).length, 1);
    });

    test('a rule calls at any hour', async () => {
      const rules = `rules: [{ name: db, channels: [C0ALERTS], match: { status: [any] }, call: ["+44 7400 123456"], recording: fire-drill }]`;
      flow.setConfig(config(hoursNow(flow), rules));
      const from = flow.voice.calls.length;
      await flow.slack.postAs({ bot: 'B0OTHER' }, 'C0ALERTS', { text: 'db down' });
      await soon(flow, 'it is called', () => calledSince(from).includes('447400123456'));
      assert.ok(dialled(flow).length > 0);
    });
  });
}
