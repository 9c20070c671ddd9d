import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { systemClock } from '../../src/clock.ts';
import { VoicecallError } from '../../src/errors.ts';
import { addTask } from '../../src/queue/enqueue.ts';
import { getOrCreateMeta, readMeta, tokenSecret, writeMeta } from '../../src/store/meta.ts';
import { migrate, storeVersion } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/open.ts';
import { sqlitePath } from '../../src/store/sqlite.ts';
import { requestRow, submissionRow } from '../support/rows.ts';
import { forEachDatabase, silentLog, withStore } from '../support/store.ts';

forEachDatabase((kind, create) => {
  suite(`store on ${kind}`, () => {
    test('reopened, it has what was stored', () =>
      withStore(
        async (store, database) => {
          await store.transaction((tx) => writeMeta(tx, 'a', '1'));
          await store.transaction((tx) => writeMeta(tx, 'a', '2'));
          await store.close();
          const again = await database.open();
          assert.equal(await readMeta(again.read, 'a'), '2');
          await migrate(again);
          assert.equal(await readMeta(again.read, 'store_version'), String(storeVersion));
        },
        { kind },
      ));

    test('several instances that start at once on an empty database all open it', async () => {
      const database = await create();
      try {
        const stores = await Promise.all(Array.from({ length: 5 }, () => database.open()));
        const secrets = await Promise.all(stores.map((store) => tokenSecret(store)));
        assert.match(secrets[0] ?? '', /^[0-9a-f]{64}$/);
        assert.deepEqual(new Set(secrets).size, 1);
      } finally {
        await database.remove();
      }
    });

    test('a database of a newer program is refused', () =>
      withStore(
        async (store, database) => {
          await store.transaction((tx) => writeMeta(tx, 'store_version', String(storeVersion + 1)));
          await assert.rejects(database.open(), (error) => {
            assert.ok(error instanceof VoicecallError);
            assert.equal(error.code, 'store_newer');
            assert.equal(error.facts.database, String(storeVersion + 1));
            return true;
          });
        },
        { kind },
      ));

    test('a transaction that throws stores nothing, wakes nobody, and passes its error on', () =>
      withStore(
        async (store) => {
          let woken = 0;
          store.onTasks(() => void woken++);
          const fault = new Error('no');
          const failing = store.transaction(async (tx) => {
            await writeMeta(tx, 'a', '1');
            await addTask(tx, { kind: 'k', key: '1', runAt: 1 });
            throw fault;
          });
          await assert.rejects(failing, (error) => error === fault);
          assert.equal(await readMeta(store.read, 'a'), undefined);
          assert.deepEqual(await store.read.selectFrom('tasks').selectAll().execute(), []);
          await sleep(20);
          assert.equal(woken, 0);
          await store.transaction((tx) => addTask(tx, { kind: 'k', key: '1', runAt: 1 }));
          assert.equal(woken, 1);
          await store.transaction((tx) => writeMeta(tx, 'a', '1'));
          assert.equal(woken, 1);
        },
        { kind },
      ));

    test('transactions on one row run one after the other: no update is lost', () =>
      withStore(
        async (store) => {
          await store.transaction((tx) =>
            tx.insertInto('pacing').values({ name: 'n', next_at: 0 }).execute(),
          );
          const add = () =>
            store.transaction((tx) =>
              tx
                .updateTable('pacing')
                .set((eb) => ({ next_at: eb('next_at', '+', 1) }))
                .where('name', '=', 'n')
                .execute(),
            );
          await Promise.all(Array.from({ length: 20 }, add));
          const row = await store.read.selectFrom('pacing').select('next_at').executeTakeFirst();
          assert.deepEqual(row, { next_at: 20 });
        },
        { kind },
      ));

    test('numbers are read as numbers, texts are compared byte by byte, defaults are set', () =>
      withStore(
        async (store) => {
          const at = Date.UTC(2030, 0, 1);
          await store.transaction(async (tx) => {
            for (const name of ['b', 'B', 'ä', '_', 'a']) {
              await tx.insertInto('pacing').values({ name, next_at: at }).execute();
            }
            await tx
              .insertInto('requests')
              .values(requestRow({ id: 'r' }))
              .execute();
            const call = { request_id: 'r', callee: '1', state: 'ready' as const };
            await tx
              .insertInto('calls')
              .values([
                { ...call, position: 1 },
                { ...call, position: 2 },
              ])
              .execute();
          });
          const totals = await store.read
            .selectFrom('pacing')
            .select((eb) => [eb.fn.countAll().as('rows'), eb.fn.sum('next_at').as('sum')])
            .executeTakeFirst();
          assert.deepEqual(totals, { rows: 5, sum: at * 5 });
          const names = await store.read.selectFrom('pacing').select('name').orderBy('name').execute();
          assert.deepEqual(
            names.map(({ name }) => name),
            ['B', '_', 'a', 'b', 'ä'],
          );
          const calls = await store.read.selectFrom('calls').select(['superseded', 'voice_id']).execute();
          assert.deepEqual(calls, Array(2).fill({ superseded: 0, voice_id: null }));
        },
        { kind },
      ));

    test('what may exist once exists once', () =>
      withStore(
        async (store) => {
          const report = { voice_id: 'v', body: '{}', received_at: 1, digest: 'd' };
          const call = { request_id: 'r', callee: '1', state: 'ready' as const, submission_id: 's' };
          await store.transaction(async (tx) => {
            await tx
              .insertInto('requests')
              .values(requestRow({ id: 'r' }))
              .execute();
            await tx
              .insertInto('submissions')
              .values(submissionRow({ id: 's', request_id: 'r' }))
              .execute();
            await tx
              .insertInto('reports')
              .values({ id: '1', ...report })
              .execute();
            await tx
              .insertInto('calls')
              .values({ position: 1, ...call })
              .execute();
          });
          const twice = [
            store.transaction((tx) =>
              tx
                .insertInto('reports')
                .values({ id: '2', ...report })
                .execute(),
            ),
            store.transaction((tx) =>
              tx
                .insertInto('calls')
                .values({ position: 2, ...call })
                .execute(),
            ),
          ];
          for (const each of twice) await assert.rejects(each, /unique/i);
          assert.equal(await getOrCreateMeta(store, 'm', () => 'first'), 'first');
          assert.equal(await getOrCreateMeta(store, 'm', () => 'second'), 'first');
        },
        { kind },
      ));
  });
});

