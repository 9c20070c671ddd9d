import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { CallView } from '../../src/calls/request/types.ts';
import { renderApprovalCard } from '../../src/slack/approval/card.ts';
import { rejectView } from '../../src/slack/approval/reject-view.ts';
import { reviewView } from '../../src/slack/approval/review-view.ts';
import { type ConfirmFacts, confirmView } from '../../src/slack/asking/confirm-view.ts';
import { foreignParts } from '../../src/slack/kit/text.ts';
import { detailsView } from '../../src/slack/lookup/details-view.ts';
import { homeView } from '../../src/slack/lookup/home-view.ts';
import { problemView } from '../../src/slack/replies/problem-view.ts';
import { pageSize, pagesOf } from '../../src/slack/words/callee-pages.ts';
import { wordsFor } from '../../src/slack/words/error-words.ts';
import {
  anyCalls,
  anyRequest,
  assertView,
  buttons,
  call,
  counts,
  evilName,
  manyCalls,
  reach,
  request,
  seen,
} from './samples.ts';

const confirmFacts: ConfirmFacts = {
  callees: Array.from({ length: 37 }, (_, i) => ({ callee: String(6_591_110_000 + i), name: null })),
  countries: [
    { country: 'SG', callees: 30 },
    { country: 'IN', callees: 6 },
    { country: 'US', callees: 1 },
  ],
  audio: { kind: 'recording', fileId: '12.mp3', name: 'fire-drill.mp3' },
  options: { loopCount: 2 },
  plan: null,
  whenAt: null,
  note: '',
  channelId: 'C0OPS',
  duplicates: 2,
  doubts: [],
  approval: null,
  askedBy: 'U0ASHA',
  hours: null,
  held: [],
  metadata: '{}',
  wallAt: Date.parse('2026-01-05T09:30:00Z'),
};

