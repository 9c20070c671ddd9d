import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { finishedRequestStates } from '../../../src/calls/request/states.ts';
import type { RequestView } from '../../../src/calls/request/types.ts';
import { renderBoard } from '../../../src/slack/board/board.ts';
import { headline } from '../../../src/slack/words/headline.ts';
import { anyRequest, anyTrueRequest, counts, evilName, now, reach, request, submission } from '../samples.ts';

const names: Record<string, string> = { U0ANN: 'Ann', U0BEN: 'Ben' };
const nameOf = (id: string) => (Object.hasOwn(names, id) ? (names[id] ?? null) : null);
const of = (some: Parameters<typeof counts>[0]) => ({ counts: counts(some) });

const refused = (code: string, n: number): Partial<RequestView> => ({
  state: 'done',
  ...of({ callees: n, refused: n }),
  submissions: [submission({ state: 'refused', code, callees: n })],
});
const settled = (rang: boolean, by: string | null, calls: number) =>
  submission({ state: 'settled', settledBy: by, settledAsCalled: rang, settledCalls: calls, callees: calls });
const ready = (some: Parameters<typeof submission>[0], callees = 2): Partial<RequestView> => ({
  state: 'sending',
  ...of({ callees, waiting: callees }),
  submissions: [submission({ state: 'ready', code: null, callees, ...some })],
});
const confirmed = { reach: reach({}, 'confirmed') };

