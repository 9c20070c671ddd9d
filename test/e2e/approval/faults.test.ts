import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ask, boards } from '../../support/world.ts';
import { becomes, current, dialled, type Flow, replies, shownText, soon, startFlow } from '../flow.ts';
import {
  askForApproval,
  buttonsOf,
  byBen,
  cardOf,
  cardShows,
  configWith,
  directsTo,
  pressAlone,
  pressCard,
  three,
} from './stage.ts';

const minute = 60_000;

// On PostgreSQL time comes from the database, and a test cannot set it. test/calls/approval/decide.test.ts covers
// both.
describe('approval with time and faults', () => {
  let flow: Flow;
  before(async () => {
    flow = await startFlow({ config: byBen });
  });
  after(() => flow.end({ refusals: ['missing_scope'] }));
  beforeEach(() => {
    flow.setConfig(byBen);
    flow.slack.clearFaults();
    flow.clock.jump(minute + 1_000);
  });
  const posts = () => dialled(flow).length;
  const expiresAt = async (id: string) => {
    const store = await flow.database.open();
    const query = store.read.selectFrom('requests').select('expires_at').where('id', '=', id);
    return (await query.executeTakeFirstOrThrow()).expires_at;
  };

  test('a reminder at half of the time, once, in the thread; then it expires, and can be asked for again', async () => {
    const before = posts();
    const waiting = await askForApproval(flow);
    await cardShows(flow, waiting, /until <!date/);
    const reminders = () =>
      replies(flow, waiting.card).filter((each) => /Still waiting for approval/.test(shownText(each)));
    assert.deepEqual(reminders(), []);
    flow.clock.jump(15 * minute);
    await soon(flow, 'the reminder', () => reminders().length === 1);
    assert.match(shownText(reminders()[0] ?? {}), /<@U0BEN>/);
    await flow.restart();
    flow.clock.jump(15 * minute);
    await becomes(flow, waiting.board, 'expired');
    await cardShows(flow, waiting, /Not called: nobody approved in time/);
    assert.deepEqual(buttonsOf(cardOf(flow, waiting.id)), []);
    assert.equal(reminders().length, 1);

    const board = current(flow, waiting.board);
    assert.ok(buttonsOf(board).includes('call_redial'));
    await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_redial');
    const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
    assert.equal(view.callback_id, 'voicecall');
    const again = await flow.slack.submitView('U0ASHA', view.id, {});
    assert.deepEqual(again.errors, {});
    assert.match(JSON.stringify(again.view), /3 people in 2 countries.*Needs approval/s);
    await flow.slack.submitView('U0ASHA', again.view?.id ?? '', {});
    const second = await soon(flow, 'another board', () => {
      const last = boards(flow).at(-1);
      return last?.ts === board.ts ? undefined : last;
    });
    await becomes(flow, second, 'awaiting_approval');
    assert.match(shownText(current(flow, second)), /fire &lt;drill&gt;/, 'the note is filled in, too');
    assert.equal(posts(), before);
  });

  test('Slack is down: the card comes later, and the time runs from then', async () => {
    flow.slack.fault({ method: 'chat.postMessage', channel: 'C0APPROVE', times: 1_000, kind: '500' });
    const board = await ask(flow, { callee: three });
    const id = String(board.metadata?.event_payload.request_id);
    assert.equal(await expiresAt(id), null);
    const askedAt = flow.clock.now();
    flow.slack.clearFaults();
    flow.clock.jump(5 * minute);
    const card = await soon(flow, 'the card', () => {
      const there = cardOf(flow, id);
      // The pause before the retry may have begun after the jump.
      if (!there) flow.clock.jump(1_000);
      return there;
    });
    const at = await soon(flow, 'the time runs', () => expiresAt(id));
    assert.ok(at >= askedAt + 34 * minute, `${at - askedAt} ms after it was asked`);
    assert.equal(flow.slack.history('C0APPROVE').filter((each) => shownText(each).includes(id)).length, 1);
    const before = posts();
    await pressCard(flow, 'U0BEN', { board, card, id }, 'call_approve');
    await soon(flow, 'the phones ring', () => posts() === before + 1);
  });

  test("the approvers' channel is gone: the card goes to the board's thread and says why", async () => {
    flow.slack.setArchived('C0APPROVE', true);
    const waiting = await askForApproval(flow, {}, { cardIn: 'C0OPS' });
    flow.slack.setArchived('C0APPROVE', false);
    assert.equal(waiting.card.thread_ts, waiting.board.ts);
    await cardShows(flow, waiting, /belongs in <#C0APPROVE>.*is_archived/);
    await soon(flow, 'the time runs', () => expiresAt(waiting.id));
    flow.clock.jump(15 * minute);
    await soon(flow, 'the reminder in the same thread', () =>
      replies(flow, waiting.board).some((each) => /Still waiting/.test(shownText(each))),
    );
    await pressCard(flow, 'U0BEN', waiting, 'call_approve');
    await becomes(flow, waiting.board, 'done', { accepted: 3 });
  });

  test("without approval.channel the card is in the board's thread", async () => {
    flow.setConfig(configWith('{ calleesOver: 2, approvers: [U0BEN] }'));
    const waiting = await askForApproval(flow, {}, { cardIn: 'C0OPS' });
    assert.equal(waiting.card.thread_ts, waiting.board.ts);
    await pressCard(flow, 'U0BEN', waiting, 'call_approve');
    await becomes(flow, waiting.board, 'done', { accepted: 3 });
  });

  test('a group is read when the button is pressed; a group that cannot be read has no members', async () => {
    flow.setConfig(configWith('{ calleesOver: 2, approvers: [S0LEADS], channel: C0APPROVE }'));
    const leads = flow.slack.state.usergroups.get('S0LEADS');
    assert.ok(leads);
    const waiting = await askForApproval(flow);
    assert.match(await pressAlone(flow, 'U0CLEO', waiting, 'call_approve'), /not one of the approvers/);
    flow.clock.jump(minute + 1_000);
    flow.slack.fault({
      method: 'usergroups.users.list',
      times: 1_000,
      kind: 'error',
      error: 'missing_scope',
    });
    leads.users.push('U0CLEO');
    for (const who of ['U0BEN', 'U0CLEO']) {
      assert.match(await pressAlone(flow, who, waiting, 'call_approve'), /could not be checked/, who);
    }
    const card = await cardShows(flow, waiting, /members of @leads could not be read/);
    assert.match(card, /usergroups:read/);
    flow.slack.clearFaults();
    await pressCard(flow, 'U0CLEO', waiting, 'call_approve');
    await becomes(flow, waiting.board, 'done');
    leads.users.splice(leads.users.indexOf('U0CLEO'), 1);
  });

  test('the card shows the balance once it is known, and nothing waits for it', async () => {
    const balance = flow.voice.behaviour.balance;
    const waiting = await askForApproval(flow);
    await cardShows(flow, waiting, new RegExp(`balance:\\* ${balance.replace('.', '\\.')}`));
  });

  test('it expires: a requester in the same channel reads it on the board only', async () => {
    const before = directsTo(flow, 'U0ASHA').length;
    const waiting = await askForApproval(flow);
    await soon(flow, 'the time runs', () => expiresAt(waiting.id));
    flow.clock.jump(31 * minute);
    await becomes(flow, waiting.board, 'expired');
    assert.equal(directsTo(flow, 'U0ASHA').length, before, 'the board stands where Asha asked');
  });
});
