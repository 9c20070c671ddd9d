import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { decide } from '../../../src/calls/approval/decide.ts';
import { cancelRequest } from '../../../src/calls/asking/cancel.ts';
import { readAudit } from '../../../src/calls/request/audit.ts';
import type { CallsDeps } from '../../../src/calls/request/deps.ts';
import { loadRequest } from '../../../src/calls/request/read.ts';
import type { Worker } from '../../../src/queue/worker.ts';
import type { Store, Tx } from '../../../src/store/types.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { hasHadItsTime } from '../../support/quick.ts';
import { databaseKinds, withStore } from '../../support/store.ts';
import {
  calleesOf,
  configWith,
  createApprovalWorker,
  createDeps,
  createVoiceStub,
  outcomeOf,
  request,
} from './stage.ts';

const expiresAfterMs = 120_000;
const leaseMs = 8_000;

type Deed = { do: 'approve' | 'reject'; who: string; on: 0 | 1 } | { do: 'cancel'; who: string; on: 0 | 1 };
type Action =
  | Deed
  | { do: 'repeat'; on: 0 | 1 }
  | { do: 'both'; one: Deed; other: Deed }
  | { do: 'wait'; ms: number | 'until it expires' | 'until just before' }
  /** The process dies after `after` more transactions, before or after the commit, or around its next POST. */
  | { do: 'crash'; on: 0 | 1; at: CrashPoint; after: number };
type CrashPoint = 'before the commit' | 'after the commit' | 'before the POST' | 'after the POST';

const where = fc.constantFrom(0 as const, 1 as const);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('approve' as const, 'approve' as const, 'reject' as const),
      who: fc.constantFrom('U0ASHA', 'U0BEN', 'U0CARA', 'U0DAN'),
      on: where,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('cancel' as const),
      who: fc.constantFrom('U0ASHA', 'U0BEN'),
      on: where,
    }),
  },
);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: deed },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('repeat' as const), on: where }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('both' as const), one: deed, other: deed }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(10, 1_000, 40_000, 'until it expires' as const, 'until just before' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      on: where,
      at: fc.constantFrom<CrashPoint>(
        'before the commit',
        'after the commit',
        'before the POST',
        'after the POST',
      ),
      after: fc.nat(2),
    }),
  },
);

class Died extends Error {}

/** One process. It can die at a chosen point; then nothing of it ever finishes. */
interface Process {
  deps: CallsDeps;
  worker: Worker;
  died: Promise<'died'>;
  dead: () => boolean;
  plan(at: CrashPoint, after: number): void;
  stop(): Promise<void>;
}

const never = () => new Promise<never>(() => {});
let started = 0;

function startProcess(store: Store, clock: FakeClock, posts: string[][], quorum: number): Process {
  let planned: { at: CrashPoint; after: number } | null = null;
  let dead = false;
  const { promise: died, resolve } = Promise.withResolvers<'died'>();
  const die = () => {
    dead = true;
    resolve('died');
  };
  const due = (at: CrashPoint) => planned?.at === at && planned.after-- <= 0;
  const mortal: Store = {
    ...store,
    async transaction<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
      if (dead) return await never();
      let result: T;
      try {
        result = await store.transaction(async (tx) => {
          const value = await run(tx);
          if (due('before the commit')) throw new Died();
          return value;
        });
      } catch (error) {
        if (!(error instanceof Died)) throw error;
        die();
        return await never();
      }
      if (due('after the commit')) die();
      return dead ? await never() : result;
    },
  };
  const voice = createVoiceStub(posts, async () => {
    if (!due('after the POST')) return;
    die();
    await never();
  });
  const { sendGroup } = voice;
  voice.sendGroup = async (ask) => {
    if (due('before the POST')) die();
    return dead ? await never() : await sendGroup(ask);
  };
  const config = configWith(
    `{ calleesOver: 0, approvers: [U0BEN, U0CARA, U0DAN], quorum: ${quorum}, expiresAfter: 2m }`,
  );
  // The timers of a dead process do not run.
  const ownClock = {
    ...clock,
    after: (delayMs: number, run: () => void) => clock.after(delayMs, () => (dead ? undefined : run())),
  };
  const deps = createDeps({
    store: mortal,
    clock: ownClock,
    config: () => config,
    voice,
    instance: `i${++started}`,
  });
  const worker = createApprovalWorker(deps);
  worker.start();
  return {
    deps,
    worker,
    died,
    dead: () => dead,
    plan: (at, after) => {
      planned = { at, after };
    },
    async stop() {
      planned = null;
      await Promise.race([worker.stop(), died]);
    },
  };
}

/** How the wait for approval ended. */
type Outcome = 'open' | 'approved' | 'rejected' | 'expired' | 'cancelled';

async function outcomeNow(store: Store, id: string): Promise<Outcome> {
  const view = await loadRequest(store.read, id);
  assert.ok(view);
  if (view.state === 'awaiting_approval') return 'open';
  if (view.state === 'rejected' || view.state === 'expired') return view.state;
  return view.state === 'cancelled' && view.submissions.length === 0 ? 'cancelled' : 'approved';
}

