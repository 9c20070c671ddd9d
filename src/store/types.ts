import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';

export type Tx = Transaction<Schema>;
/** Anything a query can run on: the store's reader or a transaction. */
export type Queryable = Kysely<Schema> | Tx;

/** What the store and the worker say; pino's logger fits. */
export interface StoreLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface Store {
  dialect: 'sqlite' | 'postgres';
  /** For reads outside a transaction; a fault of the database throws store_unavailable, too. */
  read: Kysely<Schema>;
  /**
   * Runs `run` in one transaction (SQLite: begin immediate; PostgreSQL: read committed) and commits it. A busy
   * database or a serialization failure is tried again; tasks enqueued inside wake the workers after the commit.
   * Throws VoicecallError store_unavailable (locked, read-only, full, connection lost) with the cause. `run` may run
   * more than once: it changes the database alone. A query that fails spoils the whole transaction (PostgreSQL), so
   * expected collisions are written as `on conflict`, not caught. `patienceMs`: how long it is tried again before the
   * caller hears of it, instead of 4 s.
   */
  transaction<T>(run: (tx: Tx) => Promise<T>, options?: { patienceMs?: number }): Promise<T>;
  /**
   * PostgreSQL: for single statements on the table of tasks, each a transaction of its own, on connections that plan
   * such statements well. Absent on SQLite, where a transaction costs little.
   */
  tasks?: Kysely<Schema>;
  /** Called after each commit that enqueued tasks, by this process or (PostgreSQL) another; returns the way to stop. */
  onTasks(listener: () => void): () => void;
  /** SQLite: empties the log of writes into the file, so that nothing that was deleted can be read in it. */
  emptyLog?(): Promise<void>;
  close(): Promise<void>;
}
