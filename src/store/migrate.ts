import { sql } from 'kysely';
import { VoicecallError } from '../errors.ts';
import { readMeta, writeMeta } from './meta.ts';
import { migrations } from './migrations/index.ts';
import type { Store, Tx } from './types.ts';

// Any number, as long as it stays the same: two instances that start at once wait for each other on it.
const migrationLock = 7_420_240_911;

/** The version of the tables that this program works with. */
export const storeVersion = migrations.length;

/**
 * Brings the tables up to this program's version, in one transaction; safe when several instances start at once.
 * Throws VoicecallError store_newer if a newer program has been here.
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

/** They are not enforced while SQLite's tables are made anew. */
async function checkForeignKeys(tx: Tx): Promise<void> {
  const { rows } = await sql<{ table: string }>`pragma foreign_key_check`.execute(tx);
  const [first] = rows;
  if (first === undefined) return;
  throw new VoicecallError(
    'internal',
    `${rows.length} rows of the database name a row that is not there (the first in ${first.table}): nothing was changed.`,
  );
}