/** Plays the actions on one new request with two processes, and checks after each action and at the end. */
async function play(stores: readonly [Store, Store], clock: FakeClock, actions: Action[], quorum: number) {
  const posts: string[][] = [];
  const start = (index: 0 | 1) => startProcess(stores[index], clock, posts, quorum);
  const processes: [Process, Process] = [start(0), start(1)];
  const [store] = stores;
  const id = await request(processes[0].deps);
  const expiresAt = clock.now() + expiresAfterMs;
  const told: Record<string, unknown>[] = [];
  let last: Deed = { do: 'approve', who: 'U0BEN', on: 0 };
  let shown: Outcome = 'open';

  async function act(deed: Deed, on: 0 | 1 = deed.on): Promise<Record<string, unknown> | 'died'> {
    const { deps, died } = processes[on];
    const { who } = deed;
    const pressed =
      deed.do === 'cancel'
        ? outcomeOf(cancelRequest(deps, id, who)).then((each) => ({ ...each, deed }))
        : outcomeOf(
            decide(deps, {
              requestId: id,
              userId: who,
              decision: deed.do,
              reason: 'because',
              seenHash: null,
            }),
          ).then((each) => ({ ...each, deed }));
    const answer = await Promise.race([pressed, died]);
    if (answer !== 'died') told.push(answer);
    return answer;
  }

  /** Runs everything that is due. A dead process is replaced by a new one without memory. */
  async function settle(): Promise<void> {
    for (const index of [0, 1] as const) {
      const { worker, died, dead } = processes[index];
      if (!dead()) await Promise.race([worker.idle(), died]);
      if (processes[index].dead()) processes[index] = start(index);
    }
    const now = await outcomeNow(store, id);
    if (shown !== 'open') assert.equal(now, shown, 'what was decided stays decided');
    shown = now;
  }

  /** The expected result of a press, by the state before it, if no process is about to die. */
  async function expected(deed: Deed): Promise<string> {
    const view = await loadRequest(store.read, id);
    assert.ok(view);
    if (view.state !== 'awaiting_approval' || clock.now() >= expiresAt) return 'already_decided';
    if (deed.who === 'U0ASHA') return 'not_allowed';
    if (deed.do === 'reject') return 'rejected';
    const approved = new Set(view.decisions.map((each) => each.userId));
    if (approved.has(deed.who)) return 'not_allowed';
    return approved.size + 1 >= quorum ? 'approved' : 'waiting';
  }

  for (const step of actions) {
    if (step.do === 'crash') processes[step.on].plan(step.at, step.after);
    else if (step.do === 'both') await Promise.all([act(step.one), act(step.other)]);
    else if (step.do === 'wait') {
      const left = expiresAt - clock.now();
      const ms = step.ms === 'until it expires' ? left : step.ms === 'until just before' ? left - 1 : step.ms;
      await clock.advance(Math.max(0, ms));
    } else {
      const deed: Deed = step.do === 'repeat' ? { ...last, on: step.on } : step;
      last = deed;
      const wanted: string | null = deed.do === 'cancel' ? null : await expected(deed);
      const answer = await act(deed);
      if (wanted !== null && answer !== 'died') assert.equal(answer.code ?? answer.state, wanted);
    }
    await settle();
  }

  for (const { plan } of processes) plan('before the POST', Number.POSITIVE_INFINITY);
  // Leases of dead processes lapse, the request expires if nobody decided, and what is ready is sent.
  for (let turn = 0; turn < 4; turn++) {
    await clock.advance(turn === 0 ? expiresAfterMs : leaseMs + 2_000);
    await settle();
  }
  for (const process of processes) await process.stop();

  const trail = await readAudit(store.read, id);
  const did = (...names: string[]) => trail.filter((each) => names.includes(each.action));
  const view = await loadRequest(store.read, id);
  assert.ok(view);
  const outcome = await outcomeNow(store, id);
  assert.notEqual(outcome, 'open');
  const ends = [did('rejected').length, did('expired').length, outcome === 'approved' ? 1 : 0];
  const cancelledWaiting = outcome === 'cancelled' ? 1 : 0;
  assert.equal(
    ends.reduce((sum, each) => sum + each, cancelledWaiting),
    1,
    `one outcome: ${ends}`,
  );
  const tellsOf = (state: string) => told.filter((each) => each.code === undefined && each.state === state);
  assert.ok(
    tellsOf('approved').length + tellsOf('rejected').length <= 1,
    'one person hears that it was theirs',
  );
  if (outcome !== 'approved') assert.equal(tellsOf('approved').length, 0);
  if (outcome !== 'rejected') assert.equal(tellsOf('rejected').length, 0);

  const called = posts.flat();
  assert.equal(new Set(called).size, called.length, `nobody is called twice: ${called}`);
  const approvers = new Set(did('approved').map((each) => each.actor));
  assert.ok(!approvers.has('U0ASHA'));
  if (outcome === 'approved') assert.ok(approvers.size >= quorum, 'as many different people as it takes');
  else assert.deepEqual(called, [], 'nobody is called without approval');
  assert.equal(view.counts.waiting, 0, 'nothing is said to go out still');
  if (outcome !== 'approved') assert.equal(view.counts.cancelled, view.counts.callees);
  if (view.counts.accepted > 0) assert.equal(called.length, calleesOf(3).length);
  if (view.counts.cancelled > 0) assert.deepEqual(called, [], 'what was stopped was not sent');
}

for (const kind of databaseKinds) {
  suite(`any order of presses, time and crashes, on ${kind}`, () => {
    test('there is one outcome, and nobody is called twice', async () => {
      const clock = createFakeClock();
      await withStore(
        async (store, database) => {
          const second = kind === 'postgres' ? await database.open() : store;
          const over = hasHadItsTime();
          await fc.assert(
            fc.asyncProperty(
              fc.array(action, { minLength: 1, maxLength: 12, size: 'max' }),
              fc.integer({ min: 1, max: 3 }),
              async (actions, quorum) => {
                if (!over()) await play([store, second], clock, actions, quorum);
              },
            ),
            { numRuns: Number(process.env.PROPERTY_RUNS ?? 40), endOnFailure: false },
          );
        },
        { kind },
      );
    });
  });
}
