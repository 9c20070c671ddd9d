import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compareReports,
  isFinal,
  judgeTermination,
  type TerminationFacts,
  winningReport,
} from '../../../src/calls/results/terminations.ts';
import type { CallRecord } from '../../../src/voice/types.ts';

const nothing: TerminationFacts = {
  ...{ callStatus: null, answerTimeAt: null, callDuration: null },
  ...{ terminationCode: null, sipCode: null, feedbackValue: null },
};
const talked = { answerTimeAt: 1767576625000, callDuration: 13 };

test('answered or not: each rule, in its order', () => {
  const cases: [Partial<TerminationFacts>, string][] = [
    // 1: callStatus goes before everything else
    [{ callStatus: '50' }, 'answered'],
    [{ callStatus: '40', ...talked, sipCode: '200' }, 'voicemail'],
    [{ callStatus: '10', ...talked }, 'busy'],
    [{ callStatus: '20', terminationCode: '200' }, 'no_answer'],
    [{ callStatus: '30', ...talked, terminationCode: '200' }, 'other'],
    [{ callStatus: '60', sipCode: '603' }, 'rejected'],
    [{ callStatus: '70', ...talked }, 'other'],
    // 2: a real answer time with a duration
    [talked, 'answered'],
    [{ ...talked, terminationCode: '0' }, 'answered'],
    [{ ...talked, terminationCode: '486' }, 'answered'],
    [{ ...talked, callStatus: '' }, 'answered'],
    // 3: the SIP code
    [{ sipCode: '200' }, 'answered'],
    [{ terminationCode: '200' }, 'answered'],
    // 4: "0" alone is no answer
    [{ terminationCode: '0' }, 'other'],
    [{ terminationCode: '0', answerTimeAt: talked.answerTimeAt }, 'other'],
    [{ terminationCode: '0', answerTimeAt: talked.answerTimeAt, callDuration: 0 }, 'other'],
    [{ terminationCode: '0', callDuration: 13 }, 'other'],
    [{}, 'other'],
  ];
  for (const [facts, kind] of cases) {
    const found = judgeTermination({ ...nothing, ...facts });
    assert.deepEqual(found, { answered: kind === 'answered', kind }, JSON.stringify(facts));
  }
});

test('how it ended, from the SIP code first', () => {
  const kinds: Record<string, string[]> = {
    rejected: ['403', '603', '607'],
    invalid_number: ['404', '410', '484', '604'],
    no_answer: ['408', '480', '487'],
    busy: ['486', '600'],
    unreachable: ['488', '500', '502', '503', '504'],
    other: ['499', '17', 'NORMAL_CLEARING', 'constructor', '__proto__', ''],
  };
  for (const [kind, codes] of Object.entries(kinds)) {
    for (const code of codes) {
      assert.equal(judgeTermination({ ...nothing, sipCode: code }).kind, kind, code);
      assert.equal(judgeTermination({ ...nothing, terminationCode: code }).kind, kind, code);
    }
  }
  assert.equal(judgeTermination({ ...nothing, sipCode: '486', terminationCode: '503' }).kind, 'busy');
});

test('a record without hang-up and code is not final', () => {
  const facts = { hangupTimeAt: null, terminationCode: null };
  assert.equal(isFinal(facts), false);
  for (const code of ['', '0', '180'])
    assert.equal(isFinal({ ...facts, terminationCode: code }), false, code);
  for (const code of ['200', '486', 'X'])
    assert.equal(isFinal({ ...facts, terminationCode: code }), true, code);
  assert.equal(isFinal({ hangupTimeAt: 1767576638000, terminationCode: '0' }), true);
});

const time = fc.option(fc.constantFrom(1767576611000, 1767576625000, 1767576638000));
const code = fc.option(fc.constantFrom('0', '200', '486'));
const report: fc.Arbitrary<CallRecord> = fc.record({
  voiceId: fc.constant('v'),
  callee: fc.option(fc.constant('6591110001')),
  calledInfo: fc.option(fc.constant('v1.x')),
  ...{ submitTimeAt: time, callTimeAt: time, ringingTimeAt: time, answerTimeAt: time, hangupTimeAt: time },
  callDuration: fc.option(fc.integer({ min: 0, max: 2 })),
  ...{ terminationCode: code, terminationReason: code, sipCode: code, callStatus: code },
  feedbackValue: fc.option(fc.constantFrom('1', '2')),
  outRecallCount: fc.integer({ min: 0, max: 2 }),
  raw: fc.dictionary(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 1 })),
});

test('the order is total: equal only if both say the same, opposite when reversed, transitive', () => {
  fc.assert(
    fc.property(report, report, report, (a, b, c) => {
      assert.equal(Math.sign(compareReports(a, b)) + Math.sign(compareReports(b, a)), 0);
      assert.equal(compareReports(a, structuredClone(a)), 0);
      if (compareReports(a, b) === 0)
        assert.deepEqual({ ...a, raw: { ...a.raw } }, { ...b, raw: { ...b.raw } });
      if (compareReports(a, b) >= 0 && compareReports(b, c) >= 0) assert.ok(compareReports(a, c) >= 0);
    }),
    { numRuns: 500 },
  );
});

test('any order and repetition of reports has the same winner', () => {
  const mixed = fc.array(report, { minLength: 1, maxLength: 6 }).chain((reports) => {
    const again = fc.array(fc.constantFrom(...reports), { maxLength: 4 });
    const shuffled = again.chain((extra) => {
      const all = [...reports, ...extra];
      return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
    });
    return fc.tuple(fc.constant(reports), shuffled);
  });
  fc.assert(
    fc.property(mixed, ([reports, shuffled]) => {
      assert.deepEqual(winningReport(shuffled), winningReport(reports));
      if (reports.some(isFinal))
        assert.ok(isFinal(winningReport(shuffled) ?? { hangupTimeAt: null, terminationCode: null }));
    }),
    { numRuns: 500 },
  );
  assert.equal(winningReport([]), null);
});

test('the later redial counts, then the later hang-up, then the fuller report', () => {
  const base: CallRecord = {
    ...nothing,
    ...{
      voiceId: 'v',
      callee: null,
      calledInfo: null,
      submitTimeAt: null,
      callTimeAt: null,
      ringingTimeAt: null,
    },
    ...{ hangupTimeAt: 1767576638000, terminationReason: null, outRecallCount: 0, raw: {} },
  };
  assert.ok(compareReports({ ...base, outRecallCount: 1, hangupTimeAt: 1767576611000 }, base) > 0);
  assert.ok(compareReports({ ...base, hangupTimeAt: 1767576639000 }, base) > 0);
  assert.ok(compareReports({ ...base, feedbackValue: '1' }, base) > 0);
  assert.ok(
    compareReports(base, { ...base, hangupTimeAt: null, outRecallCount: 5 }) > 0,
    'an end before none',
  );
});
