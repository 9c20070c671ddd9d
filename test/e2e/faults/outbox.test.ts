// What must arrive in Slack arrives, whatever Slack answers: nothing is lost, and no post delays the others.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Fault } from '../../../sandbox/slack/types.ts';
import { changed } from '../../../src/outbox/outbox.ts';
import type { PostKind } from '../../../src/store/values.ts';
import { databaseKinds } from '../../support/store.ts';
import { fillModal } from '../../support/world.ts';
import { boardsUnder, firing, post, under } from '../alerts/alert-flow.ts';
import { ask, becomes, boards, current, type Flow, resultsOf, shownText, soon, startFlow } from '../flow.ts';

const config = `
country: IN
callers: [U0ASHA, U0BEN]
voice: { loopCount: 2, submit: { concurrency: 2, perSecond: 200 } }
approval: { calleesOver: 50, outsideCountries: [IN, SG], approvers: [U0BEN], channel: C0APPROVE, expiresAfter: 30m }
lists: { oncall: ["+91 85632 14120"], abroad: ["+44 7911 123456"] }
rules:
  - { name: absent, channels: [C0ALERTS], match: { title: absent- }, call: [U0GONE], say: "Alert. {title}." }
  - { name: asks, channels: [C0ALERTS], match: { title: ask- }, call: [abroad], say: "Alert. {title}.", approval: policy }
  - { name: pager, channels: [C0ALERTS, C0OPS], match: { title: db- }, call: [oncall], say: "Alert. {title}." }
`;

