import { suite, test } from 'node:test';
import fc from 'fast-check';
import { renderTold } from '../../../src/slack/board/told.ts';
import { renderTestCall } from '../../../src/slack/me/test-call-words.ts';
import { anyCalls, anyRequest, assertMessage, evilName, now } from '../samples.ts';

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

  test('any test call is within Slack’s limits', () => {
    fc.assert(
      fc.property(anyRequest, anyCalls, (any, calls) => assertMessage(renderTestCall(any, calls))),
      { numRuns: 200, endOnFailure: true },
    );
  });
});