const table: [what: string, request: Partial<RequestView>, headline: string][] = [
  [
    'waits for approval',
    { state: 'awaiting_approval', ...of({ callees: 3, waiting: 3 }) },
    'Waiting for approval',
  ],
  [
    'rejected',
    {
      state: 'rejected',
      decisions: [{ userId: 'U0BEN', decision: 'reject', reason: 'not now', at: now }],
    },
    'Rejected by Ben',
  ],
  [
    'rejected by somebody whose name is not known',
    { state: 'rejected', decisions: [{ userId: 'U0CAT', decision: 'reject', reason: 'no', at: now }] },
    'Rejected',
  ],
  ['expired', { state: 'expired' }, 'Not called: nobody approved in time'],
  [
    'cancelled',
    { state: 'cancelled', cancelledBy: 'U0ANN', ...of({ callees: 2, cancelled: 2 }) },
    'Cancelled by Ann',
  ],
  [
    'cancelled by nobody knows whom',
    { state: 'cancelled', ...of({ callees: 2, cancelled: 2 }) },
    'Cancelled',
  ],
  [
    'cancelled because the alert was resolved',
    { state: 'cancelled', cancelledBy: 'voicecall', ...of({ callees: 2, cancelled: 2 }) },
    'Not called: the alert is over',
  ],
  [
    'cancelled because somebody has got it',
    { state: 'cancelled', cancelledBy: 'U0BEN', ackedBy: 'U0BEN', ...of({ callees: 2, cancelled: 2 }) },
    'Not called: Ben has got it',
  ],
  [
    'cancelled by one person, taken by another',
    { state: 'cancelled', cancelledBy: 'U0ANN', ackedBy: 'U0BEN', ...of({ callees: 2, cancelled: 2 }) },
    'Ben has got it · Cancelled by Ann',
  ],
  [
    'cancelled when one had been called: what became of that call counts',
    {
      state: 'cancelled',
      cancelledBy: 'U0ANN',
      ...of({ callees: 3, accepted: 1, answered: 1, cancelled: 2 }),
    },
    '1 of 3 answered',
  ],
  [
    'cancelled when one may have been called',
    { state: 'cancelled', cancelledBy: 'U0ANN', ...of({ callees: 3, unknown: 1, cancelled: 2 }) },
    "We don't know whether 1 of 3 phones rang",
  ],
  ['approved', { state: 'approved', ...of({ callees: 3, waiting: 3 }) }, 'Calling 3 people'],
  ['being sent', { state: 'sending', ...of({ callees: 1, waiting: 1 }) }, 'Calling 1 person'],
  [
    'being called, one has answered',
    { state: 'sent', ...of({ callees: 3, accepted: 3, answered: 1 }) },
    'Calling 2 of 3 people: 1 answered',
  ],
  [
    'being called, one answered and one unknown',
    { state: 'sending', ...of({ callees: 4, accepted: 2, answered: 1, unknown: 1, waiting: 1 }) },
    'Calling 2 of 4 people: 1 answered and unknown for 1',
  ],
  [
    'held back by a limit',
    ready({ code: 'per_callee', heldUntil: now }),
    'Not called yet: a limit holds the calls back until 2026-01-05 09:30 UTC',
  ],
  [
    'the platform cannot be reached',
    ready({ code: 'connect_refused', nextTryAt: now }),
    'Not called yet: the platform cannot be reached',
  ],
  [
    'the platform answers, but takes no calls now',
    ready({ code: '-15', nextTryAt: now }),
    'Not called yet: the platform was asked too often',
  ],
  [
    'one group waits, another was called',
    {
      ...ready({ code: 'connect_refused', nextTryAt: now }),
      ...of({ callees: 3, accepted: 1, waiting: 2 }),
    },
    'Calling 3 people',
  ],
  [
    'all are told, and it is not closed yet',
    { state: 'sent', ...of({ callees: 2, accepted: 2, not_answered: 2 }) },
    'Nobody answered (0 of 2)',
  ],
  [
    'nobody answered, and it calls again later',
    { state: 'sent', reach: reach({ running: true }), ...of({ callees: 2, accepted: 2, not_answered: 2 }) },
    'Nobody answered yet (0 of 2)',
  ],
  [
    'one answered without the key, and it calls again later',
    {
      state: 'sent',
      reach: reach({ running: true }, 'confirmed'),
      ...of({ callees: 2, accepted: 2, answered: 1, reached: 0, not_answered: 1 }),
    },
    'Nobody confirmed yet (1 of 2 answered)',
  ],
  [
    'some are reached, and it calls others again later',
    {
      state: 'sent',
      reach: reach({ running: true }),
      ...of({ callees: 3, accepted: 3, answered: 1, reached: 1, not_answered: 2 }),
    },
    '1 of 3 answered so far',
  ],
  [
    'the platform refused the first step, and the next step is still to come',
    { state: 'sent', reach: reach({ running: true }), ...of({ callees: 2, refused: 2 }) },
    'Not called yet: the platform refused',
  ],
  [
    'one is called now, the others when their hours begin',
    {
      state: 'sending',
      submissions: [submission(), submission({ state: 'ready', callees: 3, opensAt: 9 })],
      ...of({ callees: 4, accepted: 1, waiting: 3 }),
    },
    'Calling 1 of 4 people',
  ],
  [
    'one was called, the others are called when their hours begin',
    {
      state: 'sending',
      submissions: [submission(), submission({ state: 'ready', callees: 3, opensAt: 9 })],
      ...of({ callees: 4, accepted: 1, answered: 1, reached: 1, waiting: 3 }),
    },
    '1 of 4 answered so far',
  ],
  [
    'it calls again',
    {
      state: 'sent',
      reach: reach({ running: true, attempt: 2 }),
      ...of({ callees: 2, accepted: 2, not_answered: 1 }),
    },
    'Calling 1 of 2 people',
  ],
  [
    'nobody answered',
    { state: 'done', ...of({ callees: 2, accepted: 2, not_answered: 2 }) },
    'Nobody answered (0 of 2)',
  ],
  [
    'some answered',
    { state: 'done', ...of({ callees: 4, accepted: 4, answered: 1, not_answered: 3 }) },
    '1 of 4 answered',
  ],
  [
    'some refused, the rest answered',
    { state: 'done', ...of({ callees: 10, accepted: 7, answered: 7, refused: 3 }) },
    '7 of 10 answered',
  ],
  [
    'all answered',
    { state: 'done', ...of({ callees: 1_200, accepted: 1_200, answered: 1_200 }) },
    'All 1,200 answered',
  ],
  ['the only one answered', { state: 'done', ...of({ callees: 1, accepted: 1, answered: 1 }) }, 'Answered'],
  [
    'all answered, while it is still open',
    { state: 'sent', reach: reach({ running: true }), ...of({ callees: 3, accepted: 3, answered: 3 }) },
    'All 3 answered',
  ],
  [
    'until confirmed: answering is not enough',
    {
      state: 'done',
      ...confirmed,
      ...of({ callees: 2, accepted: 2, answered: 1, not_answered: 1, confirmed: 0, reached: 0 }),
    },
    'Nobody confirmed (1 of 2 answered)',
  ],
  [
    'until confirmed: some did',
    {
      state: 'done',
      ...confirmed,
      ...of({ callees: 3, accepted: 3, answered: 2, not_answered: 1, confirmed: 1, reached: 1 }),
    },
    '1 of 3 confirmed',
  ],
  [
    'until confirmed: all did',
    {
      state: 'done',
      ...confirmed,
      ...of({ callees: 2, accepted: 2, answered: 2, confirmed: 2, reached: 2 }),
    },
    'All 2 confirmed',
  ],
  [
    'until confirmed: the only one did',
    {
      state: 'done',
      ...confirmed,
      ...of({ callees: 1, accepted: 1, answered: 1, confirmed: 1, reached: 1 }),
    },
    'Confirmed',
  ],
  [
    'until confirmed: nobody even answered',
    { state: 'done', ...confirmed, ...of({ callees: 2, accepted: 2, not_answered: 2 }) },
    'Nobody answered (0 of 2)',
  ],
  [
    'unknown, all of it',
    { state: 'sent', ...of({ callees: 2, unknown: 2 }) },
    "We don't know whether 2 phones rang",
  ],
  [
    'unknown, one',
    { state: 'sent', ...of({ callees: 1, unknown: 1 }) },
    "We don't know whether the phone rang",
  ],
  [
    'unknown, some',
    { state: 'done', ...of({ callees: 5, accepted: 3, not_answered: 3, unknown: 2 }) },
    "We don't know whether 2 of 5 phones rang",
  ],
  [
    'unknown, and some answered',
    { state: 'done', ...of({ callees: 5, accepted: 3, answered: 1, not_answered: 2, unknown: 2 }) },
    '1 of 5 answered, unknown for 2',
  ],
  ['no result came', { state: 'done', ...of({ callees: 2, accepted: 2 }) }, 'No result for 2 people'],
  [
    'no result came for some',
    { state: 'done', ...of({ callees: 3, accepted: 3, not_answered: 2 }) },
    'No result for 1 of 3 people',
  ],
  ['refused: the balance', refused('-10', 2), 'Not called: the platform refused (balance)'],
  ['refused: the key', refused('-1', 2), 'Not called: the platform refused (credentials)'],
  ['refused: the place', refused('-9', 2), 'Not called: the platform refused (destination)'],
  ['refused, each number by itself', refused('0', 2), 'Not called: the platform refused'],
  [
    'refused for two reasons',
    {
      state: 'done',
      ...of({ callees: 2, refused: 2 }),
      submissions: [
        submission({ state: 'refused', code: '-10' }),
        submission({ state: 'refused', code: '-1' }),
      ],
    },
    'Not called: the platform refused',
  ],
  [
    'the account is refused, and so the rest is not sent',
    {
      state: 'done',
      ...of({ callees: 400, refused: 200, failed: 200 }),
      submissions: [
        submission({ state: 'refused', code: '-1', callees: 200 }),
        submission({ state: 'failed', code: '-1', callees: 200 }),
      ],
    },
    'Not called: the platform refused (credentials)',
  ],
  [
    'failed without leaving this machine',
    {
      state: 'failed',
      ...of({ callees: 1, failed: 1 }),
      submissions: [submission({ state: 'failed', code: 'dns' })],
    },
    'Not called: the platform could not be reached',
  ],
  [
    'failed because the platform took no calls for too long',
    {
      state: 'failed',
      ...of({ callees: 1, failed: 1 }),
      submissions: [submission({ state: 'failed', code: '-15' })],
    },
    'Not called: the platform was asked too often',
  ],
  [
    'forbidden by the configuration',
    {
      state: 'done',
      ...of({ callees: 1, held: 1 }),
      submissions: [submission({ state: 'held', code: 'denied' })],
    },
    'Not called: a limit or the configuration holds the calls back',
  ],
  [
    'held by a limit for good',
    {
      state: 'done',
      ...of({ callees: 1, held: 1 }),
      submissions: [submission({ state: 'held', code: 'calls_per_hour' })],
    },
    'Not called: a limit is used up',
  ],
  [
    'over before anybody was called',
    { state: 'done', cancelledBy: 'voicecall', ...of({ callees: 1, cancelled: 1 }) },
    'Not called: the alert is over',
  ],
  [
    'enough were reached by others',
    { state: 'done', reach: reach({ endedBy: 'enough' }), ...of({ callees: 1, cancelled: 1 }) },
    'Not called: enough people were reached',
  ],
  ['stopped', { state: 'done', ...of({ callees: 1, cancelled: 1 }) }, 'Not called: it was stopped'],
  ['nobody to call', { state: 'done', submissions: [], ...of({}) }, 'Not called: nobody to call'],
  [
    'a person said that they did not ring',
    { state: 'done', ...of({ callees: 2, failed: 2 }), submissions: [settled(false, 'U0ANN', 2)] },
    'Marked as not rung by Ann',
  ],
  [
    'a person said that they rang',
    { state: 'sent', ...of({ callees: 2, accepted: 2 }), submissions: [settled(true, 'U0ANN', 2)] },
    'Marked as rung by Ann',
  ],
  [
    'two people said so, one of them not known by name',
    {
      state: 'done',
      ...of({ callees: 2, failed: 2 }),
      submissions: [settled(false, 'U0ANN', 1), settled(false, 'U0CAT', 1)],
    },
    'Marked as not rung by Ann and a person',
  ],
  [
    'a person said so of some, and the rest was stopped',
    {
      state: 'done',
      ...of({ callees: 3, failed: 2, cancelled: 1 }),
      submissions: [settled(false, 'U0ANN', 2), submission({ state: 'cancelled' })],
    },
    'Marked as not rung by Ann (2 of 3)',
  ],
  [
    'a person said so of a few, and the many are still being called',
    {
      state: 'sent',
      ...of({ callees: 200, accepted: 200 }),
      submissions: [submission({ callees: 200, settledBy: 'U0ANN', settledAsCalled: true, settledCalls: 3 })],
    },
    'Calling 197 of 200 people',
  ],
  [
    'a person said that a few rang, and the many have answered: nobody is being called',
    {
      state: 'sent',
      ...of({ callees: 200, accepted: 200, answered: 197 }),
      submissions: [submission({ callees: 200, settledBy: 'U0ANN', settledAsCalled: true, settledCalls: 3 })],
    },
    '197 of 200 answered, unknown for 3',
  ],
  [
    'a person said so of some, and nobody knows of others',
    {
      state: 'sent',
      ...of({ callees: 3, failed: 2, unknown: 1 }),
      submissions: [settled(false, 'U0ANN', 2), submission({ state: 'unknown', unknown: 1 })],
    },
    "We don't know whether 1 of 3 phones rang",
  ],
  [
    'an alert that somebody has got',
    { origin: 'alert', state: 'sent', ackedBy: 'U0BEN', ...of({ callees: 2, accepted: 2, answered: 1 }) },
    'Ben has got it · 1 of 2 answered, 1 call still under way',
  ],
  [
    'an alert that is resolved while the calls are still under way',
    { origin: 'alert', state: 'sent', resolvedAt: 1, ...of({ callees: 2, accepted: 2 }) },
    'Resolved · 2 calls still under way',
  ],
  [
    'stopped while some calls are still under way',
    {
      state: 'sent',
      cancelledBy: 'U0ANN',
      ...of({ callees: 4, accepted: 3, answered: 1, reached: 1, cancelled: 1 }),
    },
    '1 of 4 answered, 2 calls still under way',
  ],
  [
    'an alert that somebody has got, with a call under way and one that is unknown',
    { origin: 'alert', state: 'sent', ackedBy: 'U0BEN', ...of({ callees: 2, accepted: 1, unknown: 1 }) },
    'Ben has got it · unknown for 1, 1 call still under way',
  ],
  [
    'an alert that somebody has got whose name is not known',
    { origin: 'alert', state: 'done', ackedBy: 'U0CAT', ...of({ callees: 1, accepted: 1, not_answered: 1 }) },
    'Somebody has got it · Nobody answered (0 of 1)',
  ],
  [
    'an alert taken on the phone',
    {
      origin: 'alert',
      state: 'done',
      ackedBy: 'callee:Asha',
      ...of({ callees: 1, accepted: 1, answered: 1 }),
    },
    'Asha has got it · Answered',
  ],
  [
    'an alert taken in the monitoring tool',
    { origin: 'alert', state: 'done', ackedBy: 'tool:Ben (PagerDuty)', ...of({ callees: 1, unknown: 1 }) },
    "Ben (PagerDuty) has got it · We don't know whether the phone rang",
  ],
  [
    'an alert that is over',
    {
      ...{ origin: 'alert', state: 'done', resolvedAt: now, ackedBy: 'U0BEN' },
      ...of({ callees: 2, accepted: 2, not_answered: 2 }),
    },
    'Resolved · Nobody answered (0 of 2)',
  ],
  [
    'an alert that is over while nobody knows of a phone',
    { origin: 'alert', state: 'sent', resolvedAt: now, ...of({ callees: 2, unknown: 2 }) },
    "Resolved · We don't know whether 2 phones rang",
  ],
];

