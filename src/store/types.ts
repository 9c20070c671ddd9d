import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';

export type Tx = Transaction<Schema>;
/** Anything a query can run on: the store's reader or a transaction. */
export type Queryable = Kysely<Schema> | Tx;

/** The log of the store and the worker; a pino logger fits. */
export interface StoreLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Tasks that one transaction added: of each kind, the earliest time at which one is due (epoch ms). */
export type Added = ReadonlyMap<string, number>;

export type TasksListener = (added?: Added) => void;

export interface Store {
  dialect: 'sqlite' | 'postgres';
  /** For reads outside a transaction. A fault of the database throws store_unavailable here too. */
  read: Kysely<Schema>;
  /**
   * Runs `run` in one transaction (SQLite: begin immediate; PostgreSQL: read committed) and commits it. A busy
   * database or a serialization failure is retried. Tasks added inside wake the workers after the commit. Throws
   * VoicecallError store_unavailable (locked, read-only, full, connection lost) with the cause. `run` may run more
   * than once, so it may change nothing but the database. A failed query makes the whole transaction fail
   * (PostgreSQL), so write an expected collision as `on conflict` instead of catching it. `patienceMs`: how long to
   * retry before throwing, instead of 4 s.
   */
  transaction<T>(run: (tx: Tx) => Promise<T>, options?: { patienceMs?: number }): Promise<T>;
  /**
   * PostgreSQL: connections that plan statements on the task table well, for single statements without a transaction.
   * Absent on SQLite, where a transaction is cheap.
   */
  tasks?: Kysely<Schema>;
  /**
   * Calls `listener` after each commit that added tasks, in this process or (PostgreSQL) another. `added` is what this
   * process has added; it is absent for another one. Returns a function that stops it.
   */
  onTasks(listener: TasksListener): () => void;
  /** SQLite: moves the write-ahead log into the file and empties it, so that deleted data cannot be read in it. */
  emptyLog?(): Promise<void>;
  close(): Promise<void>;
}
