import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { systemClock } from '../../src/clock.ts';
import { VoicecallError } from '../../src/errors.ts';
import { addTask } from '../../src/queue/enqueue.ts';
import { createWorker } from '../../src/queue/worker.ts';
import { canWrite } from '../../src/store/can-write.ts';
import { storeFault } from '../../src/store/errors.ts';
import { readMeta, writeMeta } from '../../src/store/meta.ts';
import { openStore } from '../../src/store/open.ts';
import { sqlitePath } from '../../src/store/sqlite.ts';
import { createFakeClock } from '../support/clock.ts';
import { isQuick, timeOf } from '../support/quick.ts';
import { silentLog, withStore } from '../support/store.ts';

function unavailable(problem: string) {
  return (error: unknown) => {
    assert.ok(error instanceof VoicecallError, String(error));
    assert.equal(error.code, 'store_unavailable');
    assert.equal(error.facts.problem, problem);
    assert.ok(error.cause instanceof Error);
    return true;
  };
}

test('locked for a moment by another process: the transaction waits without blocking the process', () =>
  withStore(async (store, { dataDir }) => {
    const other = new DatabaseSync(sqlitePath(dataDir));
    other.exec('begin immediate');
    const writing = store.transaction((tx) => writeMeta(tx, 'a', '1'));
    await isQuick('a pause of 100 ms', 250, () => timeOf(() => sleep(100)));
    other.exec('rollback');
    other.close();
    await writing;
    assert.equal(await readMeta(store.read, 'a'), '1');
  }));

test('what a transaction has read stays the same until it commits, whatever other processes try', () =>
  withStore(async (store, { dataDir }) => {
    const other = new DatabaseSync(sqlitePath(dataDir), { timeout: 0 });
    await store.transaction(async (tx) => {
      assert.equal(await readMeta(tx, 'a'), undefined);
      assert.throws(() => other.exec("insert into meta values ('a', 'theirs')"), /locked/);
      await writeMeta(tx, 'a', 'ours');
    });
    other.close();
    assert.equal(await readMeta(store.read, 'a'), 'ours');
  }));

test('locked for long: the caller gets an error, reads continue, and later everything works', () =>
  withStore(async (store, { dataDir }) => {
    const other = new DatabaseSync(sqlitePath(dataDir));
    other.exec('begin immediate');
    await assert.rejects(
      store.transaction((tx) => writeMeta(tx, 'a', '1')),
      unavailable('locked'),
    );
    assert.equal(await readMeta(store.read, 'a'), undefined);
    other.exec('rollback');
    other.close();
    await store.transaction((tx) => writeMeta(tx, 'a', '2'));
    assert.equal(await readMeta(store.read, 'a'), '2');
  }));

test('a full disk: the transaction stores nothing, and everything works once there is space', () =>
  withStore(async (store) => {
    const limit = (pages: number) =>
      store.transaction((tx) => sql.raw(`pragma max_page_count = ${pages}`).execute(tx));
    await limit(1);
    const fill = store.transaction(async (tx) => {
      await writeMeta(tx, 'small', 'x');
      await writeMeta(tx, 'large', 'x'.repeat(1_000_000));
    });
    await assert.rejects(fill, unavailable('full'));
    assert.equal(await readMeta(store.read, 'small'), undefined);
    await limit(100_000);
    await store.transaction((tx) => writeMeta(tx, 'large', 'x'.repeat(1_000_000)));
    assert.equal((await readMeta(store.read, 'large'))?.length, 1_000_000);
  }));

