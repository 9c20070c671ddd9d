import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { CallState } from '../../../src/calls/request/types.ts';
import {
  countParts,
  namedPeople,
  peopleLines,
  unansweredFirst,
} from '../../../src/slack/words/people-lines.ts';
import {
  anyCalls,
  anyRequest,
  anyTrueRequest,
  call,
  counts,
  manyCalls,
  now,
  pages,
  reach,
  request,
} from '../samples.ts';

const done = (some: Parameters<typeof counts>[0]) => request({ state: 'done', counts: counts(some) });

suite('who answered', () => {
  test('up to five people by name, each with the result and the key, those not reached first', () => {
    const people = [
      call({ name: 'Asha', state: 'answered', callStatus: '50', callDuration: 13, feedbackValue: '1' }),
      call({
        callee: '6591110002',
        name: 'Ben',
        state: 'not_answered',
        callStatus: '20',
        feedbackValue: '-1',
      }),
      call({ callee: '6591110003', state: 'unknown' }),
      call({ callee: '6591110004', name: 'Cleo', state: 'refused' }),
      call({ callee: '6591110005', name: 'Dan', state: 'answered', confirmed: true, callDuration: 65 }),
    ];
    assert.equal(people.length, namedPeople);
    assert.deepEqual(peopleLines(done({ callees: 5, accepted: 3, answered: 2, not_answered: 1 }), people), [
      '📵 Ben: no answer',
      '❓ +65 …0003: may have rung',
      '⛔ Cleo: refused by the platform',
      '✅ Asha: answered, 13 s, pressed 1',
      '✅ Dan: answered, 1 min 5 s',
    ]);
    const demanded = { ...done({ callees: 1, accepted: 1, answered: 1 }), reach: reach({}, 'confirmed') };
    assert.deepEqual(
      peopleLines(demanded, [...people.slice(4), ...people.slice(0, 2)]),
      [
        '📵 Ben: no answer',
        '⚠️ Asha: answered, not confirmed, 13 s, pressed 1',
        '✅ Dan: confirmed, 1 min 5 s',
      ],
      'who answered without the demanded key is not reached, and has no tick',
    );
  });

  test('each state has its own words, and unknown has none that sound known', () => {
    const lines = (state: CallState, some = {}, over = true) =>
      peopleLines(request({ state: over ? 'done' : 'sent' }), [call({ name: 'Asha', state, ...some })])[0];
    const words: [CallState, object, string][] = [
      ['accepted', {}, 'Asha: no result'],
      ['accepted', { cause: 'settled_called' }, 'Asha: marked as rung'],
      ['failed', { cause: 'settled_not_called' }, 'Asha: marked as not rung'],
      ['failed', {}, 'Asha: not called'],
      ['cancelled', {}, 'Asha: not called'],
      ['held', {}, 'Asha: not called: forbidden'],
      ['held', { cause: 'left_list' }, 'Asha: not called: not on the list any more'],
      ['held', { heldUntil: now }, 'Asha: held back'],
      ['refused', {}, 'Asha: refused by the platform'],
      ['unknown', {}, 'Asha: may have rung'],
      ['not_answered', { callStatus: '10' }, 'Asha: busy'],
      ['not_answered', { callStatus: '40' }, 'Asha: voicemail'],
      ['not_answered', { sipCode: '603' }, 'Asha: declined'],
      ['not_answered', { sipCode: '503' }, 'Asha: unreachable'],
      ['not_answered', { sipCode: '404' }, 'Asha: number not valid'],
      ['not_answered', { terminationCode: '499' }, 'Asha: not answered'],
      ['answered', {}, 'Asha: answered'],
    ];
    for (const [state, some, expected] of words)
      assert.ok(lines(state, some)?.endsWith(` ${expected}`), expected);
    assert.equal(lines('accepted', {}, false), '📞 Asha: calling');
    assert.equal(lines('sending', {}, false), '📤 Asha: calling');
    assert.equal(lines('ready', {}, false), '⏳ Asha: not called yet');
    assert.equal(lines('ready', { attempt: 2 }, false), '⏳ Asha: not called again yet');
  });

  test('one line a person: the call that reached them, else the latest', () => {
    const first = { state: 'not_answered', callStatus: '20', superseded: true } as const;
    const calls = [
      call({ ...first, name: 'Asha' }),
      call({ name: 'Asha', state: 'answered', attempt: 2 }),
      call({ callee: '6591110002', name: 'Ben', state: 'answered', superseded: true }),
      call({ callee: '6591110002', name: 'Ben', state: 'not_answered', attempt: 2 }),
      call({ ...first, callee: '6591110003', name: 'Cleo' }),
      call({ callee: '6591110003', name: 'Cleo', state: 'unknown', attempt: 2 }),
    ];
    assert.deepEqual(peopleLines(done({ callees: 3 }), calls), [
      '❓ Cleo: may have rung',
      '✅ Asha: answered',
      '✅ Ben: answered',
    ]);
  });

  test('a further call that was stopped before it was placed does not hide how the one before ended', () => {
    const busy = call({ name: 'Asha', state: 'not_answered', callStatus: '10', superseded: true });
    const again = call({ name: 'Asha', position: 2, attempt: 2 });
    const shown = (state: CallState) =>
      peopleLines(done({ callees: 1, accepted: 1 }), [busy, { ...again, state }])[0];
    assert.match(shown('cancelled') ?? '', /Asha: busy$/);
    assert.match(shown('refused') ?? '', /Asha: refused by the platform$/);
    assert.match(shown('not_answered') ?? '', /Asha: not answered$/);
  });

  test('of more than five, numbers: those not reached first', () => {
    const crowd = done({
      callees: 150,
      accepted: 146,
      answered: 3,
      not_answered: 143,
      unknown: 2,
      refused: 2,
    });
    const words = '143 not answered · 2 may have rung · 2 refused by the platform · 3 answered';
    assert.deepEqual(peopleLines(crowd, manyCalls(namedPeople + 1)), [words]);
    assert.deepEqual(peopleLines(crowd, []), [words], 'the board of a crowd does not read the calls');
  });

  test('of more than five, why nobody answered, once that is known of all of them', () => {
    const crowd = done({ callees: 150, accepted: 150, answered: 25, not_answered: 125 });
    const endings = [
      { ending: 'no_answer', calls: 100 },
      { ending: 'busy', calls: 25 },
    ] as const;
    assert.deepEqual(
      peopleLines(crowd, [], endings),
      ['100 no answer · 25 busy'],
      'the headline says: 25 of 150',
    );
    assert.deepEqual(peopleLines(crowd, [], endings.slice(1)), [], 'some endings are not known');
    const mixed = done({ callees: 8, accepted: 6, answered: 1, not_answered: 5, unknown: 2 });
    assert.deepEqual(peopleLines(mixed, [], [{ ending: 'busy', calls: 5 }]), [
      '5 busy · 2 may have rung · 1 answered',
    ]);
  });

  test('of more than five whom only a key reaches, answered and confirmed are numbers of their own', () => {
    const some = { callees: 9, accepted: 9, answered: 4, confirmed: 1, reached: 1, not_answered: 5 };
    assert.deepEqual(peopleLines({ ...done(some), reach: reach({}, 'confirmed') }, []), [
      '5 not answered · 3 answered, not confirmed · 1 confirmed',
    ]);
  });

  test('what the headline says already is not said again', () => {
    assert.deepEqual(peopleLines(done({ callees: 9, accepted: 9, not_answered: 9 }), []), []);
    assert.deepEqual(peopleLines(done({ callees: 9, unknown: 9 }), []), []);
    for (const state of ['awaiting_approval', 'rejected', 'expired'] as const) {
      const few = request({ state, counts: counts({ callees: 9, waiting: 4, cancelled: 5 }) });
      assert.deepEqual(peopleLines(few, []), []);
    }
  });

  test('the numbers add up to the people, and an unknown is among no others', () => {
    fc.assert(
      fc.property(anyTrueRequest, (any) => {
        const parts = new Map(countParts(any).map(([n, words]) => [words, n]));
        const confirmed = parts.get('confirmed') ?? 0;
        const unconfirmed = parts.get('answered, not confirmed') ?? 0;
        const sum = [...parts.values()].reduce((all, n) => all + n, 0);
        assert.equal(sum, any.counts.callees);
        assert.equal(parts.get('may have rung') ?? 0, any.counts.unknown);
        assert.equal(parts.get('not answered') ?? 0, any.counts.not_answered);
        assert.equal(parts.get('refused by the platform') ?? 0, any.counts.refused);
        assert.equal((parts.get('answered') ?? 0) + confirmed + unconfirmed, any.counts.answered);
        if (any.reach?.plan.until === 'confirmed') assert.equal(confirmed, any.counts.confirmed);
        else assert.equal(confirmed + unconfirmed, 0);
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test('whatever the calls: no full number, nobody paged, one line each, answered ones last', () => {
    fc.assert(
      fc.property(anyRequest, anyCalls, (any, calls) => {
        const few = calls.slice(0, namedPeople);
        const lines = peopleLines(any, few);
        assert.deepEqual(pages(lines), []);
        for (const line of lines) {
          assert.doesNotMatch(line, /[\r\n]|6591110001|91856321412/);
          assert.ok(line.length <= 250, line);
        }
        const states = few.toSorted(unansweredFirst).map(({ state }) => state);
        const firstAnswered = states.indexOf('answered');
        if (firstAnswered >= 0) assert.ok(states.slice(firstAnswered).every((state) => state === 'answered'));
      }),
      { numRuns: 300, endOnFailure: true },
    );
    assert.deepEqual(
      peopleLines(done({ callees: 1 }), [call({ name: '<!channel> *x*', feedbackValue: '<1>\n2' })]),
      ['📞 &lt;!channel&gt; *x*: no result, pressed &lt;1&gt; 2'],
    );
    assert.ok(
      peopleLines(done({ callees: 1 }), [call({ name: '&'.repeat(500) })])[0]?.includes('…: no result'),
    );
    assert.match(
      peopleLines(done({ callees: 1 }), [call({ name: '+65 9111 0001' })])[0] ?? '',
      /^📞 \+65 …0001: /,
      'a name that is a number is no way around the mask',
    );
  });
});
