import { PostgresDialect } from 'kysely';
import pg from 'pg';
import type { StoreLog } from './types.ts';

const channel = 'voicecall_tasks';
// The instance that added the tasks takes them at once. If the others looked at the same moment, they would only
// compete.
const lookAfterMs = 15;
// Reads int8 and numeric (the result of sum()) as numbers: every value is a time in ms, a count or a flag, far below
// 2^53.
const numberTypes = new Set([20, 1700]);

function typeParser(oid: number, format?: 'text' | 'binary') {
  return numberTypes.has(oid) ? Number : pg.types.getTypeParser(oid, format);
}

function settings(databaseUrl: string): pg.ClientConfig {
  return {
    connectionString: databaseUrl,
    application_name: 'voicecall',
    types: { getTypeParser: typeParser },
    connectionTimeoutMillis: 3000,
    statement_timeout: 10_000,
    lock_timeout: 5000,
    // Shorter than a task's lease: an instance that froze in a transaction must release its locks before another
    // takes over.
    idle_in_transaction_session_timeout: 6000,
    // For a server that vanished without closing the connection: a little longer than the server's own limit.
    query_timeout: 12_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5000,
  };
}

/**
 * Kysely's dialect over a pool of at most `max` connections that survives restarts of the server. `begin`: a
 * statement to run on each new connection.
 */
export function postgresDialect(
  databaseUrl: string,
  log: StoreLog,
  { max, begin }: { max: number; begin?: string },
): PostgresDialect {
  return new PostgresDialect({
    pool: async () => {
      const pool = new pg.Pool({ ...settings(databaseUrl), max, idleTimeoutMillis: 30_000 });
      // If this fails, the connection's next query fails too and reports it.
      if (begin !== undefined) pool.on('connect', (client) => client.query(begin).catch(() => {}));
      pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'));
      // A connection that breaks during a query fails that query. Without a listener, the event would also end the
      // process.
      pool.on('connect', (client) => client.on('error', () => {}));
      return pool;
    },
  });
}

/** The statement that tells every instance about added tasks, at commit. `sender` lets the sender ignore its own. */
export function notification(sender: string): string {
  return `notify ${channel}, '${sender}'`;
}

/**
 * Listens on its own connection for tasks that other instances add, and reconnects for ever. After a reconnect it
 * calls `onTasks` once, because a notification may be missed. Returns a function that stops it; `ready` resolves when
 * it listens.
 */
export function listenForTasks(
  databaseUrl: string,
  self: string,
  log: StoreLog,
  onTasks: () => void,
): { ready: Promise<void>; stop: () => Promise<void> } {
  let stopped = false;
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let told: NodeJS.Timeout | undefined;
  let delayMs = 100;

  const lookSoon = () => {
    told ??= setTimeout(() => {
      told = undefined;
      onTasks();
    }, lookAfterMs);
    told.unref();
  };

  const connect = async (): Promise<void> => {
    const next = new pg.Client(settings(databaseUrl));
    client = next;
    let lost = false;
    const lose = (error?: Error) => {
      if (lost || stopped) return;
      lost = true;
      log.warn({ err: error }, 'the connection that listens for tasks was lost; reconnecting');
      next.end().catch(() => {});
      retry = setTimeout(connect, delayMs);
      retry.unref();
      delayMs = Math.min(delayMs * 2, 2000);
    };
    next.on('error', lose);
    next.on('end', () => lose());
    next.on('notification', (message) => {
      if (message.payload !== self) lookSoon();
    });
    try {
      await next.connect();
      await next.query(`listen ${channel}`);
      delayMs = 100;
      onTasks();
    } catch (error) {
      lose(error instanceof Error ? error : new Error(String(error)));
    }
  };

  return {
    ready: connect(),
    stop: async () => {
      stopped = true;
      clearTimeout(retry);
      clearTimeout(told);
      await client?.end().catch(() => {});
    },
  };
}
