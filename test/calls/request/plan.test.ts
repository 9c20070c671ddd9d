import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { gatherFor, groupSize, nextMove, onePlan, type Standing } from '../../../src/calls/request/plan.ts';
import type { Plan } from '../../../src/calls/request/types.ts';

const plan: Plan = { ...onePlan, attempts: 3, everyMs: 60_000 };
const at = 1_700_000_000_000;
const none: Standing = {
  reached: 0,
  callees: 2,
  unreleased: 0,
  inFlight: 0,
  waiting: 0,
  retryable: 0,
  firstEndAt: null,
  lastEndAt: null,
};

suite('what a plan does next', () => {
  test('calls again when the pause after the first end is over', () => {
    const standing = { ...none, inFlight: 1, retryable: 1, firstEndAt: at, lastEndAt: at };
    assert.deepEqual(nextMove(plan, standing, at + 59_999), { do: 'wait', at: at + 60_000 });
    assert.deepEqual(nextMove(plan, standing, at + 60_000), {
      do: 'attempt',
      endedBy: at,
      callees: 1,
    });
  });

  test('waits for reports while only running calls are left, however long', () => {
    const standing = { ...none, inFlight: 2 };
    assert.deepEqual(nextMove(plan, standing, at + 24 * 3_600_000), { do: 'wait', at: null });
  });

  test('ends when enough or all are reached, or nobody who may be called is left', () => {
    assert.deepEqual(nextMove({ ...plan, enough: 1 }, { ...none, reached: 1, inFlight: 1 }, at), {
      do: 'end',
      because: 'enough',
    });
    assert.deepEqual(nextMove(plan, { ...none, reached: 2 }, at), { do: 'end', because: 'all' });
    assert.deepEqual(nextMove(plan, { ...none, reached: 1 }, at), { do: 'end', because: 'exhausted' });
  });

  test('three of forty: five are called, and more only if these cannot be enough', () => {
    const enough = { ...plan, enough: 3 };
    const crowd = { ...none, callees: 40, unreleased: 40 };
    assert.deepEqual(nextMove(enough, crowd, at), { do: 'release', callees: 5 });
    const five = { ...crowd, unreleased: 35, inFlight: 5 };
    assert.deepEqual(nextMove(enough, five, at), { do: 'wait', at: null });
    assert.deepEqual(nextMove(enough, { ...five, inFlight: 3, reached: 0 }, at), { do: 'wait', at: null });
    assert.deepEqual(nextMove(enough, { ...five, inFlight: 2, reached: 0 }, at), {
      do: 'release',
      callees: 3,
    });
    assert.deepEqual(nextMove(enough, { ...five, inFlight: 0, reached: 2 }, at), {
      do: 'release',
      callees: 2,
    });
  });

  test('a crowd is gathered, but not longer than another callee can become due', () => {
    const every5m = { ...plan, everyMs: 300_000 };
    const crowd = { ...none, callees: 10_000, retryable: 3_000, firstEndAt: at, lastEndAt: at + 10_000 };
    assert.deepEqual(nextMove(every5m, { ...crowd, inFlight: 10 }, at), { do: 'wait', at: at + 360_000 });
    assert.deepEqual(nextMove(every5m, crowd, at), { do: 'wait', at: at + 310_000 });
    assert.equal(gatherFor(every5m, 20), 0);
  });

  test('never calls more than half too many, and always ends', () => {
    const standings = fc.record({
      reached: fc.nat(50),
      unreleased: fc.nat(50),
      inFlight: fc.nat(50),
      retryable: fc.nat(50),
      others: fc.nat(50),
    });
    fc.assert(
      fc.property(standings, fc.option(fc.integer({ min: 1, max: 60 }), { nil: null }), (given, enough) => {
        const { others, ...counts } = given;
        const callees = counts.reached + counts.unreleased + counts.inFlight + counts.retryable + others;
        const ends = counts.retryable === 0 ? null : at;
        const move = nextMove(
          { ...plan, enough },
          { ...counts, waiting: 0, callees, firstEndAt: ends, lastEndAt: ends },
          at + 24 * 3_600_000,
        );
        if (move.do === 'release') {
          const needed = (enough ?? callees) - counts.reached;
          assert.ok(move.callees > 0 && move.callees <= counts.unreleased);
          assert.ok(counts.inFlight + move.callees <= groupSize(needed));
        }
        if (move.do === 'attempt') {
          assert.ok(move.callees > 0 && move.callees <= counts.retryable);
          if (enough !== null)
            assert.ok(counts.inFlight + move.callees <= groupSize(enough - counts.reached));
        }
        if (move.do === 'wait') assert.ok(counts.inFlight > 0, 'something can still come');
        if (move.do === 'end' && move.because === 'exhausted')
          assert.equal(counts.unreleased + counts.inFlight + counts.retryable, 0);
      }),
    );
  });
});
