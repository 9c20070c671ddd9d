import type { Kysely } from 'kysely';

export type Dialect = 'sqlite' | 'postgres';

/** For `tx.schema` and raw SQL. Tables are not typed, because a step knows only the tables of its time. */
export type MigrationTx = Pick<Kysely<unknown>, 'schema' | 'getExecutor'>;

/** One change of the tables, in the caller's transaction. */
export type Step = (tx: MigrationTx, dialect: Dialect) => Promise<void>;
