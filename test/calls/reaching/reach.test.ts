import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReadyStep } from '../../../src/calls/reaching/steps.ts';
import { resolveAlert } from '../../../src/paging/fire-rule.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { type DatabaseKind, databaseKinds, withStore } from '../../support/store.ts';
import {
  answered,
  busy,
  configOf,
  createStage,
  invalid,
  ladderWith,
  minute,
  people,
  planWith,
  pressed,
} from './stage.ts';

const nobody: ReadyStep = { callees: [], audio: null, problems: ['the list is empty'] };

async function onStage(
  kind: DatabaseKind,
  play: (stage: ReturnType<typeof createStage>, clock: FakeClock) => Promise<void>,
  steps: Record<number, ReadyStep> = {},
): Promise<void> {
  await withStore(
    async (store) => {
      const clock = createFakeClock();
      await play(
        createStage(store, clock, async (_request, step) => steps[step] ?? nobody),
        clock,
      );
    },
    { kind },
  );
}

const step = (from: number): ReadyStep => ({ callees: people(from), audio: null, problems: [] });

for (const kind of databaseKinds) {
  describe(`reaching people, on ${kind}`, () => {
    test('busy and answered reports in both orders: answered counts, and nobody is called again', async () => {
      for (const [first, second] of [
        [busy, { ...answered, outRecallCount: 1 }],
        [{ ...answered, outRecallCount: 1 }, busy],
      ] as const) {
        await onStage(kind, async (stage, clock) => {
          const id = await stage.ask({ callees: people(1), plan: planWith({ until: 'answered' }) });
          await stage.runDue();
          await stage.report('v1', first);
          await stage.runDue();
          await stage.report('v1', second);
          await stage.runDue();
          await clock.advance(10 * minute);
          await stage.runDue();
          const view = await stage.view(id);
          assert.equal(view.state, 'done');
          assert.deepEqual([view.counts.answered, view.counts.reached, stage.placed.length], [1, 1, 1]);
        });
      }
    });

    test('a late report of a superseded attempt counts for its callee and ends what follows', async () => {
      await onStage(kind, async (stage, clock) => {
        const id = await stage.ask({
          callees: people(1),
          plan: planWith({ until: 'answered', attempts: 3 }),
        });
        await stage.runDue();
        await stage.report('v1', busy);
        await stage.runDue();
        await clock.advance(3 * minute);
        await stage.runDue();
        assert.equal(stage.placed.length, 2);
        await stage.report('v1', { ...answered, outRecallCount: 1 });
        await stage.runDue();
        assert.equal((await stage.view(id)).counts.answered, 1);
        await stage.report('v2', busy);
        await stage.runDue();
        await clock.advance(10 * minute);
        await stage.runDue();
        const view = await stage.view(id);
        assert.deepEqual([view.state, view.counts.reached, stage.placed.length], ['done', 1, 2]);
        assert.equal(view.reach?.endedBy, 'all');
      });
    });

    test('a key that is reported after the request is done confirms and acknowledges the alert', async () => {
      await onStage(kind, async (stage) => {
        const plan = planWith({ attempts: 1 });
        const id = await stage.ask({ callees: people(7), plan, alertId: 'a1' });
        await stage.runDue();
        await stage.report('v1', answered);
        await stage.runDue();
        assert.deepEqual([(await stage.view(id)).state, (await stage.view(id)).counts.reached], ['done', 0]);
        await stage.report('v1', pressed);
        await stage.runDue();
        const view = await stage.view(id);
        assert.deepEqual([view.counts.answered, view.counts.confirmed, view.counts.reached], [1, 1, 1]);
        assert.equal(view.ackedBy, 'callee:Person 7');
        assert.equal(view.reach?.reachedBy[0]?.key, '1');
      });
    });

    test('a person who confirms late, after a second call without the key, is named once, with the key', async () => {
      await onStage(kind, async (stage, clock) => {
        const id = await stage.ask({
          callees: people(1, 2),
          plan: planWith({ until: 'confirmed', attempts: 2 }),
        });
        await stage.runDue();
        await stage.report('v1', answered);
        await stage.report('v2', pressed);
        await stage.runDue();
        await clock.advance(3 * minute);
        await stage.runDue();
        await stage.report('v3', answered);
        await stage.runDue();
        await stage.report('v1', pressed);
        await stage.runDue();
        const { reach, counts } = await stage.view(id);
        assert.deepEqual([stage.placed.length, counts.confirmed], [3, 2]);
        assert.deepEqual(reach?.reachedBy.map(({ name, key }) => [name, key]).sort(), [
          ['Person 1', '1'],
          ['Person 2', '1'],
        ]);
      });
    });

    test('an invalid number and a refusal are never called again; answered without the key is', async () => {
      await onStage(kind, async (stage, clock) => {
        const id = await stage.ask({ callees: people(1, 2), plan: planWith() });
        await stage.runDue();
        await stage.report('v1', invalid);
        await stage.report('v2', answered);
        await stage.runDue();
        await clock.advance(3 * minute);
        await stage.runDue();
        assert.deepEqual(
          stage.placed.map((each) => each.voiceId),
          ['v1', 'v2', 'v3'],
        );
        assert.equal(stage.placed[2]?.callee, people(2)[0]?.callee);
        const { counts } = await stage.view(id);
        assert.deepEqual([counts.callees, counts.accepted, counts.answered, counts.confirmed], [2, 2, 1, 0]);
      });
    });

    test('three steps: each once; a clock that jumps an hour repeats and skips nothing', async () => {
      await onStage(
        kind,
        async (stage, clock) => {
          const ladder = ladderWith();
          const id = await stage.ask({
            callees: people(1),
            plan: planWith({ attempts: 1 }),
            ladder,
            alertId: 'a1',
          });
          await stage.runDue();
          clock.set(clock.now() + 60 * minute);
          await stage.runDue();
          await stage.runDue();
          assert.equal(stage.placed.length, 2);
          assert.equal((await stage.view(id)).reach?.step, 2);
          await clock.advance(9 * minute);
          await stage.runDue();
          assert.equal(stage.placed.length, 2, 'the next step comes after the start of this one');
          await clock.advance(minute);
          await stage.runDue();
          assert.equal(stage.placed.length, 3);
          for (const each of ['v1', 'v2', 'v3']) await stage.report(each, busy);
          await stage.runDue();
          const view = await stage.view(id);
          assert.deepEqual([view.state, view.reach?.endedBy, view.counts.callees], ['done', 'exhausted', 3]);
        },
        { 2: step(2), 3: step(3) },
      );
    });

    test('a step that can call nobody says so, and the next one starts at once', async () => {
      await onStage(
        kind,
        async (stage, clock) => {
          const id = await stage.ask({
            ...{ callees: people(1), plan: planWith({ attempts: 1 }), ladder: ladderWith(), alertId: 'a1' },
          });
          await stage.runDue();
          await clock.advance(5 * minute);
          await stage.runDue();
          const { reach } = await stage.view(id);
          assert.equal(reach?.step, 3);
          assert.equal(reach?.steps[0]?.problem, 'the list is empty');
          assert.equal(stage.placed.length, 2);
        },
        { 3: step(3) },
      );
    });

    test('a later step calls nobody who was reached or is being called', async () => {
      await onStage(
        kind,
        async (stage, clock) => {
          const plan = planWith({ attempts: 1, enough: 2 });
          const id = await stage.ask({ callees: people(1, 3), plan, ladder: ladderWith(), alertId: 'a1' });
          await stage.runDue();
          // v1 pressed the key, v2 has no report, v3 was busy.
          await stage.report('v1', pressed);
          await stage.report('v3', busy);
          await stage.runDue();
          // The key acknowledges the alert, which ends the ladder before enough people are reached.
          assert.equal((await stage.view(id)).reach?.endedBy, 'acknowledged');
          await clock.advance(30 * minute);
          await stage.runDue();
          assert.equal(stage.placed.length, 3);
        },
        { 2: { ...step(1), callees: people(1, 4) } },
      );
      await onStage(
        kind,
        async (stage, clock) => {
          const plan = planWith({ attempts: 1, until: 'answered', confirmKey: null, enough: 3 });
          await stage.ask({ callees: people(1, 3), plan, ladder: ladderWith(), alertId: 'a1' });
          await stage.runDue();
          await stage.report('v1', answered);
          await stage.report('v3', busy);
          await stage.runDue();
          await clock.advance(5 * minute);
          await stage.runDue();
          const called = stage.placed.slice(3).map((each) => each.callee);
          assert.deepEqual(
            called,
            [people(3), people(4)].map(([each]) => each?.callee),
          );
        },
        { 2: { ...step(1), callees: people(1, 4) } },
      );
    });

    test('a resolve between two steps ends the ladder', async () => {
      await onStage(
        kind,
        async (stage, clock) => {
          const id = await stage.ask({
            callees: people(1),
            plan: planWith(),
            ladder: ladderWith(),
            alertId: 'a1',
          });
          await stage.runDue();
          await stage.report('v1', busy);
          await stage.runDue();
          const deps = stage.deps();
          const alert = { id: 'a1', threadTs: '1.1', title: 'lag', episodeAt: 1, begins: false, silentMs: 0 };
          await deps.store.transaction((tx) =>
            resolveAlert(tx, deps, {
              alert,
              teamId: 'T0',
              places: [],
              source: null,
              now: clock.now(),
            }),
          );
          await clock.advance(60 * minute);
          await stage.runDue();
          const view = await stage.view(id);
          assert.deepEqual([view.state, view.reach?.endedBy, stage.placed.length], ['done', 'resolved', 1]);
        },
        { 2: step(2) },
      );
    });

    test('a callee held by perCallee is called when the limit allows it, if the plan still runs', async () => {
      await onStage(kind, async (stage, clock) => {
        stage.setConfig(configOf('limits: { perCallee: { calls: 1, per: 10m } }'));
        const id = await stage.ask({ callees: people(1), plan: planWith(), alertId: 'a1' });
        await stage.runDue();
        await stage.report('v1', busy);
        await stage.runDue();
        await clock.advance(3 * minute);
        await stage.runDue();
        const held = (await stage.rows(id)).at(-1);
        assert.deepEqual([held?.state, held?.cause], ['held', 'per_callee']);
        const { counts } = await stage.view(id);
        assert.deepEqual([counts.accepted, counts.not_answered], [1, 1], 'no number falls');
        await clock.advance(7 * minute);
        await stage.runDue();
        assert.equal(stage.placed.length, 2);
      });
    });

    test('a deleted rule ends its ladder', async () => {
      await onStage(kind, async (stage, clock) => {
        const id = await stage.ask({
          callees: people(1),
          plan: planWith(),
          ladder: ladderWith(),
          alertId: 'a1',
        });
        await stage.runDue();
        stage.setConfig({ ...configOf(), rules: [] });
        await stage.report('v1', busy);
        await clock.advance(10 * minute);
        await stage.runDue();
        const view = await stage.view(id);
        assert.deepEqual([view.state, view.reach?.endedBy, stage.placed.length], ['done', 'rule_removed', 1]);
      });
    });
  });
}
