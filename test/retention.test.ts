import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadCalls } from '../src/calls/request/read.ts';
import { defaultConfig } from '../src/config/file.ts';
import type { Config } from '../src/config/types.ts';
import { createLog } from '../src/log.ts';
import type { Lease } from '../src/queue/types.ts';
import { createRetention, scheduleRetention } from '../src/retention.ts';
import type { Store, Tx } from '../src/store/types.ts';
import { type RequestState, toJson } from '../src/store/values.ts';
import { createFakeClock } from './support/clock.ts';
import { callRow, requestRow, submissionRow } from './support/rows.ts';
import { forEachDatabase, withStore } from './support/store.ts';

const dayMs = 24 * 3_600_000;
const held: Lease = { valid: () => true, signal: new AbortController().signal };
const daily = { kind: 'retention', key: 'daily', payload: null, attempts: 0 };

function configOf(retentionMs: number | undefined, perCalleeMs?: number): () => Config {
  const config = defaultConfig();
  const perCallee = perCalleeMs === undefined ? undefined : { calls: 3, perMs: perCalleeMs };
  return () => ({ ...config, retentionMs, limits: { ...config.limits, perCallee } });
}

/** A request with as many calls as `numbers`, half of them in each of two submissions. */
async function addRequest(
  tx: Tx,
  id: string,
  at: number,
  numbers: string[],
  state: RequestState = 'done',
): Promise<void> {
  await tx
    .insertInto('requests')
    .values(
      requestRow({
        ...{ id, state, root_view_id: `V${id}`, note: 'ask Asha at 6591110009', callees: numbers.length },
        audio: toJson({ kind: 'text', text: 'Hello Asha', language: 'EN' }),
        ...{ created_at: at, finished_at: state === 'done' ? at : null },
      }),
    )
    .execute();
  for (const half of [0, 1]) {
    await tx
      .insertInto('submissions')
      .values(submissionRow({ id: `${id}-${half}`, request_id: id, ordinal: half + 1, ready_at: at }))
      .execute();
  }
  for (const [position, callee] of numbers.entries()) {
    await tx
      .insertInto('calls')
      .values(
        callRow({
          ...{ request_id: id, position, callee, name: `Person ${position}`, state: 'answered' },
          ...{ submission_id: `${id}-${position % 2}`, voice_id: `${id}${position}`, dialled_at: at },
          ...{ termination_code: '200', call_duration: 3, reported_at: at },
        }),
      )
      .execute();
  }
}

async function addRest(tx: Tx, name: string, at: number, done: boolean): Promise<void> {
  await tx
    .insertInto('reports')
    .values({
      ...{ id: `p${name}`, digest: name, voice_id: name, token: null, callee: '6591110001', body: '{"a":1}' },
      ...{ received_at: at, applied_at: done ? at : null },
    })
    .execute();
  await tx
    .insertInto('alert_events')
    .values({
      ...{ event_id: `E${name}`, team_id: 'T1', channel_id: 'C1', body: '{"text":"call 6591110001"}' },
      ...{ received_at: at, processed_at: done ? at : null },
    })
    .execute();
  await tx
    .insertInto('drafts')
    .values({
      id: `d${name}`,
      root_view_id: `V${name}`,
      team_id: 'T1',
      user_id: 'U1',
      data: '{}',
      created_at: at,
    })
    .execute();
  await tx
    .insertInto('posts')
    .values({
      ...{
        id: `m${name}`,
        request_id: null,
        kind: 'words' as const,
        slot: null,
        channel_id: 'U1',
        parent_id: null,
      },
      ...{
        thread_ts: null,
        user_id: 'U1',
        body: '{"plain":"to 6591110001"}',
        state: done ? 'posted' : 'pending',
      },
      ...{ sequence: 1, ts: null, shown: null, tries: 0, tried_at: null, posted_at: null, created_at: at },
    })
    .execute();
}

/** An alert with an old message and one at `lastAt`, for which a rule has called. */
async function addAlert(tx: Tx, id: string, lastAt: number, firstAt: number): Promise<void> {
  await tx
    .insertInto('alerts')
    .values({
      ...{ id, key: id, channel_id: 'C1', bot_id: 'B1', app_id: null, identity: '{}', status: 'firing' },
      ...{ severity: null, title: id, link: null, thread_ts: '1', last_ts: '1', first_at: firstAt },
      ...{ episode_at: firstAt, last_at: lastAt, acked_by: null, acked_at: null },
    })
    .execute();
  for (const [at, name] of [
    [firstAt, '000001'],
    [lastAt, '000002'],
  ] as const)
    await tx
      .insertInto('alert_messages')
      .values({
        ...{ channel_id: 'C1', ts: `${Math.floor(at / 1000)}.${name}${id}`, alert_id: id },
        ...{ status: 'firing', edited: 0, edited_ts: null },
      })
      .execute();
  await tx
    .insertInto('rule_calls')
    .values({ rule_name: 'r', alert_id: id, called_at: lastAt, request_id: null })
    .execute();
}

