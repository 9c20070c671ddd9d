import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  assertTransition,
  callTransitions,
  finishedRequestStates,
  mayBecome,
  requestTransitions,
  submissionTransitions,
} from '../../../src/calls/request/states.ts';
import { VoicecallError } from '../../../src/errors.ts';

// A second copy on purpose: a change of the table must be intended.
const requests = {
  awaiting_approval: 'scheduled approved rejected expired cancelled',
  scheduled: 'approved awaiting_approval cancelled failed',
  approved: 'sending cancelled failed done',
  sending: 'sent cancelled failed done',
  sent: 'sending done',
  rejected: '',
  expired: '',
  cancelled: '',
  done: '',
  failed: '',
};
const submissions = {
  ready: 'sending held cancelled failed',
  sending: 'accepted refused unknown ready',
  unknown: 'accepted refused settled',
  settled: 'accepted refused',
  accepted: '',
  refused: '',
  held: '',
  cancelled: '',
  failed: '',
};
const calls = {
  ready: 'sending held cancelled failed',
  sending: 'accepted refused unknown ready answered not_answered',
  unknown: 'accepted refused failed answered not_answered',
  accepted: 'answered not_answered refused',
  answered: 'not_answered',
  not_answered: 'answered',
  failed: 'accepted answered not_answered refused',
  refused: '',
  held: 'ready cancelled failed',
  cancelled: '',
};

function everyPair<State extends string>(
  name: string,
  table: Record<State, readonly State[]>,
  wanted: Record<State, string>,
): void {
  const states = Object.keys(wanted) as State[];
  assert.deepEqual(Object.keys(table).toSorted(), states.toSorted(), `the states of a ${name}`);
  for (const from of states) {
    for (const to of states) {
      const may = wanted[from].split(' ').includes(to);
      const what = `${name}: ${from} to ${to}`;
      assert.equal(mayBecome(table, from, to), may, what);
      if (may) assertTransition(table, from, to);
      else {
        assert.throws(
          () => assertTransition(table, from, to),
          (error) => {
            assert.ok(error instanceof VoicecallError, what);
            assert.deepEqual([error.code, error.facts], ['bad_transition', { from, to }]);
            return true;
          },
          what,
        );
      }
    }
  }
}

/** All states that can be reached from `from`. */
function reachable(table: Record<string, readonly string[]>, from: string): Set<string> {
  const seen = new Set<string>();
  const next = [...(table[from] ?? [])];
  for (let state = next.pop(); state !== undefined; state = next.pop()) {
    if (seen.has(state)) continue;
    seen.add(state);
    next.push(...(table[state] ?? []));
  }
  return seen;
}

suite('states', () => {
  test('every pair of states of a request', () => everyPair('request', requestTransitions, requests));
  test('every pair of states of a submission', () =>
    everyPair('submission', submissionTransitions, submissions));
  test('every pair of states of a call', () => everyPair('call', callTransitions, calls));

  test('a finished request stays finished, and a refused one can never be sent', () => {
    for (const state of finishedRequestStates)
      assert.deepEqual([...reachable(requestTransitions, state)], []);
    for (const state of ['rejected', 'expired', 'cancelled'] as const) {
      assert.ok(!reachable(requestTransitions, state).has('sending'), state);
    }
    assert.ok(reachable(requestTransitions, 'awaiting_approval').has('sending'));
  });

  test('a submission that was sent, or may have been, is never sent again', () => {
    for (const state of ['accepted', 'refused', 'unknown', 'settled', 'held', 'cancelled', 'failed']) {
      const after = reachable(submissionTransitions, state);
      assert.ok(!after.has('sending') && !after.has('ready'), state);
    }
  });
});
