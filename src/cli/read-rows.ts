import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { sqlitePath } from '../store/sqlite.ts';

/** Where the database is: PostgreSQL at `url`, or SQLite in `dataDir`. */
export interface DatabasePlace {
  url: string | undefined;
  dataDir: string;
}

/** Reads the rows of some tables, by table. A table that does not exist (yet) has none. Changes nothing. */
export async function readRows<Table extends string>(
  { url, dataDir }: DatabasePlace,
  queries: Record<Table, string>,
): Promise<Record<Table, unknown[]>> {
  const each = Object.entries(queries) as [Table, string][];
  const found = {} as Record<Table, unknown[]>;
  for (const [table] of each) found[table] = [];
  if (url === undefined) {
    const path = sqlitePath(dataDir);
    if (!existsSync(path)) return found;
    const database = new DatabaseSync(path, { timeout: 2_000, readOnly: true });
    try {
      for (const [table, query] of each) {
        if (database.prepare('select 1 from sqlite_master where name = ?').get(table) !== undefined)
          found[table] = database.prepare(query).all();
      }
      return found;
    } finally {
      database.close();
    }
  }
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 4_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    for (const [table, query] of each) {
      const { rows } = await client.query<{ known: string | null }>('select to_regclass($1)::text as known', [
        table,
      ]);
      if (rows[0]?.known != null) found[table] = (await client.query(query)).rows;
    }
    return found;
  } finally {
    await client.end().catch(() => {});
  }
}
