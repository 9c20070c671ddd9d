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
  counts,
  evilName,
  manyCalls,
  now,
  request,
  seen,
  submission,
} from '../samples.ts';

const facts = { now };
const approval = {
  reasons: ['37 callees: more than 10'],
  approvers: ['U0BEN', 'S0LEADS'],
  quorum: 2,
  allowSelfApproval: false,
  channelId: null,
  expiresAfterMs: 1_800_000,
};

suite('the board', () => {
  test('any request is within what Slack takes', () => {
    fc.assert(
      fc.property(anyRequest, (any) => {
        assertMessage(renderBoard(any, facts));
        assertMessage(
          renderApprovalCard(any, { ...facts, night: 3, balance: evilName, unreadableGroups: [evilName] }),
        );
        assertMessage(renderReminder(any, facts));
      }),
      { numRuns: 150, endOnFailure: true },
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
        message: { kind: 'text', text: long, language: long },
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

  test('says who asked, what is played, the counts and a bar while it runs', () => {
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
    assert.match(shown, /<@U0ANN> asked to ring \*200 people in 2 countries\*/);
    assert.match(shown, /fire-drill, played twice/);
    assert.match(shown, /India 150 and Singapore 50/);
    assert.match(shown, /■■■□□□□□□□ 30 % sent/);
    assert.match(shown, /📞 60 accepted · ⏳ 140 not sent yet/);
    assert.equal(board.text.includes('<@'), false);
    assert.match(
      board.text,
      /^Ann asked to ring 200 people in 2 countries: fire-drill, played twice\. Sending\. 60 accepted and 140 not sent yet\.$/,
    );
    assert.deepEqual(buttons(board), ['call_details r7k2m9x0q4ab', 'call_cancel r7k2m9x0q4ab']);
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

  test('its header says what is true at every time', () => {
    const headerOf = (some: Parameters<typeof request>[0]) => {
      const block = renderBoard(request(some), facts).blocks[0];
      return block?.type === 'header' ? block.text.text : '';
    };
    const ten = (some: Parameters<typeof counts>[0]) => counts({ callees: 10, ...some });
    assert.equal(headerOf({ state: 'sending', counts: ten({ waiting: 10 }) }), 'Ringing 10 people');
    assert.equal(headerOf({ state: 'sent', counts: ten({ unknown: 10 }) }), 'May have rung 10 people');
    assert.equal(headerOf({ state: 'done', counts: ten({ accepted: 10 }) }), 'Rang 10 people');
    assert.equal(
      headerOf({ state: 'done', counts: ten({ accepted: 7, refused: 3 }) }),
      'Rang 7 of 10 people',
    );
    assert.equal(headerOf({ state: 'done', counts: ten({ refused: 10 }) }), 'Nobody was rung');
    assert.equal(headerOf({ state: 'cancelled', counts: ten({ cancelled: 10 }) }), 'Nobody was rung');
    assert.equal(headerOf({ state: 'rejected', counts: ten({ cancelled: 10 }) }), 'Asked to ring 10 people');
    assert.equal(
      headerOf({ state: 'done', origin: 'redial', counts: ten({ accepted: 10 }) }),
      'Rang 10 people again',
    );
    assert.equal(
      headerOf({ state: 'done', origin: 'alert', counts: ten({ held: 10 }) }),
      'Alert: nobody was rung',
    );
  });

  test('what was refused as a whole can be tried again, single numbers that were refused cannot', () => {
    const again = (some: Parameters<typeof request>[0]) => {
      const board = renderBoard(request({ state: 'done', ...some }), facts);
      return /(Try again|Ring [^?\n]* again)/.exec(
        JSON.stringify(board.blocks.find((each) => each.type === 'actions')),
      )?.[0];
    };
    const whole = submission({ id: 's1', state: 'refused', code: '-10', callees: 3 });
    assert.equal(again({ counts: counts({ callees: 3, refused: 3 }), submissions: [whole] }), 'Try again');
    assert.equal(
      again({
        counts: counts({ callees: 8, accepted: 5, refused: 3 }),
        submissions: [whole, submission({ id: 's2', callees: 5 })],
      }),
      'Ring 3 people again',
    );
    assert.equal(
      again({
        counts: counts({ callees: 5, accepted: 4, refused: 1 }),
        submissions: [submission({ callees: 5 })],
      }),
      undefined,
    );
  });

  test('partly unknown: the words and the dialogs name those who are unknown, not the submission', () => {
    const one = submission({ unknown: 3, callees: 200, code: '0' });
    const shown = seen(
      renderBoard(
        request({ counts: counts({ callees: 200, accepted: 197, unknown: 3 }), submissions: [one] }),
        facts,
      )
        .blocks.filter((block) => block.type === 'section')
        .slice(2),
    );
    assert.match(
      shown,
      /phones of 3 of 200 people may or may not have rung\. .*tells of the others, but did not say what became/,
    );
    assert.match(shown, /You say that the phones of 3 of 200 people rang/);
    assert.match(shown, /You say that no phone of 3 of 200 people rang/);
    assert.doesNotMatch(shown, /of 200 people (?!rang|may)/);
    const two = renderBoard(
      request({
        counts: counts({ callees: 400, accepted: 397, unknown: 3 }),
        submissions: [submission({ callees: 200 }), { ...one, id: 's2', ordinal: 2 }],
      }),
      facts,
    );
    assert.match(seen(two.blocks), /phones of 3 of 200 people in submission 2 of 2 may or may not/);
  });

  test('nothing left to stop: no cancel button', () => {
    assert.deepEqual(buttons(renderBoard(request({ state: 'sending' }), facts)), [
      'call_details r7k2m9x0q4ab',
    ]);
    assert.deepEqual(buttons(renderBoard(request({ state: 'done' }), facts)), ['call_details r7k2m9x0q4ab']);
  });

  test('an unknown submission stands in its own words, with a button for each answer', () => {
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
      /Unknown\.\* The phones of 200 people may or may not have rung\. .*did not answer in time/,
    );
    assert.doesNotMatch(seen(board.blocks), /refused|Refused/);
    assert.deepEqual(buttons(board).slice(0, 2), [
      'call_settle s7k2m9x0q4ab:rang',
      'call_settle s7k2m9x0q4ab:silent',
    ]);
  });

  test('fifty unknown submissions fit, and the ones left out are counted', () => {
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
    assert.match(seen(board.blocks), /45 more unknown submissions/);
  });

  test('says what has not been sent and when it is tried again', () => {
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
    assert.match(seen(board.blocks), /Not sent yet.*cannot be reached.*next try at <!date\^1767605460\^/);
  });

  test('waiting for approval: for whom, until when, how far; then who decided and why', () => {
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
    assert.match(seen(board.blocks), /37 callees: more than 10/);
    assert.match(board.text, /Waiting for approval until 2026-01-05 10:00 UTC/);
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
      /^Ann asked to ring 37 people .*\. Rejected: “not at &lt;night&gt;”\. /,
    );
    const expired = renderBoard({ ...waiting, state: 'expired' }, facts);
    assert.ok(buttons(expired).includes('call_redial r7k2m9x0q4ab'));
    assert.match(seen(expired.blocks), /Ask again/);
  });

  test('one mention a person, however often they did something', () => {
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
    assert.match(seen(board.blocks), /Stopped by the same person: 2 people were not rung/);
  });

  test("an alert's board names the rule, what is said, and has Stop and I've got it", () => {
    const alert = request({
      origin: 'alert',
      state: 'sending',
      requestedBy: null,
      ruleName: 'db-critical',
      alertTitle: '<!channel> replica lag',
      message: { kind: 'text', text: 'Database alert.', language: 'EN' },
      counts: counts({ callees: 2, accepted: 1, waiting: 1 }),
      submissions: [submission(), submission({ id: 's2', ordinal: 2, state: 'ready' })],
    });
    const board = renderBoard(alert, facts);
    assertMessage(board);
    assert.match(
      seen(board.blocks),
      /Rule \*db-critical\* rings.*[\s\S]*Says:\* the text “Database alert\.” \(EN\)/,
    );
    assert.match(board.text, /db-critical/);
    assert.deepEqual(buttons(board), [
      'call_ack r7k2m9x0q4ab',
      'call_details r7k2m9x0q4ab',
      'call_cancel r7k2m9x0q4ab',
    ]);
    const acked = renderBoard({ ...alert, ackedBy: 'U0BEN' }, facts);
    assert.match(seen(acked.blocks), /<@U0BEN> has got it/);
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
    assert.match(seen(board.blocks), /Failed, never sent.*name could not be resolved.*Check VOICE_API_URL/);
    assert.ok(buttons(board).includes('call_redial r7k2m9x0q4ab'));
  });

  test('block ids differ within the message', () => {
    const ids = renderBoard(request(), facts).blocks.flatMap((block) => block.block_id ?? []);
    assert.equal(new Set(ids).size, ids.length);
  });
});

suite('what goes to the requester instead of a closed channel', () => {
  test('the state and the results are told apart, each with its counts', () => {
    const gone = { channelId: 'C0OPS', error: 'is_archived' };
    const some = { counts: counts({ callees: 3, accepted: 2, waiting: 1 }) };
    const board = renderInstead(request({ state: 'sending', ...some }), { ...gone, what: 'board' });
    assertMessage(board);
    assert.match(board.text, /^Your request to ring .*: Sending\. 2 accepted and 1 not sent yet\./);
    assert.match(seen(board.blocks), /the state of your request here, and its results once it is sent/);
    const results = renderInstead(request({ counts: counts({ callees: 3, accepted: 3 }) }), {
      ...gone,
      what: 'results',
    });
    assertMessage(results);
    assert.match(results.text, /^Results of your request to ring .* 3 accepted\./);
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

  test('shows consequences, mentions the approvers once and names the crowd in the dialog', () => {
    const card = renderApprovalCard(open, {
      now,
      night: 5,
      seen: 'abcd',
    });
    assertMessage(card);
    const shown = seen(card.blocks);
    assert.match(shown, /night for \*5 people\*/);
    assert.equal(shown.split('<@U0BEN>').length - 1, 1);
    assert.match(shown, /Ring 37 people\?/);
    assert.deepEqual(buttons(card), [
      'call_review r7k2m9x0q4ab',
      'call_approve r7k2m9x0q4ab',
      'call_reject r7k2m9x0q4ab',
    ]);
    const actions = card.blocks.find((block) => block.type === 'actions');
    assert.equal(seenIn(actions?.block_id ?? ''), 'abcd');
    assert.equal(seenIn('call_decision'), null);
  });

  test('an approver who approved is not mentioned twice', () => {
    const half = {
      ...open,
      decisions: [{ userId: 'U0BEN', decision: 'approve' as const, reason: null, at: now }],
    };
    assert.equal(seen(renderApprovalCard(half, facts).blocks).split('<@U0BEN>').length - 1, 1);
    assert.match(seen(renderApprovalCard(half, { now, nameOf: () => 'Ben' }).blocks), /1 of 2: Ben/);
  });

  test('once decided it has no buttons and says who, when and what', () => {
    const done = renderApprovalCard(
      {
        ...open,
        state: 'sending',
        decisions: [{ userId: 'U0BEN', decision: 'approve', reason: null, at: now }],
      },
      { now, nameOf: () => 'Ben' },
    );
    assert.deepEqual(buttons(done), []);
    assert.match(seen(done.blocks), /Approved\* by Ben <!date/);
  });
});