test('only the owner can access the SQLite file and its directory, and writes are synchronous', () =>
  withStore(async (_store, database) => {
    const dataDir = join(database.dataDir, 'deep', 'data');
    const store = await openStore({ dataDir, clock: systemClock, log: silentLog });
    try {
      await store.transaction((tx) => writeMeta(tx, 'a', '1'));
      assert.equal(statSync(dataDir).mode & 0o777, 0o700);
      const path = sqlitePath(dataDir);
      for (const file of [path, `${path}-wal`, `${path}-shm`])
        assert.equal(statSync(file).mode & 0o777, 0o600);
      const settings = await store.transaction(async (tx) => [
        (await sql`pragma journal_mode`.execute(tx)).rows[0],
        (await sql`pragma synchronous`.execute(tx)).rows[0],
      ]);
      assert.deepEqual(settings, [{ journal_mode: 'wal' }, { synchronous: 2 }]);
      await assert.rejects(sql`delete from meta`.execute(store.read), /cannot be written to/);
    } finally {
      await store.close();
    }
  }));

test('of a hundred transactions at once on SQLite, a few run between two turns of the event loop', () =>
  withStore(async (store) => {
    let sinceTurn = 0;
    let most = 0;
    let counting = true;
    const turn = () => {
      sinceTurn = 0;
      if (counting) setImmediate(turn);
    };
    turn();
    const writing = Array.from({ length: 100 }, (_, index) =>
      store.transaction(async (tx) => {
        most = Math.max(most, ++sinceTurn);
        const startedAt = performance.now();
        while (performance.now() - startedAt < 1);
        await writeMeta(tx, `m${index}`, '1');
      }),
    );
    await Promise.all(writing);
    counting = false;
    assert.ok(most <= 10, `${most} transactions ran without a pause`);
  }));
