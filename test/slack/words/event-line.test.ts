import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { date } from '../../../src/slack/kit/text.ts';
import { eventLine } from '../../../src/slack/words/event-line.ts';
import { evilName, now, pages } from '../samples.ts';

const nameOf = (id: string) => (id === 'U0CLE' ? 'Cleo' : null);
const words = (action: string, detail: Record<string, unknown> = {}, actor = 'U0CLE') =>
  eventLine({ at: now, actor, action, detail }, nameOf).replace(`${date(now)} `, '');

const table: [action: string, detail: Record<string, unknown>, line: string][] = [
  ['asked', { callees: 1 }, 'Cleo asked to call 1 person'],
  ['asked', { callees: 1_200 }, 'Cleo asked to call 1,200 people'],
  ['sent', {}, 'Cleo finished sending the calls'],
  ['done', {}, 'Cleo has all results'],
  ['failed', {}, 'Cleo could not place any call'],
  ['cancelled', { stopped: 3 }, 'Cleo cancelled: 3 people not called'],
  ['cancelled', { stopped: 0 }, 'Cleo cancelled'],
  ['stopped', { stopped: 1 }, 'Cleo stopped the calls: 1 person not called'],
  ['resolved', { stopped: 2 }, 'Cleo stopped the calls, because the alert is over: 2 people not called'],
  ['acknowledged', {}, 'Cleo has got it'],
  ['unknown', {}, "Cleo does not know whether some phones rang: the platform's answer was lost"],
  ['sent again', {}, 'Cleo called again the people whose outcome was unknown'],
  ['settled: it rang', { calls: 2 }, 'Cleo marked 2 calls as rung'],
  ['settled: it did not ring', { calls: 1 }, 'Cleo marked 1 call as not rung'],
  ['expired', {}, 'Cleo closed it: nobody decided in time'],
  ['press refused', { pressed: 'cancel', why: 'not allowed' }, 'Cleo tried to cancel: not allowed'],
  ['press refused', {}, 'Cleo tried to press: not allowed'],
  ['approved', {}, 'Cleo approved'],
  ['approved', { 'at any hour': true }, 'Cleo approved, at any hour'],
  ['rejected', { reason: 'not <now>' }, 'Cleo rejected: “not &lt;now&gt;”'],
  ['called again', { callees: 2 }, 'Cleo called 2 people again'],
  ['step 2 started', { callees: 3 }, 'Cleo started step 2: 3 people'],
  [
    'step 12 started',
    { callees: 0, problem: 'nobody is on its list' },
    'Cleo started step 12: 0 people: nobody is on its list',
  ],
  ['gave up waiting for reports', {}, 'Cleo stopped waiting: some calls have no result'],
  ['not started', { why: 'The channel was archived.' }, 'Cleo did not start it: The channel was archived.'],
  ['made approvals void', { approvals: 1 }, 'Cleo dropped 1 approval: other people would be called'],
  ['the time has come', { left: 0, joined: 0, notCalled: 0 }, 'Cleo started the scheduled calls'],
  [
    'the time has come',
    { left: 1, joined: 2, notCalled: 1 },
    'Cleo started the scheduled calls: 1 person left its lists; 2 people joined; 1 person who joined is not called',
  ],
  ['found other people on duty', { left: 1, came: 2 }, 'Cleo found other people on duty: 1 left, 2 came'],
  [
    'stopped calling: enough were reached',
    { stopped: 1 },
    'Cleo stopped calling: enough were reached; 1 person not called',
  ],
  ['restored from a backup', {}, 'Cleo was restored from a backup: some calls are not known'],
  [
    'something new',
    { reason: 'ok', zero: 0, empty: '', list: ['a', 'b'], no: null },
    'Cleo something new (reason ok, list a; b)',
  ],
  ['toString', {}, 'Cleo toString'],
];

suite('a line of the history', () => {
  for (const [action, detail, line] of table) {
    test(line, () => assert.equal(words(action, detail), line));
  }

  test('who is shown by name, else by mention; rules, tools and the program in words', () => {
    assert.equal(words('sent', {}, 'U0XYZ'), '<@U0XYZ> finished sending the calls');
    assert.equal(words('sent', {}, 'rule:db-critical'), 'rule db-critical finished sending the calls');
    assert.equal(words('sent', {}, 'tool:Ben (PagerDuty)'), 'Ben (PagerDuty) finished sending the calls');
    assert.equal(words('sent', {}, 'callee:Asha'), 'Asha finished sending the calls');
    assert.equal(words('expired', {}, 'voicecall'), 'Voicecall closed it: nobody decided in time');
    assert.ok(eventLine({ at: now, actor: 'voicecall', action: 'sent', detail: {} }).startsWith(date(now)));
  });

  test('the words speak of calls and people, not of the inside of the program', () => {
    const lines = table.map(([action, detail]) => words(action, detail)).join('\n');
    assert.doesNotMatch(lines, /callee|submission|token|press refused|terminationCode/);
  });

  test('whatever is stored: one line, nobody paged, not too long', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.constant(evilName));
    const detail = fc.dictionary(
      fc.oneof(fc.constantFrom('callees', 'stopped', 'calls', 'pressed', 'why'), text),
      fc.oneof(
        text,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(text, { maxLength: 3 }),
      ),
      { maxKeys: 6 },
    );
    const action = fc.oneof(fc.constantFrom(...table.map(([each]) => each)), text);
    fc.assert(
      fc.property(action, detail, text, (action, detail, actor) => {
        const line = eventLine({ at: now, actor, action, detail }, () => null);
        assert.deepEqual(pages(line), []);
        assert.doesNotMatch(line, /[\r\n\u202e]|NaN|undefined/);
        assert.ok(line.length <= 800);
        assert.ok(line.isWellFormed());
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });
});
