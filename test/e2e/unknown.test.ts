import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Fault } from '../../sandbox/voice/faults.ts';
import { databaseKinds } from '../support/store.ts';
import { openModal, reportToken } from '../support/world.ts';
import {
  ask,
  becomes,
  current,
  dialled,
  type Flow,
  pressCall,
  pressValue,
  resultsOf,
  shownText,
  soon,
  startFlow,
  toldAlone,
} from './flow.ts';

/** Faults after which the phones may ring, and whether they did. */
const ambiguous: { what: string; fault: Fault; rang: boolean; words: RegExp }[] = [
  {
    what: 'HTML from a proxy, not dialled',
    fault: { http: { status: 502, body: '<html>Bad gateway</html>', contentType: 'text/html' } },
    rang: false,
    words: /but not as the voice platform does/,
  },
  {
    what: 'HTML from a proxy, dialled',
    fault: { http: { status: 200, body: '<html>Sign in</html>', contentType: 'text/html', dialled: true } },
    rang: true,
    words: /could not be read/,
  },
  { what: 'JSON cut off', fault: { cut: 'json' }, rang: true, words: /could not be read/ },
  {
    what: 'the connection cut in the answer',
    fault: { cut: 'connection' },
    rang: true,
    words: /connection broke/,
  },
  {
    what: 'a reset before the request was read',
    fault: { reset: 'before-reading' },
    rang: false,
    words: /connection broke/,
  },
  {
    what: 'a reset after the request was read',
    fault: { reset: 'after-reading' },
    rang: false,
    words: /connection broke/,
  },
  {
    what: 'a reset after it was dialled',
    fault: { reset: 'after-dialling' },
    rang: true,
    words: /connection broke/,
  },
  {
    what: '-18 having dialled',
    fault: { refuse: { code: '-18', dialled: true } },
    rang: true,
    words: /had an internal error/,
  },
  {
    what: '-12 having dialled',
    fault: { refuse: { code: '-12', dialled: true } },
    rang: true,
    words: /failed while it took/,
  },
  {
    what: 'a redirect',
    fault: { redirect: { location: 'http://127.0.0.1:9/voice/sendGroup' } },
    rang: false,
    words: /but not as the voice platform does/,
  },
  {
    what: 'an answer without a code',
    fault: { envelope: 'none', missingRows: 2 },
    rang: true,
    words: /does not say what became/,
  },
  {
    what: 'an answer of any length',
    fault: { padBytes: 2 * 1024 * 1024 },
    rang: true,
    words: /too long to be read/,
  },
];