for (const database of databaseKinds) {
  describe(`the outbox, on ${database}`, () => {
    let flow: Flow;
    let next = 6591800100;
    before(async () => {
      flow = await startFlow({ database, config, slack: { eventRetryDelaysMs: [] } });
    });
    after(() => flow.end({ refusals: ['missing_scope', 'invalid_blocks'] }));

    const number = () => `+${next++}`;
    const always = (fault: Omit<Fault, 'times'>) => flow.slack.fault({ times: 1_000_000, ...fault });
    const submit = async (values = {}, channel = 'C0OPS') => {
      const first = await fillModal(flow, { callee: number(), channel, ...values }, { channel });
      assert.equal(first.view?.callback_id, 'voicecall_confirm', JSON.stringify(first.errors));
      await flow.slack.submitView('U0ASHA', first.view.id);
    };
    const calls = (method: string, from = 0) =>
      flow.slack.state.callsLog.slice(from).filter((each) => each.method === method);
    const mark = () => flow.slack.state.callsLog.length;
    const boardsWith = (text: string, channel = 'C0OPS') =>
      boards(flow, channel).filter((each) => shownText(each).includes(text));
    const allBoards = () => [...flow.slack.state.channels.keys()].flatMap((id) => boards(flow, id));

    for (const [what, fault] of [
      ['a page with 200', { kind: 'html' }],
      ['cut JSON', { kind: 'cut_json' }],
      ['ok without a ts', { kind: 'bare_ok' }],
      ['request_timeout', { kind: 'error', error: 'request_timeout' }],
      ['team_added_to_org', { kind: 'error', error: 'team_added_to_org' }],
      ['rate_limited', { kind: 'error', error: 'rate_limited' }],
      ['update_failed', { kind: 'error', error: 'update_failed' }],
      ['accesslimited', { kind: 'error', error: 'accesslimited' }],
      ['an error that nobody knows', { kind: 'error', error: 'quota_of_the_moon' }],
    ] as const) {
      test(`an edit answered with ${what} is made later`, async () => {
        flow.slack.fault({ method: 'chat.update', times: 3, ...fault });
        const board = await ask(flow, { callee: number() });
        await becomes(flow, board, 'done', { answered: 1 });
        await resultsOf(flow, board, (text) => /"Answered/.test(text));
        flow.slack.clearFaults();
      });

      test(`a post answered with ${what} is posted once`, async () => {
        const count = boards(flow).length;
        flow.slack.fault({ method: 'chat.postMessage', times: 2, ...fault });
        await submit();
        const board = await soon(flow, 'the board', () => boards(flow)[count]);
        await becomes(flow, board, 'done', { answered: 1 });
        await resultsOf(flow, board);
        assert.equal(boards(flow).length, count + 1);
        flow.slack.clearFaults();
      });
    }

    test('edits that Slack says it made, without naming the message, are made later', async () => {
      const from = mark();
      always({ method: 'chat.update', kind: 'bare_ok' });
      const board = await ask(flow, { callee: number() });
      await resultsOf(flow, board);
      await soon(flow, 'several edits', () => calls('chat.update', from).length > 3);
      flow.slack.clearFaults();
      await becomes(flow, board, 'done', { answered: 1 });
    });

    test('a limit that Slack says lasts a day keeps a channel waiting for minutes', async () => {
      const count = boards(flow).length;
      flow.slack.fault({ method: 'chat.postMessage', kind: '429', retryAfter: 86_400, times: 1 });
      await submit();
      const before = flow.clock.now();
      await soon(flow, 'the board', () => boards(flow)[count], { stepMs: 10_000 });
      assert.ok(flow.clock.now() - before < 10 * 60_000);
    });

    test('if Slack refuses the blocks of an edit, only the text is shown', async () => {
      always({ method: 'chat.update', kind: 'error', error: 'invalid_blocks', holds: '"blocks"' });
      const board = await ask(flow, { callee: number() });
      await becomes(flow, board, 'done', { answered: 1 });
      assert.equal(current(flow, board).blocks, undefined);
      flow.slack.clearFaults();
    });

    test('a deleted board is posted again once, with a note, while the request is open', async () => {
      await submit({ callee: Array.from({ length: 51 }, number).join(', '), calledInfo: 'deleted' });
      const [board] = await soon(flow, 'the board', () => {
        const found = boardsWith('deleted');
        return found.length > 0 ? found : undefined;
      });
      assert.ok(board);
      const card = await soon(flow, 'the card', () =>
        flow.slack.history('C0APPROVE').findLast((each) => shownText(each).includes('call_approve')),
      );
      const count = boards(flow).length;
      flow.slack.deleteMessage(board.channel, board.ts);
      // A change of the request, which must be shown while the post waits.
      const store = await flow.database.open();
      const id = String(board.metadata?.event_payload.request_id);
      await store.transaction(async (tx) => {
        await tx.updateTable('posts').set({ shown: null }).where('ts', '=', board.ts).execute();
        await changed(tx, flow.clock.now(), id);
      });
      await store.close();
      const again = await soon(flow, 'the board again', () =>
        boards(flow).find((each) => each.ts > board.ts && shownText(each).includes('was deleted')),
      );
      await flow.slack.press('U0BEN', 'C0APPROVE', card.ts, 'call_approve');
      await becomes(flow, again, 'done', { callees: 51 });
      await resultsOf(flow, again);
      assert.equal(boards(flow).length, count, 'once');
    });

    test('one message that Slack answers with 5xx delays no other, and is posted in the end', async () => {
      const from = boards(flow).length;
      always({ method: 'chat.postMessage', kind: '500', holds: 'poison note' });
      await submit({ calledInfo: 'poison note' });
      await soon(flow, 'it was tried', () => calls('chat.postMessage').some((each) => each.status === 500));
      await submit({ calledInfo: 'healthy one' });
      await submit({ calledInfo: 'healthy two' });
      const started = flow.clock.now();
      await soon(flow, 'two healthy boards', () => boards(flow).length === from + 2, { stepMs: 50 });
      assert.ok(flow.clock.now() - started < 120_000, `${flow.clock.now() - started} ms`);
      for (const board of boards(flow).slice(from)) await becomes(flow, board, 'done');
      flow.slack.clearFaults();
      const late = await soon(flow, 'the poisoned board', () => boards(flow)[from + 2]);
      await becomes(flow, late, 'done', { answered: 1 });
      await resultsOf(flow, late);
    });

    test('a search that always fails silences nobody: the message is posted, others pass', async () => {
      const from = boards(flow).length;
      flow.slack.fault({ method: 'chat.postMessage', kind: 'drop_before', times: 1 });
      always({ method: 'conversations.history', kind: 'error', error: 'missing_scope' });
      await submit();
      await submit();
      await soon(flow, 'both boards', () => boards(flow).length === from + 2);
      flow.slack.clearFaults();
      for (const board of boards(flow).slice(from)) await resultsOf(flow, board);
    });

    test('a post whose answer is lost is found behind 2,500 later messages', async () => {
      const from = boards(flow).length;
      flow.slack.fault({ method: 'chat.postMessage', kind: 'drop_after', holds: 'far behind', times: 1 });
      flow.slack.fault({ method: 'conversations.history', kind: '429', times: 1, retryAfter: 100 });
      const asked = mark();
      await submit({ calledInfo: 'far behind' });
      const board = await soon(flow, 'the board', () => boards(flow)[from], { stepMs: 20 });
      await soon(flow, 'the first search', () => calls('conversations.history', asked).length > 0, {
        stepMs: 20,
      });
      const messages = flow.slack.state.messages.get('C0OPS') ?? [];
      for (let index = 0; index < 2_500; index++) {
        const ts = `${Number(board.ts.split('.')[0]) + 1_000}.${String(index).padStart(6, '0')}`;
        messages.push({ ...board, ts, user: 'U0BEN', text: 'chatter', metadata: undefined } as never);
      }
      try {
        await becomes(flow, board, 'done', { answered: 1 });
        await resultsOf(flow, board);
        assert.equal(boards(flow).length, from + 1);
      } finally {
        messages.splice(0, messages.length, ...messages.filter((each) => each.text !== 'chatter'));
      }
    });

    test('a direct message whose answers are lost is posted once', async () => {
      const count = (channel: string) => (flow.slack.state.messages.get(channel) ?? []).length;
      flow.voice.faults.next({ delayMs: 300 });
      const first = await fillModal(flow, { callee: number() }, { channel: 'C0ALERTS' });
      if (first.view?.callback_id !== 'voicecall_confirm') assert.fail(JSON.stringify(first.errors));
      flow.slack.setArchived('C0ALERTS', true);
      flow.slack.fault({ method: 'chat.postMessage', channel: 'U0ASHA', kind: 'drop_after', times: 3 });
      const direct = [...flow.slack.state.channels.values()].find((each) => each.user === 'U0ASHA');
      const before = direct === undefined ? 0 : count(direct.id);
      await flow.slack.submitView('U0ASHA', first.view.id);
      const channel = await soon(flow, 'direct messages', () =>
        [...flow.slack.state.channels.values()].find(
          (each) => each.user === 'U0ASHA' && count(each.id) > before,
        ),
      );
      await soon(flow, 'the results too', () => count(channel.id) >= before + 2);
      for (let step = 0; step < 20; step++) {
        flow.clock.jump(5_000);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.equal(count(channel.id), before + 2, 'the state and the results, once each');
      flow.slack.setArchived('C0ALERTS', false);
      flow.slack.clearFaults();
    });

    test('an alert whose message is deleted: the board goes into the channel, the results under it', async () => {
      always({ method: 'chat.postMessage', kind: '429', retryAfter: 2 });
      const from = boards(flow, 'C0ALERTS').length;
      const alert = post(flow, firing('db-deleted lag', 'critical'));
      await soon(flow, 'the phone rings', () =>
        flow.voice.requests.some((each) => JSON.stringify(each).includes('db-deleted')),
      );
      flow.slack.deleteMessage(alert.channel, alert.ts);
      flow.slack.clearFaults();
      const board = await soon(flow, 'the board', () => boards(flow, 'C0ALERTS')[from]);
      // Its own thread begins with the first reply, which may already be there.
      assert.ok(board.thread_ts === undefined || board.thread_ts === board.ts, 'under no other message');
      await becomes(flow, board, 'done', { answered: 1 });
      await resultsOf(flow, board);
    });

    test('message_limit_exceeded and rate_limited for minutes lose neither board nor results of an alert', async () => {
      flow.slack.fault({
        method: 'chat.postMessage',
        kind: 'error',
        error: 'message_limit_exceeded',
        times: 4,
      });
      flow.slack.fault({ method: 'chat.postMessage', kind: 'error', error: 'rate_limited', times: 4 });
      const alert = post(flow, firing('db-limited lag', 'critical'));
      const board = await soon(flow, 'the board', () => boardsUnder(flow, alert)[0], { stepMs: 2_000 });
      await becomes(flow, board, 'done', { answered: 1 });
      await soon(flow, 'the results', () =>
        under(flow, alert).some((each) => each.metadata?.event_type === 'voicecall_results'),
      );
    });

    test('an alert’s channel closes: the board moves to the rule’s next channel and says why', async () => {
      const from = boards(flow).length;
      always({ method: 'chat.postMessage', channel: 'C0ALERTS', kind: 'error', error: 'not_in_channel' });
      post(flow, firing('db-closed lag', 'critical'));
      const board = await soon(flow, 'the board', () => boards(flow)[from]);
      assert.match(shownText(board), /belongs in <#C0ALERTS>/);
      await becomes(flow, board, 'done', { answered: 1 });
      await resultsOf(flow, board);
      flow.slack.clearFaults();
    });

    test('a reply that leaves the thread of its board says what it is about, and where it belongs', async () => {
      // The phones ring until they decline.
      flow.voice.setBehaviour({ autoAnswerMs: null, secondMs: 10_000 });
      const declineAll = () => {
        for (const call of flow.voice.calls) if (call.state !== 'ended') flow.voice.decline(call.voiceId);
      };
      const isAbout = (text: string) => (each: { text: string; user?: string }) =>
        each.user === flow.slack.state.app.botUserId && each.text.includes(text);
      const board = await ask(flow, { callee: number() });
      await becomes(flow, board, 'sent');
      await resultsOf(flow, board);
      flow.slack.setArchived('C0OPS', true);
      declineAll();
      const id = String(current(flow, board).metadata?.event_payload.request_id);
      const direct = await soon(flow, 'the direct message', () =>
        flow.slack.history('D0ASHA').find(isAbout(id)),
      );
      assert.match(direct.text, /Nobody answered \(0 of 1\)/);
      assert.match(shownText(direct), /1 person in Singapore/);
      assert.match(shownText(direct), /belongs in <#C0OPS>.*is_archived/);

      const alert = post(flow, firing('db-archived lag', 'critical'));
      const second = await soon(flow, 'the board', () => boardsUnder(flow, alert)[0]);
      await becomes(flow, second, 'sent');
      flow.slack.setArchived('C0ALERTS', true);
      await flow.slack.press('U0ASHA', second.channel, second.ts, 'call_ack');
      const elsewhere = await soon(flow, 'the reply elsewhere', () =>
        flow.slack.history('C0APPROVE').find(isAbout('has got it')),
      );
      assert.match(elsewhere.text, /Rule pager/);
      assert.match(shownText(elsewhere), /db-archived lag/);
      assert.match(shownText(elsewhere), /belongs in <#C0ALERTS>.*is_archived/);
      flow.slack.setArchived('C0OPS', false);
      flow.slack.setArchived('C0ALERTS', false);
      declineAll();
      flow.voice.setBehaviour({ autoAnswerMs: 10, secondMs: 1 });
    });

    const nowhere = () => flow.logs.filter((line) => line.includes('can be shown nowhere'));
    const lastOf = async (kind: PostKind) => {
      const store = await flow.database.open();
      const row = await store.read
        .selectFrom('posts')
        .innerJoin('requests', 'requests.id', 'posts.request_id')
        .select(['posts.channel_id as channel', 'posts.created_at as createdAt', 'posts.state'])
        .select(['requests.state as requestState'])
        .where('posts.kind', '=', kind)
        .orderBy('posts.sequence', 'desc')
        .limit(1)
        .executeTakeFirst();
      await store.close();
      return row;
    };
    const places = ['C0ALERTS', 'C0OPS', 'C0APPROVE', 'U0ASHA', 'U0BEN'];
    const closeAll = (open = '') => {
      flow.slack.clearFaults();
      for (const channel of places.filter((each) => each !== open))
        always({ method: 'chat.postMessage', channel, kind: 'error', error: 'channel_not_found' });
    };

    test('an alert’s news that no place takes is logged as an error, and shown in its own channel once that is open', async () => {
      const before = allBoards().length;
      const from = nowhere().length;
      closeAll();
      const alert = post(flow, firing('db-nowhere lag', 'critical'));
      await soon(flow, 'the error', () => nowhere().length > from);
      assert.match(nowhere().at(-1) ?? '', /"level":"error"/);
      assert.equal(allBoards().length, before);
      assert.equal((await lastOf('board'))?.channel, 'C0ALERTS');
      closeAll('C0ALERTS');
      const board = await soon(flow, 'the board', () => boardsUnder(flow, alert)[0], { stepMs: 2_000 });
      await becomes(flow, board, 'done', { answered: 1 });
      assert.doesNotMatch(shownText(current(flow, board)), /belongs in/);
      await soon(
        flow,
        'the results',
        () => under(flow, alert).some((each) => each.metadata?.event_type === 'voicecall_results'),
        { stepMs: 2_000 },
      );
      assert.equal(allBoards().length, before + 1);
      flow.slack.clearFaults();
    });

    test('news that neither the channel nor the person takes is shown in the channel once that is open', async () => {
      const from = nowhere().length;
      closeAll();
      await submit({ calledInfo: 'closed everywhere' });
      await soon(flow, 'the error', () => nowhere().length > from, { stepMs: 2_000 });
      assert.equal(boardsWith('closed everywhere').length, 0);
      closeAll('C0OPS');
      const board = await soon(flow, 'the board', () => boardsWith('closed everywhere')[0], {
        stepMs: 2_000,
      });
      await becomes(flow, board, 'done', { accepted: 1 });
      await resultsOf(flow, board);
      flow.slack.clearFaults();
    });

    test('the reply that nobody was called waits for its closed channel too', async () => {
      const from = nowhere().length;
      closeAll();
      const alert = post(flow, firing('absent-closed lag', 'critical'));
      await soon(flow, 'the error', () => nowhere().length > from);
      assert.match(nowhere().at(-1) ?? '', /"kind":"words".*called nobody yet/);
      closeAll('C0ALERTS');
      await soon(
        flow,
        'the reply',
        () => under(flow, alert).some(({ text }) => text?.startsWith('Rule absent called nobody yet:')),
        { stepMs: 2_000 },
      );
      flow.slack.clearFaults();
    });

    test('news of a closed channel waits for a day, and no longer', async () => {
      const from = nowhere().length;
      closeAll();
      post(flow, firing('db-day lag', 'critical'));
      await soon(flow, 'the error', () => nowhere().length > from);
      const createdAt = Number((await lastOf('board'))?.createdAt);
      const day = 24 * 3_600_000;
      const age = () => flow.clock.now() - createdAt;
      await soon(flow, 'almost a day', () => age() > day - 600_000, { stepMs: 300_000 });
      assert.ok(age() < day);
      assert.equal((await lastOf('board'))?.state, 'pending');
      await soon(flow, 'it is given up', async () => (await lastOf('board'))?.state === 'dropped', {
        stepMs: 60_000,
      });
      assert.ok(age() >= day);
      flow.slack.clearFaults();
    });

    test('a request whose card waits for a closed channel expires at its time, and not a day late', async () => {
      closeAll();
      const alert = post(flow, firing('ask-closed lag', 'critical'));
      await soon(flow, 'it waits', async () => (await lastOf('card'))?.requestState === 'awaiting_approval');
      const createdAt = Number((await lastOf('board'))?.createdAt);
      await soon(flow, 'it expires', async () => (await lastOf('card'))?.requestState === 'expired', {
        stepMs: 30_000,
      });
      const minutes = (flow.clock.now() - createdAt) / 60_000;
      assert.ok(minutes >= 30 && minutes < 12 * 60, `${minutes} minutes`);
      flow.slack.clearFaults();
      const board = await soon(flow, 'the board', () => boardsUnder(flow, alert)[0], { stepMs: 10_000 });
      await becomes(flow, board, 'expired');
    });

    test('a person whose channel was archived during the calls reads how they ended', async () => {
      // The phone rings until it declines.
      flow.voice.setBehaviour({ autoAnswerMs: null, secondMs: 10_000 });
      always({ method: 'chat.postMessage', holds: 'voicecall_results', kind: 'error', error: 'is_archived' });
      const board = await ask(flow, { callee: number() });
      const id = String(current(flow, board).metadata?.event_payload.request_id);
      const toAsha = (words: string) => () =>
        flow.slack
          .history('D0ASHA')
          .find((each) => [words, id].every((text) => shownText(each).includes(text)));
      await soon(flow, 'the message while the phone rings', toAsha('Calling 1 person'));
      flow.slack.setArchived('C0OPS', true);
      for (const call of flow.voice.calls) if (call.state !== 'ended') flow.voice.decline(call.voiceId);
      await soon(flow, 'the outcome', toAsha('Nobody answered (0 of 1)'));
      flow.slack.setArchived('C0OPS', false);
      flow.slack.clearFaults();
      flow.voice.setBehaviour({ autoAnswerMs: 10, secondMs: 1 });
    });

    test('a day of missing_scope loses nothing that is queued', async () => {
      const texts = ['a day one', 'a day two'];
      const shown = () => texts.flatMap((text) => boardsWith(text)).length;
      always({ method: 'chat.postMessage', kind: 'error', error: 'missing_scope' });
      for (const calledInfo of texts) await submit({ calledInfo });
      for (let hour = 0; hour < 24 * 6; hour++) {
        flow.clock.jump(600_000);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.equal(shown(), 0);
      flow.slack.clearFaults();
      await soon(flow, 'both boards', () => shown() === 2, { stepMs: 10_000 });
      for (const text of texts) {
        const [board] = boardsWith(text);
        assert.ok(board, text);
        await becomes(flow, board, 'done');
      }
    });

    test('a board whose edits fail takes no turns from others, however often its request changes', async () => {
      const bad = await ask(flow, { callee: number(), calledInfo: 'broken edits' });
      flow.slack.clearFaults();
      always({ method: 'chat.update', kind: '500', holds: bad.ts });
      const store = await flow.database.open();
      const id = String(current(flow, bad).metadata?.event_payload.request_id);
      const from = mark();
      await store.transaction((tx) =>
        tx.updateTable('posts').set({ shown: null }).where('ts', '=', bad.ts).execute(),
      );
      const taken = () => calls('chat.update', from).filter((each) => each.status === 500).length;
      // On a busy machine the edits come later than their time.
      for (let second = 0; second < 120 || (taken() < 3 && second < 3_600); second++) {
        await store.transaction((tx) => changed(tx, flow.clock.now(), id));
        flow.clock.jump(1_000);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await store.close();
      assert.ok(taken() >= 3 && taken() <= 10, `${taken()} turns in 120 s`);
      flow.slack.clearFaults();
      await becomes(flow, bad, 'done');
    });
  });
}
