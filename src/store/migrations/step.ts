import type { Kysely } from 'kysely';

export type Dialect = 'sqlite' | 'postgres';

/** For `tx.schema` and raw SQL. A step knows the tables of its own time only, so no table is typed. */
export type MigrationTx = Pick<Kysely<unknown>, 'schema' | 'getExecutor'>;

/** One change of the tables, in the caller's transaction. */
export type Step = (tx: MigrationTx, dialect: Dialect) => Promise<void>;
