// Call later: a request waits for its time, over restarts, with a second instance and with a clock that is set, and
// is then checked again.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { SandboxMessage } from '../../sandbox/slack/types.ts';
import { databaseKinds } from '../support/store.ts';
import {
  ask as askWorld,
  boardBecomes,
  boardNow,
  fillModal,
  recording,
  startWorld,
} from '../support/world.ts';
import { askForApproval, byBen, cardOf, command, directsTo, pressAlone, three } from './approval/stage.ts';
import {
  ask,
  becomes,
  current,
  dialled,
  type Flow,
  replies,
  shownText,
  soon,
  startFlow,
  boards as worldBoards,
} from './flow.ts';

const usual = (more = '') => `
country: IN
voice: { loopCount: 2, submit: { concurrency: 1, perSecond: 200 } }
recordings: { fire-drill: ${recording} }
${more}
`;
const oncall = 'lists: { oncall: ["+91 85632 14120", "+91 85632 14121"] }';
const minute = 60_000;
const hour = 60 * minute;

/** The picker's value for a time in `ms`. */
const inMs = (flow: Flow, ms: number) => String(Math.floor((flow.clock.now() + ms) / 1000));
const shown = (flow: Flow, board: SandboxMessage) => shownText(current(flow, board));
const idOf = (board: SandboxMessage) => String(board.metadata?.event_payload.request_id);

