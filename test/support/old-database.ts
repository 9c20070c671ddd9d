// A database as an earlier version made it, which no store has opened yet.
import { Kysely, sql } from 'kysely';
import { firstTables } from '../../src/store/migrations/first-tables.ts';
import type { Step } from '../../src/store/migrations/step.ts';
import { postgresDialect } from '../../src/store/postgres.ts';
import { prepareSqliteFile, sqliteDialect } from '../../src/store/sqlite.ts';
import { silentLog, type TestDatabase } from './store.ts';

export type Row = Record<string, string | number | null>;

/** Runs raw statements on a database that no store has opened. */
async function withRaw(database: TestDatabase, use: (raw: Kysely<unknown>) => Promise<void>): Promise<void> {
  const { databaseUrl, dataDir } = database;
  const raw = new Kysely<unknown>({
    dialect:
      databaseUrl === undefined
        ? sqliteDialect(prepareSqliteFile(dataDir), false)
        : postgresDialect(databaseUrl, silentLog, { max: 1 }),
  });
  try {
    await use(raw);
  } finally {
    await raw.destroy();
  }
}

/** The tables after these steps (absent: of the first version) with these rows. */
export async function fillOld(
  database: TestDatabase,
  rows: [table: string, rows: Row[]][],
  steps: readonly Step[] = [firstTables],
): Promise<void> {
  await withRaw(database, async (raw) => {
    await sql`create table meta (name text primary key not null, value text not null)`.execute(raw);
    await sql`insert into meta (name, value) values ('store_version', ${String(steps.length)})`.execute(raw);
    for (const step of steps) await step(raw, database.kind);
    for (const [table, all] of rows) {
      for (const row of all) {
        const names = sql.join(Object.keys(row).map((name) => sql.id(name)));
        const values = sql.join(Object.values(row));
        await sql`insert into ${sql.table(table)} (${names}) values (${values})`.execute(raw);
      }
    }
  });
}
