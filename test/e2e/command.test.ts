import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { databaseKinds } from '../support/store.ts';
import { openModal, recording, usualConfig } from '../support/world.ts';
import { ask, becomes, type Flow, shownText, soon, startFlow } from './flow.ts';

const config = `${usualConfig}
approval: { calleesOver: 100, approvers: [U0BEN] }
`;

for (const database of databaseKinds) {
  describe(`the command, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config });
    });
    after(() => flow.end());

    const answer = async (user: string, text: string) => {
      const result = await flow.slack.command(user, 'C0OPS', text);
      assert.equal(result.outcome, 'ok');
      assert.ok(result.reply, `“${text}” is answered privately`);
      assert.equal(result.reply.ephemeral_to, user);
      return shownText(result.reply);
    };
    const modal = async (user: string, text: string, channel = 'C0OPS') => {
      const result = await flow.slack.command(user, channel, text);
      assert.equal(result.outcome, 'ok');
      assert.equal(result.reply, null);
      const view = await soon(flow, 'the modal, with recordings', () => {
        const shown = flow.slack.state.views.get(user)?.at(-1);
        return JSON.stringify(shown?.blocks ?? 'Loading').includes('Loading') ? undefined : shown;
      });
      await flow.slack.closeView(user, view.id, true);
      return view;
    };

    test('opens the form filled in with numbers, lists and a recording', async () => {
      const view = await modal('U0ASHA', '91856321412, db-oncall fire-drill');
      assert.equal(view.callback_id, 'voicecall');
      const value = (block: string) => Object.values(view.state.values[block] ?? {})[0];
      assert.match(String(value('callee')?.value), /91856321412/);
      assert.match(JSON.stringify(value('lists')?.selected_options), /"value":"db-oncall"/);
      assert.ok(JSON.stringify(value('fileId')?.selected_option).includes(`"value":"${recording}"`));
      assert.equal(value('channel')?.selected_conversation, 'C0OPS');
      assert.ok(!view.private_metadata.includes('91856321412'));
    });

    test('opens it with what it did not understand kept in the field', async () => {
      const view = await modal('U0ASHA', '9185, +91 85632 14120');
      assert.match(JSON.stringify(view.state.values.callee), /9185\D.*85632/);
    });

    test('a text in quotes goes into the form as the text to speak', async () => {
      const view = await modal('U0ASHA', 'db-oncall “Database is down, call back”');
      assert.match(JSON.stringify(view.state.values.text), /Database is down, call back/);
      assert.match(JSON.stringify(view.state.values.lists), /db-oncall/);
    });

    test('a text whose last quote is missing goes into the form too', async () => {
      const view = await modal('U0ASHA', 'db-oncall "Database is down');
      assert.match(JSON.stringify(view.state.values.text), /"Database is down"/);
      assert.match(JSON.stringify(view.state.values.lists), /db-oncall/);
    });

    test('a text in quotes is spoken as it was typed, although Slack escapes it and links names', async () => {
      const view = await modal('U0ASHA', 'db-oncall "Tom & Jerry <3, see #alerts and @ben"');
      assert.match(JSON.stringify(view.state.values.text), /"Tom & Jerry <3, see alerts and ben"/);
    });

    test('More options shows the other fields in the same view, and entries stay', async () => {
      const viewId = await openModal(flow);
      flow.slack.fillView('U0ASHA', viewId, { callee: '+91 85632 14120', text: 'Hello' });
      const { deliveryId } = await flow.slack.pressInView('U0ASHA', viewId, 'call_options');
      const grown = await soon(flow, 'the options are shown', () => {
        const now = flow.slack.state.views.get('U0ASHA')?.at(-1);
        return now?.blocks.some((block) => block.block_id === 'maxDuration') ? now : undefined;
      });
      assert.equal(grown.id, viewId, 'the same view');
      assert.match(JSON.stringify(grown.state.values.callee), /85632 14120/);
      assert.match(JSON.stringify(grown.state.values.text), /Hello/);
      const recordings = grown.blocks.find((block) => block.block_id === 'fileId');
      assert.match(JSON.stringify(recordings), /static_select.*fire-drill/, 'recordings are still chosen');
      assert.ok(!grown.private_metadata.includes('85632'), 'no number in the metadata');
      const updates = () => flow.slack.state.callsLog.filter(({ method }) => method === 'views.update');
      const before = updates().length;
      // As if the recordings had arrived between the press and its answer: the press knows an older view.
      assert.equal((await flow.slack.redeliver(deliveryId)).outcome, 'ok');
      const update = await soon(flow, 'the view is updated', () => updates()[before]);
      assert.equal(update.answer?.ok, true, JSON.stringify(update.answer));
      await flow.slack.closeView('U0ASHA', viewId, true);
    });

    test('a press that fails after it was acknowledged is told by direct message', async () => {
      const viewId = await openModal(flow);
      const before = flow.slack.history('D0ASHA').length;
      flow.slack.fault({ method: 'views.update', kind: 'error', error: 'internal_error', times: 1 });
      await flow.slack.pressInView('U0ASHA', viewId, 'call_options');
      const told = await soon(flow, 'a direct message', () => flow.slack.history('D0ASHA')[before]);
      assert.match(told.text, /Slack/);
      await flow.slack.closeView('U0ASHA', viewId, true);
    });

    test('lists are shown without their numbers', async () => {
      const told = await answer('U0ASHA', 'lists');
      assert.match(told, /db-oncall/);
      assert.doesNotMatch(told, /85632/);
    });

    test('a word that is nearly a command shows the command', async () => {
      assert.match(await answer('U0ASHA', 'histroy'), /Did you mean `\/voicecall history`/);
    });

    test('help and unknown words are answered privately', async () => {
      assert.match(await answer('U0ASHA', 'help'), /voicecall status/);
      assert.match(await answer('U0ASHA', 'frobnicate'), /I don't know “frobnicate”/);
      assert.match(await answer('U0ASHA', 'frob <!channel>'), /&lt;!channel/);
    });

    test('guests, deactivated people and people of other workspaces may not call', async () => {
      for (const user of ['U0GUEST', 'U0GONE', 'U0STRANGER']) {
        const told = flow.slack.ephemerals(user).length;
        await flow.slack.command(user, 'C0OPS', '');
        const sentence = await soon(
          flow,
          `${user} is refused`,
          () => flow.slack.ephemerals(user)[told]?.text,
        );
        assert.match(sentence, /may call people|may not call|may make calls/);
        assert.deepEqual(flow.slack.state.views.get(user) ?? [], []);
      }
    });

    test('status, history and cancel show a person’s own requests, and an approver all of them', async () => {
      assert.match(await answer('U0CLEO', 'status'), /You have no open requests/);
      assert.match(await answer('U0CLEO', 'history'), /You haven't made any calls yet/);
      const board = await ask(flow, { callee: '+91 85632 14120' });
      await becomes(flow, board, 'done');
      const id = String(board.metadata?.event_payload.request_id);
      assert.match(await answer('U0ASHA', `status ${id}`), /Answered.*1 person/s);
      assert.match(await answer('U0ASHA', 'history'), new RegExp(id));
      assert.match(await answer('U0BEN', 'history'), new RegExp(id), 'an approver sees all');
      assert.match(await answer('U0BEN', `status ${id}`), /Answered/);
      assert.ok(!(await answer('U0CLEO', 'history')).includes(id), 'others see nothing of it');
      assert.match(await answer('U0CLEO', `status ${id}`), /There is no request .* of yours/);
      assert.match(await answer('U0CLEO', `cancel ${id}`), /There is no request .* of yours/);
      assert.match(await answer('U0ASHA', `cancel ${id}`), /[Aa]lready|Too late/);
      assert.match(await answer('U0ASHA', 'cancel'), /Which one/);
      assert.match(await answer('U0ASHA', 'cancel rdoesnotexist'), /There is no request rdoesnotexist/);
    });

    test('history has pages', async () => {
      for (let made = 0; made < 11; made++) {
        await ask(flow, { callee: `+91 85632 1${4000 + made}` }, { user: 'U0CLEO' });
      }
      const first = await flow.slack.command('U0CLEO', 'C0OPS', 'history');
      assert.ok(first.reply);
      const ids = (text: string) => new Set(text.match(/`r[0-9a-z]+`/g));
      assert.equal(ids(shownText(first.reply)).size, 10);
      assert.equal(ids(await answer('U0CLEO', 'history 2')).size, 1);
      assert.match(await answer('U0CLEO', 'history 9'), /nothing on page 9/);
      await flow.slack.press('U0CLEO', 'C0OPS', first.reply.ts, 'history_older');
      const turned = await soon(flow, 'the page is turned', () => {
        const told = flow.slack.ephemerals('U0CLEO').map(shownText);
        return told.find((each) => each.includes('page 2') && each.includes('history_newer'));
      });
      assert.equal(ids(turned).size, 1);
    });
  });

  describe(`the form when the voice platform has problems, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database });
    });
    after(() => flow.end());

    const open = async () => {
      await flow.slack.command('U0ASHA', 'C0OPS', '+91 85632 14120');
      return await soon(flow, 'the modal', () => flow.slack.state.views.get('U0ASHA')?.at(-1), {
        stepMs: 0,
      });
    };
    const now = () => flow.slack.state.views.get('U0ASHA')?.at(-1);

    test('slow: a loading view first, then the form, with the typed words kept', async () => {
      const slow = flow.voice.faults.next({ on: 'fileQuery', delayMs: 1_500 });
      const loading = await open();
      assert.match(JSON.stringify(loading.blocks), /Loading the recordings/);
      flow.slack.fillView('U0ASHA', loading.id, { callee: '+91 85632 13000' });
      const filled = await soon(
        flow,
        'it is filled',
        () => (JSON.stringify(now()?.blocks).includes('option_groups') ? now() : undefined),
        { stepMs: 0 },
      );
      assert.equal(slow.used(), 1);
      assert.equal(filled.id, loading.id);
      assert.match(JSON.stringify(filled.state.values.callee), /13000/);
      await flow.slack.closeView('U0ASHA', filled.id, true);
      flow.clock.jump(6 * 60_000);
    });

    test('down or refusing: the form says so and accepts a typed fileId', async () => {
      for (const refuse of [true, false]) {
        if (refuse) flow.voice.faults.next({ on: 'fileQuery', refuse: { code: '-1' } });
        else await flow.voice.goDown();
        const words = refuse
          ? /refused to list its recordings: .* does not accept the API key .*\(-1\) Check VOICE_API_KEY/
          : /did not answer as it should .*\(connect/;
        await open();
        const view = await soon(
          flow,
          'it says so',
          () => (words.test(JSON.stringify(now()?.blocks)) ? now() : undefined),
          { stepMs: 0 },
        );
        const second = await flow.slack.submitView('U0ASHA', view.id, {
          fileId: 'a-typed-one.mp3',
          channel: 'C0OPS',
        });
        assert.equal(second.view?.callback_id, 'voicecall_confirm', JSON.stringify(second.errors));
        assert.match(JSON.stringify(second.view.blocks), /a-typed-one\.mp3/);
        await flow.slack.closeView('U0ASHA', second.view.id, true);
        if (!refuse) await flow.voice.comeBack();
      }
    });

    test('hanging: the form opens within 3 s and accepts a name of the configuration', async () => {
      flow.voice.faults.next({ on: 'fileQuery', silence: 'before-dialling' });
      const view = await open();
      const second = await flow.slack.submitView('U0ASHA', view.id, {
        fileId: 'fire-drill',
        channel: 'C0OPS',
      });
      assert.equal(second.view?.callback_id, 'voicecall_confirm');
      const before = flow.voice.calls.length;
      await flow.slack.submitView('U0ASHA', second.view.id);
      await soon(flow, 'it rings', () => flow.voice.calls.length === before + 1);
      assert.equal(flow.voice.calls.at(-1)?.fileId, recording);
      // Ends the hanging request, so that the app need not wait for it when it stops.
      await flow.voice.goDown();
      await flow.voice.comeBack();
    });
  });
}

test('any of a thousand recordings can be chosen and played', async (t) => {
  const recordings = Array.from({ length: 1_000 }, (_, index) => ({
    fileId: `${'0'.repeat(40)}${index}.mp3`,
    fileName: `tape ${index}`,
  }));
  const flow = await startFlow({ voice: { recordings } });
  t.after(() => flow.end());
  const form = await openModal(flow);
  const hasChoices = () => flow.views.some((view) => JSON.stringify(view.blocks).includes('"option_groups"'));
  await soon(flow, 'the ten pages of recordings are read', hasChoices, { stepMs: 0 });
  await flow.slack.closeView('U0ASHA', form, true);
  const board = await ask(flow, { callee: '+6591300007', fileId: recordings[777]?.fileId ?? '' });
  await becomes(flow, board, 'done', { answered: 1 });
  assert.match(shownText(board), /tape 777/);
});
