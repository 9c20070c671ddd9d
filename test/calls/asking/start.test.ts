import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createExpirer } from '../../../src/calls/approval/deadline.ts';
import { decide } from '../../../src/calls/approval/decide.ts';
import { type CheckAgain, createStarter, type Listed } from '../../../src/calls/asking/start.ts';
import { loadRequest } from '../../../src/calls/request/read.ts';
import { countCalls } from '../../../src/calls/request/rows.ts';
import { treatUnsentAsUnknown } from '../../../src/calls/sending/after-restore.ts';
import { createDispatcher } from '../../../src/calls/sending/dispatch.ts';
import { defaultConfig } from '../../../src/config/file.ts';
import type { Lease } from '../../../src/queue/types.ts';
import type { Store } from '../../../src/store/types.ts';
import { createFakeClock } from '../../support/clock.ts';
import { forEachDatabase, withStore } from '../../support/store.ts';
import {
  always,
  calleesOf,
  configWith,
  createDeps,
  createVoiceStub,
  request,
  stateOf,
} from '../approval/stage.ts';

const hour = 3_600_000;
const minute = 60_000;
const aboveFour = '{ calleesOver: 4, approvers: [U0BEN] }';
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

  /** Scheduled under a policy that asks above four calls, and due now. `listed`: what its lists name then. */
  async function due(
    store: Store,
    {
      listed,
      config: approval = aboveFour,
      more = '',
    }: { listed: Partial<Listed>; config?: string; more?: string },
  ) {
    const clock = createFakeClock();
    let config = configWith(aboveFour);
    const deps = createDeps({ store, clock, config: () => config, voice: createVoiceStub([]) });
    const whenAt = clock.now() + hour;
    const id = await request(deps, { whenAt, lists: { names: ['db'], only: [] } });
    config = configWith(approval, more);
    await clock.advance(hour);
    const starter = createStarter(deps, async () => ({
      may: 'start',
      listed: { callees: [], onDuty: [], rosters: [], complete: true, ...listed },
    }));
    await starter(run(id), lasting);
    return { id, deps, clock, starter, view: await loadRequest(store.read, id) };
  }

  const wordsTo = async (store: Store, channelId: string) => {
    const rows = await store.read
      .selectFrom('posts')
      .select('body')
      .where('kind', '=', 'words')
      .where('channel_id', '=', channelId)
      .execute();
    return rows.map(({ body }) => body ?? '').join('\n');
  };

  test(`people who came on duty do not join if the policy would then ask, and the thread names them, on ${kind}`, () =>
    withStore(
      async (store) => {
        const callees = [{ callee: '918563214120', name: 'Zoe' }, ...calleesOf(1, '9198765')];
        const onDuty = callees.map(({ callee }) => callee);
        const { id, view } = await due(store, { listed: { callees, onDuty } });
        assert.equal(view?.state, 'approved');
        assert.equal(view?.counts.callees, 3);
        assert.match(
          view?.outcome ?? '',
          /^2 people joined its lists since and will not be called: with them an approval is needed \(5 calls; above 4 needs approval\)\. Not called: Zoe, \+91 …0000\.$/,
        );
        assert.match(await wordsTo(store, 'C0OPS'), /Not called: Zoe, \+91 …0000\./);
        assert.equal((await countCalls(store.read, id)).callees, 3);
      },
      { kind },
    ));

  test(`people who came on duty join if no approval is needed, on ${kind}`, () =>
    withStore(
      async (store) => {
        const callees = [{ callee: '918563214120', name: 'Zoe' }];
        const { view } = await due(store, { listed: { callees, onDuty: ['918563214120'] } });
        assert.equal(view?.state, 'approved');
        assert.equal(view?.counts.callees, 4);
        assert.equal(view?.outcome, null);
        assert.equal(await wordsTo(store, 'C0OPS'), '');
      },
      { kind },
    ));

  test(`nobody of those who were asked for is left: an approval is asked for, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock();
        const config = configWith('{ outsideCountries: [IN], approvers: [U0BEN], expiresAfter: 2m }');
        const deps = createDeps({ store, clock, config: () => config, voice: createVoiceStub([]) });
        const asked = calleesOf(1);
        const only = asked.map(({ callee }) => callee);
        const lists = { names: ['db'], only };
        const id = await request(deps, { callees: asked, whenAt: clock.now() + hour, lists });
        await clock.advance(hour);
        const callees = [{ callee: '6591110001', name: 'Zoe' }];
        const listed = { callees, onDuty: ['6591110001'], rosters: [], complete: true };
        await createStarter(deps, async () => ({ may: 'start', listed }))(run(id), lasting);
        const view = await loadRequest(store.read, id);
        assert.equal(view?.state, 'awaiting_approval');
        assert.deepEqual(view?.approval?.reasons, ['1 outside IN']);
      },
      { kind },
    ));

  test(`the limit is why people do not join, also people on duty under an approval, on ${kind}`, () =>
    withStore(
      async (store) => {
        const callees = [{ callee: '918563214120', name: 'Zoe' }, ...calleesOf(1, '9198765')];
        const { view } = await due(store, {
          listed: { callees, onDuty: ['918563214120'] },
          config: '{ calleesOver: 9, approvers: [U0BEN] }',
          more: 'limits: { calleesPerRequest: 4 }',
        });
        assert.equal(view?.counts.callees, 4, 'people on duty come first');
        assert.match(
          view?.outcome ?? '',
          /^1 person joined its lists since and will not be called: one request may call 4 people \(limits\.calleesPerRequest\)\. Not called: \+91 …0000\.$/,
        );
        assert.match(await wordsTo(store, 'C0OPS'), /Not called: \+91 …0000\./);
      },
      { kind },
    ));

  test(`a policy that was tightened since asks for an approval before anybody is called, on ${kind}`, () =>
    withStore(
      async (store) => {
        const { id, deps, clock, starter, view } = await due(store, { listed: {}, config: always });
        assert.equal(view?.state, 'awaiting_approval');
        assert.deepEqual(view?.approval?.reasons, ['every request needs approval']);
        assert.match(view?.outcome ?? '', /needs an approval now/);
        assert.match(await wordsTo(store, 'U0ASHA'), new RegExp(`${id}.*needs an approval now`));
        const posts = await store.read.selectFrom('posts').select('kind').execute();
        assert.ok(posts.some((post) => post.kind === 'card'));
        assert.equal(await starter(run(id), lasting), undefined, 'a second run changes nothing');
        assert.equal(await stateOf(store, id), 'awaiting_approval');
        const { state } = await decide(deps, {
          requestId: id,
          userId: 'U0BEN',
          decision: 'approve',
          reason: null,
          seenHash: view?.hash ?? '',
        });
        assert.equal(state, 'approved');
        await clock.advance(minute);
        await starter(run(id), lasting);
        const after = await loadRequest(store.read, id);
        assert.equal(after?.state, 'approved');
        assert.equal(after?.outcome, null);
        const submissions = await store.read.selectFrom('submissions').selectAll().execute();
        assert.equal(submissions.length, 1);
      },
      { kind },
    ));

  test(`those who left, and those who may not be called any more, count for no approval, on ${kind}`, () =>
    withStore(
      async (store) => {
        const { view } = await due(store, {
          listed: {},
          config: '{ calleesOver: 2, approvers: [U0BEN] }',
          more: `limits: { deny: ["+${calleesOf(1)[0]?.callee}"] }`,
        });
        assert.equal(view?.state, 'approved');
        assert.equal(view?.counts.held, 1);
      },
      { kind },
    ));

  test(`more people are to be reached than the lists name now: the board says so, on ${kind}`, () =>
    withStore(
      async (store) => {
        const clock = createFakeClock();
        const deps = createDeps({ store, clock, config: defaultConfig, voice: createVoiceStub([]) });
        const asked = calleesOf(3);
        const only = asked.map(({ callee }) => callee);
        const plan = { until: 'answered', attempts: 1, everyMs: 0, enough: 3, confirmKey: null } as const;
        const lists = { names: ['db'], only };
        const id = await request(deps, { callees: asked, plan, lists, whenAt: clock.now() + hour });
        await clock.advance(hour);
        const listed = { callees: asked.slice(1), onDuty: [], rosters: [], complete: true };
        await createStarter(deps, async () => ({ may: 'start', listed }))(run(id), lasting);
        const view = await loadRequest(store.read, id);
        assert.equal(view?.state, 'approved');
        assert.equal(view?.outcome, 'Only 2 people are called, so 3 cannot be reached.');
      },
      { kind },
    ));
});