test('a full disk under the worker: the task is not lost and finishes when there is space', () =>
  withStore(async (store) => {
    const clock = createFakeClock();
    const limit = (pages: number) =>
      store.transaction((tx) => sql.raw(`pragma max_page_count = ${pages}`).execute(tx));
    const large = 'x'.repeat(1_000_000);
    const write = () => store.transaction((tx) => writeMeta(tx, 'large', large));
    const handlers = { job: { concurrency: 1, run: async () => void (await write()) } };
    const worker = createWorker({ store, clock, log: silentLog, instance: 'one', handlers });
    await store.transaction((tx) => addTask(tx, { kind: 'job', key: 'a', runAt: clock.now() }));
    await limit(1);
    worker.start();
    await worker.idle();
    assert.equal(await readMeta(store.read, 'large'), undefined);
    await limit(100_000);
    await clock.advance(3000);
    await worker.idle();
    await worker.stop();
    assert.equal(await readMeta(store.read, 'large'), large);
    assert.deepEqual(await store.read.selectFrom('tasks').selectAll().execute(), []);
  }));

test('a file that cannot be written to is reported, at opening and in a transaction', () =>
  withStore(async (store, database) => {
    const fault = await sql`delete from meta`.execute(store.read).catch(storeFault);
    assert.deepEqual(fault, { problem: 'read_only', passing: false });
    await store.close();
    const path = sqlitePath(database.dataDir);
    // Root may write everywhere, so as root the test continues as nobody.
    const asRoot = process.geteuid?.() === 0;
    if (asRoot) for (const each of [database.dataDir, path]) chownSync(each, 65534, 65534);
    if (asRoot) process.seteuid?.(65534);
    try {
      chmodSync(path, 0o400);
      await assert.rejects(database.open(), unavailable('read_only'));
      chmodSync(path, 0o600);
      chmodSync(database.dataDir, 0o500);
      await assert.rejects(database.open(), (error) => {
        assert.ok(error instanceof VoicecallError);
        assert.equal(error.code, 'store_unavailable');
        return true;
      });
      chmodSync(database.dataDir, 0o700);
      const again = await database.open();
      await again.transaction((tx) => writeMeta(tx, 'a', '1'));
    } finally {
      if (asRoot) process.seteuid?.(0);
    }
  }));

test('a directory that cannot be made is reported, and the start does not hang', {
  skip: !existsSync('/proc/self'),
}, async () => {
  const opening = openStore({
    databaseUrl: undefined,
    dataDir: '/proc/voicecall/data',
    clock: systemClock,
    log: silentLog,
  });
  await assert.rejects(opening, (error) => {
    assert.ok(error instanceof VoicecallError);
    assert.match(error.message, /\/proc\/voicecall\/data: DATA_DIR must be a directory/);
    return true;
  });
});

/** A small disk in memory, as root only. Undefined if this machine does not allow it. */
function mountSmallDisk(): { path: string; unmount: () => void } | undefined {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return undefined;
  const path = mkdtempSync(join(tmpdir(), 'voicecall-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path]);
  if (mounted.status === 0)
    return {
      path,
      unmount() {
        spawnSync('umount', [path]);
        rmdirSync(path);
      },
    };
  rmdirSync(path);
  return undefined;
}

test('a disk that is really full: nothing is half stored, reads continue, and everything works once there is space', async (t) => {
  const disk = mountSmallDisk();
  if (disk === undefined) return t.diagnostic('not played: no disk could be mounted here');
  const options = { databaseUrl: undefined, clock: systemClock, log: silentLog };
  const store = await openStore({ ...options, dataDir: join(disk.path, 'data') });
  try {
    await store.transaction((tx) => writeMeta(tx, 'before', 'x'));
    const filler = join(disk.path, 'filler');
    assert.throws(() => writeFileSync(filler, Buffer.alloc(8_000_000)), { code: 'ENOSPC' });
    const write = () => store.transaction((tx) => writeMeta(tx, 'large', 'x'.repeat(200_000)));
    await assert.rejects(write(), unavailable('full'));
    assert.equal(await readMeta(store.read, 'large'), undefined);
    assert.equal(await readMeta(store.read, 'before'), 'x');
    const ready = () => canWrite(store, join(disk.path, 'data'), Date.now());
    assert.equal(await ready(), false);
    rmSync(filler);
    assert.equal(await ready(), true);
    await write();
    assert.equal((await readMeta(store.read, 'large'))?.length, 200_000);
  } finally {
    await store.close();
    disk.unmount();
  }
});
