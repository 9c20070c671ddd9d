import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { databaseKinds } from '../support/store.ts';
import { fillModal } from '../support/world.ts';
import { askForApproval, byBen, pressAlone } from './approval/stage.ts';
import { becomes, dialled, type Flow, pressCall, resultsOf, soon, startFlow, toldAlone } from './flow.ts';

const callees = '+91 85632 14121, +65 9111 0001, +1 900 555 0123';
const denied = `${byBen}limits: { deny: ["+1900"] }\n`;
const without = byBen.replace(/approval:.*\n/, '');

for (const kind of databaseKinds) {
  describe(`a reloaded configuration applies to earlier requests, on ${kind}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database: kind, config: byBen });
    });
    after(() => flow.end());
    const called = () => flow.voice.calls.map((call) => call.callee);
    const isCalled = (prefix: string) => called().some((callee) => callee.startsWith(prefix));

    test('an open confirm view: the denied number is held, with words; the others are called', async () => {
      flow.setConfig(without);
      const first = await fillModal(flow, { callee: callees });
      flow.setConfig(`${without}limits: { deny: ["+1900"] }\n`);
      const board = await pressCall(flow, first.view);
      await becomes(flow, board, 'done', { accepted: 2, held: 1 });
      assert.equal(isCalled('1900'), false);
      const results = await resultsOf(flow, board);
      assert.match(results, /begins with \+1900, which may not be called \(limits\.deny\)/);
      assert.match(results, /[Cc]alling again does not help/);
    });

    test('an open confirm view with nobody left to call: no approval is asked for', async () => {
      flow.setConfig(byBen);
      const first = await fillModal(flow, { callee: callees });
      flow.setConfig(`${byBen}limits: { countries: [DE] }\n`);
      const posts = dialled(flow).length;
      const board = await pressCall(flow, first.view);
      await becomes(flow, board, 'done', { held: 3 });
      assert.match(await resultsOf(flow, board), /only Germany \(DE\) may be called \(limits\.countries\)/);
      assert.equal(dialled(flow).length, posts);
    });

    test('an open confirm view with too many callees: those over the limit are held', async () => {
      flow.setConfig(without);
      const first = await fillModal(flow, { callee: '+6591112201, +6591112202, +6591112203' });
      flow.setConfig(`${without}limits: { calleesPerRequest: 2 }\n`);
      const board = await pressCall(flow, first.view);
      await becomes(flow, board, 'done', { accepted: 2, held: 1 });
      assert.equal(called().includes('6591112203'), false);
      assert.match(await resultsOf(flow, board), /limits\.calleesPerRequest/);
    });

    test('a waiting approval: the denied number is held, and the approver sees how many are', async () => {
      flow.setConfig(byBen);
      const waiting = await askForApproval(flow, { callee: callees });
      flow.setConfig(denied);
      const told = await pressAlone(flow, 'U0BEN', waiting, 'call_approve');
      assert.match(told, /2 people of 3 are called now/);
      await becomes(flow, waiting.board, 'done', { accepted: 2, held: 1 });
      assert.equal(isCalled('1900'), false);
    });

    test('a waiting approval with nobody left to call: nothing is sent', async () => {
      flow.setConfig(byBen);
      const waiting = await askForApproval(flow, { callee: callees });
      flow.setConfig(`${byBen}limits: { countries: [DE] }\n`);
      const posts = dialled(flow).length;
      assert.match(await pressAlone(flow, 'U0BEN', waiting, 'call_approve'), /nobody is called/);
      await becomes(flow, waiting.board, 'done', { held: 3 });
      assert.equal(dialled(flow).length, posts);
    });

    test('called again: a number that is now forbidden is left out, and so is one that was held for it', async () => {
      flow.setConfig(without);
      flow.voice.faults.next({ on: 'sendGroup', refuse: { code: '-10' } });
      const board = await pressCall(flow, (await fillModal(flow, { callee: callees })).view);
      await becomes(flow, board, 'done', { refused: 3 });
      flow.setConfig(`${without}limits: { deny: ["+1900"] }\n`);
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_redial');
      const form = await soon(flow, 'the form', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      const second = await flow.slack.submitView('U0ASHA', form.id, {});
      assert.deepEqual(second.errors, {});
      await becomes(flow, await pressCall(flow, second.view), 'done', { accepted: 2, held: 0 });
      assert.equal(isCalled('1900'), false);
      flow.setConfig(`${without}limits: { countries: [DE] }\n`);
      const before = flow.slack.ephemerals('U0ASHA').length;
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_redial');
      assert.match(await toldAlone(flow, 'U0ASHA', before), /the configuration forbids these numbers/);
    });

    test('submissions that wait for their turn: what the configuration now forbids is not sent', async () => {
      const slow = (limits: string) => `${without.replace('perSecond: 200', 'perSecond: 0.05')}${limits}`;
      flow.setConfig(slow(''));
      const text = 'The building is closed.';
      const values = { callee: '+6591112401, +19005550124, +6591112403', text, fileId: null };
      const first = await fillModal(flow, values);
      const board = await pressCall(flow, first.view);
      flow.setConfig(slow('limits: { deny: ["+1900"], calleesPerRequest: 2 }\n'));
      await becomes(flow, board, 'done', { accepted: 1, held: 2 });
      assert.equal(isCalled('19005550124'), false);
      assert.equal(isCalled('6591112403'), false);
    });

    test('a forbidden caller number: refused in the form, held in an earlier request', async () => {
      const only = without.replace('voice: {', 'voice: { displayNums: ["1008122211"],');
      flow.setConfig(without);
      const first = await fillModal(flow, { callee: '+6591112301', displayNum: '6590000001' });
      flow.setConfig(only);
      const posts = dialled(flow).length;
      const board = await pressCall(flow, first.view);
      await becomes(flow, board, 'done', { held: 1 });
      assert.match(await resultsOf(flow, board), /may not be shown as caller.*voice\.displayNums/);
      assert.equal(dialled(flow).length, posts);
      const refused = await fillModal(flow, { callee: '+6591112301', displayNum: '6590000001' });
      assert.match(String(refused.errors.displayNum), /may not be shown as caller; allowed: 1008122211/);
      const [open] = flow.slack.state.views.get('U0ASHA') ?? [];
      const allowed = await flow.slack.submitView('U0ASHA', open?.id ?? '', { displayNum: '1008122211' });
      await becomes(flow, await pressCall(flow, allowed.view), 'done', { answered: 1 });
    });
  });
}
