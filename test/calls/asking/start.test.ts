import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createExpirer } from '../../../src/calls/approval/deadline.ts';
import { decide } from '../../../src/calls/approval/decide.ts';
import { type CheckAgain, createStarter } from '../../../src/calls/asking/start.ts';
import { loadRequest } from '../../../src/calls/request/read.ts';
import { countCalls } from '../../../src/calls/request/rows.ts';
import { treatUnsentAsUnknown } from '../../../src/calls/sending/after-restore.ts';
import { createDispatcher } from '../../../src/calls/sending/dispatch.ts';
import { defaultConfig } from '../../../src/config/file.ts';
import type { Lease } from '../../../src/queue/types.ts';
import { createFakeClock } from '../../support/clock.ts';
import { forEachDatabase, withStore } from '../../support/store.ts';
import { always, configWith, createDeps, createVoiceStub, request, stateOf } from '../approval/stage.ts';

const hour = 3_600_000;
const minute = 60_000;
const lasting: Lease = { valid: () => true, signal: new AbortController().signal };
const fine: CheckAgain = async () => ({
  may: 'start',
  listed: { callees: [], onDuty: [], rosters: [], complete: true },
});
const run = (id: string) => ({ kind: 'scheduled', key: id, payload: null, attempts: 0 });

forEachDatabase((kind) => {
  test(`the wall clock decides when a request is due, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock();
        let aheadMs = 0;
        const set = { ...clock, wallOf: (at: number) => at + aheadMs };
        const deps = createDeps({ store, clock: set, config: defaultConfig, voice: createVoiceStub([]) });
        const whenAt = clock.now() + 3 * hour;
        const id = await request(deps, { whenAt });
        const starter = createStarter(deps, fine);
        assert.deepEqual(
          await starter(run(id), lasting),
          { againAt: clock.now() + minute },
          'it looks each minute',
        );
        assert.equal(await stateOf(store, id), 'scheduled');
        // A person corrects a clock that was three hours slow; the stored time follows for hours.
        aheadMs = 3 * hour;
        assert.equal(await starter(run(id), lasting), undefined);
        assert.equal(await stateOf(store, id), 'approved');
      },
      { kind },
    ));

  test(`the clock is set back just before it is due: it waits, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock();
        let aheadMs = 0;
        const set = { ...clock, wallOf: (at: number) => at + aheadMs };
        const deps = createDeps({ store, clock: set, config: defaultConfig, voice: createVoiceStub([]) });
        const id = await request(deps, { whenAt: clock.now() + hour });
        await clock.advance(2 * hour);
        aheadMs = -2 * hour;
        const starter = createStarter(deps, fine);
        await starter(run(id), lasting);
        assert.equal(await stateOf(store, id), 'scheduled');
        aheadMs = 0;
        await starter(run(id), lasting);
        assert.equal(await stateOf(store, id), 'approved');
      },
      { kind },
    ));

  test(`restored from a backup: what became due since is not started, what is due later is, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock();
        const deps = createDeps({ store, clock, config: defaultConfig, voice: createVoiceStub([]) });
        const due = await request(deps, { whenAt: clock.now() + hour });
        const later = await request(deps, { whenAt: clock.now() + 3 * hour });
        // Approved, and its roster was about to be looked up.
        const approved = await request(deps, { whenAt: clock.now() + hour });
        await store.transaction((tx) =>
          tx.updateTable('requests').set({ when_at: null }).where('id', '=', approved).execute(),
        );
        await clock.advance(2 * hour);
        assert.equal(await store.transaction((tx) => treatUnsentAsUnknown(tx, clock.now())), 6);
        assert.equal(await stateOf(store, approved), 'sending');
        assert.equal(await stateOf(store, due), 'sending');
        assert.equal(await stateOf(store, later), 'scheduled');
        // The next start finds a submission without a sender, and makes its calls unknown.
        await createDispatcher(deps)({ kind: 'dispatch', key: '0', payload: null, attempts: 0 }, lasting);
        const { unknown } = await countCalls(store.read, due);
        assert.equal(unknown, 3, 'nobody knows whether they were called');
      },
      { kind },
    ));

  test(`restored from a backup: what waited for approval may have been approved since, and cannot be approved again, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock();
        const deps = createDeps({
          store,
          clock,
          config: () => configWith(always),
          voice: createVoiceStub([]),
        });
        const id = await request(deps);
        assert.equal(await stateOf(store, id), 'awaiting_approval');
        const seenHash = (await loadRequest(store.read, id))?.hash ?? '';
        await store.transaction((tx) => treatUnsentAsUnknown(tx, clock.now()));
        const press = {
          requestId: id,
          userId: 'U0BEN',
          decision: 'approve',
          reason: null,
          seenHash,
        } as const;
        await assert.rejects(decide(deps, press), { code: 'already_decided' });
        await createExpirer(deps)({ kind: 'expire', key: id, payload: null, attempts: 0 }, lasting);
        assert.equal(await stateOf(store, id), 'expired');
      },
      { kind },
    ));

  test(`nothing ran at its time: it starts late and the board says how late, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock();
        const deps = createDeps({ store, clock, config: defaultConfig, voice: createVoiceStub([]) });
        const id = await request(deps, { whenAt: clock.now() + hour });
        await clock.advance(2 * hour);
        await createStarter(deps, fine)(run(id), lasting);
        const view = await loadRequest(store.read, id);
        assert.equal(view?.state, 'approved');
        assert.match(view?.outcome ?? '', /^Started 60 minutes late:/);
      },
      { kind },
    ));

  test(`approved after its time while the clock of tasks is behind: it is not late, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock();
        const set = { ...clock, wallOf: (at: number) => at + 3 * hour };
        const deps = createDeps({ store, clock: set, config: defaultConfig, voice: createVoiceStub([]) });
        const id = await request(deps, { whenAt: clock.now() + hour });
        await createStarter(deps, fine)(run(id), lasting);
        assert.equal((await loadRequest(store.read, id))?.outcome, null);
      },
      { kind },
    ));

  test(`many runs at once start it once, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock();
        const deps = createDeps({ store, clock, config: defaultConfig, voice: createVoiceStub([]) });
        const id = await request(deps, { whenAt: clock.now() + hour });
        await clock.advance(hour);
        const starter = createStarter(deps, fine);
        await Promise.all(Array.from({ length: 5 }, () => starter(run(id), lasting)));
        const submissions = await store.read.selectFrom('submissions').selectAll().execute();
        assert.equal(submissions.length, 1);
      },
      { kind },
    ));

  test(`while Slack does not say who may call, it is retried; after an hour nobody is called, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock();
        const deps = createDeps({ store, clock, config: defaultConfig, voice: createVoiceStub([]) });
        const id = await request(deps, { whenAt: clock.now() + hour });
        const starter = createStarter(deps, async () => ({ may: 'unclear', why: 'Slack did not say.' }));
        await clock.advance(hour);
        assert.deepEqual(await starter(run(id), lasting), { againAt: clock.now() + 30_000 });
        await clock.advance(hour);
        assert.equal(await starter(run(id), lasting), undefined);
        assert.equal(await stateOf(store, id), 'failed');
        const posts = await store.read.selectFrom('posts').select(['kind', 'channel_id']).execute();
        assert.ok(posts.some((post) => post.kind === 'words' && post.channel_id === 'U0ASHA'));
      },
      { kind },
    ));
});
