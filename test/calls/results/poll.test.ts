import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CallsDeps } from '../../../src/calls/request/deps.ts';
import { loadRequest } from '../../../src/calls/request/read.ts';
import { makeToken } from '../../../src/calls/request/token.ts';
import { moveCalls } from '../../../src/calls/request/transitions.ts';
import { createPoller } from '../../../src/calls/results/poll.ts';
import { createReconciler } from '../../../src/calls/results/reconcile.ts';
import { createReportApplier } from '../../../src/calls/results/reports.ts';
import { createDispatcher } from '../../../src/calls/sending/dispatch.ts';
import { VoicecallError } from '../../../src/errors.ts';
import type { Lease } from '../../../src/queue/types.ts';
import type { Store } from '../../../src/store/types.ts';
import { parseReports } from '../../../src/voice/reports.ts';
import type { SendResult } from '../../../src/voice/types.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { databaseKinds, withStore } from '../../support/store.ts';
import { calleesOf, configWith, createDeps, createVoiceStub, request, stateOf } from '../approval/stage.ts';

const config = configWith('{ calleesOver: 100000, approvers: [U0BEN] }');
const lasting: Lease = { valid: () => true, signal: new AbortController().signal };
const task = (kind: string, key: string) => ({ kind, key, payload: null, attempts: 0 });
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

interface Stage {
  deps: CallsDeps;
  clock: FakeClock;
  /** The voiceIds of the single records that were asked for, in order, with the time. */
  singles: { voiceId: string; at: number }[];
  /** The windows of list queries, with the time. */
  lists: { fromAt: number; toAt: number; at: number }[];
  /** The content of the list. */
  records: Record<string, unknown>[];
  /** The result of the next POST. */
  answer: SendResult | null;
  /** Runs both pollers, the applier and the lanes until that time. */
  runUntil(at: number): Promise<void>;
}

function stageOn(store: Store): Stage {
  const clock = createFakeClock();
  const taking = createVoiceStub([]);
  const stage: Stage = {
    clock,
    singles: [],
    lists: [],
    records: [],
    answer: null,
    deps: createDeps({
      store,
      clock,
      config: () => config,
      voice: {
        ...taking,
        sendGroup: async (...ask) => stage.answer ?? (await taking.sendGroup(...ask)),
        recordGroup: async (voiceId) => {
          stage.singles.push({ voiceId, at: clock.now() });
          return null;
        },
        recordGroupQuery: async (fromAt, toAt, reader) => {
          stage.lists.push({ fromAt, toAt, at: clock.now() });
          await reader.take(parseReports(stage.records).reports);
        },
      },
    }),
    async runUntil(until) {
      const poll = createPoller(stage.deps);
      const next = new Map([
        ['one', clock.now()],
        ['list', clock.now()],
      ]);
      for (;;) {
        const [key, at] = [...next].reduce((first, each) => (each[1] < first[1] ? each : first));
        if (at > until) break;
        if (at > clock.now()) await clock.advance(at - clock.now());
        const result = await poll(task('poll', key), lasting);
        await createReportApplier(stage.deps)(task('reports', 'apply'), lasting);
        next.set(key, Math.max(result?.againAt ?? until + 1, clock.now() + 1));
      }
      await clock.advance(Math.max(0, until - clock.now()));
    },
  };
  return stage;
}

/** Makes and sends `count` requests with one callee each, without any report. */
async function sendMany(stage: Stage, count: number, prefix = '91856'): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const [callee] = calleesOf(1, `${prefix}${String(index).padStart(4, '0')}`);
    if (callee) ids.push(await request(stage.deps, { callees: [callee] }));
    await stage.clock.advance(10);
    await createDispatcher(stage.deps)(task('dispatch', '0'), lasting);
  }
  return ids;
}

const dueMs = (60 + 120 + 180) * 1000;