for (const database of databaseKinds) {
  describe(`scheduled requests, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config: usual(oncall) });
    });
    after(() => flow.end());
    beforeEach(async () => {
      flow.setConfig(usual(oncall));
      // People are cached for a minute.
      flow.clock.jump(61_000);
      for (const [who, views] of flow.slack.state.views)
        if (views[0] !== undefined) await flow.slack.closeView(who, views.at(-1)?.id ?? '', true);
    });
    const posts = () => dialled(flow).length;

    test('the story: the form takes a time, board and status show it, nobody is called before', async () => {
      const before = posts();
      const when = inMs(flow, 2 * hour);
      const first = await fillModal(flow, { callee: '+91 85632 14125', when });
      assert.deepEqual(first.errors, {});
      assert.match(JSON.stringify(first.view), new RegExp(`<!date\\^${when}`));
      assert.match(JSON.stringify(first.view?.submit), /Schedule/);
      await flow.slack.closeView('U0ASHA', first.view?.id ?? '', true);
      const board = await ask(flow, { callee: '+91 85632 14125', when });
      assert.equal(board.metadata?.event_payload.state, 'scheduled');
      assert.match(shown(flow, board), new RegExp(`\\*When:\\* <!date\\^${when}`));
      assert.match(board.text, /Scheduled for \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
      const status = await command(flow, 'U0ASHA', 'status');
      assert.match(status, new RegExp(`Scheduled for <!date\\^${when}`));
      assert.match(status, /call_cancel/);
      await flow.slack.openHome('U0ASHA');
      const home = await soon(flow, 'the Home tab', () => {
        const text = JSON.stringify(flow.slack.state.homes.get('U0ASHA')?.blocks ?? []);
        return text.includes('Scheduled for') ? text : undefined;
      });
      assert.match(home, /call_cancel/);
      flow.clock.jump(hour);
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(posts(), before, 'nobody is called before the time');
      flow.clock.jump(hour);
      await becomes(flow, board, 'done', { accepted: 1 });
      assert.equal(posts(), before + 1);
      assert.match(shown(flow, board), new RegExp(`\\*When:\\* <!date\\^${when}`));
    });

    test('a time that has passed, or is more than 30 days ahead, is an error under the field', async () => {
      const past = await fillModal(flow, { callee: '+91 85632 14125', when: inMs(flow, -minute) });
      assert.match(past.errors.when ?? '', /has passed/);
      await flow.slack.closeView('U0ASHA', flow.slack.state.views.get('U0ASHA')?.at(-1)?.id ?? '', true);
      const far = await fillModal(flow, { callee: '+91 85632 14125', when: inMs(flow, 31 * 24 * hour) });
      assert.match(far.errors.when ?? '', /more than 30 days ahead/);
      await flow.slack.closeView('U0ASHA', flow.slack.state.views.get('U0ASHA')?.at(-1)?.id ?? '', true);
      const near = await fillModal(flow, {
        callee: '+91 85632 14125',
        when: inMs(flow, 30 * 24 * hour - 5_000),
      });
      assert.deepEqual(near.errors, {});
    });

    test('a time that passes before the second view is submitted calls nobody', async () => {
      const before = posts();
      const first = await fillModal(flow, { callee: '+91 85632 14125', when: inMs(flow, minute) });
      flow.clock.jump(2 * minute);
      const second = await flow.slack.submitView('U0ASHA', first.view?.id ?? '');
      assert.match(JSON.stringify(second.view), /The time that you chose has passed/);
      assert.equal(posts(), before);
    });

    test('the same press again after the time makes no second request, and no error', async () => {
      const base = worldBoards(flow).length;
      const first = await fillModal(flow, { callee: '+91 85632 14139', when: inMs(flow, minute) });
      const second = await flow.slack.submitView('U0ASHA', first.view?.id ?? '');
      assert.equal(second.action, 'cleared');
      flow.clock.jump(2 * minute);
      const again = await flow.slack.redeliver(second.deliveryId);
      assert.equal(again.outcome, 'ok');
      assert.doesNotMatch(JSON.stringify(again), /has passed/);
      const board = await soon(flow, 'the board', () => worldBoards(flow)[base]);
      await becomes(flow, board, 'done', { accepted: 1 });
      assert.equal(worldBoards(flow).length, base + 1);
    });

    test('cancelled before then: nobody is called', async () => {
      const before = posts();
      const board = await ask(flow, { callee: '+91 85632 14126', when: inMs(flow, hour) });
      assert.match(await command(flow, 'U0ASHA', `cancel ${idOf(board)}`), /1 person will not/);
      await becomes(flow, board, 'cancelled', { cancelled: 1 });
      flow.clock.jump(2 * hour);
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(posts(), before);
    });

    test('its channel is archived before then: nobody is called, and the requester is told', async () => {
      const before = posts();
      const board = await ask(
        flow,
        { callee: '+91 85632 14129', when: inMs(flow, hour), channel: 'C0ALERTS' },
        { channel: 'C0ALERTS' },
      );
      flow.slack.setArchived('C0ALERTS', true);
      try {
        flow.clock.jump(hour);
        await soon(flow, 'Asha is told', () =>
          directsTo(flow, 'U0ASHA').some((text) => text.includes(idOf(board)) && /was archived/.test(text)),
        );
        assert.equal(posts(), before);
      } finally {
        flow.slack.setArchived('C0ALERTS', false);
      }
    });

    test('the requester loses the right to call: nobody is called', async () => {
      const before = posts();
      const board = await ask(flow, { callee: '+91 85632 14130', when: inMs(flow, hour) });
      flow.setConfig(usual('callers: [U0BEN]'));
      flow.clock.jump(hour);
      await becomes(flow, board, 'failed', { failed: 1 });
      assert.match(shown(flow, board), /may not call people any more/);
      assert.match(current(flow, board).text, /^Not called: it could not be started/);
      assert.equal(posts(), before);
      await soon(flow, 'Asha is told', () =>
        directsTo(flow, 'U0ASHA').some((text) => text.includes(idOf(board))),
      );
    });

    test('the limits and forbidden numbers of its due time apply', async () => {
      const callee = '+91 85632 14131\n+91 85632 14132';
      const denied = await ask(flow, { callee, when: inMs(flow, hour) });
      flow.setConfig(usual('limits: { deny: ["+918563214131"] }'));
      flow.clock.jump(hour);
      await becomes(flow, denied, 'done', { accepted: 1, held: 1 });
      const limited = await ask(flow, { callee: '+91 85632 14133', when: inMs(flow, hour) });
      flow.setConfig(usual('limits: { perCallee: { calls: 1, per: 1d } }'));
      const atOnce = await ask(flow, { callee: '+91 85632 14133' });
      await becomes(flow, atOnce, 'done', { accepted: 1 });
      flow.clock.jump(hour);
      await becomes(flow, limited, 'done', { held: 1 });
    });

    test('those who left a list are not called, those who joined it are, those who were named are', async () => {
      const callee = '+91 85632 14120\n+91 85632 14134';
      const board = await ask(flow, { callee, lists: ['oncall'], when: inMs(flow, hour) });
      // 14120 was typed too; 14121 leaves the list, 14135 joins it.
      flow.setConfig(usual('lists: { oncall: ["+91 85632 14135"] }'));
      flow.clock.jump(hour);
      const from = flow.voice.calls.length;
      await becomes(flow, board, 'done', { callees: 4, accepted: 3, held: 1 });
      assert.deepEqual(
        flow.voice.calls
          .slice(from)
          .map((call) => call.callee)
          .sort(),
        ['918563214120', '918563214134', '918563214135'],
      );
    });

    test('a list that is not in the configuration any more names nobody', async () => {
      flow.setConfig(usual(oncall.replace('}', ', gone: ["+91 85632 14138"] }')));
      const alone = await ask(flow, { lists: ['gone'], when: inMs(flow, hour) });
      const callee = '+91 85632 14139';
      const board = await ask(flow, { callee, lists: ['gone', 'oncall'], when: inMs(flow, hour) });
      flow.setConfig(usual(oncall));
      flow.clock.jump(hour);
      const from = flow.voice.calls.length;
      await becomes(flow, board, 'done', { callees: 4, accepted: 3, held: 1 });
      await becomes(flow, alone, 'done', { callees: 1, held: 1 });
      assert.match(shown(flow, alone), /not on the list any more/);
      const called = flow.voice.calls.slice(from).map((call) => call.callee);
      assert.ok(!called.includes('918563214138'));
    });

    test('an approval covers the people that the approver saw: those who join a list later are not called', async () => {
      flow.setConfig(`${byBen}`);
      const when = inMs(flow, hour);
      const waiting = await askForApproval(flow, { callee: '+91 85632 14136', lists: ['db-oncall'], when });
      assert.match(
        await pressAlone(flow, 'U0BEN', waiting, 'call_approve'),
        /You approved it: the calls start <!date/,
      );
      await becomes(flow, waiting.board, 'scheduled');
      flow.setConfig(byBen.replace('"+91 85632 13000"]', '"+91 85632 13001"]'));
      flow.clock.jump(hour);
      await becomes(flow, waiting.board, 'done', { callees: 3, accepted: 2, held: 1 });
      assert.match(
        shown(flow, waiting.board),
        /1 person joined its lists since.*the approval does not cover them/,
      );
      await soon(flow, 'the thread names them', () =>
        replies(flow, waiting.board).some(({ text }) => text?.endsWith('Not called: +91 …3001.')),
      );
    });

    test('a policy that came since asks for an approval first, and tells the person who asked', async () => {
      const before = posts();
      const board = await ask(flow, { callee: three, when: inMs(flow, hour) });
      flow.setConfig(byBen);
      flow.clock.jump(hour);
      const id = idOf(board);
      const card = await soon(flow, 'the card', () => cardOf(flow, id));
      await becomes(flow, board, 'awaiting_approval');
      assert.match(shown(flow, board), /Its time has come, but it needs an approval now: 3 calls; above 2/);
      await soon(flow, 'Asha is told', () =>
        directsTo(flow, 'U0ASHA').some((text) => text.includes(id) && /does not start yet/.test(text)),
      );
      assert.equal(posts(), before);
      assert.match(
        await pressAlone(flow, 'U0BEN', { board, card, id }, 'call_approve'),
        /the calls start now/,
      );
      await becomes(flow, board, 'done', { accepted: 3 });
      assert.match(shown(flow, board), /approved after that, so they were called at once/);
      assert.doesNotMatch(shown(flow, board), /needs an approval now/);
    });

    test('approved after its time: called at once, and the board says so', async () => {
      flow.setConfig(byBen);
      const before = posts();
      const waiting = await askForApproval(flow, { when: inMs(flow, minute) });
      flow.clock.jump(5 * minute);
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(posts(), before, 'approval first');
      assert.match(await pressAlone(flow, 'U0BEN', waiting, 'call_approve'), /the calls start now/);
      await becomes(flow, waiting.board, 'done', { accepted: 3 });
      assert.match(shown(flow, waiting.board), /approved after that, so they were called at once/);
      assert.doesNotMatch(shown(flow, waiting.board), /minutes late/);
    });

    test('asked for again: the form opens without a time', async () => {
      const board = await ask(flow, { callee: '+91 85632 14137', when: inMs(flow, hour) });
      flow.setConfig(usual('callers: [U0BEN]'));
      flow.clock.jump(hour);
      await becomes(flow, board, 'failed');
      flow.setConfig(usual());
      flow.clock.jump(61_000);
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_redial');
      const view = await soon(flow, 'the form', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      assert.doesNotMatch(JSON.stringify(view), /initial_date_time/);
    });
  });
}

for (const database of databaseKinds) {
  // After a start PostgreSQL's own time counts, which a test cannot set. So this takes seconds, not hours.
  test(`the app is stopped at its time: the next start starts it, on ${database}`, async () => {
    const world = await startWorld({ database, config: usual() });
    try {
      const at = (ms: number) => String(Math.ceil((Date.now() + ms) / 1000));
      const dueAt = at(6_000);
      const due = await askWorld(world, { callee: '+91 85632 14127', when: dueAt });
      const later = await askWorld(world, { callee: '+91 85632 14128', when: at(hour) });
      await world.app.stop();
      await new Promise((resolve) => setTimeout(resolve, Number(dueAt) * 1000 - Date.now()));
      await world.restart();
      await boardBecomes(world, due, 'done');
      assert.equal(boardNow(world, later).state, 'scheduled');
      assert.deepEqual(
        world.voice.calls.map((call) => call.callee),
        ['918563214127'],
      );
    } finally {
      await world.stop();
    }
  });
}

test('two instances on PostgreSQL start it once', { skip: !databaseKinds.includes('postgres') }, async () => {
  const flow = await startFlow({ database: 'postgres', config: usual() });
  await flow.startInstance();
  const asked: SandboxMessage[] = [];
  for (let index = 0; index < 5; index++)
    asked.push(await ask(flow, { callee: `+91 85632 1414${index}`, when: inMs(flow, hour) }));
  flow.clock.jump(2 * hour);
  for (const board of asked) await becomes(flow, board, 'done', { accepted: 1 });
  assert.equal(dialled(flow).length, 5);
  await flow.end();
});
