import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ReachView } from '../../src/calls/request/types.ts';
import { furtherStepsWords, planWords, reachLine, reachLines } from '../../src/slack/words/reach-words.ts';
import { now } from './samples.ts';

const reach: ReachView = {
  plan: { until: 'confirmed', attempts: 2, everyMs: 180_000, enough: 1, confirmKey: '1' },
  ladder: {
    firstCall: ['oncall'],
    source: null,
    furtherSteps: [
      { afterMs: 300_000, call: ['leads', 'Dana: +91 85632 14120', 'U0CLEO'], say: null, recording: null },
    ],
    repeat: 0,
  },
  running: true,
  step: 1,
  attempt: 1,
  nextAttemptAt: null,
  nextStepAt: now,
  endedBy: null,
  endedAt: null,
  steps: [],
  calling: [{ callee: '918563214120', name: null }],
  reachedBy: [],
};

suite('how people are called until they are reached, as text', () => {
  test('the plan, as an approver reads it', () => {
    assert.equal(
      planWords({
        plan: { ...reach.plan, until: 'answered', attempts: 3, everyMs: 300_000, enough: null },
        ladder: null,
      }),
      'up to 3 times each, 5 min apart, until answered',
    );
    assert.equal(planWords(reach), 'up to twice each, 3 min apart, 2 steps, until 1 person has pressed 1');
    assert.equal(planWords({ plan: null, ladder: null }), null);
  });

  test('whom the further steps call, as an approver reads it; no number is shown in full', () => {
    assert.equal(furtherStepsWords(reach.ladder), 'leads, Dana and <@U0CLEO> 5 min later');
    assert.ok(reach.ladder);
    const [step] = reach.ladder.furtherSteps;
    assert.ok(step);
    const further = [step, { ...step, afterMs: 600_000, call: ['cto'] }];
    assert.equal(
      furtherStepsWords({ ...reach.ladder, furtherSteps: further, repeat: 1 }),
      'leads, Dana and <@U0CLEO> 5 min later, then cto 10 min later; all of it up to twice',
    );
    assert.equal(furtherStepsWords({ ...reach.ladder, furtherSteps: [] }), null);
    assert.equal(furtherStepsWords(null), null);
  });

  test('who is called now, and who is next; no number is shown in full', () => {
    const lines = reachLines(reach, 0).join('\n');
    assert.match(lines, /Calling \+91 …4120 \(step 1 of 2, attempt 1 of 2\)/);
    assert.match(lines, /Next: step 2 \(leads, Dana and <@U0CLEO>\) at <!date/);
    assert.doesNotMatch(lines.replaceAll(/\s/g, ''), /8563214120/);
    assert.match(reachLine(reach), /Step 1 of 2, attempt 1 of 2, goes on at/);
  });

  test('who acknowledged it and how, and what ended it', () => {
    const by = { callee: '918563214120', name: 'Cleo', key: '1', at: now };
    const over = { ...reach, running: false, endedBy: 'enough' as const, reachedBy: [by] };
    const lines = reachLines(over, 2).join('\n');
    assert.match(lines, /Cleo pressed 1 at <!date\^\d+\^\{time\}/);
    assert.match(lines, /and 1 more/);
    assert.match(lines, /Needed: 1\. Reached: 2/);
    assert.match(lines, /Enough people were reached/);
  });
});