suite('the second view', () => {
  test('says what will happen', () => {
    const view = confirmView(confirmFacts);
    assertView(view);
    assert.equal(view.callback_id, 'voicecall_confirm');
    assert.equal(view.submit?.text, 'Call 37 people');
    assert.match(
      seen(view),
      /^\*37 people in 3 countries\*: fire-drill\.mp3, played twice\. Results go to <#C0OPS>\.$/m,
    );
    assert.match(seen(view), /2 duplicates left out/);
    assert.match(seen(view), /A call already placed cannot be stopped\./);
    assert.match(seen(view), /\+65 …0001/);
    assert.doesNotMatch(JSON.stringify(view), /65911100/);
  });

  test('shows in full the numbers that the person gave, and masks those of lists and profiles', () => {
    const callees = [
      { callee: '6591110001', name: null },
      { callee: '6591110002', name: 'Dana' },
      { callee: '6591110003', name: null },
      { callee: '6591110004', name: 'Emil' },
    ];
    const view = confirmView({ ...confirmFacts, callees, own: new Set(['6591110001', '6591110002']) });
    assert.match(seen(view), /• \+6591110001\n• Dana \+6591110002\n• \+65 …0003\n• Emil \+65 …0004/);
  });

  test('says when each was reached, unless that is the same empty word for everybody', () => {
    const callees = ['6591110001', '6591110002'].map((callee) => ({ callee, name: null }));
    const now = Date.UTC(2026, 0, 5);
    const shown = (at: [string, number][]) =>
      seen(confirmView({ ...confirmFacts, callees, reached: { at: new Map(at), now } }));
    assert.match(
      shown([['6591110001', now - 60_000]]),
      /• \+65 …0001 · last reached within the hour\n• \+65 …0002 · never reached/,
    );
    assert.doesNotMatch(shown([]), /reached/);
  });

  test('says where it is night, in local time where there is one', () => {
    const night = (countries: { country: string; callees: number }[], iso: string) =>
      /It [^.]*\./.exec(seen(confirmView({ ...confirmFacts, countries, wallAt: Date.parse(iso) })))?.[0];
    const india = { country: 'IN', callees: 3 };
    const america = { country: 'US', callees: 2 };
    assert.equal(night([india], '2026-01-05T09:30:00Z'), undefined);
    assert.equal(night([india], '2026-01-05T20:00:00Z'), 'It is night for *all 3* (01:30 in India).');
    assert.equal(
      night([{ ...india, callees: 2 }], '2026-01-05T20:00:00Z'),
      'It is night for *both* (01:30 in India).',
    );
    assert.equal(
      night([{ ...india, callees: 1 }], '2026-01-05T20:00:00Z'),
      'It is night for *1 person* (01:30 in India).',
    );
    assert.equal(
      night([india, america], '2026-01-05T09:30:00Z'),
      'It is night for *2 of 5* (United States).',
    );
    const later = { ...confirmFacts, countries: [india], whenAt: Date.parse('2026-01-05T20:00:00Z') };
    assert.match(seen(confirmView(later)), /It will be night for \*all 3\* \(01:30 in India\)\./);
  });

  test('options are one line, which begins with a capital', () => {
    const view = confirmView({ ...confirmFacts, options: { maxDuration: 50, maxRingingTime: 30 } });
    assert.match(seen(view), /^A call lasts 50 s at most, rings for 30 s at most/m);
    const usual = confirmView({
      ...confirmFacts,
      options: { maxDuration: 50, maxRingingTime: 30 },
      defaults: { maxDuration: 50, maxRingingTime: 20 },
    });
    assert.match(seen(usual), /^Rings for 30 s at most/m, 'the configuration’s own are left out');
  });

  test('the button names what it does', () => {
    const approval = {
      ...{ reasons: [], approvers: ['U0BEN'], quorum: 1, allowSelfApproval: false },
      ...{ channelId: null, expiresAfterMs: 1 },
    };
    const button = (some: Partial<ConfirmFacts>) => confirmView({ ...confirmFacts, ...some }).submit?.text;
    const whenAt = 1_800_000_000_000;
    assert.equal(button({ callees: confirmFacts.callees.slice(0, 1) }), 'Call 1 person');
    assert.equal(button({ whenAt }), 'Schedule');
    assert.equal(button({ whenAt, approval }), 'Ask for approval');
    assert.match(seen(confirmView({ ...confirmFacts, whenAt })), /You can cancel until then\./);
  });

  test('who asks is not named among those who may approve, unless that is allowed', () => {
    const ask = {
      ...{ reasons: [], approvers: ['U0ASHA', 'U0BEN'], quorum: 1, allowSelfApproval: false },
      ...{ channelId: null, expiresAfterMs: 1 },
    };
    const needs = (some: Partial<typeof ask>) =>
      /\*Needs approval\* by [^.]*/.exec(
        seen(confirmView({ ...confirmFacts, approval: { ...ask, ...some } })),
      )?.[0];
    assert.equal(needs({}), '*Needs approval* by <@U0BEN>');
    assert.equal(needs({ allowSelfApproval: true }), '*Needs approval* by <@U0ASHA> or <@U0BEN>');
    assert.equal(
      needs({ approvers: ['U0ASHA'] }),
      '*Needs approval* by another approver, but the configuration names none',
    );
  });

  test('a small group is listed whole, of a larger one the first few', () => {
    const listed = (callees: ConfirmFacts['callees']) =>
      seen(confirmView({ ...confirmFacts, callees })).match(/• .*/g);
    assert.equal(listed(confirmFacts.callees.slice(0, 10))?.length, 10);
    assert.deepEqual(listed(confirmFacts.callees.slice(0, 11))?.slice(4), ['• +65 …0004', '• and 6 more']);
  });

  test('ten thousand callees, many doubts and everything long', () => {
    const callees = Array.from({ length: 10_000 }, (_, i) => ({
      callee: String(6_591_110_000 + i),
      name: evilName,
    }));
    const long = '&'.repeat(10_000);
    const view = confirmView({
      ...{ ...confirmFacts, callees, note: long },
      countries: Array.from({ length: 240 }, () => ({ country: 'GS', callees: 9_999 })),
      audio: { kind: 'text', text: long, language: long },
      options: { displayNum: long, maxDuration: 50, maxRingingTime: 60, loopCount: 3 },
      ...{ doubts: Array.from({ length: 500 }, () => long), held: Array.from({ length: 50 }, () => long) },
      approval: {
        ...{
          reasons: Array.from({ length: 9 }, () => long),
          approvers: Array.from({ length: 60 }, () => 'U0BEN'),
        },
        ...{ quorum: 2, allowSelfApproval: false, channelId: null, expiresAfterMs: 1 },
      },
    });
    assertView(view);
    assert.equal(view.title.text, 'Call 10,000 people?');
    assert.equal(view.submit?.text, 'Ask for approval');
    assert.match(seen(view), /500 numbers may be wrong/);
    assert.match(seen(view), /and 9,995 more/);
    assert.match(seen(view), /Needs approval\* by 2 of/);
  });
});

