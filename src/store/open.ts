import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, sql } from 'kysely';
import type { Clock } from '../clock.ts';
import { VoicecallError } from '../errors.ts';
import { newId } from '../ids.ts';
import { storeFault, storeUnavailable } from './errors.ts';
import { guarded } from './guard.ts';
import { migrate } from './migrate.ts';
import type { Schema } from './schema.ts';
import { prepareSqliteFile, sqliteDialect } from './sqlite.ts';
import type { Added, Store, StoreLog, TasksListener, Tx } from './types.ts';
import { tasksAddedIn } from './wake.ts';

// How long a transaction is retried before the caller gets the error, ms: longer than a restart of PostgreSQL.
const retryForMs = 4000;

export interface StoreOptions {
  /** postgres://…; without it: SQLite in `dataDir`. */
  databaseUrl?: string | undefined;
  /** Where `databaseUrl` was given, for words about it. Absent: in DATABASE_URL. */
  urlGivenBy?: string | undefined;
  dataDir: string;
  clock: Clock;
  log: StoreLog;
}

/**
 * Opens the database and migrates its tables. Throws VoicecallError store_unavailable if the database cannot be
 * reached or written to, store_newer if a newer program has migrated it, config if its address cannot be read.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, urlGivenBy = 'DATABASE_URL', dataDir, clock, log } = options;
  if (databaseUrl !== undefined) checkAddress(databaseUrl, urlGivenBy);
  const store =
    databaseUrl === undefined ? openSqlite(dataDir, clock, log) : await openPostgres(databaseUrl, clock, log);
  try {
    if (store.dialect === 'sqlite') await migrateSqlite(openSqlite(dataDir, clock, log, false));
    await migrate(store);
  } catch (error) {
    await store.close();
    throw databaseUrl === undefined ? error : withAddress(error, databaseUrl, urlGivenBy);
  }
  return store;
}

/**
 * Throws if the address cannot be read, or reads differently from what was meant: with a "/" in the password, its rest
 * would be a part of the database's name, which messages show.
 */
export function checkAddress(databaseUrl: string, givenBy: string): void {
  // Without a host, it is a socket of this machine.
  const url = URL.parse(databaseUrl.replace('@/', '@localhost/'));
  const query = url?.username === '' && url.host !== '' ? url.search : '';
  if (url !== null && !`${url.pathname}${url.hash}${query}`.includes('@')) return;
  throw new VoicecallError(
    'config',
    `The address of the database (${givenBy}) cannot be read. In its user and password, write % / # ? and @ as %25 %2F %23 %3F and %40.`,
  );
}

/** The same error with a sentence that says which database was tried (without its password), and why it failed. */
function withAddress(error: unknown, databaseUrl: string, givenBy: string): unknown {
  if (!(error instanceof VoicecallError) || error.code !== 'store_unavailable') return error;
  const { host, pathname } = URL.parse(databaseUrl) ?? { host: '', pathname: '' };
  const place = `${host === '' ? 'this machine' : host}${pathname}`;
  const why = error.cause instanceof Error && error.cause.message !== '' ? `: ${error.cause.message}` : '';
  const todo = `Check that PostgreSQL runs there, that the database exists, and that ${givenBy} has the right user and password.`;
  return new VoicecallError(error.code, `${error.message} ${givenBy} names ${place}${why}. ${todo}`, {
    cause: error.cause,
    facts: error.facts,
  });
}

/** Uses its own connection, because foreign keys can only be switched outside a transaction. */
async function migrateSqlite(store: Store): Promise<void> {
  try {
    await migrate(store);
  } finally {
    await store.close();
  }
}

function openSqlite(dataDir: string, clock: Clock, log: StoreLog, foreignKeys = true): Store {
  let path: string;
  try {
    path = prepareSqliteFile(dataDir);
  } catch (error) {
    const readOnly = error instanceof Error && 'code' in error && error.code !== 'ENOSPC';
    const fault = storeUnavailable({ problem: readOnly ? 'read_only' : 'full', passing: false }, error);
    const todo = 'DATA_DIR must be a directory that this user may write to.';
    throw new VoicecallError(fault.code, `${fault.message} It should be in ${dataDir}: ${todo}`, {
      cause: error,
      facts: fault.facts,
    });
  }
  const write = new Kysely<Schema>({ dialect: guarded(sqliteDialect(path, false, { foreignKeys })) });
  const read = new Kysely<Schema>({ dialect: guarded(sqliteDialect(path, true)) });
  const listeners = new Set<TasksListener>();
  const wake: TasksListener = (added) => wakeAll(listeners, added);
  return {
    dialect: 'sqlite',
    read,
    transaction: (run, options) => inTransaction({ database: write, clock, log, wake, ...options }, run),
    onTasks: (listener) => addTo(listeners, listener),
    emptyLog: async () => {
      await sql`pragma wal_checkpoint(truncate)`.execute(write);
    },
    close: async () => {
      await read.destroy();
      await write.destroy();
    },
  };
}

