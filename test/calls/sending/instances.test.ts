import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadRequest } from '../../../src/calls/request/read.ts';
import { lockRequest } from '../../../src/calls/request/rows.ts';
import { moveRequest } from '../../../src/calls/request/transitions.ts';
import { createReportApplier, storeReports } from '../../../src/calls/results/reports.ts';
import { createDispatcher } from '../../../src/calls/sending/dispatch.ts';
import { createResender } from '../../../src/calls/sending/resend.ts';
import { acknowledge } from '../../../src/paging/acknowledge.ts';
import { resolveAlert } from '../../../src/paging/fire-rule.ts';
import type { Lease } from '../../../src/queue/types.ts';
import type { Store, StoreLog, Tx } from '../../../src/store/types.ts';
import { parseReports } from '../../../src/voice/reports.ts';
import { createFakeClock } from '../../support/clock.ts';
import { databaseKinds, silentLog, waitingForLock, withStore } from '../../support/store.ts';
import { calleesOf, configWith, createDeps, createVoiceStub, request, stateOf } from '../approval/stage.ts';

const config = configWith('{ calleesOver: 100, approvers: [U0BEN] }');
const lasting: Lease = { valid: () => true, signal: new AbortController().signal };
const lapsed: Lease = { valid: () => false, signal: new AbortController().signal };
const lane = (key: string) => ({ kind: 'dispatch', key, payload: null, attempts: 0 });

const alert = {
  id: 'a1',
  threadTs: '1.1',
  title: 'replica lag',
  episodeAt: 1,
  begins: false,
  silentMs: 0,
};

async function addAlert(tx: Tx): Promise<void> {
  await tx
    .insertInto('alerts')
    .values({
      ...{ id: alert.id, key: 'k', channel_id: 'C0ALERTS', bot_id: 'B0', identity: '{}', status: 'firing' },
      ...{ severity: null, title: alert.title, link: null, thread_ts: alert.threadTs, last_ts: '1.1' },
      ...{ first_at: 1, episode_at: 1, last_at: 1, acked_by: null, acked_at: null },
    })
    .execute();
  await tx
    .insertInto('rule_calls')
    .values({ rule_name: 'db', alert_id: alert.id, called_at: 1, request_id: null })
    .execute();
}

/** Counts the transactions that the database aborted because of a deadlock. */
function retriesOf(): { log: StoreLog; count: () => number } {
  let retries = 0;
  const log: StoreLog = {
    ...silentLog,
    debug: (_facts, message) => {
      if (message === 'a transaction is retried') retries++;
    },
  };
  return { log, count: () => retries };
}