async function ids(store: Store): Promise<Record<string, string[]>> {
  const { read } = store;
  const reports = await read.selectFrom('reports').select('id').orderBy('id').execute();
  const events = await read.selectFrom('alert_events').select('event_id').orderBy('event_id').execute();
  const drafts = await read.selectFrom('drafts').select('id').orderBy('id').execute();
  const bodies = await read
    .selectFrom('posts')
    .select('id')
    .where('body', 'is not', null)
    .orderBy('id')
    .execute();
  return {
    reports: reports.map(({ id }) => id),
    events: events.map(({ event_id }) => event_id),
    drafts: drafts.map(({ id }) => id),
    bodies: bodies.map(({ id }) => id),
  };
}

forEachDatabase((kind) => {
  suite(`retention on ${kind}`, () => {
    const clock = createFakeClock();
    const log = createLog('silent');
    const ago = (days: number) => clock.now() - days * dayMs;
    const retention = (store: Store, config: () => Config) => createRetention({ clock, log, store, config });

    test('numbers, names, notes and texts are erased in time; counts and states stay', async () => {
      await withStore(
        async (store) => {
          await store.transaction(async (tx) => {
            await addRequest(tx, 'old', ago(31), ['6591110001', '6591110002', '6591110003', '6591110004']);
            await addRequest(tx, 'stuck', ago(31), ['6591110005'], 'sent');
            await addRequest(tx, 'waits', ago(31), ['6591110006'], 'approved');
            await addRequest(tx, 'young', ago(29), ['6591110007']);
          });
          const result = await retention(store, configOf(30 * dayMs))(daily, held);
          assert.deepEqual(result, { againAt: clock.now() + dayMs });
          const requests = await store.read.selectFrom('requests').selectAll().orderBy('id').execute();
          assert.deepEqual(
            requests.map(({ id, note, audio, callees, erased_at }) => ({
              id,
              note,
              audio,
              callees,
              erased_at,
            })),
            [
              ['old', 4, true] as const,
              ['stuck', 1, true] as const,
              ['waits', 1, false] as const,
              ['young', 1, false] as const,
            ].map(([id, callees, gone]) => ({
              id,
              note: gone ? '' : 'ask Asha at 6591110009',
              audio: JSON.stringify({ kind: 'text', text: gone ? '' : 'Hello Asha', language: 'EN' }),
              callees,
              erased_at: gone ? clock.now() : null,
            })),
          );
          const calls = await loadCalls(store.read, 'old');
          assert.deepEqual(
            calls.map(({ callee, name, state, callDuration }) => [callee, name, state, callDuration]),
            Array.from({ length: 4 }, () => ['', null, 'answered', 3]),
          );
          const stored = await store.read.selectFrom('calls').select(['callee', 'name']).execute();
          const text = JSON.stringify(stored);
          assert.doesNotMatch(text, /659111000[1-5]/);
          assert.match(text, /6591110006.*6591110007|6591110007.*6591110006/);
        },
        { kind, clock },
      );
    });

    test('without `retention` only leftovers are deleted', async () => {
      await withStore(
        async (store) => {
          await store.transaction(async (tx) => {
            await addRequest(tx, 'old', ago(400), ['6591110001']);
            await addRest(tx, 'a-old-open', ago(400), false);
            await addRest(tx, 'b-old-done', ago(400), true);
            await addRest(tx, 'c-week', ago(6.9), false);
            await addRest(tx, 'd-day', ago(0.9), true);
          });
          await retention(store, configOf(undefined))(daily, held);
          assert.deepEqual(await ids(store), {
            reports: ['pc-week', 'pd-day'],
            events: ['Ea-old-open', 'Ec-week', 'Ed-day'],
            drafts: ['dd-day'],
            bodies: ['ma-old-open', 'mb-old-done', 'mc-week', 'md-day'],
          });
          assert.equal((await loadCalls(store.read, 'old'))[0]?.callee, '6591110001');
        },
        { kind, clock },
      );
    });

    test('silent alerts are deleted after 90 days with everything stored for them; others lose what is old', async () => {
      await withStore(
        async (store) => {
          await store.transaction(async (tx) => {
            await addRequest(tx, 'done', ago(95), ['6591110001']);
            await addRequest(tx, 'open', ago(95), ['6591110002'], 'approved');
            for (const [id, days] of [
              ['quiet', 91],
              ['asked', 91],
              ['firing', 1],
            ] as const)
              await addAlert(tx, id, ago(days), ago(92));
            await tx.updateTable('requests').set({ alert_id: 'quiet' }).where('id', '=', 'done').execute();
            await tx.updateTable('requests').set({ alert_id: 'asked' }).where('id', '=', 'open').execute();
          });
          await retention(store, configOf(undefined))(daily, held);
          const { read } = store;
          const alerts = await read.selectFrom('alerts').select('id').orderBy('id').execute();
          assert.deepEqual(alerts, [{ id: 'asked' }, { id: 'firing' }]);
          const messages = await read
            .selectFrom('alert_messages')
            .select(['alert_id', 'ts'])
            .orderBy('ts')
            .execute();
          assert.deepEqual(
            messages.map(({ alert_id }) => alert_id),
            ['firing'],
          );
          const ruleCalls = await read
            .selectFrom('rule_calls')
            .select('alert_id')
            .orderBy('alert_id')
            .execute();
          assert.deepEqual(ruleCalls, [{ alert_id: 'asked' }, { alert_id: 'firing' }]);
          const request = await read
            .selectFrom('requests')
            .select('alert_id')
            .where('id', '=', 'done')
            .execute();
          assert.deepEqual(request, [{ alert_id: null }]);
        },
        { kind, clock },
      );
    });

    test('with it, older bodies are erased too, but what waits to be posted or processed stays', async () => {
      await withStore(
        async (store) => {
          await store.transaction(async (tx) => {
            await addRest(tx, 'a-open', ago(3), false);
            await addRest(tx, 'b-done', ago(3), true);
            await addRest(tx, 'c-new', ago(1.5), true);
          });
          await retention(store, configOf(2 * dayMs))(daily, held);
          assert.deepEqual(await ids(store), {
            reports: ['pc-new'],
            events: ['Ea-open', 'Ec-new'],
            drafts: [],
            bodies: ['ma-open', 'mc-new'],
          });
        },
        { kind, clock },
      );
    });

    test('a number stays known while a limit counts its calls', async () => {
      await withStore(
        async (store) => {
          await store.transaction((tx) => addRequest(tx, 'one', ago(5), ['6591110001']));
          await retention(store, configOf(2 * dayMs, 7 * dayMs))(daily, held);
          assert.equal((await loadCalls(store.read, 'one'))[0]?.callee, '6591110001');
          await retention(store, configOf(2 * dayMs, 3 * dayMs))(daily, held);
          assert.equal((await loadCalls(store.read, 'one'))[0]?.callee, '');
        },
        { kind, clock },
      );
    });

    test('what a request with further attempts or steps needs stays until these have ended', async () => {
      await withStore(
        async (store) => {
          await store.transaction(async (tx) => {
            await addAlert(tx, 'laddered', ago(5), ago(6));
            await addRequest(tx, 'ladder', ago(5), ['6591110001'], 'sent');
            const going = { reaching: 1, alert_id: 'laddered', changed_at: ago(5) };
            await tx.updateTable('requests').set(going).where('id', '=', 'ladder').execute();
          });
          const left = async () => ({
            callee: (await loadCalls(store.read, 'ladder'))[0]?.callee,
            alerts: await store.read.selectFrom('alerts').select('id').execute(),
          });
          await retention(store, configOf(2 * dayMs))(daily, held);
          assert.deepEqual(await left(), { callee: '6591110001', alerts: [{ id: 'laddered' }] });
          await store.transaction((tx) => tx.updateTable('requests').set({ reaching: 0 }).execute());
          await retention(store, configOf(2 * dayMs))(daily, held);
          assert.deepEqual(await left(), { callee: '', alerts: [] });
        },
        { kind, clock },
      );
    });

    test('interrupted, it comes back at once and continues', async () => {
      await withStore(
        async (store) => {
          const numbers = Array.from({ length: 2_500 }, (_, index) => String(6_500_000_000 + index));
          await store.transaction((tx) => addRequest(tx, 'many', ago(40), numbers));
          let looks = 0;
          const lost: Lease = { ...held, valid: () => ++looks < 13 };
          const run = retention(store, configOf(30 * dayMs));
          assert.deepEqual(await run(daily, lost), { againAt: clock.now() });
          const known = () =>
            store.read.selectFrom('calls').select('callee').where('callee', 'like', '65%').execute();
          const left = (await known()).length;
          assert.ok(left > 0 && left < 2_500, `${left} are left`);
          const half = await store.read.selectFrom('requests').select('erased_at').executeTakeFirstOrThrow();
          assert.equal(half.erased_at, null);
          await run(daily, held);
          assert.equal((await known()).length, 0);
          const whole = await store.read.selectFrom('requests').select('erased_at').executeTakeFirstOrThrow();
          assert.equal(whole.erased_at, clock.now());
        },
        { kind, clock },
      );
    });

    test('added at every start, it is one task', async () => {
      await withStore(
        async (store) => {
          for (const at of [clock.now(), clock.now() + 5])
            await store.transaction((tx) => scheduleRetention(tx, at));
          const tasks = await store.read.selectFrom('tasks').select(['kind', 'key', 'run_at']).execute();
          assert.deepEqual(tasks, [{ kind: 'retention', key: 'daily', run_at: clock.now() }]);
        },
        { kind, clock },
      );
    });
  });
});
