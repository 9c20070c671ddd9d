import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadRequest } from '../../../src/calls/request/read.ts';
import { createDispatcher } from '../../../src/calls/sending/dispatch.ts';
import type { Lease } from '../../../src/queue/types.ts';
import type { Store } from '../../../src/store/types.ts';
import { createFakeClock } from '../../support/clock.ts';
import { databaseKinds, waitingForLock, withStore } from '../../support/store.ts';
import { configWith, createDeps, createVoiceStub, request } from '../approval/stage.ts';

const one = configWith('{ calleesOver: 100, approvers: [U0BEN] }');
const config = { ...one, voice: { ...one.voice, submit: { concurrency: 3, perSecond: 200 } } };
const lane = (key: string) => ({ kind: 'dispatch', key, payload: null, attempts: 0 });

/**
 * The store, but its first transaction (in which a lane takes a submission) commits only at `commit`, and the second
 * one begins only at `goOn`.
 */
function holding(store: Store) {
  const reached = Promise.withResolvers<void>();
  const commit = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let count = 0;
  const held: Store = {
    ...store,
    async transaction(run) {
      const number = ++count;
      if (number === 2) await goOn.promise;
      return await store.transaction(async (tx) => {
        const value = await run(tx);
        if (number !== 1) return value;
        reached.resolve();
        await commit.promise;
        return value;
      });
    },
  };
  return {
    store: held,
    reached: reached.promise,
    commit: () => commit.resolve(),
    goOn: () => goOn.resolve(),
  };
}

for (const kind of databaseKinds) {
  describe(`lanes of two instances, on ${kind}`, () => {
    test('a lane leaves a submission alone that another lane has just taken', async () => {
      await withStore(
        async (store, database) => {
          const other = kind === 'postgres' ? await database.open() : store;
          const clock = createFakeClock();
          const posts: string[][] = [];
          const voice = createVoiceStub(posts);
          const slow = holding(store);
          const id = await request(createDeps({ store, clock, config: () => config, voice }));
          const lease: Lease = { valid: () => true, signal: new AbortController().signal };
          const dispatch = createDispatcher(
            createDeps({ store: slow.store, clock, config: () => config, voice, instance: 'i1' }),
          );
          const two = createDispatcher(
            createDeps({ store: other, clock, config: () => config, voice, instance: 'i2' }),
          );
          const first = dispatch(lane('1'), lease);
          await slow.reached;
          // So that the pace allows the other one.
          await clock.advance(60_000);
          const next = two(lane('2'), lease);
          await waitingForLock(store);
          slow.commit();
          await next;
          slow.goOn();
          await first;
          const view = await loadRequest(store.read, id);
          assert.equal(posts.length, 1);
          assert.deepEqual(
            view?.submissions.map((each) => each.state),
            ['accepted'],
          );
          assert.equal(view?.counts.accepted, 3);
        },
        { kind },
      );
    });

    test('the first of several lanes sends alerts only', async () => {
      await withStore(
        async (store) => {
          const clock = createFakeClock();
          const posts: string[][] = [];
          const deps = createDeps({ store, clock, config: () => config, voice: createVoiceStub(posts) });
          const dispatch = createDispatcher(deps);
          const lease: Lease = { valid: () => true, signal: new AbortController().signal };
          await request(deps);
          assert.equal(await dispatch(lane('0'), lease), undefined);
          assert.equal(posts.length, 0);
          await store.transaction((tx) => tx.updateTable('submissions').set({ priority: 0 }).execute());
          await dispatch(lane('0'), lease);
          assert.equal(posts.length, 1);
        },
        { kind },
      );
    });

    // SQLite's transactions run one after the other, so the second lane would see what the first has taken.
    if (kind === 'sqlite') return;
    test('what a lane gave back after its lease ended is sent by the next lane, although that found nothing before', async () => {
      await withStore(
        async (store, database) => {
          const other = kind === 'postgres' ? await database.open() : store;
          const clock = createFakeClock();
          const posts: string[][] = [];
          const voice = createVoiceStub(posts);
          const slow = holding(store);
          await request(createDeps({ store, clock, config: () => config, voice }));
          // The worker deleted it with the lease.
          await store.transaction((tx) => tx.deleteFrom('tasks').where('kind', '=', 'dispatch').execute());
          let valid = true;
          const lapsing: Lease = { valid: () => valid, signal: new AbortController().signal };
          const lasting: Lease = { valid: () => true, signal: new AbortController().signal };
          const dispatch = createDispatcher(
            createDeps({ store: slow.store, clock, config: () => config, voice, instance: 'i1' }),
          );
          const two = createDispatcher(
            createDeps({ store: other, clock, config: () => config, voice, instance: 'i2' }),
          );
          const first = dispatch(lane('1'), lapsing);
          await slow.reached;
          valid = false;
          await clock.advance(60_000);
          const next = two(lane('1'), lasting);
          await waitingForLock(store);
          slow.commit();
          assert.equal(await next, undefined, 'it found nothing to come back for');
          slow.goOn();
          await first;
          assert.equal(posts.length, 0);
          const tasks = await store.read
            .selectFrom('tasks')
            .select('run_at')
            .where('kind', '=', 'dispatch')
            .execute();
          assert.ok(
            tasks.some(({ run_at }) => run_at <= clock.now()),
            'a lane is asked for',
          );
          await clock.advance(60_000);
          await two(lane('1'), lasting);
          assert.equal(posts.length, 1);
        },
        { kind },
      );
    });
  });
}
