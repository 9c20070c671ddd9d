import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { databaseKinds } from '../../support/store.ts';
import { fillModal, messages } from '../../support/world.ts';
import {
  ask,
  becomes,
  boards,
  type Flow,
  replies,
  resultsOf,
  shownText,
  soon,
  startFlow,
  toldAlone,
} from '../flow.ts';

for (const database of databaseKinds) {
  describe(`Slack in trouble, on ${database}`, () => {
    let flow: Flow;
    let next = 6591700100;
    before(async () => {
      flow = await startFlow({ database });
    });
    // A fault that the test before did not need would wait for ever.
    beforeEach(() => flow.slack.clearFaults());
    after(() => flow.end());

    const number = () => `+${next++}`;
    /** Submits without waiting for the board. The board is found by the callee's note. */
    const submit = async (values = {}) => {
      const first = await fillModal(flow, { callee: number(), ...values });
      assert.equal(first.view?.callback_id, 'voicecall_confirm', JSON.stringify(first.errors));
      const second = await flow.slack.submitView('U0ASHA', first.view.id);
      assert.equal(second.action, 'cleared');
    };
    const boardAfter = (before: number) => soon(flow, 'the board', () => boards(flow)[before]);
    const settled = async (before: number) => {
      const board = await boardAfter(before);
      await becomes(flow, board, 'done', { answered: 1 });
      await resultsOf(flow, board, (text) => /"Answered/.test(text));
      flow.clock.jump(5_000);
      await becomes(flow, board, 'done');
      assert.equal(boards(flow).length, before + 1, 'the board is posted once');
      const results = replies(flow, board).filter(
        (each) => each.metadata?.event_type === 'voicecall_results',
      );
      assert.equal(results.length, 1, 'the results are posted once');
      return board;
    };

    for (const kind of ['drop_after', 'drop_before', '500', '429', 'error'] as const) {
      test(`a post with ${kind} twice: board and results are posted, once each`, async () => {
        const before = boards(flow).length;
        flow.slack.fault({ method: 'chat.postMessage', kind, times: 1 });
        await submit();
        await boardAfter(before);
        flow.slack.fault({ method: 'chat.postMessage', kind, times: 1 });
        await settled(before);
        flow.slack.clearFaults();
      });
    }

    test('a post whose answer is lost is looked up; a limited search does not post it twice', async () => {
      const before = boards(flow).length;
      flow.slack.fault({ method: 'chat.postMessage', kind: 'drop_after', times: 1 });
      flow.slack.fault({ method: 'conversations.history', kind: '429', times: 2 });
      await submit();
      await settled(before);
    });

    test('a post that hangs is found again', { timeout: 30_000 }, async () => {
      const before = boards(flow).length;
      flow.slack.fault({ method: 'chat.postMessage', kind: 'hang', times: 1, delayMs: 200 });
      await submit();
      await settled(before);
    });

    test('edits with 429, 500 and a lost answer are made later, and show the last state', async () => {
      const before = boards(flow).length;
      flow.slack.fault({ method: 'chat.update', kind: '429', times: 1, retryAfter: 3 });
      flow.slack.fault({ method: 'chat.update', kind: '500', times: 1 });
      flow.slack.fault({ method: 'chat.update', kind: 'drop_after', times: 1 });
      await submit();
      await settled(before);
    });

    test('a limited chat.update does not delay views.open', async () => {
      flow.slack.fault({ method: 'chat.update', kind: '429', times: 3, retryAfter: 30 });
      flow.slack.fault({ method: 'chat.postMessage', kind: '429', times: 2, retryAfter: 5 });
      const before = boards(flow).length;
      await submit();
      await new Promise((resolve) => setTimeout(resolve, 50));
      const from = performance.now();
      await flow.slack.command('U0BEN', 'C0OPS', '');
      const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0BEN')?.at(-1), {
        stepMs: 0,
      });
      // Slack asked for a pause of 30 s and one of 5 s.
      assert.ok(performance.now() - from < 4_900);
      await flow.slack.closeView('U0BEN', view.id, true);
      await settled(before);
    });

    test('the file of a crowd is found again by its name', async () => {
      const file = flow.slack.uploadFile(
        'U0ASHA',
        'crowd.csv',
        Array.from({ length: 120 }, number).join('\n'),
      );
      const uploads = () =>
        [...flow.slack.state.files.values()].filter(
          (each) => each.complete && /submitted|results/.test(each.name),
        );
      const before = uploads().length;
      flow.slack.fault({ method: 'files.completeUploadExternal', kind: 'drop_after', times: 1 });
      flow.slack.fault({ method: 'upload', kind: '500', times: 1 });
      const board = await ask(flow, { callee: '', file: [file.id] });
      await becomes(flow, board, 'done', { callees: 120 });
      await soon(flow, 'the file', () => uploads().length > before);
      flow.clock.jump(10_000);
      await soon(flow, 'nothing waits', () => flow.slack.state.faults.length === 0);
      const inThread = messages(flow).filter(
        (each) => each.thread_ts === board.ts && each.file_ids.length > 0,
      );
      assert.equal(inThread.length, 1, 'one file, at the end');
    });

    test('a channel is archived between Submit and the result: the requester gets a direct message', async () => {
      flow.voice.faults.next({ delayMs: 250 });
      const before = boards(flow, 'C0ALERTS').length;
      const first = await fillModal(flow, { callee: number() }, { channel: 'C0ALERTS' });
      await flow.slack.submitView('U0ASHA', first.view?.id ?? '');
      await soon(flow, 'the board', () => boards(flow, 'C0ALERTS')[before]);
      flow.slack.setArchived('C0ALERTS', true);
      const told = await soon(flow, 'the requester is told', () =>
        [...flow.slack.state.messages.values()]
          .flat()
          .map(shownText)
          .find((text) => text.includes('<#C0ALERTS> was archived')),
      );
      assert.match(told, /accepted|answered/);
      assert.match(told, /un-archive the channel/);
      flow.slack.setArchived('C0ALERTS', false);
    });

    test('a membership that cannot be read keeps nobody from calling', async () => {
      const before = boards(flow).length;
      flow.slack.fault({ method: 'conversations.info', kind: '500', times: 1 });
      await submit();
      await settled(before);
    });

    test('what Slack does not answer is shown as Slack’s fault, not as ours', async () => {
      const board = await ask(flow, { callee: number() });
      await becomes(flow, board, 'done');
      for (const fault of [
        { kind: 'html' },
        { kind: '500' },
        { kind: 'error', error: 'fatal_error' },
      ] as const) {
        const before = flow.slack.ephemerals('U0ASHA').length;
        flow.slack.fault({ method: 'views.open', times: 1, ...fault });
        await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_details');
        assert.match(await toldAlone(flow, 'U0ASHA', before), /Slack (did not answer|itself has a problem)/);
      }
    });

    test('a wrong or old signature is refused, and nothing happens', async () => {
      const { signingSecret } = flow.slack.state.app;
      const body =
        'command=%2Fvoicecall&text=help&user_id=U0ASHA&channel_id=C0OPS&team_id=T0SANDBOX&trigger_id=1.1';
      const send = async (secret: string, at: number) => {
        const timestamp = String(Math.floor(at / 1000));
        const mac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
        const response = await fetch(`http://127.0.0.1:${flow.app.port()}/slack/events`, {
          method: 'POST',
          body,
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            'x-slack-request-timestamp': timestamp,
            'x-slack-signature': `v0=${mac}`,
          },
        });
        await response.arrayBuffer();
        return response.status;
      };
      assert.equal(await send(signingSecret, Date.now()), 200);
      assert.equal(await send('another-secret', Date.now()), 401);
      assert.equal(await send(signingSecret, Date.now() - 10 * 60_000), 401);
    });
  });
}