for (const kind of databaseKinds) {
  describe(`what may run twice, on ${kind}`, () => {
    test('a lost call is sent again once, although its task runs twice', async () => {
      await withStore(
        async (store) => {
          const clock = createFakeClock();
          const posts: string[][] = [];
          const taking = createVoiceStub(posts);
          let lost = true;
          const voice = {
            ...taking,
            sendGroup: async (...ask: Parameters<typeof taking.sendGroup>) => {
              const answer = await taking.sendGroup(...ask);
              return lost
                ? ({
                    outcome: 'ambiguous',
                    code: null,
                    why: 'connection_lost',
                    detail: 'the answer got lost',
                  } as const)
                : answer;
            },
          };
          const deps = createDeps({ store, clock, config: () => config, voice });
          const id = await request(deps, { onUnknown: 'again' });
          await createDispatcher(deps)(lane('0'), lasting);
          const [first] = (await loadRequest(store.read, id))?.submissions ?? [];
          assert.equal(first?.state, 'unknown');
          lost = false;
          await clock.advance(200_000);
          const task = { kind: 'resend', key: first.id, payload: null, attempts: 0 };
          const sendAgain = createResender(deps);
          await sendAgain(task, lasting);
          // Another instance slept with the same task.
          await sendAgain(task, lasting);
          await clock.advance(1_000);
          await createDispatcher(deps)(lane('0'), lasting);
          assert.equal(posts.length, 2);
          const view = await loadRequest(store.read, id);
          assert.equal(view?.submissions.length, 2);
          assert.equal(view?.counts.callees, 3);
        },
        { kind },
      );
    });

    test('a sender that slept through its lane’s lease does not treat the next sender as dead', async () => {
      await withStore(
        async (store) => {
          const clock = createFakeClock();
          const posting = Promise.withResolvers<void>();
          const answered = Promise.withResolvers<void>();
          const voice = createVoiceStub([], async () => {
            posting.resolve();
            await answered.promise;
          });
          const deps = createDeps({ store, clock, config: () => config, voice });
          const id = await request(deps);
          const sending = createDispatcher({ ...deps, instance: 'i2' })(lane('0'), lasting);
          await posting.promise;
          await createDispatcher(deps)(lane('0'), lapsed);
          const during = await loadRequest(store.read, id);
          assert.deepEqual(
            during?.submissions.map((each) => each.state),
            ['sending'],
          );
          answered.resolve();
          await sending;
          assert.equal((await loadRequest(store.read, id))?.counts.accepted, 3);
        },
        { kind },
      );
    });

    test('a result counts for every call, although a report of one of them came first', async () => {
      await withStore(
        async (store) => {
          const clock = createFakeClock();
          const posting = Promise.withResolvers<string>();
          const answering = Promise.withResolvers<void>();
          const voice = createVoiceStub([], async (ask) => {
            posting.resolve(ask.calledInfo ?? '');
            await answering.promise;
          });
          const deps = createDeps({ store, clock, config: () => config, voice });
          const id = await request(deps);
          const sending = createDispatcher({ ...deps, instance: 'i2' })(lane('0'), lasting);
          const calledInfo = await posting.promise;
          // Its lease ended while the database was away: the next sender makes the submission unknown.
          await createDispatcher(deps)(lane('0'), lasting);
          assert.equal((await loadRequest(store.read, id))?.counts.unknown, 3);
          const [{ callee } = { callee: '' }] = calleesOf(1);
          const { reports } = parseReports([
            { voiceId: `v${callee}`, callee, calledInfo, callStatus: 'ringing' },
          ]);
          await storeReports(deps, reports);
          await createReportApplier(deps)(
            { kind: 'reports', key: 'apply', payload: null, attempts: 0 },
            lasting,
          );
          assert.equal((await loadRequest(store.read, id))?.counts.unknown, 2);
          answering.resolve();
          await sending;
          const view = await loadRequest(store.read, id);
          assert.deepEqual(
            view?.submissions.map((each) => each.state),
            ['accepted'],
          );
          assert.equal(view?.counts.unknown, 0);
          assert.equal(view?.counts.accepted, 3);
        },
        { kind },
      );
    });

    test('a submission with a report before its result is not refused', async () => {
      await withStore(
        async (store) => {
          const posting = Promise.withResolvers<string>();
          const answering = Promise.withResolvers<void>();
          const voice = createVoiceStub([], async (ask) => {
            posting.resolve(ask.calledInfo ?? '');
            await answering.promise;
          });
          const deps = createDeps({ store, clock: createFakeClock(), config: () => config, voice });
          const id = await request(deps, { callees: calleesOf(1) });
          const sending = createDispatcher(deps)(lane('0'), lasting);
          const calledInfo = await posting.promise;
          const [{ callee } = { callee: '' }] = calleesOf(1);
          const { reports } = parseReports([
            { voiceId: `v${callee}`, callee, calledInfo, callStatus: 'ringing' },
          ]);
          await storeReports(deps, reports);
          await createReportApplier(deps)(
            { kind: 'reports', key: 'apply', payload: null, attempts: 0 },
            lasting,
          );
          answering.resolve();
          await sending;
          const view = await loadRequest(store.read, id);
          assert.deepEqual(
            view?.submissions.map((each) => each.state),
            ['accepted'],
          );
        },
        { kind },
      );
    });

    test('a request that is no longer in the expected state is not changed', async () => {
      await withStore(
        async (store) => {
          const deps = createDeps({
            store,
            clock: createFakeClock(),
            config: () => config,
            voice: createVoiceStub([]),
          });
          const id = await request(deps);
          await store.transaction((tx) => moveRequest(tx, { id, state: 'approved' }, 'sending', 1));
          await assert.rejects(
            store.transaction((tx) => moveRequest(tx, { id, state: 'approved' }, 'done', 1)),
            { code: 'bad_transition' },
          );
          assert.equal(await stateOf(store, id), 'sending');
        },
        { kind },
      );
    });
  });
}

