import { sql } from 'kysely';
import { VoicecallError } from '../errors.ts';
import { readMeta, writeMeta } from './meta.ts';
import { migrations } from './migrations/index.ts';
import type { Store, Tx } from './types.ts';

// An arbitrary number that must never change: instances that start at the same time wait for this lock.
const migrationLock = 7_420_240_911;

/** The version of the tables that this program needs. */
export const storeVersion = migrations.length;

/**
 * Updates the tables to this program's version, in one transaction. Several instances may start at the same time.
 * Throws VoicecallError store_newer if a newer program has migrated the database.
 */
export async function migrate(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    if (store.dialect === 'postgres')
      await sql`select pg_advisory_xact_lock(${sql.lit(migrationLock)})`.execute(tx);
    await tx.schema
      .createTable('meta')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .execute();
    const version = Number((await readMeta(tx, 'store_version')) ?? 0);
    if (version > storeVersion) {
      throw new VoicecallError(
        'store_newer',
        `The database is of version ${version}, this program knows ${storeVersion}: start the newer program.`,
        { facts: { database: String(version), program: String(storeVersion) } },
      );
    }
    if (version === storeVersion) return;
    for (const step of migrations.slice(version)) await step(tx, store.dialect);
    if (store.dialect === 'sqlite') await checkForeignKeys(tx);
    await writeMeta(tx, 'store_version', String(storeVersion));
  });
}

/** Foreign keys are switched off while a SQLite table is rebuilt, so they are checked afterwards. */
async function checkForeignKeys(tx: Tx): Promise<void> {
  const { rows } = await sql<{ table: string }>`pragma foreign_key_check`.execute(tx);
  const [first] = rows;
  if (first === undefined) return;
  throw new VoicecallError(
    'internal',
    `${rows.length} rows of the database name a row that is not there (the first in ${first.table}): nothing was changed.`,
  );
}
