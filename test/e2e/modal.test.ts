import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { FieldValues } from '../../sandbox/slack/types.ts';
import { databaseKinds } from '../support/store.ts';
import { fillModal, openModal, recording, usualConfig } from '../support/world.ts';
import { ask, becomes, boards, countsOf, type Flow, shownText, soon, startFlow, toldAlone } from './flow.ts';

const config = `${usualConfig}
limits: { calleesPerRequest: 300, deny: ["+1900"] }
`;
const numbers = (count: number, from = 6591110000) =>
  Array.from({ length: count }, (_, index) => `+${from + index}`);

for (const database of databaseKinds) {
  describe(`the form, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config });
    });
    afterEach(async () => {
      const [view] = flow.slack.state.views.get('U0ASHA') ?? [];
      if (view !== undefined) await flow.slack.closeView('U0ASHA', view.id, true);
    });
    after(() => flow.end());

    const submit = async (values: FieldValues) => {
      const result = await fillModal(flow, values);
      const [view] = flow.slack.state.views.get('U0ASHA') ?? [];
      return { ...result, close: () => flow.slack.closeView('U0ASHA', view?.id ?? '', true) };
    };
    const requests = () => boards(flow).map((each) => each.metadata?.event_payload.request_id);

    test('several errors come at once, each under its own field, and no entry is lost', async () => {
      const typed = '9185\n+1 900 555 1234\nnobody-known\n+91 85632 14120\n91 85632 14120 91 85632 13000';
      const result = await submit({
        callee: typed,
        displayNum: '12',
        fileId: recording,
        channel: 'C0RANDOM',
      });
      assert.equal(result.action, 'errors');
      assert.deepEqual(Object.keys(result.errors).sort(), ['callee', 'channel', 'displayNum']);
      const { callee = '' } = result.errors;
      assert.match(callee, /^• Check the number: “9185” has 4 digits, a number has 7 to 15 \(line 1\)\.$/m);
      assert.match(callee, /^• Remove the number: “\+1 900 555 1234” .*\(line 2\)\.$/m);
      assert.match(callee, /“nobody-known” .*\(line 3\)/);
      assert.match(callee, /line 5/);
      assert.doesNotMatch(callee, /line 4/);
      assert.match(result.errors.channel ?? '', /\/invite @Voicecall/);
      const view = flow.slack.state.views.get('U0ASHA')?.at(-1);
      assert.equal(Object.values(view?.state.values.callee ?? {})[0]?.value, typed);
      await result.close();
    });

    test('nobody to call, no audio, both a recording and a text, too long a note', async () => {
      const nobody = await submit({});
      assert.deepEqual(Object.keys(nobody.errors), ['callee']);
      await nobody.close();
      const both = await submit({ callee: '+6591110001', text: 'Hello' });
      assert.match(both.errors.text ?? '', /not both/);
      await both.close();
      const silent = await submit({ callee: '+6591110001', fileId: null });
      assert.deepEqual(Object.keys(silent.errors), ['fileId']);
      await silent.close();
      const invisible = await submit({ callee: '+6591110001', fileId: null, text: '\u202e\u200b' });
      assert.deepEqual(Object.keys(invisible.errors), ['fileId']);
      await invisible.close();
    });

    test('too many callees are refused with what to do', async () => {
      const file = flow.slack.uploadFile('U0ASHA', 'many.csv', numbers(301).join('\n'));
      const refused = await submit({ file: [file.id] });
      assert.match(refused.errors.file ?? '', /301 people, and one request may call 300/);
      await refused.close();
    });

    test('more people to be reached than are called: the field says so, and a smaller number is taken', async () => {
      const values = { callee: '+6591110001, +6591110002' };
      const refused = await submit({ ...values, enough: '5' });
      assert.deepEqual(refused.errors, {
        enough:
          'These are 2 people, so 5 cannot be reached. Type a smaller number, or leave it empty to call everybody.',
      });
      const view = flow.slack.state.views.get('U0ASHA')?.at(-1);
      assert.equal(Object.values(view?.state.values.callee ?? {})[0]?.value, values.callee);
      const taken = await flow.slack.submitView('U0ASHA', view?.id ?? '', { ...values, enough: '2' });
      assert.equal(taken.view?.callback_id, 'voicecall_confirm');
      await refused.close();
    });

    test('a channel that the app cannot see, and an archived one', async () => {
      const hidden = await submit({ callee: '+6591110001', channel: 'C0SECRET' });
      assert.match(hidden.errors.channel ?? '', /\/invite @Voicecall/);
      await hidden.close();
      flow.slack.setArchived('C0ALERTS', true);
      const archived = await submit({ callee: '+6591110001', channel: 'C0ALERTS' });
      assert.match(archived.errors.channel ?? '', /#alerts is archived/);
      flow.slack.setArchived('C0ALERTS', false);
      await archived.close();
    });

    test('duplicates are merged and the summary says so; doubts are shown before the calls', async () => {
      const result = await submit({
        callee: '91856321412\n+91 85632 14120, 00918563214120',
        lists: ['db-oncall'],
      });
      assert.equal(result.view?.callback_id, 'voicecall_confirm');
      const text = JSON.stringify(result.view.blocks);
      assert.match(text, /\*3 people in India\*: fire-drill, played twice\. Results go to <#C0OPS>/);
      assert.match(text, /2 duplicates left out/);
      assert.match(text, /1 number may be wrong\. It will be called as it is\./);
      assert.match(text, /\+918563214120/, 'who typed a number reads it in full');
      assert.doesNotMatch(text, /8563213000/, 'a number of a list is masked');
      await result.close();
    });

    test('a list that is named among the numbers, or in an uploaded file, does not show its own', async () => {
      const file = flow.slack.uploadFile('U0ASHA', 'some.txt', '+65 9111 0031\ndb-oncall');
      for (const values of [
        { callee: '+65 9111 0031\ndb-oncall' },
        { callee: '', file: [file.id] },
      ] satisfies FieldValues[]) {
        const result = await submit(values);
        const text = JSON.stringify(result.view?.blocks);
        assert.match(text, /• \+6591110031\b.*• \+91 …4120\b.*• \+91 …3000\b/);
        assert.doesNotMatch(text, /918563214120|918563213000|85632 ?1/);
        await result.close();
      }
    });

    test('Back and a change: the last summary says exactly who is called', async () => {
      const first = await submit({ callee: '+6591110011' });
      assert.equal(first.view?.callback_id, 'voicecall_confirm');
      await flow.slack.closeView('U0ASHA', first.view.id);
      const back = flow.slack.state.views.get('U0ASHA')?.at(-1);
      assert.equal(back?.callback_id, 'voicecall');
      const second = await flow.slack.submitView('U0ASHA', back.id, { callee: '+6591110012' });
      const before = requests().length;
      await flow.slack.submitView('U0ASHA', second.view?.id ?? '');
      const board = await soon(flow, 'the board', () => boards(flow)[before]);
      await becomes(flow, board, 'done');
      const called = flow.voice.calls.map((call) => call.callee);
      assert.ok(called.includes('6591110012') && !called.includes('6591110011'));
    });

    test('one Submit delivered twice, and pressed again after a lost answer, is one request', async () => {
      const first = await submit({ callee: '+6591110021' });
      const before = requests().length;
      flow.slack.fault({ method: 'app:view_submission', times: 1, kind: 'drop_after' });
      const lost = await flow.slack.submitView('U0ASHA', first.view?.id ?? '');
      assert.equal(lost.action, 'kept');
      const again = await flow.slack.submitView('U0ASHA', first.view?.id ?? '');
      assert.equal(again.action, 'cleared');
      const retried = await flow.slack.redeliver(again.deliveryId, 1);
      assert.equal(retried.outcome, 'ok');
      const board = await soon(flow, 'the board', () => boards(flow)[before]);
      await becomes(flow, board, 'done', { callees: 1 });
      assert.equal(flow.voice.calls.filter((call) => call.callee === '6591110021').length, 1);
      assert.equal(requests().length, before + 1);
    });

    test('the first view submitted twice at once still makes one request', async () => {
      const viewId = await openModal(flow);
      const values = { callee: '+6591110025', fileId: recording, channel: 'C0OPS' };
      const first = await flow.slack.submitView('U0ASHA', viewId, values);
      await flow.slack.redeliver(first.deliveryId, 1);
      const before = requests().length;
      const [one, two] = await Promise.all([
        flow.slack.submitView('U0ASHA', first.view?.id ?? ''),
        flow.slack.submitView('U0ASHA', first.view?.id ?? ''),
      ]);
      assert.deepEqual([one.outcome, two.outcome], ['ok', 'ok']);
      const board = await soon(flow, 'the board', () => boards(flow)[before]);
      await becomes(flow, board, 'done', { callees: 1 });
      assert.equal(flow.voice.calls.filter((call) => call.callee === '6591110025').length, 1);
    });

    test('two forms for the same people are two requests', async () => {
      await becomes(flow, await ask(flow, { callee: '+6591110031' }), 'done');
      await becomes(flow, await ask(flow, { callee: '+6591110031' }), 'done');
      assert.equal(flow.voice.calls.filter((call) => call.callee === '6591110031').length, 2);
    });

    test('a person who lost the right to call before the last Submit is told so, and nobody is called', async () => {
      const viewId = await openModal(flow, 'U0CLEO');
      const first = await flow.slack.submitView('U0CLEO', viewId, {
        callee: '+6591110041',
        fileId: recording,
        channel: 'C0OPS',
      });
      flow.clock.jump(61_000);
      const cleo = flow.slack.state.users.get('U0CLEO');
      assert.ok(cleo);
      cleo.is_restricted = true;
      const result = await flow.slack.submitView('U0CLEO', first.view?.id ?? '');
      cleo.is_restricted = false;
      flow.clock.jump(61_000);
      assert.match(JSON.stringify(result.view?.blocks), /Guests may not call people/);
      assert.equal(
        flow.voice.calls.some((call) => call.callee === '6591110041'),
        false,
      );
    });

    test('options are sent as typed, and the note comes before the token', async () => {
      const board = await ask(flow, {
        callee: '+6591110051',
        displayNum: '+65 9111 2222',
        loopCount: '3',
        maxDuration: '30',
        maxRingingTime: '25',
        calledInfo: 'drill <b> & more',
      });
      await becomes(flow, board, 'done');
      const call = flow.voice.calls.find((each) => each.callee === '6591110051');
      assert.equal(call?.displayNum, '6591112222');
      assert.deepEqual([call.loopCount, call.maxDuration, call.maxRingingTime], [3, 30, 25]);
      assert.match(call.calledInfo, /^drill <b> & more v1\.\S+$/);
      assert.match(shownText(boards(flow).at(-1) ?? {}), /drill &lt;b&gt; &amp; more/);
    });

    test('text is spoken by one POST for each callee', async () => {
      const board = await ask(flow, {
        callee: '+6591110061, +6591110062',
        fileId: null,
        text: 'Please call back.',
      });
      await becomes(flow, board, 'done', { callees: 2, answered: 2 });
      const spoken = flow.voice.requests.filter((each) => each.path.endsWith('sendCode'));
      assert.deepEqual(spoken.map((each) => each.body?.callee).toSorted(), ['6591110061', '6591110062']);
      for (const each of spoken) assert.equal(each.body?.text, 'Please call back.');
    });

    test('the message shortcut speaks the message and answers in its thread', async () => {
      const posted = flow.slack.postAs({ user: 'U0BEN' }, 'C0OPS', {
        text: '*Disk full* on <https://db1.example|db1> &amp; db2\nmore',
      });
      await flow.slack.messageShortcut('U0ASHA', 'C0OPS', posted.ts, 'voicecall_from_message');
      const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      assert.equal(Object.values(view.state.values.text ?? {})[0]?.value, 'Disk full on db1 & db2');
      const second = await flow.slack.submitView('U0ASHA', view.id, { callee: '+6591110071' });
      assert.equal(second.view?.callback_id, 'voicecall_confirm', JSON.stringify(second.errors));
      const before = boards(flow).length;
      await flow.slack.submitView('U0ASHA', second.view.id);
      const board = await soon(flow, 'the board', () => boards(flow)[before]);
      assert.equal(board.thread_ts, posted.ts);
      await becomes(flow, board, 'done', { answered: 1 });
    });

    test('the Home tab shows a person’s requests and opens the form', async () => {
      await flow.slack.openHome('U0ASHA');
      const home = await soon(flow, 'the Home tab', () => flow.slack.state.homes.get('U0ASHA'));
      assert.match(JSON.stringify(home.blocks), /Answered/);
      const press = await flow.slack.pressInView('U0ASHA', home.id, 'home_call');
      assert.equal(press.outcome, 'ok');
      const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      assert.equal(view.callback_id, 'voicecall');
      await flow.slack.closeView('U0ASHA', view.id, true);
      await flow.slack.openHome('U0GUEST');
      const guest = await soon(flow, 'the Home tab', () => flow.slack.state.homes.get('U0GUEST'));
      assert.match(JSON.stringify(guest.blocks), /You may not call people/);
    });

    test('a button that no longer exists has expired', async () => {
      const told = flow.slack.ephemerals('U0BEN').length;
      const board = boards(flow).at(-1);
      assert.ok(board);
      const old = {
        type: 'button',
        text: { type: 'plain_text', text: 'Old' },
        action_id: 'call_of_old',
        value: 'x',
      };
      const message = flow.slack.postAs({ bot: flow.slack.state.app.botId }, 'C0OPS', {
        text: 'old',
        blocks: [{ type: 'actions', elements: [old] }],
      });
      await flow.slack.press('U0BEN', 'C0OPS', message.ts, 'call_of_old');
      assert.match(await toldAlone(flow, 'U0BEN', told), /expired/);
    });

    test('a press by another person is answered privately and changes nothing', async () => {
      flow.voice.faults.next({ delayMs: 600 });
      const board = await ask(flow, { callee: '+6591110081' });
      const told = flow.slack.ephemerals('U0CLEO').length;
      const value = {
        type: 'button',
        text: { type: 'plain_text', text: 'Cancel' },
        action_id: 'call_cancel',
        value: String(board.metadata?.event_payload.request_id),
      };
      const copy = flow.slack.postAs({ bot: flow.slack.state.app.botId }, 'C0OPS', {
        text: 'copy',
        blocks: [{ type: 'actions', elements: [value] }],
      });
      await flow.slack.press('U0CLEO', 'C0OPS', copy.ts, 'call_cancel');
      assert.match(await toldAlone(flow, 'U0CLEO', told), /Only the person who asked/);
      await becomes(flow, board, 'done', { answered: 1 });
      assert.equal(countsOf(flow, board).cancelled, 0);
    });
  });
}
