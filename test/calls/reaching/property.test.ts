// Reports, late reports, keys, hand-overs, acknowledgements, resolves, cancellations, deaths and clock changes in any order:
// every step and attempt happens once, and nobody is called who must not be.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { cancelRequest } from '../../../src/calls/asking/cancel.ts';
import type { Ladder, Plan } from '../../../src/calls/request/types.ts';
import { VoicecallError } from '../../../src/errors.ts';
import { acknowledge } from '../../../src/paging/acknowledge.ts';
import { resolveAlert } from '../../../src/paging/fire-rule.ts';
import type { Store } from '../../../src/store/types.ts';
import { createFakeClock } from '../../support/clock.ts';
import { hasHadItsTime } from '../../support/quick.ts';
import { databaseKinds, withStore } from '../../support/store.ts';
import {
  answered,
  busy,
  createStage,
  type Death,
  invalid,
  ladderWith,
  minute,
  people,
  planWith,
  pressed,
} from './stage.ts';

const reports = { busy, answered, pressed, invalid, late: { ...pressed, outRecallCount: 1 } };

type Action =
  | { do: 'report'; call: number; how: keyof typeof reports }
  | { do: 'wait'; ms: number }
  | { do: 'acknowledge' | 'resolve' | 'cancel' }
  /** From now on these are on duty; null: it cannot be said. */
  | { do: 'hand over'; to: number[] | null }
  | { do: 'die'; death: Death };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      call: fc.nat(12),
      how: fc.constantFrom<keyof typeof reports>(
        'busy',
        'busy',
        'busy',
        'answered',
        'pressed',
        'invalid',
        'late',
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1_000, minute, 3 * minute, 5 * minute, 60 * minute),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('acknowledge', 'resolve', 'cancel') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('hand over' as const),
      to: fc.option(fc.subarray([1, 2, 30, 31]), { freq: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('die' as const),
      death: fc.record({
        at: fc.constantFrom<Death['at']>(
          'before the commit',
          'after the commit',
          'before the POST',
          'after the POST',
        ),
        after: fc.nat(4),
      }),
    }),
  },
);

const cases = fc.record({
  until: fc.constantFrom<Plan['until']>('answered', 'confirmed'),
  attempts: fc.integer({ min: 1, max: 3 }),
  enough: fc.constantFrom(null, 1, 2),
  repeat: fc.integer({ min: 0, max: 1 }),
  actions: fc.array(action, { minLength: 4, maxLength: 30 }),
});

for (const kind of databaseKinds) {
  suite(`until people are reached, in any order of events, on ${kind}`, () => {
    test('every step and attempt once; nobody after the end; no number falls', async () => {
      const over = hasHadItsTime();
      await fc.assert(
        fc.asyncProperty(cases, async ({ until, attempts, enough, repeat, actions }) => {
          if (over()) return;
          const plan = planWith({ until, attempts, enough });
          await withStore((store) => play(store, plan, ladderWith({ repeat }), actions), { kind });
        }),
        { numRuns: kind === 'sqlite' ? 60 : 20, endOnFailure: true },
      );
    });
  });
}

