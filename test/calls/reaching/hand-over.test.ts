import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OnDutyNow } from '../../../src/calls/reaching/hand-over.ts';
import type { NewRequest, RosterNote } from '../../../src/calls/request/types.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { databaseKinds, withStore } from '../../support/store.ts';
import { answered, busy, configOf, createStage, ladderWith, minute, people, planWith } from './stage.ts';

const note = (name: string, step = 1): RosterNote => ({
  ...{ roster: 'db', people: [{ name, id: null }], untilAt: null, unknown: [], why: null },
  ...{ fallback: [], ageMs: null, step },
});
const numbers = (...whom: { callee: string }[][]) => whom.flat().map(({ callee }) => callee);
const first = people(1);
const second = people(2);
const listed = people(3);

for (const kind of databaseKinds) {
  describe(`a hand-over between two attempts, on ${kind}`, () => {
    /** Asks for the person on duty and, if given, others; `duty` says who is on duty at the next look. */
    async function play(
      run: (stage: ReturnType<typeof createStage>, clock: FakeClock, id: string) => Promise<void>,
      duty: () => OnDutyNow | null,
      some: Partial<NewRequest> = {},
    ): Promise<void> {
      await withStore(
        async (store) => {
          const clock = createFakeClock();
          const nobody = { callees: [], audio: null, problems: [] };
          const stage = createStage(
            store,
            clock,
            async (_request, step) =>
              step === 2
                ? { ...nobody, callees: first, rosters: [note('Person 1')], onlyOnDuty: numbers(first) }
                : nobody,
            async () => duty(),
          );
          const id = await stage.ask({
            callees: first,
            plan: planWith({ until: 'answered', attempts: 3 }),
            rosters: [note('Person 1')],
            lists: { names: ['db'], only: numbers(first) },
            ...some,
          });
          await stage.runDue();
          await run(stage, clock, id);
        },
        { kind },
      );
    }
    const onDuty = (callees: OnDutyNow['onDuty']): OnDutyNow => ({
      onDuty: callees,
      listed: callees,
      rosters: callees.map(({ name }) => note(name ?? '')),
    });
    /** Everybody is busy, but for the first `open` calls, and the next attempt is made. */
    async function allBusy(
      stage: ReturnType<typeof createStage>,
      clock: FakeClock,
      { open = 0 } = {},
    ): Promise<void> {
      for (const { voiceId } of stage.placed.slice(open)) await stage.report(voiceId, busy);
      await stage.runDue();
      await clock.advance(3 * minute);
      await stage.runDue();
      // The pace of submissions.
      await clock.advance(10);
      await stage.runDue();
    }

    test('the next attempt calls the person on duty now, and not the one who left', async () => {
      let now = onDuty(first);
      await play(
        async (stage, clock, id) => {
          await allBusy(stage, clock);
          now = onDuty(second);
          for (let round = 0; round < 5; round++) await allBusy(stage, clock);
          assert.deepEqual(numbers(stage.placed), numbers(first, first, second, second, second));
          const view = await stage.view(id);
          assert.deepEqual([view.state, view.counts.callees, view.counts.not_answered], ['done', 2, 2]);
          assert.deepEqual(
            view.rosters?.map(({ people: [person], step }) => [person?.name, step]),
            [['Person 2', 1]],
          );
        },
        () => now,
      );
    });

    for (const [who, asks] of [
      ['a person', { requestedBy: 'U0ASHA', ruleName: null, origin: 'person' }],
      ['a rule', {}],
    ] as const)
      test(`who came on duty needs an approval by the policy: ${who} asked`, async () => {
        const abroad = [{ callee: '6591110001', name: 'Zoe' }];
        let now = onDuty(first);
        await play(
          async (stage, clock, id) => {
            await allBusy(stage, clock);
            stage.setConfig(configOf('approval: { outsideCountries: [IN], approvers: [U0BEN] }'));
            now = onDuty(abroad);
            for (let round = 0; round < 5; round++) await allBusy(stage, clock);
            const { state, outcome } = await stage.view(id);
            assert.equal(state, 'done');
            if (who === 'a rule') {
              assert.deepEqual(numbers(stage.placed), numbers(first, first, abroad, abroad, abroad));
              assert.equal(outcome, null);
              return;
            }
            assert.deepEqual(numbers(stage.placed), numbers(first, first));
            const words =
              '1 person came on duty since and will not be called: with them an approval is needed (1 outside IN). Not called: Zoe.';
            assert.equal(outcome, words);
            assert.deepEqual(await stage.said(id), [words]);
          },
          () => now,
          asks,
        );
      });

    test('a person who comes back on duty goes on with the attempts that are left', async () => {
      let now = onDuty(second);
      await play(
        async (stage, clock) => {
          await allBusy(stage, clock);
          now = onDuty(first);
          for (let round = 0; round < 5; round++) await allBusy(stage, clock);
          assert.deepEqual(numbers(stage.placed), numbers(first, second, first, first));
        },
        () => now,
      );
    });

    test('a person named beside the roster is called again; so is everybody if it cannot be said who is on duty', async () => {
      let now: OnDutyNow | null = onDuty(second);
      await play(
        async (stage, clock) => {
          await allBusy(stage, clock);
          assert.deepEqual(numbers(stage.placed).sort(), numbers(first, listed, second, listed).sort());
          now = null;
          await allBusy(stage, clock);
          assert.deepEqual(numbers(stage.placed.slice(4)).sort(), numbers(second, listed).sort());
        },
        () => now,
        { callees: [...first, ...listed] },
      );
    });

    test('if nobody of the roster is due for a further attempt, who came on duty since is not called', async () => {
      let now = onDuty(first);
      await play(
        async (stage, clock, id) => {
          const [onRoster, beside] = stage.placed;
          assert.deepEqual(numbers(stage.placed), numbers(first, listed));
          await stage.report(onRoster?.voiceId ?? '', answered);
          await stage.report(beside?.voiceId ?? '', busy);
          now = onDuty(second);
          for (let round = 0; round < 5; round++) {
            await clock.advance(3 * minute);
            await stage.runDue();
            await stage.report(stage.placed.at(-1)?.voiceId ?? '', busy);
          }
          assert.deepEqual(numbers(stage.placed), numbers(first, listed, listed, listed));
          assert.equal((await stage.view(id)).state, 'done');
        },
        () => now,
        { callees: [...first, ...listed] },
      );
    });

    test('a step’s roster is looked up again too; one whose people stay is called as before', async () => {
      let now = onDuty(first);
      await play(
        async (stage, clock) => {
          await clock.advance(5 * minute);
          await stage.runDue();
          assert.deepEqual(numbers(stage.placed), numbers(listed, first));
          await allBusy(stage, clock, { open: 1 });
          assert.deepEqual(numbers(stage.placed.slice(2)), numbers(first));
          now = onDuty(second);
          await allBusy(stage, clock, { open: 1 });
          assert.deepEqual(numbers(stage.placed.slice(3)), numbers(second));
        },
        () => now,
        {
          ...{ callees: listed, rosters: [], lists: null, alertId: 'a1' },
          plan: planWith({ until: 'answered', attempts: 3 }),
          ladder: ladderWith({
            furtherSteps: [{ afterMs: 5 * minute, call: ['db'], say: null, recording: null }],
          }),
        },
      );
    });

    test('with enough: the people on duty now are called in groups like all others', async () => {
      await play(
        async (stage, clock, id) => {
          await allBusy(stage, clock);
          assert.deepEqual(numbers(stage.placed), numbers(first, people(10, 2)));
          await stage.report('v2', answered);
          await stage.runDue();
          await allBusy(stage, clock);
          const { counts, state } = await stage.view(id);
          assert.deepEqual([state, counts.reached, stage.placed.length], ['done', 1, 3]);
        },
        () => onDuty(people(10, 4)),
        { plan: planWith({ until: 'answered', attempts: 3, enough: 1 }) },
      );
    });
  });
}
