import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { finishedRequestStates } from '../../../src/calls/request/states.ts';
import type { RequestView } from '../../../src/calls/request/types.ts';
import { renderBoard } from '../../../src/slack/board/board.ts';
import { boardButtons } from '../../../src/slack/board/buttons.ts';
import {
  anyRequest,
  anyTrueRequest,
  assertMessage,
  counts,
  everyButton,
  now,
  reach,
  request,
  submission,
} from '../samples.ts';

const labels = (some: Partial<RequestView>) =>
  boardButtons(request(some)).map((each) => `${each.text.text}${each.style ? ` (${each.style})` : ''}`);
const of = (some: Parameters<typeof counts>[0]) => ({ counts: counts(some) });

const missed = of({ callees: 4, accepted: 4, answered: 1, not_answered: 3 });
const firing = { origin: 'alert', requestedBy: null, ruleName: 'db' } as const;
const ready = { submissions: [submission({ state: 'ready' })], ...of({ callees: 1, waiting: 1 }) };

const table: [what: string, request: Partial<RequestView>, buttons: string[]][] = [
  [
    'waits for approval',
    { state: 'awaiting_approval', submissions: [], ...of({ callees: 1, waiting: 1 }) },
    ['Cancel (danger)', 'Details'],
  ],
  ['is about to be sent', { state: 'sending', ...ready }, ['Cancel (danger)', 'Details']],
  ['is being called', { state: 'sent', ...of({ callees: 1, accepted: 1 }) }, ['Details']],
  [
    'calls again by its plan',
    { state: 'sent', reach: reach({ running: true }), ...missed },
    ['Cancel (danger)', 'Details'],
  ],
  [
    'rejected',
    { state: 'rejected', ...of({ callees: 1, cancelled: 1 }) },
    ['Ask again (primary)', 'Details'],
  ],
  ['expired', { state: 'expired', ...of({ callees: 1, cancelled: 1 }) }, ['Ask again (primary)', 'Details']],
  [
    'cancelled',
    { state: 'cancelled', ...of({ callees: 1, cancelled: 1 }) },
    ['Ask again (primary)', 'Details'],
  ],
  [
    'cancelled when some had been called',
    { state: 'cancelled', ...of({ callees: 5, accepted: 2, answered: 1, not_answered: 1, cancelled: 3 }) },
    ['Call the 4 unanswered (primary)', 'Details'],
  ],
  ['failed', { state: 'failed', ...of({ callees: 1, failed: 1 }) }, ['Ask again (primary)', 'Details']],
  [
    'some did not answer, and somebody has already called them again',
    { state: 'done', repeatedBy: 'r2second', ...missed },
    ['Call the 3 unanswered', 'Details'],
  ],
  ['some did not answer', { state: 'done', ...missed }, ['Call the 3 unanswered (primary)', 'Details']],
  [
    'nobody answered',
    { state: 'done', ...of({ callees: 2_000, accepted: 2_000, not_answered: 2_000 }) },
    ['Call the 2,000 unanswered (primary)', 'Details'],
  ],
  ['all answered', { state: 'done', ...of({ callees: 2, accepted: 2, answered: 2 }) }, ['Details']],
  [
    'some answered and did not confirm',
    {
      state: 'done',
      reach: reach({}, 'confirmed'),
      ...of({ callees: 3, accepted: 3, answered: 2, confirmed: 1, reached: 1, not_answered: 1 }),
    },
    ['Call the 2 unconfirmed (primary)', 'Details'],
  ],
  [
    'some were never called',
    { state: 'done', ...of({ callees: 6, accepted: 2, answered: 2, failed: 2, held: 1, cancelled: 1 }) },
    ['Call the 4 not called (primary)', 'Details'],
  ],
  ['enough were reached', { state: 'done', reach: reach({ endedBy: 'enough' }), ...missed }, ['Details']],
  [
    'unknown: nobody is called twice',
    {
      state: 'sent',
      ...of({ callees: 2, unknown: 2 }),
      submissions: [submission({ state: 'unknown', unknown: 2, callees: 2 })],
    },
    ['Details'],
  ],
  [
    'an alert that fires, and nobody has it',
    { ...firing, state: 'sending', ...ready },
    ["I've got it (primary)", 'Stop (danger)', 'Details'],
  ],
  [
    'an alert that fires, nobody answered and nobody has it',
    { ...firing, state: 'done', ...of({ callees: 2, accepted: 2, not_answered: 2 }) },
    ["I've got it (primary)", 'Call the 2 unanswered', 'Details'],
  ],
  ['an alert that somebody has', { ...firing, state: 'done', ackedBy: 'U0BEN', ...missed }, ['Details']],
  ['an alert that is over', { ...firing, state: 'done', resolvedAt: now, ...missed }, ['Details']],
  [
    'an alert whose calls go on although somebody has it',
    { ...firing, state: 'sending', ackedBy: 'U0BEN', ...ready },
    ['Stop (danger)', 'Details'],
  ],
];