suite('the other views', () => {
  test('a request that waits for the reader begins with whom it calls, as the heading says the rest', () => {
    const waiting = [request({ state: 'awaiting_approval', alertTitle: 'db-3' })];
    const view = homeView({
      mayCall: true,
      approver: true,
      contactCard: false,
      recent: [],
      scheduled: [],
      alerts: [],
      waiting,
    });
    assert.match(seen(view), /^Waiting for your approval\n\*1 person in Singapore\* · db-3\nfire-drill/m);
    assert.doesNotMatch(seen(view), /Waiting for approval/);
    assert.match(seen(view), /All requests/, 'the history of an approver has the requests of everybody');
  });

  test('what can be cancelled has Cancel in the Home tab too, and a scheduled request is listed once', () => {
    const waits = { counts: counts({ callees: 1, waiting: 1 }) };
    const [open, scheduled, over] = [
      request({ id: 'ropen', state: 'awaiting_approval', submissions: [], ...waits }),
      request({ id: 'rlater', state: 'scheduled', submissions: [], whenAt: 1, ...waits }),
      request({ id: 'rover', state: 'done' }),
    ];
    const some = { mayCall: true, approver: false, contactCard: false, waiting: [], alerts: [] };
    const view = homeView({ ...some, recent: [scheduled, open, over], scheduled: [scheduled] });
    assertView(view);
    assert.deepEqual(
      buttons(view).filter((each) => /call_(cancel|details)/.test(each)),
      [
        'call_cancel rlater',
        'call_details rlater',
        'call_cancel ropen',
        'call_details ropen',
        'call_details rover',
      ],
    );
    assert.match(seen(view), /My requests/);
  });

  test('any request and any calls are within Slack’s limits', () => {
    fc.assert(
      fc.property(anyRequest, anyCalls, fc.boolean(), (any, calls, masked) => {
        const page = { page: 1, pages: 3, metadata: '{}', masked };
        assertView(reviewView(any, calls, { ...page, mayDecide: true, seen: 'ab' }));
        assertView(detailsView(any, calls, { ...page, fileSent: true, history: calls.map(() => 'event') }));
        assertView(rejectView(any, '{}'));
        const named = (prefix: string) =>
          Array.from({ length: 30 }, (_, index) => ({ ...any, id: `${prefix}${index}` }));
        const many = Array(30).fill(any);
        assertView(
          homeView({
            mayCall: masked,
            approver: !masked,
            contactCard: !masked,
            recent: named('recent'),
            scheduled: named('later'),
            waiting: many,
            alerts: many,
          }),
        );
      }),
      { numRuns: 60, endOnFailure: true },
    );
    assertView(
      homeView({
        ...{ mayCall: true, approver: false, contactCard: true },
        ...{ recent: [], scheduled: [], waiting: [], alerts: [] },
      }),
    );
    assertView(problemView(wordsFor(new Error('x'), 'x1')));
  });

  test('the review is masked unless allowed, and has both buttons only for those who may decide', () => {
    const open = request({ state: 'awaiting_approval', counts: counts({ callees: 120, waiting: 120 }) });
    const page = { page: 0, pages: pagesOf(120), metadata: '{}', mayDecide: true };
    const calls = manyCalls(pageSize);
    const masked = reviewView(open, calls, { ...page, masked: true });
    assert.doesNotMatch(JSON.stringify(masked), /65911100/);
    assert.match(seen(masked), /Page 1 of 3 · numbers are masked/);
    assert.deepEqual(buttons(masked), [
      'call_approve r7k2m9x0q4ab',
      'call_reject r7k2m9x0q4ab',
      'review_next r7k2m9x0q4ab:1',
    ]);
    const night = Date.parse('2026-01-05T18:00:00Z');
    const why = reviewView(
      {
        ...open,
        countries: [{ country: 'SG', callees: 120 }],
        approval: {
          reasons: ['120 calls within an hour'],
          ...{ approvers: ['U0BEN'], quorum: 1, allowSelfApproval: false, channelId: null },
          expiresAfterMs: 60_000,
        },
      },
      calls,
      { ...page, masked: true, callsAt: night },
    );
    assert.match(
      seen(why),
      /<@U0ANN> asks to call \*120 people in Singapore\*\. Results go to <#C0OPS>\.\n\*They hear:\* fire-drill/,
    );
    assert.match(
      seen(why),
      /It is night for \*all[\s\S]*\*Needs approval because:\* 120 calls within an hour/,
    );
    const full = reviewView(open, calls, { ...page, masked: false, mayDecide: false });
    assert.match(seen(full), /\+6591110000/);
    assert.deepEqual(buttons(full), ['review_next r7k2m9x0q4ab:1']);
    assert.deepEqual(buttons(reviewView({ ...open, state: 'expired' }, calls, { ...page, masked: true })), [
      'review_next r7k2m9x0q4ab:1',
    ]);
  });

  test('the review shows the whole text and the whole note, with any characters', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('&', '<', 'a', ' ', '😀', 'é'), minLength: 600, maxLength: 1_000 }),
        fc.string({ unit: fc.constantFrom('&', '>', 'z', '9'), minLength: 600, maxLength: 935 }),
        (text, note) => {
          const open = request({
            state: 'awaiting_approval',
            audio: { kind: 'text', text, language: 'EN' },
            note,
          });
          const view = reviewView(open, [], {
            page: 0,
            pages: 1,
            metadata: '{}',
            mayDecide: true,
            masked: false,
          });
          assertView(view);
          const shown = view.blocks
            .map((block) => ('text' in block && typeof block.text === 'object' ? block.text.text : ''))
            .join('')
            .replace(/^.*?The whole text/s, '');
          for (const whole of [text, note]) assert.ok(shown.includes(foreignParts(whole, 1e6).join('')));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('the card says where everything can be read, if it does not fit', () => {
    const text = 'a'.repeat(900);
    const open = request({ state: 'awaiting_approval', audio: { kind: 'text', text, language: 'EN' } });
    assert.match(JSON.stringify(renderApprovalCard(open, { now: 0 })), /press \*Review\* to read the whole/);
    const short = request({ state: 'awaiting_approval', note: 'n'.repeat(600) });
    assert.doesNotMatch(JSON.stringify(renderApprovalCard(short, { now: 0 })), /press \*Review\*/);
  });

  test('details show each result in words, and go back from the last page', () => {
    const calls: CallView[] = [
      call({ name: 'A<b>', state: 'not_answered', callStatus: '10', terminationCode: '486' }),
    ];
    const view = detailsView(request(), calls, { page: 2, pages: 3, masked: false, metadata: '{}' });
    assert.match(
      seen(view),
      /1\. A&lt;b&gt; \+6591110001: 📵 not answered · busy · code 486 · voiceId 2601050930110000001/,
    );
    assert.deepEqual(buttons(view), ['details_previous r7k2m9x0q4ab:1']);
  });

  test('details: the numbers add up, and a key is a confirmation only where the request demands it', () => {
    const some = { callees: 4, accepted: 3, answered: 2, confirmed: 1, not_answered: 1, refused: 1 };
    const keyed = [
      call({ state: 'answered', callDuration: 9, feedbackValue: '1', confirmed: true }),
      call({ state: 'answered', callDuration: 8, position: 2 }),
    ];
    const shown = (until: 'answered' | 'confirmed') => {
      const any = request({ state: 'done', counts: counts(some), reach: reach({}, until) });
      return seen(detailsView(any, keyed, { page: 0, pages: 1, masked: true, metadata: '{}' }));
    };
    const answered = shown('answered');
    assert.match(answered, /📞 3 accepted \(✅ 2 answered; 📵 1 not answered\) · ⛔ 1 refused/);
    assert.match(answered, /0001: ✅ answered · 9 s, pressed 1 · /);
    assert.doesNotMatch(answered, /confirmed/);
    const confirmed = shown('confirmed');
    assert.match(
      confirmed,
      /📞 3 accepted \(✅ 1 confirmed; ⚠️ 1 answered, not confirmed; 📵 1 not answered\) · ⛔ 1 refused/,
    );
    assert.match(confirmed, /0001: ✅ confirmed · 9 s, pressed 1 · /);
    assert.match(confirmed, /0001: ⚠️ answered, not confirmed · 8 s · /);
  });

  test('reject asks for a reason', () => {
    const view = rejectView(request(), '{"requestId":"r1"}');
    assert.equal(view.callback_id, 'voicecall_reject');
    assert.ok(view.blocks.some((block) => block.block_id === 'reason'));
    assert.equal(view.private_metadata, '{"requestId":"r1"}');
  });
});
