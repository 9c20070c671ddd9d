import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { type Clock, systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/open.ts';
import { sqlitePath } from '../../src/store/sqlite.ts';
import type { Store, StoreLog } from '../../src/store/types.ts';

export type DatabaseKind = 'sqlite' | 'postgres';

/** The empty database of a test. Every `open` returns another store (another instance) on it. */
export interface TestDatabase {
  kind: DatabaseKind;
  /** The SQLite directory. */
  dataDir: string;
  /** The PostgreSQL URL. Undefined on SQLite. */
  databaseUrl: string | undefined;
  open(options?: { clock?: Clock; log?: StoreLog }): Promise<Store>;
  /** Closes every opened store and deletes the database. */
  remove(): Promise<void>;
}

/**
 * The databases to test on: always SQLite, and PostgreSQL if TEST_DATABASE_URL names a server (as its administrator).
 */
export const databaseKinds: DatabaseKind[] =
  process.env.TEST_DATABASE_URL === undefined ? ['sqlite'] : ['sqlite', 'postgres'];

/** A log that drops everything. */
export const silentLog: StoreLog = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Locks a SQLite database against writes, like another process. Returns a function that unlocks it. Retries until it
 * gets the lock, so that this process can finish its own writes.
 */
export async function lockSqlite(dataDir: string): Promise<() => void> {
  const other = new DatabaseSync(sqlitePath(dataDir));
  for (let tries = 0; ; tries++) {
    try {
      other.exec('begin immediate');
      break;
    } catch (error) {
      if (tries === 1_000) throw error;
      await wait(5);
    }
  }
  return () => {
    other.exec('rollback');
    other.close();
  };
}

/**
 * Where test databases are: in memory if the machine has enough, because each commit waits for the disk. A process that
 * is killed leaves the same there.
 */
const databaseFolder = freeBytes('/dev/shm') > 512 * 1024 * 1024 ? '/dev/shm' : tmpdir();

function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

/** Makes an empty database. The caller removes it. */
export async function createTestDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(databaseFolder, 'voicecall-test-'));
  const postgres = kind === 'postgres' ? await createPostgresDatabase() : undefined;
  const opened: Store[] = [];
  return {
    kind,
    dataDir,
    databaseUrl: postgres?.url,
    async open({ clock = systemClock, log = silentLog } = {}) {
      const store = await openStore({ databaseUrl: postgres?.url, dataDir, clock, log });
      opened.push(store);
      return store;
    },
    async remove() {
      for (const store of opened) await store.close();
      await postgres?.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function createPostgresDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const administrator = process.env.TEST_DATABASE_URL;
  if (administrator === undefined) throw new Error('TEST_DATABASE_URL is not set.');
  const name = `voicecall_test_${randomBytes(6).toString('hex')}`;
  const run = async (statement: string) => {
    const client = new pg.Client({ connectionString: administrator });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await run(`create database ${name}`);
  const url = new URL(administrator);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(`drop database if exists ${name} with (force)`) };
}

/**
 * Declares the same tests for every available database. `declare` gets the database's name for test titles, and a
 * function that makes an empty database. Every `withStore` and test inside removes what it made.
 */
export function forEachDatabase(
  declare: (kind: DatabaseKind, create: () => Promise<TestDatabase>) => void,
): void {
  for (const kind of databaseKinds) declare(kind, () => createTestDatabase(kind));
}

/** Runs `use` with a store on an empty database of that kind (default: SQLite), and removes it afterwards. */
export async function withStore<T>(
  use: (store: Store, database: TestDatabase) => Promise<T>,
  options: { kind?: DatabaseKind; clock?: Clock } = {},
): Promise<T> {
  const database = await createTestDatabase(options.kind ?? 'sqlite');
  try {
    const store = await database.open(options.clock === undefined ? {} : { clock: options.clock });
    return await use(store, database);
  } finally {
    await database.remove();
  }
}

/** Waits until a statement on the database waits for a lock. On SQLite transactions wait before they begin. */
export async function waitingForLock(store: Store): Promise<void> {
  if (store.dialect === 'sqlite') return;
  const until = performance.now() + 60_000;
  while (performance.now() < until) {
    const { rows } = await sql`select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(store.read);
    if (rows.length > 0) return;
    await wait(5);
  }
  assert.fail('nothing waits for a lock');
}
