import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { renderTold } from '../../../src/slack/board/told.ts';
import { renderTestCall } from '../../../src/slack/me/test-call-words.ts';
import { anyCalls, anyRequest, assertMessage, call, evilName, now, request, seen } from '../samples.ts';

suite('replies that a person must notice', () => {
  test('any request, with names that try everything, is within Slack’s limits and notifies nobody else', () => {
    const facts = { now, nameOf: () => evilName };
    fc.assert(
      fc.property(
        anyRequest,
        anyCalls,
        fc.constantFrom('decision', 'unknown', 'end', 'taken'),
        (any, calls, about) => {
          const told = renderTold(any, about, { ...facts, calls });
          if (told !== null) assertMessage(told);
        },
      ),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test('people who answered without the key that confirms are named among those not reached', () => {
    const plan = { until: 'confirmed', attempts: 1, everyMs: 0, enough: null, confirmKey: '1' } as const;
    const reach = {
      ladder: null,
      running: false,
      step: 1,
      attempt: 1,
      nextAttemptAt: null,
      nextStepAt: null,
    };
    const rest = { endedBy: null, endedAt: null, steps: [], calling: [], reachedBy: [] };
    const calls = [
      call({ callee: '1', name: 'Asha', state: 'answered' }),
      call({ callee: '2', name: 'Ben', state: 'not_answered' }),
    ];
    const told = (until: 'answered' | 'confirmed') =>
      seen(
        renderTold(
          request({ state: 'done', reach: { ...reach, ...rest, plan: { ...plan, until } } }),
          'end',
          {
            now,
            calls,
          },
        ),
      );
    assert.match(told('answered'), /Not reached: Ben\./);
    assert.match(told('confirmed'), /Not reached: Ben and Asha\./);
  });

  test('any test call is within Slack’s limits', () => {
    fc.assert(
      fc.property(anyRequest, anyCalls, (any, calls) => assertMessage(renderTestCall(any, calls))),
      { numRuns: 200, endOnFailure: true },
    );
  });
});