suite('the headline', () => {
  for (const [what, some, expected] of table) {
    test(`${what}: ${expected}`, () => {
      assert.equal(headline(request(some), nameOf), expected);
    });
  }

  test('every state of a request is in the table', () => {
    const states = new Set(table.map(([, { state }]) => state));
    const all = [...finishedRequestStates, 'awaiting_approval', 'approved', 'sending', 'sent'] as const;
    assert.deepEqual([...states].toSorted(), [...new Set(all)].toSorted());
  });

  test('any request: one line that fits a header, and the board begins with it', () => {
    fc.assert(
      fc.property(anyRequest, (any) => {
        for (const name of [nameOf, () => evilName, (id: string) => `${id} of the crew`]) {
          const said = headline(any, name);
          assert.notEqual(said, '');
          assert.doesNotMatch(said, /[\r\n\u202e]/);
          assert.doesNotMatch(said, /undefined|NaN|null|Infinity/);
          // Only the names of those who marked calls may be cut; they come last.
          if (said.length > 150) assert.match(said.slice(0, 110), /Marked as (not )?rung by/);
          const [first] = renderBoard(any, { now, nameOf: name }).blocks;
          assert.ok(first?.type === 'header' && first.text.text.length <= 150);
          assert.ok(said.startsWith(first.text.text.replace(/…$/, '')));
          assert.doesNotMatch(first.text.text, / UTC$/, 'the board shows times in the zone of the reader');
        }
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test('it claims no answer that nobody gave', () => {
    fc.assert(
      fc.property(anyTrueRequest, (any) => {
        const said = outcomeIn(any);
        const { answered, confirmed: pressed, callees } = any.counts;
        if (answered === 0)
          assert.doesNotMatch(said.replace(/^Nobody answered (yet )?\(0 of [\d,]+\)$/, ''), /answered/i);
        if (pressed === 0) assert.doesNotMatch(said.replace(/^Nobody confirmed (yet )?\(/, ''), /confirmed/i);
        if (/^(All [\d,]+ )?answered$/i.test(said)) assert.equal(answered, callees);
        if (/^(All [\d,]+ )?confirmed$/i.test(said)) assert.equal(pressed, callees);
        if (said.startsWith('Nobody answered')) assert.equal(answered, 0);
      }),
      { numRuns: 1_000, endOnFailure: true },
    );
  });

  test('it claims that nobody was called only where that is known', () => {
    fc.assert(
      fc.property(anyTrueRequest, (any) => {
        const said = outcomeIn(any);
        if (!/^(Not called|Cancelled|Rejected|Waiting)/.test(said)) return;
        assert.deepEqual([any.counts.accepted, any.counts.unknown], [0, 0], said);
      }),
      { numRuns: 1_000, endOnFailure: true },
    );
  });

  test('what is unknown is always said, never as refused or not answered', () => {
    fc.assert(
      fc.property(anyTrueRequest, (any) => {
        const said = outcomeIn(any);
        const { unknown, answered } = any.counts;
        if (unknown > 0) {
          assert.match(said, /unknown for [\d,]+|We don't know whether /);
          assert.doesNotMatch(said, /refused|Nobody|not rung|^All/);
          if (answered === 0) assert.doesNotMatch(said, /answered/);
        }
        if (/We don't know/.test(said)) assert.ok(unknown > 0);
      }),
      { numRuns: 1_000, endOnFailure: true },
    );
  });

  test("a person's word is shown as that person's, and covers nobody else", () => {
    fc.assert(
      fc.property(anyTrueRequest, (any) => {
        const said = headline(any, nameOf);
        if (!said.includes('Marked as')) return;
        const { counts: told, submissions } = any;
        const calls = submissions.reduce((sum, each) => sum + each.settledCalls, 0);
        assert.match(said, /Marked as (not )?rung by a person/);
        assert.equal(told.unknown + told.answered + told.not_answered, 0);
        assert.equal(told.accepted, said.includes('not rung') ? 0 : calls);
        if (calls < told.callees) assert.match(said, /\([\d,]+ of [\d,]+\)$/);
      }),
      { numRuns: 1_000, endOnFailure: true },
    );
  });

  test('what is over is not shown as being called', () => {
    fc.assert(
      fc.property(anyTrueRequest, (any) => {
        const said = outcomeIn(any);
        if (finishedRequestStates.includes(any.state)) assert.doesNotMatch(said, /Calling|yet/);
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });
});

/** The headline without who has acknowledged the alert and that it is over. */
function outcomeIn(any: RequestView): string {
  return headline({ ...any, ackedBy: null, resolvedAt: null }, nameOf);
}