/** Any request. In every second one, nobody has acknowledged the alert and it still fires. */
const anyOfAll = fc
  .tuple(fc.oneof(anyRequest, anyTrueRequest), fc.boolean())
  .map(([any, fires]): RequestView => (fires ? { ...any, ackedBy: null, resolvedAt: null } : any));

suite('the buttons of a board', () => {
  for (const [what, some, expected] of table) {
    test(`${what}: ${expected.join(', ')}`, () => assert.deepEqual(labels(some), expected));
  }

  test('every state is in the table', () => {
    const states = new Set(table.map(([, { state }]) => state));
    for (const state of [...finishedRequestStates, 'awaiting_approval', 'sending', 'sent'] as const) {
      assert.ok(states.has(state), state);
    }
  });

  test('any board: one primary button or none, and it stands first', () => {
    fc.assert(
      fc.property(anyOfAll, (any) => {
        const board = renderBoard(any, { now });
        assertMessage(board);
        const all = everyButton(board.blocks);
        const primary = all.filter((each) => each.style === 'primary');
        assert.ok(primary.length <= 1, JSON.stringify(primary));
        if (primary.length === 1) assert.equal(all[0], primary[0]);
        const ids = all.map((each) => each.action_id).filter((id) => id !== 'call_settle');
        assert.equal(new Set(ids).size, ids.length, 'none twice');
        assert.ok(ids.includes('call_details'));
        for (const each of all.filter((one) => one.action_id === 'call_settle')) {
          assert.equal(each.style, undefined, 'neither answer is put into the mouth');
        }
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test('what can be called again is counted, and nobody among them was reached or may have been called', () => {
    fc.assert(
      fc.property(anyTrueRequest, (any) => {
        const redial = boardButtons(any).find((each) => each.action_id === 'call_redial');
        if (redial === undefined) return;
        const label = redial.text.text;
        const { callees, reached, unknown } = any.counts;
        if (label === 'Ask again') {
          assert.deepEqual([any.counts.accepted, unknown], [0, 0]);
          return;
        }
        const [, said = ''] = /^Call the ([\d,]+) (?:unanswered|unconfirmed|not called)$/.exec(label) ?? [];
        const n = Number(said.replaceAll(',', ''));
        assert.ok(n > 0 && n <= callees - reached - unknown, label);
      }),
      { numRuns: 1_000, endOnFailure: true },
    );
  });

  test("I've got it is there while an alert fires that nobody has, and nowhere else", () => {
    fc.assert(
      fc.property(anyOfAll, (any) => {
        const ids = boardButtons(any).map((each) => each.action_id);
        const stopped = ['rejected', 'expired', 'cancelled'].includes(any.state);
        const untaken = any.origin === 'alert' && any.ackedBy === null && any.resolvedAt === null;
        assert.equal(ids[0] === 'call_ack', untaken && !stopped);
        if (any.origin === 'alert' && !untaken) assert.equal(ids.includes('call_redial'), false);
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test('the dialog of Cancel counts who is not called any more', () => {
    const cancel = (some: Partial<RequestView>) =>
      boardButtons(request(some)).find((each) => each.action_id === 'call_cancel')?.confirm;
    const asked = cancel({
      state: 'sending',
      ...of({ callees: 3, accepted: 1, waiting: 2 }),
      submissions: [submission(), submission({ id: 's2', state: 'ready', callees: 2 })],
    });
    assert.equal(asked?.title?.text, 'Cancel this request?');
    assert.equal(asked?.confirm?.text, 'Cancel the calls');
    assert.equal(asked?.text.text, '2 people will not be called. A call already placed cannot be stopped.');
    const onTheWay = cancel({
      state: 'sending',
      ...of({ callees: 4, waiting: 4 }),
      submissions: [
        submission({ state: 'sending', callees: 3 }),
        submission({ id: 's2', state: 'ready', callees: 1 }),
      ],
    });
    assert.match(onTheWay?.text.text ?? '', /^1 person will not be called\./, 'not the 3 on their way');
    const unsent = cancel({ state: 'awaiting_approval', submissions: [], ...of({ callees: 3, waiting: 3 }) });
    assert.equal(unsent?.text.text, '3 people will not be called.', 'nothing was placed');
    assert.equal(unsent?.deny?.text, 'Keep it');
    const goesOn = cancel({
      state: 'sent',
      reach: reach({ running: true }),
      ...of({ callees: 2, accepted: 2 }),
    });
    assert.match(goesOn?.text.text ?? '', /^Nobody else will be called\./);
    const alert = cancel({ ...firing, state: 'sending', ...ready });
    assert.equal(alert?.title?.text, 'Stop these calls?');
    assert.match(alert?.text.text ?? '', /^1 person will not be called\./);
  });
});
