import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type RawBuilder, sql } from 'kysely';
import { cleanValue } from '../clean-text.ts';
import { systemClock } from '../clock.ts';
import { VoicecallError } from '../errors.ts';
import { storeVersion } from '../store/migrate.ts';
import { openStore } from '../store/open.ts';
import type { Schema } from '../store/schema.ts';
import { sqlitePath } from '../store/sqlite.ts';
import type { Store, StoreLog, Tx } from '../store/types.ts';

/** Every table; the compiler reports a missing one. */
const everyTable: Record<keyof Schema, true> = {
  ...{ requests: true, submissions: true, calls: true, reports: true, tasks: true, posts: true },
  ...{ decisions: true, audit: true, drafts: true, alert_events: true, alerts: true, alert_messages: true },
  ...{
    channel_reads: true,
    silences: true,
    learned_people: true,
    last_reached: true,
    recordings: true,
    steps: true,
  },
  ...{ rule_calls: true, rule_matches: true, rosters: true, pacing: true, meta: true },
};
/** Tables that others refer to come first, the rest in alphabetical order. */
const tables = [...new Set(['requests', 'submissions', ...Object.keys(everyTable).sort()])];

/** PostgreSQL takes 65,535 parameters in a statement; the widest table has about 30 columns. */
const rowsAtOnce = 500;

type Row = Record<string, string | number | null>;

export interface TableCount {
  table: string;
  rows: number;
}

/**
 * Copies everything from the SQLite database in `dataDir` into the empty PostgreSQL database at `databaseUrl`, in one
 * transaction there. Returns the number of rows of each table, counted on both sides. The source keeps every row.
 * Throws VoicecallError config if the move is not allowed (an instance runs, the target is not empty, the versions
 * differ), and store_unavailable as the store does; the target is then still empty.
 */
export async function moveStore(options: {
  dataDir: string;
  databaseUrl: string;
  urlGivenBy?: string;
  log: StoreLog;
}): Promise<TableCount[]> {
  const source = openSource(options.dataDir);
  try {
    const target = await openStore({ ...options, clock: systemClock });
    try {
      if (target.dialect !== 'postgres') throw refusal('The target has to be a PostgreSQL database.');
      return await copyAll(source, target);
    } finally {
      await target.close();
    }
  } finally {
    source.close();
  }
}

function refusal(sentence: string): VoicecallError {
  return new VoicecallError('config', sentence);
}

/**
 * Opens the file exclusively. Every instance keeps its connections open, and in WAL mode each open connection holds a
 * shared lock on the file. So this fails while an instance runs
 * (https://www.sqlite.org/wal.html#use_of_wal_without_shared_memory), and no instance can start while we copy.
 */
function openSource(dataDir: string): DatabaseSync {
  const path = sqlitePath(dataDir);
  if (!existsSync(path))
    throw refusal(`There is no database at ${path}. Set DATA_DIR to the directory it is in.`);
  const source = new DatabaseSync(path, { timeout: 500 });
  try {
    source.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    source.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) {
      throw refusal(
        `${path} is in use: stop every running instance of Voicecall (and any backup), then move.`,
      );
    }
    throw error;
  }
  const version = sourceVersion(source);
  if (version === storeVersion) return source;
  source.close();
  throw refusal(
    version !== undefined && version > storeVersion
      ? `${path} is of version ${version}, this program knows ${storeVersion}: move with the newer program.`
      : `${path} is of version ${version ?? 'none'}, this program's is ${storeVersion}: start this program once with it, stop it, then move.`,
  );
}

function sourceVersion(source: DatabaseSync): number | undefined {
  const known = source.prepare("select 1 from sqlite_master where type = 'table' and name = 'meta'").get();
  if (known === undefined) return undefined;
  const row = source.prepare("select value from meta where name = 'store_version'").get();
  return row === undefined ? undefined : Number(row.value);
}

async function copyAll(source: DatabaseSync, target: Store): Promise<TableCount[]> {
  return await target.transaction(async (tx) => {
    // Another move or a starting instance waits for this lock and then finds that the database is not empty.
    await sql`lock table meta in exclusive mode`.execute(tx);
    await assertEmpty(tx);
    await sql`delete from meta`.execute(tx);
    const counts: TableCount[] = [];
    for (const table of tables) counts.push({ table, rows: await copyTable(source, tx, table) });
    for (const { table, rows } of counts) {
      const arrived = await countRows(tx, table);
      if (arrived === rows) continue;
      throw new VoicecallError(
        'internal',
        `Of ${rows} rows of ${table} ${arrived} arrived: nothing was moved.`,
      );
    }
    return counts;
  });
}

async function assertEmpty(tx: Tx): Promise<void> {
  const found: string[] = [];
  for (const table of tables.filter((name) => name !== 'meta')) {
    if ((await countRows(tx, table)) > 0) found.push(table);
  }
  // An instance that has run there has made another secret, so submissions sent since then would not be recognised.
  const { rows } = await sql<{ name: string }>`select name from meta where name <> 'store_version'`.execute(
    tx,
  );
  if (rows.length > 0) found.push('meta');
  if (found.length === 0) return;
  throw refusal(`The target is not empty (${found.join(', ')}): give an empty database of its own.`);
}

async function countRows(tx: Tx, table: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(
    tx,
  );
  return Number(rows[0]?.count ?? 0);
}

async function copyTable(source: DatabaseSync, tx: Tx, table: string): Promise<number> {
  const columns = source
    .prepare('select name from pragma_table_info(?)')
    .all(table)
    .map((row) => String(row.name));
  let batch: Row[] = [];
  let rows = 0;
  for (const row of source.prepare(`select * from "${table}"`).iterate()) {
    batch.push(row as Row);
    rows++;
    if (batch.length < rowsAtOnce) continue;
    await insert(tx, table, columns, batch);
    batch = [];
  }
  if (batch.length > 0) await insert(tx, table, columns, batch);
  return rows;
}

/** An older version may have stored characters that PostgreSQL text does not allow. */
async function insert(tx: Tx, table: string, columns: string[], batch: Row[]): Promise<void> {
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const values = batch.map(
    (row): RawBuilder<unknown> =>
      sql`(${sql.join(columns.map((column) => cleanValue(row[column] ?? null)))})`,
  );
  await sql`insert into ${sql.table(table)} (${names}) values ${sql.join(values)}`.execute(tx);
}
