import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Driver, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';

// How long SQLite itself waits for a lock, ms. That wait blocks the whole process, so `Store.transaction` does the
// longer wait.
const busyTimeoutMs = 20;
const keptStatements = 200;

/** The path of a SQLite store's file. */
export function sqlitePath(dataDir: string): string {
  return join(dataDir, 'voicecall.db');
}

/**
 * Creates the directory (0700) and the file (0600) if missing, so that no other user of the machine can read numbers.
 */
export function prepareSqliteFile(dataDir: string): string {
  makeDirectory(resolve(dataDir));
  const path = sqlitePath(dataDir);
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
  return path;
}

/**
 * One directory at a time: Node's recursive mkdir never ends on a file system such as /proc that takes no directory.
 */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another instance that starts at the same time may have made it.
    if (!existsSync(path)) throw error;
  }
}

/**
 * Kysely's dialect over node:sqlite. The writer begins every transaction as an immediate one. `foreignKeys`: false
 * while tables are rebuilt, because SQLite requires that.
 */
export function sqliteDialect(path: string, readOnly: boolean, { foreignKeys = true } = {}): SqliteDialect {
  return new FairDialect({
    database: async () => {
      const database = new DatabaseSync(path, {
        readOnly,
        timeout: busyTimeoutMs,
        enableForeignKeyConstraints: foreignKeys,
      });
      // Deleted numbers and names are overwritten at once, so that a copy of the file does not contain them.
      if (!readOnly)
        database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on');
      return adapt(database);
    },
  });
}

/**
 * SQLite answers at once, so a hundred transactions in a row would leave no time for a request from Slack. Lets other
 * work of the process run before a transaction begins, if none could run for 5 ms.
 */
class FairDialect extends SqliteDialect {
  override createDriver(): Driver {
    const driver = super.createDriver();
    const begin = driver.beginTransaction.bind(driver);
    driver.beginTransaction = async (connection, settings) => {
      await letOthersWork();
      await begin(connection, settings);
    };
    return driver;
  }
}

const atMostMs = 5;
let othersWorkedAt = 0;

async function letOthersWork(): Promise<void> {
  if (performance.now() - othersWorkedAt < atMostMs) return;
  await nextTurn();
  othersWorkedAt = performance.now();
}

function adapt(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      // An error such as a full disk may have rolled back already: https://www.sqlite.org/lang_transaction.html
      if (sql === 'rollback' && !database.isTransaction) return nothing;
      const known = statements.get(sql);
      if (known !== undefined) return known;
      const statement = adaptStatement(
        database.prepare(sql === 'begin' ? 'begin immediate' : plannedOnce(sql)),
      );
      if (statements.size >= keptStatements) statements.clear();
      statements.set(sql, statement);
      return statement;
    },
  };
}

/**
 * SQLite looks at the value of `limit ?` to plan a statement, and so plans it again each time it runs: that takes
 * longer than most statements (https://www.sqlite.org/c3ref/prepare.html). It does not look into an expression.
 */
function plannedOnce(sql: string): string {
  return sql.replace(/ (limit|offset) \?/g, ' $1 (? + 0)');
}

const nothing: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

function adaptStatement(statement: StatementSync): SqliteStatement {
  const names = statement.columns().map(({ name }) => name);
  // SQLite's own row objects have no prototype, unlike PostgreSQL's, and are three times slower than these.
  statement.setReturnArrays(true);
  const toRow = (cells: Record<number, unknown>) => {
    const row: Record<string, unknown> = {};
    for (const [index, name] of names.entries()) row[name] = cells[index];
    return row;
  };
  return {
    reader: names.length > 0,
    all: (parameters) => statement.all(...values(parameters)).map(toRow),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)).map(toRow),
  };
}

function values(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => {
    if (value === null || typeof value === 'string') return value;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    if (typeof value === 'bigint' || value instanceof Uint8Array) return value;
    throw new TypeError(
      `${typeof value === 'number' ? value : `A ${typeof value}`} cannot be stored: use an integer, a text or null.`,
    );
  });
}
