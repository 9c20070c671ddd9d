import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { renderTold } from '../../../src/slack/board/told.ts';
import { renderTestCall } from '../../../src/slack/me/test-call-words.ts';
import {
  anyCalls,
  anyRequest,
  assertMessage,
  buttons,
  call,
  counts,
  evilName,
  now,
  request,
  seen,
} from '../samples.ts';

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

  test('the reply about an alert has the button until somebody has got it; that of a person stays', () => {
    const missed = { state: 'done', counts: counts({ callees: 2, accepted: 2, not_answered: 2 }) } as const;
    const alert = { ...missed, origin: 'alert', requestedBy: null, alertTitle: 'db-1 lag' } as const;
    const reply = renderTold(request(alert), 'end', { now });
    assert.deepEqual(buttons(reply), ['call_ack r7k2m9x0q4ab']);
    assert.equal(reply?.broadcast, true);
    const taken = request({ ...alert, ackedBy: 'U0BEN' });
    assert.equal(renderTold(taken, 'end', { now }), null, 'nobody needs to be told any more');
    const edited = renderTold(taken, 'end', { now, posted: true });
    assert.deepEqual(buttons(edited), []);
    assert.match(seen(edited), /has got it · Nobody answered \(0 of 2\)\.\*\ndb-1 lag/);
    assert.notEqual(renderTold(request(missed), 'end', { now }), null);
    assert.equal(renderTold(request(missed), 'end', { now, posted: true }), null);
  });

  test('of unknown calls it says whom to ask, by name if they are few', () => {
    const lost = (callees: number, calls: Parameters<typeof call>[0][]) =>
      seen(
        renderTold(request({ state: 'sent', counts: counts({ callees, unknown: callees }) }), 'unknown', {
          now,
          calls: calls.map((some) => call({ state: 'unknown', ...some })),
        }),
      );
    assert.match(
      lost(2, [{ name: 'Dana' }, { callee: '6591110002', name: '<!channel>' }]),
      /\nPlease ask Dana and &lt;!channel&gt; whether their phones rang, then press \*Mark as rung\*/,
    );
    assert.match(lost(1, [{}]), /\nPlease ask \+65 …0001 whether the phone rang, then/);
    assert.match(lost(20, []), /\nPlease ask them whether their phones rang, then/);
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
    const enough = {
      ...reach,
      ...rest,
      plan: { ...plan, until: 'answered', enough: 1 },
      endedBy: 'enough',
    } as const;
    const reply = seen(renderTold(request({ state: 'done', reach: enough }), 'end', { now, calls }));
    assert.match(reply, /Enough people were reached: nobody else is called\./);
    assert.doesNotMatch(reply, /Not reached/, 'the others are not needed');
  });

  test('any test call is within Slack’s limits', () => {
    fc.assert(
      fc.property(anyRequest, anyCalls, (any, calls) => assertMessage(renderTestCall(any, calls))),
      { numRuns: 200, endOnFailure: true },
    );
  });
});
