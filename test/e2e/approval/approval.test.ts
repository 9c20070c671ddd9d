import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { databaseKinds } from '../../support/store.ts';
import { fillModal } from '../../support/world.ts';
import { becomes, current, dialled, type Flow, shownText, soon, startFlow } from '../flow.ts';
import {
  askForApproval,
  buttonsOf,
  byBen,
  cardOf,
  cardShows,
  command,
  configWith,
  directsTo,
  pressAgain,
  pressAlone,
  pressCard,
  three,
} from './stage.ts';

for (const database of databaseKinds) {
  describe(`approval, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config: byBen });
    });
    after(() => flow.end());
    beforeEach(async () => {
      flow.setConfig(byBen);
      // People and groups are cached for a minute.
      flow.clock.jump(61_000);
      for (const [who, views] of flow.slack.state.views) {
        const [root] = views;
        if (root !== undefined) await flow.slack.closeView(who, views.at(-1)?.id ?? root.id, true);
      }
    });
    const posts = () => dialled(flow).length;

    test('the story: Asha asks, Cleo may not, Ben approves, the phones ring', async () => {
      const before = posts();
      const first = await fillModal(flow, { callee: three });
      assert.match(JSON.stringify(first.view), /Needs approval.*3 calls; above 2 needs approval/);
      await flow.slack.closeView('U0ASHA', first.view?.id ?? '', true);
      const waiting = await askForApproval(flow);
      const board = shownText(current(flow, waiting.board));
      assert.match(board, /Waiting for approval/);
      assert.match(board, /Waiting for:\* Ben or @leads/);
      assert.doesNotMatch(board, /<@U0BEN>|<!subteam/, 'the card alone mentions the approvers');
      const card = await cardShows(flow, waiting, /until <!date/);
      assert.equal(card.split('<@U0BEN>').length - 1, 1);
      assert.equal(card.split('<!subteam^S0LEADS>').length - 1, 1);
      for (const shown of [
        /<@U0ASHA> asks to call \*3 people in 2 countries\*: .* Results go to <#C0OPS>\./,
        /fire-drill, played twice/,
        /India 2 and Singapore 1/,
        /\*Note:\* fire &lt;drill&gt;/,
        /1 duplicate left out/,
        /Needs approval because:\* 3 calls; above 2 needs approval/,
        /"confirm":\{[^}]*"title":\{[^}]*Approve 3 calls\?/,
      ]) {
        assert.match(card, shown);
      }
      assert.doesNotMatch(card, /a call lasts/, 'what the configuration says for every call is left out');
      await soon(flow, 'the board tells until when', () =>
        /until <!date/.test(shownText(current(flow, waiting.board))),
      );

      assert.match(await pressAlone(flow, 'U0CLEO', waiting, 'call_approve'), /not one of the approvers/);
      assert.match(await pressAlone(flow, 'U0ASHA', waiting, 'call_approve'), /not one of the approvers/);
      assert.match(await pressAlone(flow, 'U0CLEO', waiting, 'call_reject'), /not one of the approvers/);
      assert.equal(flow.slack.state.views.get('U0CLEO')?.length ?? 0, 0, 'no modal for Cleo');
      assert.equal(posts(), before, 'nothing rang');
      const { deliveryId } = await pressCard(flow, 'U0BEN', waiting, 'call_approve');
      await becomes(flow, waiting.board, 'done', { accepted: 3 });
      assert.equal(posts(), before + 1);
      await cardShows(flow, waiting, /Approved\* by Ben <!date/);
      assert.deepEqual(buttonsOf(cardOf(flow, waiting.id)), []);
      assert.match(shownText(current(flow, waiting.board)), /Approved\* by <@U0BEN>/);

      assert.match(await pressAgain(flow, deliveryId, 'U0BEN'), /Too late: already approved by <@U0BEN>/);
      assert.equal(posts(), before + 1, 'the same click twice is one POST');

      const status = await command(flow, 'U0ASHA', `status ${waiting.id}`);
      assert.match(status, /Cleo tried to approve: not allowed/);
      assert.match(status, /Cleo tried to reject: not allowed/);
      assert.match(status, /Ben approved/);
      assert.match(status, /Ben tried to approve: already approved/);
      assert.match(status, /Asha asked to call 3 people/);
      const history = await command(flow, 'U0BEN', 'history');
      assert.match(history, /2 of 3 answered.*asked by <@U0ASHA>/s);
      assert.match(await command(flow, 'U0CLEO', `status ${waiting.id}`), /There is no request/);
    });

    test('two clicks of two approvers at once: one POST', async () => {
      flow.setConfig(configWith('{ calleesOver: 0, approvers: [U0BEN, U0CLEO], channel: C0APPROVE }'));
      const before = posts();
      const waiting = await askForApproval(flow);
      await Promise.all(['U0BEN', 'U0CLEO'].map((who) => pressCard(flow, who, waiting, 'call_approve')));
      await becomes(flow, waiting.board, 'done', { accepted: 3 });
      assert.equal(posts(), before + 1);
    });

    test('two approvals are needed: both messages show progress, nobody counts twice', async () => {
      flow.setConfig(
        configWith('{ calleesOver: 0, approvers: [U0BEN, U0CLEO], quorum: 2, channel: C0APPROVE }'),
      );
      const before = posts();
      const waiting = await askForApproval(flow);
      await cardShows(flow, waiting, /0 of 2/);
      assert.match(await pressAlone(flow, 'U0BEN', waiting, 'call_approve'), /counts: 1 of 2/);
      await cardShows(flow, waiting, /1 of 2: Ben/);
      await soon(flow, 'the board shows it', () =>
        /1 of 2: Ben/.test(shownText(current(flow, waiting.board))),
      );
      assert.match(await pressAlone(flow, 'U0BEN', waiting, 'call_approve'), /decided this already/);
      assert.equal(posts(), before);
      await pressCard(flow, 'U0CLEO', waiting, 'call_approve');
      await becomes(flow, waiting.board, 'done');
      await cardShows(flow, waiting, /Approved\* by Ben .* and Cleo/);
      assert.equal(posts(), before + 1);
    });

    test('the Home tab of an approver lists what that person can still approve', async () => {
      flow.setConfig(
        configWith('{ calleesOver: 0, approvers: [U0ASHA, U0BEN, U0CLEO], quorum: 2, channel: C0APPROVE }'),
      );
      const waiting = await askForApproval(flow);
      const listedFor = async (user: string) => {
        flow.slack.state.homes.delete(user);
        await flow.slack.openHome(user);
        const home = await soon(flow, 'the Home tab', () => flow.slack.state.homes.get(user));
        return JSON.stringify(home.blocks).includes(`"call_review","value":"${waiting.id}"`);
      };
      assert.equal(await listedFor('U0ASHA'), false, 'nobody approves their own request');
      assert.equal(await listedFor('U0BEN'), true);
      await pressAlone(flow, 'U0BEN', waiting, 'call_approve');
      assert.equal(await listedFor('U0BEN'), false, 'Ben has approved it already');
      assert.equal(await listedFor('U0CLEO'), true);
    });

    test('the review: in pages, masked for others, with the decision in it', async () => {
      const callee = Array.from({ length: 60 }, (_, index) => `+91 85632 15${100 + index}`).join('\n');
      const waiting = await askForApproval(flow, { callee });
      const reviewed = async (who: string) => {
        await pressCard(flow, who, waiting, 'call_review');
        const view = await soon(flow, 'the review', () => flow.slack.state.views.get(who)?.at(-1));
        assert.equal(view.callback_id, 'voicecall_review');
        return view;
      };
      const top = (who: string) => JSON.stringify(flow.slack.state.views.get(who)?.at(-1)?.blocks);
      const outsider = await reviewed('U0CLEO');
      assert.match(top('U0CLEO'), /1\. \+91 …5100/);
      assert.doesNotMatch(top('U0CLEO'), /856321510|call_approve|call_reject/);
      await flow.slack.pressInView('U0CLEO', outsider.id, 'review_next');
      await soon(flow, 'the second page', () => /60\. \+91 …5159/.test(top('U0CLEO')));
      await reviewed('U0ASHA');
      assert.match(top('U0ASHA'), /1\. \+918563215100/);
      assert.doesNotMatch(top('U0ASHA'), /call_approve/);
      const view = await reviewed('U0BEN');
      assert.match(top('U0BEN'), /call_approve.*call_reject.*1\. \+918563215100/s);
      await flow.slack.pressInView('U0BEN', view.id, 'call_approve');
      await soon(flow, 'the review says so', () => /You approved it/.test(top('U0BEN')));
      assert.doesNotMatch(top('U0BEN'), /call_approve/);
      await becomes(flow, waiting.board, 'done', { accepted: 60 });
    });

    test('a rejection asks for a reason, shows it, and tells a requester in another channel', async () => {
      const before = posts();
      const first = await fillModal(flow, { callee: three, channel: 'C0ALERTS' });
      await flow.slack.submitView('U0ASHA', first.view?.id ?? '', {});
      const board = await soon(flow, 'the board', () =>
        flow.slack.history('C0ALERTS').find((each) => each.metadata?.event_type === 'voicecall_request'),
      );
      const id = String(board.metadata?.event_payload.request_id);
      const card = await soon(flow, 'the card', () => cardOf(flow, id));
      await pressCard(flow, 'U0BEN', { board, card, id }, 'call_reject');
      const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0BEN')?.at(-1));
      assert.equal(view.callback_id, 'voicecall_reject');
      assert.equal(
        (await flow.slack.submitView('U0BEN', view.id, {})).action,
        'refused',
        'a reason is needed',
      );
      const done = await flow.slack.submitView('U0BEN', view.id, { reason: 'not <now>' });
      assert.equal(done.action, 'cleared');
      await becomes(flow, board, 'rejected', { cancelled: 3 });
      assert.doesNotMatch(shownText(current(flow, board)), /not sent yet/);
      assert.equal(shownText(current(flow, board)).split('⛔').length - 1, 1, 'said once');
      await cardShows(flow, { board, card, id }, /Rejected\*? by Ben.*“not &lt;now&gt;”/s);
      assert.deepEqual(buttonsOf(cardOf(flow, id)), []);
      await soon(flow, 'Asha is told', () =>
        directsTo(flow, 'U0ASHA').some((each) => /Rejected.*not &lt;now&gt;/s.test(each)),
      );
      assert.equal(posts(), before);
      assert.match(await command(flow, 'U0ASHA', `status ${id}`), /Ben rejected.*not &lt;now&gt;/);
    });

    test('the requester cancels while it waits; later presses are told so', async () => {
      const before = posts();
      const waiting = await askForApproval(flow);
      const outsider = await flow.slack.press(
        'U0CLEO',
        waiting.board.channel,
        waiting.board.ts,
        'call_cancel',
      );
      assert.equal(outsider.outcome, 'ok');
      // The card on Ben's screen is not edited yet.
      flow.slack.fault({ method: 'chat.update', channel: 'C0APPROVE', times: 50, kind: '500' });
      await flow.slack.press('U0ASHA', waiting.board.channel, waiting.board.ts, 'call_cancel');
      const late = await pressAlone(flow, 'U0BEN', waiting, 'call_approve');
      assert.match(late, /already cancelled by <@U0ASHA>/);
      assert.match(await pressAlone(flow, 'U0BEN', waiting, 'call_reject'), /already cancelled by <@U0ASHA>/);
      flow.slack.clearFaults();
      await becomes(flow, waiting.board, 'cancelled', { cancelled: 3 });
      await cardShows(flow, waiting, /Cancelled by Asha/);
      assert.deepEqual(buttonsOf(cardOf(flow, waiting.id)), []);
      assert.equal(posts(), before);
      assert.match(
        await command(flow, 'U0ASHA', `status ${waiting.id}`),
        /Cleo tried to cancel: not allowed/,
      );
    });

    test('guests, bots, deleted users and strangers never count, although they are approvers', async () => {
      flow.setConfig(
        configWith(
          '{ calleesOver: 0, approvers: [U0GUEST, U0OTHERBOT, U0GONE, U0STRANGER], channel: C0APPROVE }',
        ),
      );
      const before = posts();
      const waiting = await askForApproval(flow);
      for (const who of ['U0GUEST', 'U0OTHERBOT', 'U0GONE', 'U0STRANGER']) {
        assert.match(
          await pressAlone(flow, who, waiting, 'call_approve'),
          /Only members of this workspace/,
          who,
        );
      }
      assert.equal(posts(), before);
      assert.equal((await becomes(flow, waiting.board, 'awaiting_approval')).callees, 3);
    });

    test('approvers count by the current configuration and by that of the time of asking', async () => {
      const waiting = await askForApproval(flow);
      flow.setConfig(configWith('{ calleesOver: 2, approvers: [U0CLEO], channel: C0APPROVE }'));
      assert.match(await pressAlone(flow, 'U0BEN', waiting, 'call_approve'), /not one of the approvers/);
      assert.match(await pressAlone(flow, 'U0CLEO', waiting, 'call_approve'), /not one of the approvers/);
      flow.setConfig(byBen);
      await pressCard(flow, 'U0BEN', waiting, 'call_approve');
      await becomes(flow, waiting.board, 'done');
    });

    test('a person who may not call any more: nobody can approve what they asked for, but reject it', async () => {
      const before = posts();
      const waiting = await askForApproval(flow);
      flow.setConfig(`${byBen}callers: [U0BEN, U0CLEO]\n`);
      assert.match(
        await pressAlone(flow, 'U0BEN', waiting, 'call_approve'),
        /The person who asked may not call people any more/,
      );
      await becomes(flow, waiting.board, 'awaiting_approval');
      flow.setConfig(`${byBen}callers: [U0ASHA]\n`);
      await pressCard(flow, 'U0BEN', waiting, 'call_approve');
      await becomes(flow, waiting.board, 'done', { accepted: 3 });
      assert.equal(posts(), before + 1);
    });

    test('a further attempt that is planned for the hours of approval needs one before the first call', async () => {
      const before = posts();
      const hour = 3_600_000;
      const inIndia = (ms: number) =>
        new Date(flow.clock.now() + 5.5 * hour + ms).toISOString().slice(11, 16);
      const between = `"${inIndia(hour)}-${inIndia(3 * hour)}"`;
      flow.setConfig(configWith(`{ between: ${between}, approvers: [U0BEN], channel: C0APPROVE }`));
      const waiting = await askForApproval(flow, {
        callee: '+91 85632 14121',
        attempts: '2',
        every: '90',
      });
      assert.match(shownText(waiting.card), /where they are when they are called again/);
      assert.equal(posts(), before);
    });

    test('a changed row: the press is refused and the card is edited', async () => {
      const waiting = await askForApproval(flow);
      const store = await flow.database.open();
      await store.transaction((tx) =>
        tx
          .updateTable('calls')
          .set({ callee: '442079460000' })
          .where('request_id', '=', waiting.id)
          .where('position', '=', 1)
          .execute(),
      );
      assert.match(await pressAlone(flow, 'U0BEN', waiting, 'call_approve'), /has changed since you saw it/);
      await cardShows(flow, waiting, /United Kingdom 1/);
      await pressCard(flow, 'U0BEN', waiting, 'call_approve');
      await becomes(flow, waiting.board, 'done', { accepted: 3 });
      assert.match(
        await command(flow, 'U0ASHA', `status ${waiting.id}`),
        /tried to approve: the request is not what was shown/,
      );
    });
  });
}