describe('locks of two instances', { skip: !databaseKinds.includes('postgres') }, () => {
  async function twoStores(
    run: (one: Store, other: Store, ids: string[], retries: () => number) => Promise<void>,
  ) {
    await withStore(
      async (one, database) => {
        const retries = retriesOf();
        const other = await database.open({ log: retries.log });
        const deps = createDeps({
          store: one,
          clock: createFakeClock(),
          config: () => config,
          voice: createVoiceStub([]),
        });
        await one.transaction(addAlert);
        const ids = [];
        for (const ruleName of ['db', 'ops']) {
          ids.push(await request(deps, { origin: 'alert', requestedBy: null, alertId: alert.id, ruleName }));
        }
        await run(one, other, ids.sort(), retries.count);
      },
      { kind: 'postgres' },
    );
  }
  const depsOf = (store: Store) =>
    createDeps({ store, clock: createFakeClock(), config: () => config, voice: createVoiceStub([]) });

  test('a resolve does not touch what was sent while it waited', async () => {
    await twoStores(async (one, other, [first = '', second = '']) => {
      let resolving: Promise<void> | undefined;
      await one.transaction(async (tx) => {
        await lockRequest(tx, first);
        resolving = other.transaction((theirs) =>
          resolveAlert(theirs, depsOf(other), {
            alert,
            teamId: 'T0',
            places: [{ channelId: 'C0ALERTS', threadTs: alert.threadTs, parentId: null }],
            source: null,
            now: 2,
          }),
        );
        resolving.catch(() => {});
        await waitingForLock(one);
        await moveRequest(tx, { id: first, state: 'approved' }, 'sending', 2);
        await moveRequest(tx, { id: first, state: 'sending' }, 'sent', 2);
      });
      await resolving;
      assert.equal(await stateOf(one, first), 'sent');
      assert.equal(await stateOf(one, second), 'cancelled');
    });
  });

  test('acknowledging an alert and reading its next message do not deadlock', async () => {
    await twoStores(async (one, other, [first = ''], retries) => {
      let taking: Promise<unknown> | undefined;
      // Like a resolve: first the alert, then its requests.
      await one.transaction(async (tx) => {
        await tx.updateTable('alerts').set({ last_at: 2 }).where('id', '=', alert.id).execute();
        taking = acknowledge(depsOf(other), first, 'U0BEN');
        taking.catch(() => {});
        await waitingForLock(one);
        await lockRequest(tx, first);
      });
      assert.deepEqual(await taking, { first: 'U0BEN', stopped: 6 });
      assert.equal(retries(), 0);
    });
  });

  test('acknowledging an alert locks its requests in the same order as reports do', async () => {
    await twoStores(async (one, other, [first = '', second = ''], retries) => {
      let taking: Promise<unknown> | undefined;
      await one.transaction(async (tx) => {
        await lockRequest(tx, first);
        taking = acknowledge(depsOf(other), second, 'U0BEN');
        taking.catch(() => {});
        await waitingForLock(one);
        await lockRequest(tx, second);
      });
      assert.deepEqual(await taking, { first: 'U0BEN', stopped: 6 });
      assert.equal(retries(), 0);
    });
  });
});
