import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TerminationFacts } from '../../../src/calls/results/terminations.ts';
import { terminationWords } from '../../../src/slack/words/call-words.ts';

const nothing: TerminationFacts = {
  ...{ callStatus: null, answerTimeAt: null, callDuration: null },
  ...{ terminationCode: null, sipCode: null, feedbackValue: null },
};
const talked = { answerTimeAt: 1767576625000, callDuration: 13 };

test('the end of a call in short', () => {
  const cases: [Partial<TerminationFacts>, string][] = [
    [{ ...talked, feedbackValue: '1' }, 'answered, 13 s, pressed 1'],
    [talked, 'answered, 13 s'],
    [{ sipCode: '200' }, 'answered'],
    [{ sipCode: '486' }, 'busy'],
    [{ sipCode: '487' }, 'no answer'],
    [{ sipCode: '404' }, 'number not valid'],
    [{ sipCode: '499' }, 'failed (499)'],
    [{ callStatus: '40' }, 'voicemail'],
    [{ terminationCode: '0' }, 'not answered'],
    [{ terminationCode: 'x'.repeat(99) }, `failed (${'x'.repeat(16)})`],
    [{}, 'not answered'],
  ];
  for (const [facts, expected] of cases) assert.equal(terminationWords({ ...nothing, ...facts }), expected);
});