async function openPostgres(databaseUrl: string, clock: Clock, log: StoreLog): Promise<Store> {
  // Loaded only here: a start on SQLite does not need it.
  const { listenForTasks, notification, postgresDialect } = await import('./postgres.ts');
  const open = (options: { max: number; begin?: string }) =>
    new Kysely<Schema>({ dialect: guarded(postgresDialect(databaseUrl, log, options)) });
  const database = open({ max: 10 });
  // If PostgreSQL's statistics say that the table is nearly empty, it would sort the whole table for each read.
  const tasks = open({ max: 2, begin: 'set enable_sort = off' });
  const listeners = new Set<TasksListener>();
  const wake: TasksListener = (added) => wakeAll(listeners, added);
  const self = newId('s');
  const listening = listenForTasks(databaseUrl, self, log, wake);
  await listening.ready;
  return {
    dialect: 'postgres',
    read: database,
    tasks,
    transaction: (run, options) =>
      inTransaction({ database, clock, log, wake, notify: notification(self), ...options }, run),
    onTasks: (listener) => addTo(listeners, listener),
    close: async () => {
      await listening.stop();
      await tasks.destroy();
      await database.destroy();
    },
  };
}

function addTo(listeners: Set<TasksListener>, listener: TasksListener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function wakeAll(listeners: Set<TasksListener>, added?: Added): void {
  for (const listener of listeners) listener(added);
}

interface TransactionParts {
  database: Kysely<Schema>;
  clock: Clock;
  log: StoreLog;
  wake: TasksListener;
  /** SQL that tells the other instances; run in a transaction that added tasks. */
  notify?: string;
  patienceMs?: number;
}

async function inTransaction<T>(parts: TransactionParts, run: (tx: Tx) => Promise<T>): Promise<T> {
  const until = performance.now() + (parts.patienceMs ?? retryForMs);
  for (let attempt = 0; ; attempt++) {
    const { fault, error, ambiguous, result } = await attemptTransaction(parts, run);
    if (result !== undefined) return result.value;
    if (fault === undefined) throw error;
    const leftMs = until - performance.now();
    if (!fault.passing || ambiguous || leftMs <= 0) throw storeUnavailable(fault, error, ambiguous);
    // Up to 1 s, with jitter so that two transactions do not collide again. The last retry comes at the end of the
    // time.
    const delayMs = Math.min(10 * 2 ** attempt * (0.5 + Math.random()), 1000, leftMs);
    parts.log.debug({ err: error, attempt }, 'a transaction is retried');
    await sleep(delayMs);
  }
}

interface Attempt<T> {
  result?: { value: T };
  error?: unknown;
  fault?: ReturnType<typeof storeFault>;
  /** The connection was lost during the commit. The work may be stored, so it must not be retried. */
  ambiguous?: boolean;
}

async function attemptTransaction<T>(
  { database, wake, notify }: TransactionParts,
  run: (tx: Tx) => Promise<T>,
): Promise<Attempt<T>> {
  let committing = false;
  let first: { error: unknown } | undefined;
  let added: Added | undefined;
  try {
    const value = await database.transaction().execute(async (tx) => {
      try {
        const result = await run(tx);
        added = tasksAddedIn(tx);
        if (added !== undefined && notify !== undefined) await sql.raw(notify).execute(tx);
        committing = true;
        return result;
      } catch (error) {
        first = { error };
        throw error;
      }
    });
    if (added !== undefined) wake(added);
    return { result: { value } };
  } catch (last) {
    // If the rollback fails too (a lost connection), the first error has the cause.
    const error = first === undefined ? last : first.error;
    const fault = storeFault(error);
    const ambiguous = committing && fault?.problem === 'connection';
    // Its tasks may be stored, so wake the worker now.
    if (ambiguous && added !== undefined) wake(added);
    return { error, fault, ambiguous };
  }
}
