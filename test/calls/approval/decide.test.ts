import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import type { Updateable } from 'kysely';
import { createExpirer, createReminder } from '../../../src/calls/approval/deadline.ts';
import { decide } from '../../../src/calls/approval/decide.ts';
import { cancelRequest } from '../../../src/calls/asking/cancel.ts';
import { readAudit } from '../../../src/calls/request/audit.ts';
import type { CallsDeps } from '../../../src/calls/request/deps.ts';
import { loadRequest } from '../../../src/calls/request/read.ts';
import type { Config } from '../../../src/config/types.ts';
import type { Task } from '../../../src/queue/types.ts';
import type { Worker } from '../../../src/queue/worker.ts';
import type { RequestsTable } from '../../../src/store/schema.ts';
import { toJson } from '../../../src/store/values.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { createTestDatabase, databaseKinds, type TestDatabase } from '../../support/store.ts';
import {
  always,
  calleesOf,
  configWith,
  createApprovalWorker,
  createDeps,
  createVoiceStub,
  outcomeOf,
  request,
  stateOf,
} from './stage.ts';

for (const kind of databaseKinds) {
  suite(`deciding, on ${kind}`, () => {
    let database: TestDatabase;
    let clock: FakeClock;
    let config: Config;
    let posts: string[][];
    let deps: CallsDeps;
    let other: CallsDeps;
    let worker: Worker;

    before(async () => {
      database = await createTestDatabase(kind);
      clock = createFakeClock();
      config = configWith(always);
      posts = [];
      const first = await database.open();
      // Two instances on PostgreSQL; SQLite has one.
      const second = kind === 'postgres' ? await database.open() : first;
      const shared = { clock, config: () => config, voice: createVoiceStub(posts) };
      deps = createDeps({ store: first, ...shared });
      other = createDeps({ store: second, instance: 'i2', ...shared });
      worker = createApprovalWorker(deps);
      worker.start();
    });
    beforeEach(async () => {
      config = configWith(always);
      await settled();
      posts.length = 0;
    });
    after(async () => {
      await worker.stop();
      await database.remove();
    });

    const press = (
      requestId: string,
      userId: string,
      decision: 'approve' | 'reject' = 'approve',
      on: CallsDeps = deps,
    ) =>
      outcomeOf(
        decide(on, {
          requestId,
          userId,
          decision,
          seenHash: null,
          reason: decision === 'reject' ? 'not now' : null,
        }),
      );
    const settled = async () => {
      await clock.advance(1_000);
      await worker.idle();
    };
    const actions = async (requestId: string) =>
      (await readAudit(deps.store.read, requestId)).map((event) => `${event.actor} ${event.action}`);
    const isDue = async (taskKind: string, key: string) =>
      (await deps.store.read
        .selectFrom('tasks')
        .select('run_at')
        .where('kind', '=', taskKind)
        .where('key', '=', key)
        .executeTakeFirst()) ?? null;

    test('two approvers at the same moment: one approval, one POST; the other approver reads who was first', async () => {
      const id = await request(deps);
      const outcomes = await Promise.all([press(id, 'U0BEN'), press(id, 'U0CARA', 'approve', other)]);
      const won = outcomes.findIndex((each) => each.state === 'approved' && each.code === undefined);
      const lost = outcomes[1 - won];
      const winner = won === 0 ? 'U0BEN' : 'U0CARA';
      assert.deepEqual(lost, {
        code: 'already_decided',
        state: 'approved',
        by: winner,
        at: String(clock.now()),
      });
      await settled();
      assert.deepEqual(posts, [calleesOf(3).map((each) => each.callee)]);
    });

    test('approve and reject at the same moment: exactly one of them', async () => {
      for (let round = 0; round < 6; round++) {
        posts.length = 0;
        const id = await request(deps);
        const presses = [press(id, 'U0BEN', 'approve', other), press(id, 'U0CARA', 'reject')];
        const outcomes = await Promise.all(round % 2 === 0 ? presses : presses.toReversed());
        assert.equal(outcomes.filter((each) => each.code === undefined).length, 1);
        await settled();
        const rejected = (await stateOf(deps.store, id)) === 'rejected';
        assert.equal(posts.length, rejected ? 0 : 1);
      }
    });

    test('the same press twice counts once, also at the same moment', async () => {
      config = configWith('{ calleesOver: 0, approvers: [U0BEN, U0CARA], quorum: 2 }');
      const id = await request(deps);
      const outcomes = await Promise.all([press(id, 'U0BEN'), press(id, 'U0BEN', 'approve', other)]);
      assert.deepEqual(outcomes.map((each) => each.code ?? each.state).toSorted(), [
        'not_allowed',
        'waiting',
      ]);
      assert.equal(await stateOf(deps.store, id), 'awaiting_approval');
      assert.deepEqual(await press(id, 'U0CARA'), { state: 'approved' });
      assert.equal((await press(id, 'U0CARA')).code, 'already_decided');
    });

    test('the requester does not count, unless it was allowed then and still is', async () => {
      const id = await request(deps);
      assert.deepEqual(await press(id, 'U0ASHA'), { code: 'not_allowed', why: 'own' });
      assert.deepEqual(await press(id, 'U0ASHA', 'reject'), { code: 'not_allowed', why: 'own' });
      const self = configWith('{ calleesOver: 0, approvers: [U0ASHA], allowSelfApproval: true }');
      config = self;
      assert.equal((await press(id, 'U0ASHA')).code, 'not_allowed', 'it was not allowed when asked');
      const allowed = await request(deps);
      config = configWith('{ calleesOver: 0, approvers: [U0ASHA] }');
      assert.equal((await press(allowed, 'U0ASHA')).code, 'not_allowed', 'it is not allowed any more');
      config = self;
      assert.deepEqual(await press(allowed, 'U0ASHA'), { state: 'approved' });
    });

    test('one rejection with its reason ends it, also by a person who approved before', async () => {
      config = configWith('{ calleesOver: 0, approvers: [U0BEN, U0CARA], quorum: 2 }');
      const id = await request(deps);
      assert.deepEqual(await press(id, 'U0BEN'), { state: 'waiting', approved: 1, quorum: 2 });
      assert.deepEqual(await press(id, 'U0BEN', 'reject'), { state: 'rejected' });
      const view = await loadRequest(deps.store.read, id);
      assert.deepEqual([view?.state, view?.outcome], ['rejected', 'not now']);
      assert.deepEqual([view?.counts.waiting, view?.counts.cancelled], [0, 3], 'nothing is left to be sent');
      assert.equal((await press(id, 'U0CARA')).state, 'rejected');
    });

    // Each change of the row, as a person with access to the database could make it.
    const changes: [string, (id: string) => Promise<unknown>][] = [
      ['a callee', (id) => setCall(id, { callee: '442079460000' })],
      [
        'the message',
        (id) => setRequest(id, { audio: toJson({ kind: 'recording', fileId: 'x.mp3', name: null }) }),
      ],
      ['an option', (id) => setRequest(id, { options: toJson({ loopCount: 3 }) })],
      ['the note', (id) => setRequest(id, { note: 'another' })],
      ['the channel', (id) => setRequest(id, { channel_id: 'C0OTHER' })],
    ];
    const setCall = (id: string, set: { callee: string }) =>
      deps.store.transaction((tx) =>
        tx.updateTable('calls').set(set).where('request_id', '=', id).where('position', '=', 2).execute(),
      );
    const setRequest = (id: string, set: Updateable<RequestsTable>) =>
      deps.store.transaction((tx) => tx.updateTable('requests').set(set).where('id', '=', id).execute());

    for (const [what, change] of changes) {
      test(`a press after ${what} was changed is refused, and earlier approvals are void`, async () => {
        config = configWith('{ calleesOver: 0, approvers: [U0BEN, U0CARA, U0DAN], quorum: 2 }');
        const id = await request(deps);
        const before = await loadRequest(deps.store.read, id);
        assert.deepEqual(await press(id, 'U0BEN'), { state: 'waiting', approved: 1, quorum: 2 });
        await change(id);
        assert.equal((await press(id, 'U0CARA')).code, 'changed');
        const view = await loadRequest(deps.store.read, id);
        assert.equal(view?.state, 'awaiting_approval');
        assert.deepEqual(view.decisions, [], 'what was approved was something else');
        assert.notEqual(view.hash, before?.hash);
        if (what === 'a callee') assert.ok(view.countries.some(({ country }) => country === 'GB'));
        // The card that shows the old request cannot approve anything either.
        const old = { requestId: id, userId: 'U0CARA', decision: 'approve', reason: null } as const;
        assert.equal(
          (await outcomeOf(decide(deps, { ...old, seenHash: before?.hash ?? '' }))).code,
          'changed',
        );
        assert.equal((await press(id, 'U0BEN')).state, 'waiting');
        assert.equal((await press(id, 'U0CARA')).state, 'approved');
        await settled();
        assert.equal(posts.length, 1);
        const trail = await actions(id);
        assert.ok(trail.includes('voicecall made approvals void'), trail.join('\n'));
      });
    }

    test('a row that was changed together with its hash is not what the card showed', async () => {
      const id = await request(deps);
      const seenHash = (await loadRequest(deps.store.read, id))?.hash.slice(0, 16) ?? '';
      await setRequest(id, { note: 'another', hash: 'f'.repeat(64) });
      const again = { requestId: id, userId: 'U0BEN', decision: 'approve', reason: null, seenHash } as const;
      assert.equal((await outcomeOf(decide(deps, again))).code, 'changed');
    });

    test('a callee removed directly in the database: the others are called after a new approval', async () => {
      const id = await request(deps);
      await deps.store.transaction((tx) =>
        tx.deleteFrom('calls').where('request_id', '=', id).where('position', '=', 1).execute(),
      );
      assert.equal((await press(id, 'U0BEN')).code, 'changed');
      assert.equal((await press(id, 'U0BEN')).state, 'approved');
      await settled();
      assert.deepEqual(posts, [
        calleesOf(3)
          .slice(1)
          .map((each) => each.callee),
      ]);
    });

    test('a press in the very second of expiry has one outcome, in any order', async () => {
      for (const first of ['press', 'task'] as const) {
        const id = await request(deps);
        await worker.stop();
        const task: Task = { kind: 'expire', key: id, payload: null, attempts: 0 };
        const expire = () =>
          createExpirer(other)(task, { valid: () => true, signal: new AbortController().signal });
        clock.set(clock.now() + 120_000);
        posts.length = 0;
        const both = first === 'press' ? [press(id, 'U0BEN'), expire()] : [expire(), press(id, 'U0BEN')];
        const outcome = (await Promise.all(both))[first === 'press' ? 0 : 1];
        assert.equal(typeof outcome === 'object' && 'code' in outcome && outcome.code, 'already_decided');
        assert.equal(await stateOf(deps.store, id), 'expired');
        assert.equal((await actions(id)).filter((each) => each.endsWith('expired')).length, 1);
        worker = createApprovalWorker(deps);
        worker.start();
        await settled();
        assert.deepEqual(posts, []);
      }
    });

    test('one millisecond earlier it is approved, and never expires', async () => {
      const id = await request(deps);
      await worker.stop();
      clock.set(clock.now() + 119_999);
      assert.deepEqual(await press(id, 'U0BEN'), { state: 'approved' });
      worker = createApprovalWorker(deps);
      worker.start();
      await clock.advance(60_000);
      await worker.idle();
      assert.notEqual(await stateOf(deps.store, id), 'expired');
      assert.equal(await isDue('expire', id), null);
    });

    test('one reminder at half of the time; it expires without anybody, also after a restart', async () => {
      const id = await request(deps);
      await worker.stop();
      assert.equal((await isDue('remind', id))?.run_at, clock.now() + 60_000);
      clock.set(clock.now() + 500_000);
      const task: Task = { kind: 'remind', key: id, payload: null, attempts: 0 };
      const lease = { valid: () => true, signal: new AbortController().signal };
      await createReminder(deps)(task, lease);
      const reminders = await deps.store.read
        .selectFrom('posts')
        .select('id')
        .where('request_id', '=', id)
        .where('kind', '=', 'reminder')
        .execute();
      assert.deepEqual(reminders, [], 'nobody is reminded of what has expired meanwhile');
      worker = createApprovalWorker(deps);
      worker.start();
      await settled();
      const view = await loadRequest(deps.store.read, id);
      assert.equal(view?.state, 'expired');
      assert.deepEqual([view.counts.waiting, view.counts.cancelled], [0, 3], 'nothing is left to be sent');
    });

    test('the requester may cancel while it waits; later presses are told so; the trail has everything', async () => {
      const id = await request(deps);
      assert.equal((await press(id, 'U0ASHA')).code, 'not_allowed');
      assert.deepEqual(await cancelRequest(deps, id, 'U0ASHA'), { stopped: 3, goesOn: false });
      const told = await press(id, 'U0BEN');
      assert.deepEqual([told.code, told.state, told.by], ['already_decided', 'cancelled', 'U0ASHA']);
      assert.deepEqual(await actions(id), [
        'U0ASHA asked',
        'U0ASHA press refused',
        'U0ASHA cancelled',
        'U0BEN press refused',
      ]);
      const [, refused, , late] = await readAudit(deps.store.read, id);
      assert.deepEqual(refused?.detail, { pressed: 'approve', why: 'own request' });
      assert.deepEqual(late?.detail, { pressed: 'approve', why: 'already cancelled' });
      assert.equal(await isDue('expire', id), null);
      assert.equal(await isDue('remind', id), null);
    });

    test('the requester is told the outcome privately if they asked in another channel', async () => {
      const toldOf = async (id: string) =>
        await deps.store.read
          .selectFrom('posts')
          .select('channel_id')
          .where('request_id', '=', id)
          .where('kind', '=', 'outcome')
          .execute();
      const asha = [{ channel_id: 'U0ASHA' }];
      const here = await request(deps);
      await press(here, 'U0BEN');
      assert.deepEqual(await toldOf(here), [], 'the board stands where they asked');
      const there = await request(deps, { askedIn: 'C0RANDOM' });
      await press(there, 'U0BEN', 'reject');
      assert.deepEqual(await toldOf(there), asha);
      const nowhere = await request(deps, { askedIn: null });
      await cancelRequest(deps, nowhere, 'U0BEN');
      assert.deepEqual(await toldOf(nowhere), asha);
      const own = await request(deps, { askedIn: null });
      await cancelRequest(deps, own, 'U0ASHA');
      assert.deepEqual(await toldOf(own), [], 'who cancelled it knows');
      const expired = await request(deps, { askedIn: null });
      await clock.advance(120_000);
      await worker.idle();
      assert.deepEqual(await toldOf(expired), asha);
    });
  });
}