async function play(store: Store, plan: Plan, ladder: Ladder, actions: Action[]): Promise<void> {
  const clock = createFakeClock();
  const steps: Record<number, ReturnType<typeof people>> = { 2: people(10), 3: people(20), 4: people(1, 2) };
  const onDutyAt = (whom: number[]) => whom.flatMap((each) => people(each));
  const note = {
    ...{ roster: 'db', people: [], untilAt: null, unknown: [], why: null, fallback: [], ageMs: null },
    step: 1,
  };
  let onDuty: number[] | null = [1, 2];
  const stage = createStage(
    store,
    clock,
    async (_request, step) => ({
      ...{ callees: steps[((step - 1) % 3) + 1] ?? people(1, 2), audio: null, problems: [] },
    }),
    async () => {
      if (onDuty === null) return null;
      const callees = onDutyAt(onDuty);
      return { onDuty: callees, listed: callees, rosters: [note] };
    },
  );
  const id = await stage.ask({
    ...{ callees: people(1, 2), plan, ladder, alertId: 'a1', rosters: [note] },
    lists: { names: ['db'], only: people(1, 2).map(({ callee }) => callee) },
  });
  /** The number of POSTs when it ended. Null: it has not ended. */
  let endedWith: number | null = null;
  let accepted = 0;
  const told = new Map<string, string[]>();
  let looked = 0;

  async function check(): Promise<void> {
    const view = await stage.view(id);
    assert.ok(view.counts.accepted >= accepted, 'accepted never falls');
    accepted = view.counts.accepted;
    const { callees, refused, unknown, held, cancelled, failed, waiting } = view.counts;
    assert.equal(view.counts.accepted + refused + unknown + held + cancelled + failed + waiting, callees);
    for (const [index, { callee }] of stage.placed.entries()) {
      if (index < looked) continue;
      const before = stage.placed.slice(0, index).findLast((each) => each.callee === callee);
      const heard = before === undefined ? ['busy'] : (told.get(before.voiceId) ?? []);
      assert.ok(
        heard.some((how) => how === 'busy' || (how === 'answered' && plan.until === 'confirmed')),
        `called after ${heard.join()}`,
      );
    }
    looked = stage.placed.length;
    if (endedWith !== null) assert.equal(stage.placed.length, endedWith, 'nobody is called after the end');
    if (view.reach?.running !== true && endedWith === null) endedWith = stage.placed.length;
  }

  async function act(next: Action): Promise<void> {
    if (next.do === 'die') return stage.die(next.death);
    if (next.do === 'wait') return await clock.advance(next.ms);
    if (next.do === 'hand over') {
      onDuty = next.to;
      return;
    }
    if (next.do === 'report') {
      const call = stage.placed[next.call % Math.max(1, stage.placed.length)];
      if (call === undefined) return;
      told.set(call.voiceId, [...(told.get(call.voiceId) ?? []), next.how]);
      return await stage.report(call.voiceId, reports[next.how]);
    }
    const deps = { ...stage.deps(), store };
    if (next.do === 'acknowledge') await acknowledge(deps, id, 'U0BEN');
    else if (next.do === 'cancel')
      await cancelRequest(deps, id, 'U0BEN').catch((error: unknown) => {
        if (!(error instanceof VoicecallError && error.code === 'already_decided')) throw error;
      });
    else {
      const alert = { id: 'a1', threadTs: '1.1', title: 'lag', episodeAt: 1, begins: false, silentMs: 0 };
      const about = { alert, teamId: 'T0', places: [], source: null, now: clock.now() };
      await store.transaction((tx) => resolveAlert(tx, deps, about));
    }
  }

  await stage.runDue();
  for (const next of actions) {
    await act(next);
    await stage.runDue();
    await check();
  }
  stage.immortal();
  // At the end everything is reported, and all possible waiting time passes.
  for (let round = 0; round < 40; round++) {
    for (const { voiceId } of stage.placed.slice()) {
      told.set(voiceId, [...(told.get(voiceId) ?? []), 'busy']);
      await stage.report(voiceId, busy);
    }
    await clock.advance(5 * minute);
    await stage.runDue();
    await check();
  }
  await checkRows(store, id, plan);
  const view = await stage.view(id);
  assert.equal(view.reach?.running, false, 'it has come to an end');
  // An unknown call keeps it open for a person to settle, even if an earlier call to the callee counts.
  if (view.submissions.every((each) => each.unknown === 0))
    assert.ok(['done', 'cancelled', 'failed'].includes(view.state), view.state);
}

/** Checks the whole history in the rows. */
async function checkRows(store: Store, id: string, plan: Plan): Promise<void> {
  const rows = await store.read
    .selectFrom('calls')
    .selectAll()
    .where('request_id', '=', id)
    .orderBy('position')
    .execute();
  const names = rows.map(({ callee, step, attempt }) => `${callee} ${step} ${attempt}`);
  assert.equal(new Set(names).size, names.length, 'each attempt of a step once');
  assert.ok(rows.every((row) => row.attempt <= plan.attempts));
  for (const calls of Map.groupBy(rows, (row) => row.callee).values()) {
    assert.deepEqual(
      calls.map((call) => call.superseded),
      calls.map((_, index) => (index === calls.length - 1 ? 0 : 1)),
      'the last call stands for its callee',
    );
    for (const [index, call] of calls.entries()) {
      const before = calls[index - 1];
      if (before === undefined) continue;
      assert.ok(before.ended_at !== null, 'a call is followed by another only after a known end');
      if (before.step === call.step && call.dialled_at !== null)
        assert.ok(call.dialled_at >= before.ended_at + plan.everyMs, 'after the pause');
    }
  }
  const steps = await store.read
    .selectFrom('steps')
    .select('step')
    .where('request_id', '=', id)
    .orderBy('step')
    .execute();
  assert.deepEqual(
    steps.map((each) => each.step),
    steps.map((_, index) => index + 2),
    'no step is skipped',
  );
}
