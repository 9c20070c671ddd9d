import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';

// How long SQLite itself waits for a lock. It blocks the whole process, so we do the longer wait ourselves.
const busyTimeoutMs = 20;
const keptStatements = 200;

/** The one file of a SQLite store. */
export function sqlitePath(dataDir: string): string {
  return join(dataDir, 'voicecall.db');
}

/** Creates directory (0700) and file (0600) where they are missing, so that nobody else on the machine reads numbers. */
export function prepareSqliteFile(dataDir: string): string {
  makeDirectory(resolve(dataDir));
  const path = sqlitePath(dataDir);
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
  return path;
}

/** One by one: Node's own recursive way never ends where a file system such as /proc has no room for a directory. */
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
 * Kysely's dialect over node:sqlite: the writer begins every transaction as an immediate one. `foreignKeys`: false while
 * tables are made anew, which SQLite allows only without.
 */
export function sqliteDialect(path: string, readOnly: boolean, { foreignKeys = true } = {}): SqliteDialect {
  return new SqliteDialect({
    database: async () => {
      const database = new DatabaseSync(path, {
        readOnly,
        timeout: busyTimeoutMs,
        enableForeignKeyConstraints: foreignKeys,
      });
      // Deleted numbers and names are overwritten at once: a file that is copied or kept shall not hold them.
      if (!readOnly)
        database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on');
      return adapt(database);
    },
  });
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
      const statement = adaptStatement(database.prepare(sql === 'begin' ? 'begin immediate' : sql));
      if (statements.size >= keptStatements) statements.clear();
      statements.set(sql, statement);
      return statement;
    },
  };
}

const nothing: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

function adaptStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    // Rows come without a prototype; PostgreSQL's have one, and the two shall not differ.
    all: (parameters) => statement.all(...values(parameters)).map((row) => ({ ...row })),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
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
