import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { FieldValues } from '../../sandbox/slack/types.ts';
import { databaseKinds } from '../support/store.ts';
import { fillModal, usualConfig } from '../support/world.ts';
import { ask, becomes, type Flow, pressStop, resultsOf, startFlow, toldAlone } from './flow.ts';

const config = `${usualConfig.replace('lists: {', 'lists: { team: [U0BEN, S0OPS],')}
callers: [S0OPS, U0CLEO]
approval: { calleesOver: 50, approvers: [S0LEADS] }
`;

for (const database of databaseKinds) {
  describe(`people and files, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config });
    });
    const closeForm = async () => {
      const [view] = flow.slack.state.views.get('U0ASHA') ?? [];
      if (view !== undefined) await flow.slack.closeView('U0ASHA', view.id, true);
    };
    afterEach(closeForm);
    after(() => flow.end());

    const errorsOf = async (values: FieldValues) => (await fillModal(flow, values)).errors;
    const file = (name: string, content: string | Buffer) => [
      flow.slack.uploadFile('U0ASHA', name, content).id,
    ];

    test('people of Slack, of a list and of a user group are called once each, at their profile’s number', async () => {
      const board = await ask(flow, { people: ['U0BEN'], lists: ['team'], callee: '<@U0CLEO>' });
      await becomes(flow, board, 'done', { callees: 3, answered: 3 });
      const called = flow.voice.calls.map((call) => call.callee).toSorted();
      assert.deepEqual(called, ['919876543210', '919876543211', '919876543212']);
      assert.match(await resultsOf(flow, board), /"Asha".*"Ben"|"Ben".*"Asha"/s);
    });

    test('a person without a number is named under the field', async () => {
      const ben = flow.slack.state.users.get('U0BEN');
      assert.ok(ben);
      const { phone } = ben.profile;
      flow.clock.jump(61_000);
      ben.profile.phone = '';
      assert.match((await errorsOf({ people: ['U0BEN'] })).people ?? '', /Ben has no phone number/);
      ben.profile.phone = phone;
      flow.clock.jump(61_000);
    });

    test('who is deactivated is left out, and named; an empty group too', async () => {
      const usergroup = { id: 'S0EMPTY', handle: 'empty', name: 'Empty', description: '', users: [] };
      flow.slack.state.usergroups.set('S0EMPTY', { ...usergroup, date_delete: 0 });
      const alone = await errorsOf({ callee: '<@U0GONE>' });
      assert.equal(alone.callee, 'Gone is deactivated in Slack.');
      await closeForm();
      const empty = await errorsOf({ callee: '<!subteam^S0EMPTY>' });
      assert.equal(empty.callee, 'The user group S0EMPTY has no members.');
      await closeForm();
      const { view } = await fillModal(flow, { callee: '<@U0GONE> <@U0BEN>' });
      assert.match(JSON.stringify(view?.blocks), /Gone is deactivated in Slack\./);
    });

    test('numbers as people paste them from mails and spreadsheets', async () => {
      const pasted = [
        'tel:+65-9111-0011',
        '<tel:+6591110012|+65 9111 0012>',
        '0065 9111 0013;+65 (9111) 0014\t+65.9111.0015',
        '085632 14120',
      ].join('\n');
      const before = flow.voice.calls.length;
      const board = await ask(flow, { callee: pasted });
      await becomes(flow, board, 'done', { callees: 6 });
      const called = flow.voice.calls.slice(before).map((call) => call.callee);
      const expected = [11, 12, 13, 14, 15].map((last) => `65911100${last}`);
      assert.deepEqual(called.toSorted(), [...expected, '918563214120'].toSorted());
    });

    test('a file is read whole: names are kept, wrong lines named, other files refused', async () => {
      const board = await ask(flow, {
        file: file('team.csv', 'name,phone\nKim,+65 9111 0021\nLee,+65 9111 0022\n'),
      });
      await becomes(flow, board, 'done', { callees: 2 });
      assert.match(await resultsOf(flow, board), /"Kim"/);
      const wrong = await errorsOf({ file: file('wrong.csv', '+65 9111 0023\n12\n+65 9111 0024\nabc') });
      assert.match(wrong.file ?? '', /“12” has 2 digits.*\(line 2\)/);
      assert.match(wrong.file ?? '', /abc/);
    });

    test('a file that cannot be fetched is explained in words', async () => {
      flow.slack.fault({ method: 'download', kind: '500', times: 1 });
      assert.match(
        (await errorsOf({ file: file('late.csv', '+65 9111 0025') })).file ?? '',
        /HTTP 500.*Add it again/,
      );
    });

    test('only those on the list may call; an approver may cancel for others', async () => {
      const told = flow.slack.ephemerals('U0GUEST').length;
      await flow.slack.command('U0GUEST', 'C0OPS', '');
      assert.match(await toldAlone(flow, 'U0GUEST', told), /Guests may not/);
      await flow.voice.goDown();
      const board = await ask(flow, { callee: '+65 9111 0031' }, { user: 'U0CLEO' });
      const before = flow.slack.ephemerals('U0ASHA').length;
      await pressStop(flow, 'U0ASHA', board);
      assert.match(await toldAlone(flow, 'U0ASHA', before), /Only the person who asked/);
      await pressStop(flow, 'U0BEN', board);
      await becomes(flow, board, 'cancelled', { cancelled: 1 });
      await flow.voice.comeBack();
    });
  });
}
