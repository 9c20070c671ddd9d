import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { renderApprovalCard, seenIn } from '../../../src/slack/approval/card.ts';
import { renderReminder } from '../../../src/slack/approval/reminder.ts';
import { renderBoard } from '../../../src/slack/board/board.ts';
import { renderInstead, renderOutcome } from '../../../src/slack/board/direct.ts';
import { renderResults } from '../../../src/slack/board/results.ts';
import {
  anyRequest,
  assertMessage,
  buttons,
  call,
  counts,
  everyButton,
  evilName,
  manyCalls,
  now,
  request,
  seen,
  submission,
} from '../samples.ts';

const facts = { now };
const approval = {
  reasons: ['37 calls; above 10 needs approval'],
  approvers: ['U0BEN', 'S0LEADS'],
  quorum: 2,
  allowSelfApproval: false,
  channelId: null,
  expiresAfterMs: 1_800_000,
};

suite('the board', () => {
  test('any request is within Slack’s limits', () => {
    fc.assert(
      fc.property(anyRequest, (any) => {
        assertMessage(renderBoard(any, facts));
        assertMessage(
          renderApprovalCard(any, {
            ...facts,
            callsAt: now,
            balance: evilName,
            unreadableGroups: [evilName],
          }),
        );
        assertMessage(renderReminder(any, facts));
      }),
      { numRuns: 150, endOnFailure: true },
    );
  });

  test('a call that a limit holds is made later; what prevents it fits a person and an alert', () => {
    const held = submission({ state: 'ready', code: 'per_callee', heldUntil: now });
    const shown = (some: Parameters<typeof request>[0]) =>
      seen(renderBoard(request({ state: 'sending', submissions: [held], ...some }), facts));
    const reach = { ladder: null, running: true, step: 1, attempt: 1, nextAttemptAt: null, nextStepAt: null };
    const plan = { until: 'answered', attempts: 2, everyMs: 60_000, enough: null, confirmKey: null } as const;
    const rest = { endedBy: null, endedAt: null, steps: [], calling: [], reachedBy: [] };
    assert.match(
      shown({ origin: 'alert' }),
      /called then, unless the alert is over or somebody has got it\./,
    );
    const person = shown({ reach: { ...reach, ...rest, plan } });
    assert.match(person, /called then, unless the request is cancelled\./);
    assert.doesNotMatch(person, /alert/);
    assert.match(
      shown({ reach: { ...reach, ...rest, plan: { ...plan, enough: 1 } } }),
      /called then, unless enough people are reached or the request is cancelled\./,
    );
  });

  test('everything at its longest at once', () => {
    const long = '&'.repeat(10_000);
    for (const state of ['awaiting_approval', 'sending', 'sent', 'rejected', 'done'] as const) {
      const worst = request({
        origin: 'alert',
        state,
        ruleName: long,
        alertTitle: long,
        audio: { kind: 'text', text: long, language: long },
        options: { displayNum: long, loopCount: 3, maxDuration: 119, maxRingingTime: 119 },
        note: long,
        duplicates: 9_999,
        countries: Array.from({ length: 240 }, () => ({ country: 'GS', callees: 9_999 })),
        counts: counts({
          ...{
            callees: 10_000,
            accepted: 9_999,
            refused: 9_999,
            unknown: 9_999,
            held: 9_999,
            cancelled: 9_999,
          },
          ...{ failed: 9_999, answered: 9_999, not_answered: 9_999, waiting: 9_999 },
        }),
        submissions: Array.from({ length: 60 }, (_, i) =>
          submission({
            ...{ id: `s${i}`, ordinal: i + 1, code: i % 9 === 0 ? long : `-${i}`, reason: long, again: true },
            state: (['unknown', 'refused', 'failed', 'ready'] as const)[i % 4] ?? 'ready',
            ...{ callees: 200, unknown: i % 4 === 0 ? 200 : 0, checkedAt: now, nextTryAt: now },
          }),
        ),
        approval: {
          ...approval,
          reasons: Array.from({ length: 9 }, () => long),
          approvers: Array.from({ length: 60 }, (_, i) => `U0123456${i}`),
        },
        decisions: Array.from({ length: 20 }, (_, i) => ({
          ...{ userId: `U0765432${i}`, at: now, reason: long },
          decision: state === 'rejected' ? ('reject' as const) : ('approve' as const),
        })),
        ...{ expiresAt: now, finishedAt: now, cancelledBy: long, ackedBy: 'U0BEN', outcome: long },
      });
      const nameOf = (id: string) => id + long;
      assertMessage(renderBoard(worst, facts));
      assertMessage(renderBoard(worst, { now, nameOf }));
      assertMessage(
        renderApprovalCard(worst, { now, nameOf, unreadableGroups: Array.from({ length: 20 }, () => long) }),
      );
      assertMessage(renderReminder(worst, { now, nameOf }));
      assertMessage(
        renderResults(
          worst,
          manyCalls(300, () => ({ name: long, state: 'refused', submitReason: long })),
        ),
      );
    }
  });

  test('says who asked, what is played, the counts, and shows a bar while it runs', () => {
    const board = renderBoard(
      request({
        state: 'sending',
        counts: counts({ callees: 200, accepted: 60, waiting: 140 }),
        countries: [
          { country: 'IN', callees: 150 },
          { country: 'SG', callees: 50 },
        ],
        submissions: [
          submission({ callees: 60 }),
          submission({ id: 's2', ordinal: 2, state: 'ready', callees: 140 }),
        ],
      }),
      { now, nameOf: () => 'Ann' },
    );
    const shown = seen(board.blocks);
    assert.match(
      shown,
      /^Calling 200 people\n<@U0ANN> calls \*200 people in 2 countries\*: fire-drill, played twice$/m,
    );
    assert.equal(shown.split('fire-drill').length - 1, 1, 'said once');
    assert.match(shown, /India 150 and Singapore 50/);
    assert.match(shown, /■■■□□□□□□□ 30% placed/);
    assert.match(shown, /^60 being called · 140 waiting$/m);
    assert.equal(board.text.includes('<@'), false);
    assert.match(
      board.text,
      /^Calling 200 people\. Ann calls 200 people in 2 countries: fire-drill, played twice\. 60 being called · 140 waiting$/,
    );
    assert.deepEqual(buttons(board), ['call_cancel r7k2m9x0q4ab', 'call_details r7k2m9x0q4ab']);
    assert.deepEqual(board.metadata, {
      event_type: 'voicecall_request',
      event_payload: {
        request_id: 'r7k2m9x0q4ab',
        state: 'sending',
        callees: 200,
        accepted: 60,
        refused: 0,
        unknown: 0,
        held: 0,
        cancelled: 0,
        failed: 0,
        answered: 0,
        not_answered: 0,
        confirmed: 0,
        reached: 0,
        attempt: 1,
        step: 1,
      },
    });
  });

  test('its header is true at every time', () => {
    const headerOf = (some: Parameters<typeof request>[0]) => {
      const block = renderBoard(request(some), facts).blocks[0];
      return block?.type === 'header' ? block.text.text : '';
    };
    const ten = (some: Parameters<typeof counts>[0]) => counts({ callees: 10, ...some });
    assert.equal(headerOf({ state: 'sending', counts: ten({ waiting: 10 }) }), 'Calling 10 people');
    assert.equal(
      headerOf({ state: 'sent', counts: ten({ unknown: 10 }) }),
      "We don't know whether 10 phones rang",
    );
    assert.equal(headerOf({ state: 'done', counts: ten({ accepted: 10 }) }), 'No result for 10 people');
    assert.equal(
      headerOf({ state: 'done', counts: ten({ accepted: 7, answered: 7, refused: 3 }) }),
      '7 of 10 answered',
    );
    assert.equal(
      headerOf({
        state: 'done',
        counts: ten({ refused: 10 }),
        submissions: [submission({ state: 'refused', code: '-10', callees: 10 })],
      }),
      'Not called: the platform refused (balance)',
    );
    assert.equal(headerOf({ state: 'cancelled', counts: ten({ cancelled: 10 }) }), 'Cancelled');
    assert.equal(headerOf({ state: 'rejected', counts: ten({ cancelled: 10 }) }), 'Rejected');
    assert.equal(
      headerOf({ state: 'done', origin: 'alert', counts: ten({ held: 10 }) }),
      'Not called: a limit or the configuration holds the calls back',
    );
    const listed = { namedLists: ['floor-3', 'leads'], counts: ten({ accepted: 10 }) };
    assert.match(
      seen(renderBoard(request({ state: 'sent', ...listed }), facts).blocks),
      /^\*Lists:\* floor-3 and leads$/m,
    );
    const usual = (loopCount: number) =>
      renderBoard(request({ options: { loopCount } }), { ...facts, defaults: { loopCount: 2 } });
    assert.doesNotMatch(seen(usual(2).blocks) + usual(2).text, /played/, 'nobody chose it');
    assert.match(seen(usual(1).blocks), /: fire-drill, played once$/m);
    assert.match(usual(3).text, /: fire-drill, played 3 times\./);
    const lost = renderBoard(request({ state: 'sent', counts: ten({ unknown: 10 }) }), facts);
    assert.match(seen(lost.blocks), /^<@U0ANN> asked to call \*10 people/m, 'nobody knows whether they ring');
    const redial = renderBoard(
      request({
        ...{ state: 'done', origin: 'redial', repeats: 'r1first', repeatedBy: 'r3third' },
        counts: ten({ accepted: 10, answered: 10 }),
      }),
      facts,
    );
    assert.match(seen(redial.blocks), /^All 10 answered\n<@U0ANN> called \*10 people in Singapore\* again: /);
    assert.match(redial.text, /called 10 people in Singapore again: /);
    assert.match(seen(redial.blocks), / · repeats `r1first` · called again in `r3third`$/m);
  });

  test('what was refused as a whole can be tried again, single refused numbers cannot', () => {
    const again = (some: Parameters<typeof request>[0]) => {
      const board = renderBoard(request({ state: 'done', ...some }), facts);
      const [redial] = everyButton(board.blocks).filter((each) => each.action_id === 'call_redial');
      return redial?.text.text;
    };
    const whole = submission({ id: 's1', state: 'refused', code: '-10', callees: 3 });
    assert.equal(again({ counts: counts({ callees: 3, refused: 3 }), submissions: [whole] }), 'Ask again');
    assert.equal(
      again({
        counts: counts({ callees: 8, accepted: 5, answered: 5, refused: 3 }),
        submissions: [whole, submission({ id: 's2', callees: 5 })],
      }),
      'Call the 3 not called',
    );
    assert.equal(
      again({
        counts: counts({ callees: 5, accepted: 4, answered: 4, refused: 1 }),
        submissions: [submission({ callees: 5 })],
      }),
      undefined,
    );
  });

  test('partly unknown: the words and dialogs name the unknown callees, not the submission', () => {
    const one = submission({ unknown: 3, callees: 200, code: '0' });
    const board = renderBoard(
      request({ counts: counts({ callees: 200, accepted: 197, unknown: 3 }), submissions: [one] }),
      facts,
    );
    assert.match(seen(board.blocks), /^Calling 197 of 200 people: unknown for 3$/m);
    const shown = seen(board.blocks.filter((block) => block.type === 'section').slice(2));
    assert.match(
      shown,
      /Did the phones of 3 of 200 people ring\?\* If you know, mark it here\. Marking calls nobody\.\n.*answered for the other calls, but not for these/,
    );
    const dialogs = everyButton(board.blocks).flatMap((each) => each.confirm?.text.text ?? []);
    assert.deepEqual(dialogs, [
      'You say that the phones of 3 of 200 people rang. Nobody is called.',
      'You say that the phones of 3 of 200 people did not ring. Nobody is called; you can then call them again.',
    ]);
    assert.doesNotMatch(`${shown}${dialogs.join('')}`, /(?<!3 of )200 people/);
    const two = renderBoard(
      request({
        counts: counts({ callees: 400, accepted: 397, unknown: 3 }),
        submissions: [submission({ callees: 200 }), { ...one, id: 's2', ordinal: 2 }],
      }),
      facts,
    );
    assert.match(seen(two.blocks), /Did the phones of 3 of 200 people in group 2 of 2 ring\?/);
  });

  test('nothing left to stop: no Cancel button', () => {
    assert.deepEqual(buttons(renderBoard(request({ state: 'sending' }), facts)), [
      'call_details r7k2m9x0q4ab',
    ]);
    assert.deepEqual(buttons(renderBoard(request({ state: 'done' }), facts)), ['call_details r7k2m9x0q4ab']);
  });

  test('an unknown submission has its own words, with a button for each answer', () => {
    const board = renderBoard(
      request({
        counts: counts({ callees: 200, unknown: 200 }),
        submissions: [
          submission({ state: 'unknown', unknown: 200, callees: 200, code: 'timeout', reason: null }),
        ],
      }),
      facts,
    );
    assert.match(
      seen(board.blocks),
      /^We don't know whether 200 phones rang$[\s\S]*Did the phones of 200 people ring\?\* If you know.*\n.*did not answer in time.*Nobody is called again automatically/m,
    );
    assert.match(board.text, /^We don't know whether 200 phones rang\. /);
    assert.doesNotMatch(`${seen(board.blocks)}${board.text}`, /refused|not answered|not called/i);
    assert.deepEqual(buttons(board), [
      'call_settle s7k2m9x0q4ab:rang',
      'call_settle s7k2m9x0q4ab:silent',
      'call_details r7k2m9x0q4ab',
    ]);
    assert.deepEqual(
      everyButton(board.blocks).flatMap((each) => [each.text.text, each.confirm?.confirm?.text ?? '-']),
      ['Mark as rung', 'Mark as rung', 'Mark as not rung', 'Mark as not rung', 'Details', '-'],
    );
  });

  test('fifty unknown submissions fit, and those left out are counted', () => {
    const board = renderBoard(
      request({
        counts: counts({ callees: 10_000, unknown: 10_000 }),
        note: evilName.repeat(3),
        submissions: Array.from({ length: 50 }, (_, i) =>
          submission({
            id: `s${i}`,
            ordinal: i + 1,
            state: 'unknown',
            unknown: 200,
            callees: 200,
            code: '-18',
            reason: evilName,
            checkedAt: now,
          }),
        ),
      }),
      facts,
    );
    assertMessage(board);
    assert.match(seen(board.blocks), /45 more groups of calls are shown once these are marked/);
  });

  test('says what is not sent yet and when it is retried', () => {
    const board = renderBoard(
      request({
        state: 'sending',
        counts: counts({ callees: 3, waiting: 3 }),
        submissions: [
          submission({ state: 'ready', callees: 3, code: 'connect_refused', nextTryAt: now + 60_000 }),
        ],
      }),
      facts,
    );
    assert.match(
      seen(board.blocks),
      /⏳ \*3 people not called yet:\* The voice platform refused the connection\. Next try <!date\^1767605460\^/,
    );
  });

  test('waiting for approval: by whom, until when, how far; then who decided and why', () => {
    const nameOf = (id: string) => (id === 'U0BEN' ? 'Ben' : null);
    const waiting = request({
      state: 'awaiting_approval',
      counts: counts({ callees: 37, waiting: 37 }),
      submissions: [],
      approval,
      expiresAt: now + 1_800_000,
      decisions: [{ userId: 'U0BEN', decision: 'approve', reason: null, at: now }],
    });
    const board = renderBoard(waiting, { now, nameOf });
    assert.match(
      seen(board.blocks),
      /Waiting for:\* Ben and <!subteam\^S0LEADS>, 1 of 2: Ben, until <!date\^1767607200/,
    );
    assert.match(seen(board.blocks), /Because:\* 37 calls; above 10 needs approval/);
    assert.match(board.text, /^Waiting for approval until 2026-01-05 10:00 UTC\. /);
    assert.ok(buttons(board).includes('call_cancel r7k2m9x0q4ab'));

    const rejected = request({
      ...waiting,
      state: 'rejected',
      outcome: 'not at <night>',
      decisions: [{ userId: 'U0CAT', decision: 'reject', reason: 'not at <night>', at: now }],
    });
    assert.match(
      seen(renderBoard(rejected, facts).blocks),
      /Rejected\* by <@U0CAT> .*“not at &lt;night&gt;”/,
    );
    for (const shown of [
      renderBoard(rejected, facts),
      renderApprovalCard(rejected, facts),
      renderOutcome(rejected, facts),
    ]) {
      assert.equal(seen(shown.blocks).split('⛔').length - 1, 1, 'said once');
    }
    assert.match(
      renderBoard(rejected, { now, nameOf: () => 'Ann' }).text,
      /^Rejected by Ann: “not at &lt;night&gt;”\. Ann asked to call 37 people /,
    );
    const expired = renderBoard({ ...waiting, state: 'expired' }, facts);
    assert.ok(buttons(expired).includes('call_redial r7k2m9x0q4ab'));
    assert.match(seen(expired.blocks), /Ask again/);
  });

  test('one mention for each person, however often they acted', () => {
    const board = renderBoard(
      request({
        state: 'cancelled',
        cancelledBy: 'U0ANN',
        ackedBy: 'U0ANN',
        counts: counts({ callees: 2, cancelled: 2 }),
      }),
      facts,
    );
    assert.equal(seen(board.blocks).split('<@U0ANN>').length - 1, 1);
    assert.match(seen(board.blocks), /Cancelled by the same person: 2 people not called\./);
  });

  test('while calls are running, a stop says that they go on', () => {
    const board = (state: 'sending' | 'done') =>
      seen(
        renderBoard(
          request({ state, cancelledBy: 'U0ANN', counts: counts({ callees: 2, accepted: 1, cancelled: 1 }) }),
          facts,
        ).blocks,
      );
    assert.match(board('sending'), /1 person not called; calls already placed go on\./);
    assert.match(board('done'), /Cancelled by the same person: 1 person not called\./);
    const cancelled = request({
      state: 'cancelled',
      cancelledBy: 'U0ANN',
      counts: counts({ callees: 2, cancelled: 2 }),
    });
    const shown = seen(renderBoard(cancelled, { ...facts, nameOf: () => 'Ann' }).blocks);
    assert.match(shown, /^Cancelled by Ann$/m);
    assert.doesNotMatch(shown, /🛑/, 'the headline says so already');
  });

  test("an alert's board names the rule and what is said, and has Stop and I've got it", () => {
    const alert = request({
      origin: 'alert',
      state: 'sending',
      requestedBy: null,
      ruleName: 'db-critical',
      alertTitle: '<!channel> replica lag',
      audio: { kind: 'text', text: 'Database alert.', language: 'EN' },
      counts: counts({ callees: 2, accepted: 1, waiting: 1 }),
      submissions: [submission(), submission({ id: 's2', ordinal: 2, state: 'ready' })],
    });
    const board = renderBoard(alert, facts);
    assertMessage(board);
    assert.match(
      seen(board.blocks),
      /^Rule \*db-critical\* calls \*2 people in Singapore\*: the text “Database alert\.”, played twice$/m,
    );
    assert.doesNotMatch(seen(board.blocks), /replica lag/, 'its thread says it already');
    const inThread = renderBoard({ ...alert, threadTs: '1767605400.000100' }, facts);
    assert.match(seen(inThread.blocks), /^Rule \*db-critical\* calls \*2 people in Singapore\*\.$/m);
    assert.doesNotMatch(inThread.text, /Database alert/);
    assert.match(
      board.text,
      /^Calling 2 people\. Alert: &lt;!channel&gt; replica lag\. Rule db-critical calls /,
    );
    assert.deepEqual(buttons(board), [
      'call_ack r7k2m9x0q4ab',
      'call_cancel r7k2m9x0q4ab',
      'call_details r7k2m9x0q4ab',
    ]);
    assert.deepEqual(
      everyButton(board.blocks).map((each) => `${each.text.text} ${each.style ?? ''}`),
      ["I've got it primary", 'Stop danger', 'Details '],
    );
    const byName = renderBoard({ ...alert, ackedBy: 'U0BEN' }, { ...facts, nameOf: () => 'Ben' });
    assert.equal(seen(byName.blocks).split('has got it').length, 2, 'said once, by the headline');
    const acked = renderBoard({ ...alert, ackedBy: 'U0BEN' }, facts);
    assert.match(
      seen(acked.blocks),
      /^Somebody has got it · 2 calls still under way$[\s\S]*^🙋 <@U0BEN> has got it\.$/m,
    );
    assert.equal(
      buttons(acked).some((each) => each.startsWith('call_ack')),
      false,
    );
  });

  test('what failed without leaving this machine can be tried again', () => {
    const failed = request({
      state: 'failed',
      counts: counts({ callees: 1, failed: 1 }),
      submissions: [submission({ state: 'failed', code: 'dns', reason: null })],
    });
    const board = renderBoard(failed, facts);
    assert.match(
      seen(board.blocks),
      /^Not called: the platform could not be reached$[\s\S]*Not called\*: 1 person\. .*name could not be resolved.*Check VOICE_API_URL/m,
    );
    assert.ok(buttons(board).includes('call_redial r7k2m9x0q4ab'));
  });

  test('block ids differ within a message', () => {
    const ids = renderBoard(request(), facts).blocks.flatMap((block) => block.block_id ?? []);
    assert.equal(new Set(ids).size, ids.length);
  });
});

suite('what the requester gets instead of a closed channel', () => {
  test('the state and the results are separate, each with its counts', () => {
    const gone = { channelId: 'C0OPS', error: 'is_archived' };
    const some = { counts: counts({ callees: 3, accepted: 2, waiting: 1 }) };
    const board = renderInstead(request({ state: 'sending', ...some }), { ...gone, what: 'board' });
    assertMessage(board);
    assert.match(
      board.text,
      /^Your request: Calling 3 people\. 2 being called · 1 waiting\. You get this here /,
    );
    assert.match(
      seen(board.blocks),
      /\*Calling 3 people\*[\s\S]*the state of your request here, and its results once they are known/,
    );
    const done = {
      state: 'done' as const,
      counts: counts({ callees: 3, accepted: 3, answered: 1, not_answered: 2 }),
    };
    const results = renderInstead(request(done), {
      ...gone,
      what: 'results',
    });
    assertMessage(results);
    assert.match(results.text, /^Results of your request: 1 of 3 answered\. /);
    assert.match(seen(results.blocks), /you get the results here\./);
  });
});

suite('the approval card', () => {
  const open = request({
    state: 'awaiting_approval',
    counts: counts({ callees: 37, waiting: 37 }),
    approval,
    expiresAt: now + 60_000,
  });

  test('does not wait for the person who asks, nor does the board', () => {
    const asked = { ...open, approval: { ...approval, approvers: ['U0ANN', 'U0BEN'], quorum: 1 } };
    assert.match(seen(renderApprovalCard(asked, { now }).blocks), /^⏳ \*Waiting for\* <@U0BEN>, until/m);
    assert.match(seen(renderBoard(asked, { now }).blocks), /^\*Waiting for:\* <@U0BEN>, until/m);
  });

  test('shows consequences, mentions the approvers once and names the people in the dialog', () => {
    const card = renderApprovalCard(
      { ...open, countries: [{ country: 'SG', callees: 37 }] },
      {
        now,
        callsAt: Date.UTC(2026, 0, 5, 16, 30),
        seen: 'abcd',
      },
    );
    assertMessage(card);
    const shown = seen(card.blocks);
    assert.match(shown, /night for \*all 37\* \(00:30 in Singapore\)/);
    assert.equal(shown.split('<@U0BEN>').length - 1, 1);
    assert.match(shown, /^<@U0ANN> asks to call \*37 people in Singapore\*\. Results go to <#C0OPS>\.$/m);
    const few = [call({ name: 'Dana' }), call({ position: 2, callee: '6591110002' })];
    const toFew = renderApprovalCard(open, { now, calls: few });
    assert.match(
      seen(toFew.blocks),
      /asks to call \*37 people[^*]*\*: Dana and \+65 …0002\. Results go to/,
      'a few people by name',
    );
    const approve = everyButton(card.blocks).find((each) => each.action_id === 'call_approve');
    assert.equal(approve?.confirm?.title?.text, 'Approve 37 calls?');
    assert.equal(
      approve?.confirm?.text.text,
      '37 people will be called once the last approval needed is given.',
    );
    const last = renderApprovalCard({ ...open, approval: { ...approval, quorum: 1 } }, facts);
    assert.match(seen(last.blocks), /^Approving calls 37 people now\.$/m);
    assert.deepEqual(buttons(card), [
      'call_approve r7k2m9x0q4ab',
      'call_reject r7k2m9x0q4ab',
      'call_review r7k2m9x0q4ab',
    ]);
    const actions = card.blocks.find((block) => block.type === 'actions');
    assert.equal(seenIn(actions?.block_id ?? ''), 'abcd');
    assert.equal(seenIn('call_decision'), null);
  });

  test('an approver who has approved is not mentioned twice', () => {
    const half = {
      ...open,
      decisions: [{ userId: 'U0BEN', decision: 'approve' as const, reason: null, at: now }],
    };
    assert.equal(seen(renderApprovalCard(half, facts).blocks).split('<@U0BEN>').length - 1, 1);
    assert.match(seen(renderApprovalCard(half, { now, nameOf: () => 'Ben' }).blocks), /1 of 2: Ben/);
  });

  test('who asked and is an approver too stands there by mention, not as "the same person"', () => {
    const own = { ...open, approval: { ...approval, approvers: ['U0ANN', 'U0BEN'] } };
    const shown = seen(renderApprovalCard(own, facts).blocks);
    assert.match(shown, /^<@U0ANN> asks to call /m);
    assert.doesNotMatch(shown, /same person/);
  });

  test('once decided, it has no buttons and says who, when and what', () => {
    const done = renderApprovalCard(
      {
        ...open,
        state: 'sending',
        decisions: [{ userId: 'U0BEN', decision: 'approve', reason: null, at: now }],
      },
      { now, nameOf: () => 'Ben' },
    );
    assert.deepEqual(buttons(done), []);
    assert.match(seen(done.blocks), /^Approved: 37 calls$[\s\S]*Approved\* by Ben <!date/m);
    assert.match(done.text, /^Approved: 37 calls\. 37 people in Singapore: /);
  });
});
