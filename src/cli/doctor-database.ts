import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { reasonOf } from '../errors.ts';
import { storeVersion } from '../store/migrate.ts';
import { checkAddress } from '../store/open.ts';
import { sqlitePath } from '../store/sqlite.ts';
import { type Finding, note, ok, wrong } from './doctor-check.ts';

/**
 * Checks the database without changing it: makes and migrates no tables, so it is safe beside instances of another
 * version.
 */
export async function checkDatabase(databaseUrl: string | undefined, dataDir: string): Promise<Finding[]> {
  return databaseUrl === undefined ? checkSqlite(dataDir) : await checkPostgres(databaseUrl);
}

function checkSqlite(dataDir: string): Finding[] {
  const path = resolve(sqlitePath(dataDir));
  if (!existsSync(path)) {
    const parent = nearestExisting(dirname(path));
    if (!statSync(parent).isDirectory()) {
      return [wrong(`${parent} is no directory`, 'Set DATA_DIR to a directory of its own.')];
    }
    if (!mayWrite(parent))
      return [
        wrong(`${parent} cannot be written to`, 'Give it to the user that runs Voicecall, or set DATA_DIR.'),
      ];
    return [ok(`SQLite, will be made at the first start: ${path}`)];
  }
  if (!mayWrite(path) || !mayWrite(dirname(path))) {
    return [
      wrong(
        `${path} cannot be written to`,
        'Give the file and its directory to the user that runs Voicecall.',
      ),
    ];
  }
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 2_000 });
    const tables = database
      .prepare("select 1 from sqlite_master where type = 'table' and name = 'meta'")
      .get();
    const row = tables && database.prepare("select value from meta where name = 'store_version'").get();
    // Locks and unlocks: detects a full disk or another's lock, and writes nothing.
    database.exec('begin immediate; rollback');
    const version = row === undefined ? undefined : Number(row.value);
    const aside = version === storeVersion ? database.prepare(countSetAside).get() : undefined;
    return [...versionFinding('SQLite', version, path), ...setAsideFinding(Number(aside?.count ?? 0))];
  } catch (error) {
    return [
      wrong(
        `${path} cannot be used (${reasonOf(error)})`,
        'Check the disk and who else has the file open; or restore a backup.',
      ),
    ];
  } finally {
    database?.close();
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function checkPostgres(databaseUrl: string): Promise<Finding[]> {
  try {
    checkAddress(databaseUrl, 'DATABASE_URL');
  } catch (error) {
    return [wrong('PostgreSQL cannot be used', reasonOf(error))];
  }
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5_000,
    query_timeout: 4_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await emptyOrClosed(client)) ?? (await contentFindings(client));
  } catch (error) {
    return [
      wrong(
        `PostgreSQL cannot be used (${reasonOf(error)})`,
        'Check DATABASE_URL, and that the server runs and lets this machine in.',
      ),
    ];
  } finally {
    await client.end().catch(() => {});
  }
}

/** The finding for a database that is empty or that this user may not write to. Null: it has tables to write to. */
async function emptyOrClosed(client: pg.Client): Promise<Finding[] | null> {
  const { rows } = await client.query<{ meta: string | null; read_only: string; may_create: boolean }>(
    `select to_regclass('meta')::text as meta, current_setting('transaction_read_only') as read_only,
      has_schema_privilege(current_schema(), 'create') as may_create`,
  );
  const [row] = rows;
  if (row?.read_only === 'on') {
    return [
      wrong(
        'PostgreSQL takes no writes (a standby, or set to read-only)',
        'Point DATABASE_URL to the primary.',
      ),
    ];
  }
  if (row?.meta == null) {
    if (row?.may_create) return [ok('PostgreSQL, empty: its tables will be made at the first start')];
    return [
      wrong(
        'PostgreSQL lets this user make no tables',
        'Grant it CREATE on the schema, or name the owner in DATABASE_URL.',
      ),
    ];
  }
  const { rows: rights } = await client.query<{ allowed: boolean }>(
    "select has_table_privilege('meta', 'select, insert, update, delete') as allowed",
  );
  if (rights[0]?.allowed) return null;
  return [
    wrong(
      'PostgreSQL does not let this user write to the tables',
      'Name the user that owns them in DATABASE_URL.',
    ),
  ];
}

/** The version of the tables, and what was set aside in them. */
async function contentFindings(client: pg.Client): Promise<Finding[]> {
  const { rows } = await client.query<{ value: string }>(
    "select value from meta where name = 'store_version'",
  );
  const version = rows[0] === undefined ? undefined : Number(rows[0].value);
  const aside = version === storeVersion ? await client.query<{ count: string }>(countSetAside) : undefined;
  return [
    ...versionFinding('PostgreSQL', version, ''),
    ...setAsideFinding(Number(aside?.rows[0]?.count ?? 0)),
  ];
}

const countSetAside = 'select count(*) as count from alert_events where set_aside_at is not null';

/** Alert events that failed too often: nobody was called for them, and somebody should know. */
function setAsideFinding(count: number): Finding[] {
  if (count === 0) return [];
  return [
    note(
      `${count} alert ${count === 1 ? 'event was' : 'events were'} set aside: nobody was called for ${count === 1 ? 'it' : 'them'}`,
      'The log says why, at level error, with the id of each event. They are deleted after a while.',
    ),
  ];
}

function versionFinding(kind: string, version: number | undefined, path: string): Finding[] {
  const where = path === '' ? '' : ` ${path}`;
  if (version === undefined)
    return [ok(`${kind}, empty: its tables will be made at the first start${where}`)];
  if (version > storeVersion) {
    return [
      wrong(
        `${kind} is of version ${version}, this program knows ${storeVersion}${where}`,
        'Start the newer program.',
      ),
    ];
  }
  if (version < storeVersion) {
    return [ok(`${kind}, of version ${version}: the next start brings it to ${storeVersion}${where}`)];
  }
  return [ok(`${kind}, version ${version}, takes writes${where}`)];
}
