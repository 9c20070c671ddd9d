import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../../src/calls/approval/decide.ts';
import { hashRequest } from '../../../src/calls/request/hash.ts';
import type { NewRequest } from '../../../src/calls/request/types.ts';
import { createDispatcher } from '../../../src/calls/sending/dispatch.ts';
import type { Lease } from '../../../src/queue/types.ts';
import type { Store } from '../../../src/store/types.ts';
import { createFakeClock } from '../../support/clock.ts';
import { forEachDatabase, withStore } from '../../support/store.ts';
import { calleesOf, configWith, createDeps, createVoiceStub, request } from '../approval/stage.ts';

const hour = 3_600_000;
const lasting: Lease = { valid: () => true, signal: new AbortController().signal };
const lane = { kind: 'dispatch', key: '0', payload: null, attempts: 0 };
const day = 'hours: { between: "08:00-21:00" }';
const never = '{ calleesOver: 100000, approvers: [U0BEN] }';

/** 20:00 in New York, 05:30 in India. */
const evening = Date.parse('2026-06-02T00:00:00Z');
const mixed = [...calleesOf(3), ...calleesOf(2, '49301234')];

async function waiting(store: Store) {
  return await store.read
    .selectFrom('submissions')
    .select(['callees', 'next_try_at', 'code', 'reason'])
    .where('state', '=', 'ready')
    .orderBy('next_try_at')
    .execute();
}

forEachDatabase((kind) => {
  test(`one submission is divided by the hour at which each callee may be called, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock(evening);
        const posts: string[][] = [];
        const config = configWith(never, day);
        const deps = createDeps({ store, clock, config: () => config, voice: createVoiceStub(posts) });
        const awake = { callee: '919000000001', name: 'Asha', timeZone: 'America/New_York' };
        await request(deps, { callees: [...mixed, awake] });
        const dispatch = createDispatcher(deps);
        await dispatch(lane, lasting);
        assert.deepEqual(posts, [['919000000001']], 'only who is in New York now');
        assert.deepEqual(
          (await waiting(store)).map((each) => ({
            ...each,
            next_try_at: Number(each.next_try_at) - evening,
          })),
          [
            { callees: 3, next_try_at: 2.5 * hour, code: 'outside_hours', reason: '08:00' },
            { callees: 2, next_try_at: 6 * hour, code: 'outside_hours', reason: '08:00' },
          ],
        );
        await clock.advance(2.5 * hour);
        await dispatch(lane, lasting);
        await clock.advance(3.5 * hour);
        await dispatch(lane, lasting);
        assert.deepEqual(
          posts.map((each) => each.length),
          [1, 3, 2],
        );
      },
      { kind },
    ));

  test(`a person changes the hours while calls wait: the new hours apply, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock(evening);
        const posts: string[][] = [];
        let config = configWith(never, day);
        const deps = createDeps({ store, clock, config: () => config, voice: createVoiceStub(posts) });
        await request(deps, { callees: calleesOf(2) });
        const dispatch = createDispatcher(deps);
        await dispatch(lane, lasting);
        config = configWith(never, 'hours: { between: "09:00-21:00" }');
        await clock.advance(2.5 * hour);
        await dispatch(lane, lasting);
        assert.equal(posts.length, 0);
        assert.deepEqual(
          (await waiting(store)).map((each) => each.reason),
          ['09:00'],
        );
        await clock.advance(hour);
        await dispatch(lane, lasting);
        assert.deepEqual(
          posts.map((each) => each.length),
          [2],
        );
      },
      { kind },
    ));

  test(`both of two approvers must allow calls at any hour, on ${kind}`, () =>
    withStore(
      async (store) => {
        const two = configWith('{ calleesOver: 0, approvers: [U0BEN, U0CARA], quorum: 2 }', day);
        for (const [ben, cara, called, minutes] of [
          [true, false, 0, 0],
          [false, true, 0, 1],
          [true, true, 5, 2],
        ] as const) {
          // Each round has its own turn of the lane.
          const clock = createFakeClock(evening + minutes * 60_000);
          const posts: string[][] = [];
          const deps = createDeps({ store, clock, config: () => two, voice: createVoiceStub(posts) });
          const id = await request(deps, { callees: mixed });
          const press = { requestId: id, seenHash: null, decision: 'approve', reason: null } as const;
          await decide(deps, { ...press, userId: 'U0BEN', anyHour: ben });
          const outcome = await decide(deps, { ...press, userId: 'U0CARA', anyHour: cara });
          assert.deepEqual(outcome, called === 0 ? { state: 'approved', waiting: 5 } : { state: 'approved' });
          await createDispatcher(deps)(lane, lasting);
          assert.equal(posts.flat().length, called, `${ben} ${cara}`);
        }
      },
      { kind },
    ));

  test(`ten thousand spoken texts that wait take no turns of the lanes, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock(evening);
        const config = configWith(never, day);
        const deps = createDeps({ store, clock, config: () => config, voice: createVoiceStub([]) });
        const audio: NewRequest['audio'] = { kind: 'text', text: 'Closed today.', language: 'EN' };
        const began = performance.now();
        await request(deps, { callees: calleesOf(10_000, '91900000'), audio });
        const tookMs = performance.now() - began;
        const at = (await waiting(store)).map((each) => Number(each.next_try_at) - evening);
        assert.equal(at.length, 10_000);
        assert.deepEqual([...new Set(at)], [2.5 * hour]);
        assert.ok(tookMs < 30_000, String(tookMs));
      },
      { kind },
    ));
});

test('an approval binds to the time that a request is scheduled for', () => {
  const ask = {
    callees: ['6591110001'],
    audio: { kind: 'recording', fileId: 'a.mp3', name: null } as const,
    options: {},
    note: '',
    channelId: 'C0OPS',
  };
  const hash = (whenAt?: number | null) =>
    hashRequest('secret', { ...ask, ...(whenAt === undefined ? {} : { whenAt }) });
  assert.equal(hash(), hash(null), 'what is called at once keeps its hash');
  assert.notEqual(hash(1_000), hash(null));
  assert.notEqual(hash(1_000), hash(2_000));
});