for (const database of databaseKinds) {
  describe(`unknown submissions, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database });
      // Here only a press or a report settles what is unknown, however much time passes.
      flow.voice.faults.next({ on: 'recordGroupQuery', times: 'always', refuse: { code: '-18' } });
    });
    after(() => flow.end());

    const silent = { copies: 0 };
    const callees = '+6591400011, +6591400012';
    const askUnknown = async (fault: Fault) => {
      flow.voice.faults.next({ report: silent, ...fault });
      const board = await ask(flow, { callee: callees });
      await becomes(flow, board, 'sent', { unknown: 2, accepted: 0, refused: 0 });
      return board;
    };

    test('everything that may have called is unknown in its own words, and never sent again', async () => {
      for (const { what, fault, rang, words } of ambiguous) {
        const posts = dialled(flow).length;
        const calls = flow.voice.calls.length;
        const board = await askUnknown(fault);
        await resultsOf(flow, board, (text) => text.includes('"May have rung"'));
        const told = shownText(current(flow, board));
        assert.match(told, words, what);
        assert.match(told, /^We don't know whether 2 phones rang/, what);
        assert.match(told, /Nobody is called again automatically/, what);
        flow.clock.jump(60_000);
        assert.ok(dialled(flow).length <= posts + 1, what);
        assert.equal(flow.voice.calls.length, calls + (rang ? 2 : 0), what);
        await pressValue(flow, 'U0ASHA', board, 'call_settle', rang ? ':rang' : ':silent');
      }
    });

    test('a report with the token settles it, and the platform’s word counts', async () => {
      flow.voice.faults.next({ refuse: { code: '-18', dialled: true }, report: { delayMs: 150 } });
      const board = await ask(flow, { callee: callees });
      const done = await becomes(flow, board, 'done', { unknown: 0, accepted: 2, answered: 2 });
      assert.equal(done.failed, 0);
      assert.doesNotMatch(
        await resultsOf(flow, board, (text) => !/may have rung/i.test(text)),
        /may have rung|don't know/i,
      );
    });

    test('it rang, says the requester: accepted, and nobody else may say so', async () => {
      const board = await askUnknown({ cut: 'json' });
      const told = flow.slack.ephemerals('U0CLEO').length;
      await pressValue(flow, 'U0CLEO', board, 'call_settle', ':rang');
      assert.match(await toldAlone(flow, 'U0CLEO', told), /Only the person who asked/);
      await pressValue(flow, 'U0ASHA', board, 'call_settle', ':rang');
      await becomes(flow, board, 'sent', { unknown: 0, accepted: 2 });
      assert.match(
        await resultsOf(flow, board, (text) => text.includes('Marked as rung')),
        /^Marked as rung by Asha/,
      );
    });

    test('it did not ring: failed, a new request is offered, and a second press comes too late', async () => {
      const board = await askUnknown({ reset: 'after-reading' });
      const before = flow.slack.ephemerals('U0ASHA').length;
      const stale = structuredClone(current(flow, board));
      await pressValue(flow, 'U0ASHA', board, 'call_settle', ':silent');
      assert.match(await toldAlone(flow, 'U0ASHA', before), /call_redial/);
      await becomes(flow, board, 'done', { unknown: 0, failed: 2 });
      const block = stale.blocks?.find((each) => JSON.stringify(each).includes(':rang"'));
      assert.ok(block);
      const copy = flow.slack.postAs({ bot: flow.slack.state.app.botId }, 'C0OPS', {
        text: 'old',
        blocks: [block],
      });
      const told = flow.slack.ephemerals('U0ASHA').length;
      await flow.slack.press('U0ASHA', 'C0OPS', copy.ts, 'call_settle');
      assert.match(await toldAlone(flow, 'U0ASHA', told), /already marked/);
      const calls = flow.voice.calls.length;
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_redial');
      const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      const again = await flow.slack.submitView('U0ASHA', view.id);
      const second = await pressCall(flow, again.view);
      await becomes(flow, second, 'done', { answered: 2 });
      assert.equal(flow.voice.calls.length, calls + 2, 'both ring now');
    });

    test('a report after a person said that it did not ring corrects this', async () => {
      const board = await askUnknown({ cut: 'json' });
      await pressValue(flow, 'U0ASHA', board, 'call_settle', ':silent');
      await becomes(flow, board, 'done', { failed: 2 });
      const reports = flow.voice.calls
        .slice(-2)
        .map(({ voiceId, callee, calledInfo }) => ({ voiceId, callee, calledInfo, terminationCode: '200' }));
      const pushed = await fetch(`http://127.0.0.1:${flow.app.port()}/voice/reports/${reportToken}`, {
        method: 'POST',
        body: JSON.stringify(reports),
        headers: { 'content-type': 'application/json' },
      });
      assert.equal(pushed.status, 200);
      await becomes(flow, board, 'done', { failed: 0, accepted: 2, answered: 2 });
    });

    test('a lost result of a spoken text is unknown for its one callee only', async () => {
      flow.voice.faults.next({
        on: 'sendCode',
        reset: 'after-dialling',
        callee: '6591400021',
        report: silent,
      });
      const board = await ask(flow, { callee: '+6591400021, +6591400022', fileId: null, text: 'Hello' });
      await becomes(flow, board, 'sent', { unknown: 1, answered: 1 });
      assert.equal(dialled(flow).filter((each) => each.body?.callee === '6591400021').length, 1);
    });

    test('the form still opens while something is unknown', async () => {
      await flow.slack.closeView('U0ASHA', await openModal(flow), true);
    });
  });
}

// The clock jumps by minutes, which a database's own clock does not follow.
describe('unknown submissions and the records', () => {
  let flow: Flow;
  before(async () => {
    flow = await startFlow();
  });
  after(() => flow.end());

  test('the platform’s records settle what rang; absence proves nothing', async () => {
    flow.voice.faults.next({ reset: 'after-dialling', report: { copies: 0 } });
    const rang = await ask(flow, { callee: '+6591400031, +6591400032' });
    flow.voice.faults.next({ reset: 'after-reading' });
    const lost = await ask(flow, { callee: '+6591400033' }, { channel: 'C0ALERTS' });
    await becomes(flow, lost, 'sent', { unknown: 1 });
    flow.clock.jump(65_000);
    await becomes(flow, rang, 'done', { unknown: 0, accepted: 2, answered: 2 });
    const words = await soon(flow, 'it is said that the records were looked through', () => {
      const text = shownText(current(flow, lost));
      return text.includes('records did not show these calls') ? text : undefined;
    });
    assert.match(words, /which proves nothing yet/);
    assert.equal((await becomes(flow, lost, 'sent')).unknown, 1);
    assert.equal(dialled(flow).length, 2);
  });

  test('missing rows are found in the records as well', async () => {
    flow.voice.faults.next({ missingRows: 1, report: { copies: 0 } });
    const board = await ask(flow, { callee: '+6591400041, +6591400042' });
    await becomes(flow, board, 'sent', { unknown: 1, accepted: 1 });
    flow.clock.jump(65_000);
    await becomes(flow, board, 'done', { unknown: 0, accepted: 2, answered: 2 });
  });
});