for (const kind of databaseKinds) {
  describe(`polling, on ${kind}`, () => {
    test('a hundred open requests: each record is asked for within 1.2 times what the pace allows', async () => {
      await withStore(
        async (store) => {
          const stage = stageOn(store);
          await sendMany(stage, 100);
          const dueAt = stage.clock.now() + dueMs;
          await stage.runUntil(dueAt + 100 * 2_000 * 1.2);
          const asked = new Set(stage.singles.map((each) => each.voiceId));
          assert.equal(asked.size, 100);
          assert.ok(stage.singles[0] && stage.singles[0].at >= dueAt - 2_000);
          for (const [index, each] of stage.singles.entries()) {
            assert.ok(index === 0 || each.at - (stage.singles[index - 1]?.at ?? 0) >= 2_000);
          }
          for (const [index, each] of stage.lists.entries()) {
            assert.ok(index === 0 || each.at - (stage.lists[index - 1]?.at ?? 0) >= minuteMs);
          }
        },
        { kind },
      );
    });

    test('a call that was never asked for goes before those asked for recently', async () => {
      await withStore(
        async (store) => {
          const stage = stageOn(store);
          await sendMany(stage, 40);
          await stage.clock.advance(dueMs / 2);
          await sendMany(stage, 3, '91857');
          const dueAt = stage.clock.now() + dueMs;
          await stage.runUntil(dueAt + 3 * 2_000 * 1.2 + 5_000);
          const late = stage.singles.filter((each) => each.voiceId.startsWith('v91857'));
          assert.equal(new Set(late.map((each) => each.voiceId)).size, 3);
        },
        { kind },
      );
    });

    test('every record of a list is used, for any request, also for unknown calls', async () => {
      await withStore(
        async (store) => {
          const stage = stageOn(store);
          const ids = await sendMany(stage, 30);
          stage.answer = { outcome: 'ambiguous', code: null, why: 'timeout', detail: '' };
          const [lost = ''] = await sendMany(stage, 1, '91857');
          stage.answer = null;
          const view = await loadRequest(store.read, lost);
          assert.equal(view?.counts.unknown, 1);
          const end = { terminationCode: '200', hangupTime: stage.clock.now() };
          stage.records = Array.from({ length: 30 }, (_, index) => {
            const callee = `91856${String(index).padStart(4, '0')}10000`;
            return { voiceId: `v${callee}`, callee, ...end };
          });
          stage.records.push(
            { voiceId: 'of-others', callee: '4915', ...end },
            {
              ...{ voiceId: 'v-lost', callee: '91857000010000', ...end },
              calledInfo: makeToken(stage.deps.tokenSecret, view?.submissions[0]?.id ?? ''),
            },
          );
          // The task that looks up unknown submissions does not run here; the poller's list finds it too.
          await store.transaction((tx) => tx.deleteFrom('tasks').where('kind', '=', 'reconcile').execute());
          await stage.runUntil(stage.clock.now() + dueMs + 2 * minuteMs);
          for (const id of [...ids, lost]) assert.equal(await stateOf(store, id), 'done');
          assert.equal(stage.lists.length, 1);
          const stored = await store.read.selectFrom('reports').select('voice_id').execute();
          assert.equal(stored.length, 31);
        },
        { kind },
      );
    });

    test('after a day without reports a request is done; a newer or unknown call keeps it open', async () => {
      await withStore(
        async (store) => {
          const stage = stageOn(store);
          const [plain = '', waiting = ''] = await sendMany(stage, 2);
          await store.transaction((tx) =>
            tx
              .insertInto('calls')
              .values({
                ...{ request_id: waiting, position: 2, submission_id: null, callee: '4917', name: null },
                ...{ state: 'unknown', dialled_at: stage.clock.now() },
              })
              .execute(),
          );
          await stage.clock.advance(23 * hourMs);
          await stage.runUntil(stage.clock.now() + 2 * minuteMs);
          assert.equal(await stateOf(store, plain), 'sent');
          await stage.clock.advance(1.1 * hourMs);
          await stage.runUntil(stage.clock.now() + 2 * minuteMs);
          assert.equal(await stateOf(store, plain), 'done');
          assert.equal(await stateOf(store, waiting), 'sent');
          await store.transaction((tx) => moveCalls(tx, { requestId: waiting }, ['unknown'], 'failed'));
          await stage.clock.advance(1.1 * hourMs);
          await stage.runUntil(stage.clock.now() + 2 * minuteMs);
          assert.equal(await stateOf(store, waiting), 'done');
          const open = await store.read
            .selectFrom('calls')
            .select('ask_at')
            .where('ask_at', 'is not', null)
            .execute();
          assert.equal(open.length, 0);
        },
        { kind },
      );
    });

    test('after "too often" the platform is not asked for a minute', async () => {
      await withStore(
        async (store) => {
          const stage = stageOn(store);
          await sendMany(stage, 3);
          const tooOften = new VoicecallError('voice_refused', 'too often', { facts: { code: '-15' } });
          const asked: number[] = [];
          stage.deps.voice.recordGroup = async () => {
            asked.push(stage.clock.now());
            throw tooOften;
          };
          await stage.runUntil(stage.clock.now() + dueMs + 5 * minuteMs);
          assert.ok(asked.length >= 3);
          for (const [index, at] of asked.entries())
            assert.ok(index === 0 || at - (asked[index - 1] ?? 0) >= minuteMs);
        },
        { kind },
      );
    });

    test('a submission refused as "too often" is sent again after a minute', async () => {
      await withStore(
        async (store) => {
          const stage = stageOn(store);
          stage.answer = { outcome: 'refused', code: '-15', reason: 'Frequent Queries' };
          const [id = ''] = await sendMany(stage, 1);
          const refused = await loadRequest(store.read, id);
          assert.equal(refused?.submissions[0]?.state, 'ready');
          const againAt = refused?.submissions[0]?.nextTryAt ?? 0;
          assert.ok(againAt >= stage.clock.now() + minuteMs);
          stage.answer = null;
          await stage.clock.advance(59_000);
          await createDispatcher(stage.deps)(task('dispatch', '0'), lasting);
          assert.equal((await loadRequest(store.read, id))?.counts.accepted, 0);
          await stage.clock.advance(5_000);
          await createDispatcher(stage.deps)(task('dispatch', '0'), lasting);
          const sent = await loadRequest(store.read, id);
          assert.equal(sent?.counts.accepted, 1);
          assert.equal(sent?.submissions.length, 1);
        },
        { kind },
      );
    });

    test('forty thousand unknown submissions are looked up', async () => {
      await withStore(
        async (store) => {
          const stage = stageOn(store);
          const id = await request(stage.deps, { callees: calleesOf(1) });
          const now = stage.clock.now();
          const count = 40_000;
          for (let start = 0; start < count; start += 1_000) {
            const numbers = Array.from({ length: 1_000 }, (_, index) => start + index + 2);
            await store.transaction(async (tx) => {
              await tx
                .insertInto('submissions')
                .values(
                  numbers.map((number) => ({
                    ...{ id: `u${number}`, request_id: id, ordinal: number, priority: 5, state: 'unknown' },
                    ...{ token: `t${number}`, callees: 1, ready_at: now, next_try_at: now, tries: 1 },
                    sending_at: now,
                  })),
                )
                .execute();
              await tx
                .insertInto('calls')
                .values(
                  numbers.map((number) => ({
                    ...{ request_id: id, position: number, submission_id: `u${number}`, name: null },
                    ...{ callee: `49${number}`, state: 'unknown', dialled_at: now },
                  })),
                )
                .execute();
            });
          }
          await createReconciler(stage.deps)(task('reconcile', 'voice'), lasting);
          const left = await store.read
            .selectFrom('submissions')
            .select('id')
            .where('state', '=', 'unknown')
            .where('checked_at', 'is', null)
            .execute();
          assert.equal(left.length, 0);
        },
        { kind },
      );
    });
  });
}
