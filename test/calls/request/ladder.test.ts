import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { lastStep, nextStep, stepOf } from '../../../src/calls/request/ladder.ts';
import type { Ladder } from '../../../src/calls/request/types.ts';

const minute = 60_000;
const at = 1_700_000_000_000;
const ladder: Ladder = {
  firstCall: ['oncall'],
  source: null,
  furtherSteps: [
    { afterMs: 5 * minute, call: ['leads'], say: null, recording: null },
    { afterMs: 10 * minute, call: ['cto'], say: null, recording: null },
  ],
  repeat: 1,
};
const started = (step: number) => ({ step, startedAt: at, callsNobody: false });

suite('the ladder', () => {
  test('each step starts after the start of the one before', () => {
    assert.deepEqual(nextStep(ladder, started(1), at + 5 * minute - 1), {
      do: 'wait',
      at: at + 5 * minute,
      step: 2,
    });
    assert.deepEqual(nextStep(ladder, started(1), at + 5 * minute), { do: 'start', step: 2 });
    assert.deepEqual(nextStep(ladder, started(2), at), { do: 'wait', at: at + 10 * minute, step: 3 });
  });

  test('a step that can call nobody is followed at once', () => {
    assert.deepEqual(nextStep(ladder, { ...started(2), callsNobody: true }, at), { do: 'start', step: 3 });
    const last = { ...started(3), callsNobody: true };
    assert.deepEqual(nextStep(ladder, last, at), { do: 'wait', at: at + 10 * minute, step: 4 });
  });

  test('a repeat starts with the first step again, and after it nothing is left', () => {
    assert.equal(lastStep(ladder), 6);
    assert.deepEqual(nextStep(ladder, started(3), at), { do: 'wait', at: at + 10 * minute, step: 4 });
    assert.equal(stepOf(ladder, 4), null);
    assert.deepEqual(stepOf(ladder, 5)?.call, ['leads']);
    assert.deepEqual(nextStep(ladder, started(6), at + 24 * 60 * minute), { do: 'nothing_left' });
  });

  test('without further steps nothing follows', () => {
    assert.deepEqual(nextStep({ firstCall: [], source: null, furtherSteps: [], repeat: 0 }, started(1), at), {
      do: 'nothing_left',
    });
  });
});
