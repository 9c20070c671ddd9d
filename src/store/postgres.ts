import { PostgresDialect } from 'kysely';
import pg from 'pg';
import type { StoreLog } from './types.ts';

const channel = 'voicecall_tasks';
// Who enqueued them takes them at once: looking at the same moment would only be in its way.
const lookAfterMs = 15;
// int8 and numeric (what sum() gives) as numbers: every value is a time in ms, a count or a flag, far below 2^53.
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
    // Less than a task's lease: an instance that froze in a transaction must not keep its locks from who takes over.
    idle_in_transaction_session_timeout: 6000,
    // Ours, for a server that vanished without closing: a little over the server's own.
    query_timeout: 12_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5000,
  };
}

/**
 * Kysely's dialect over a pool of at most `max` connections that survives restarts of the server. `begin`: what each
 * connection is told first.
 */
export function postgresDialect(
  databaseUrl: string,
  log: StoreLog,
  { max, begin }: { max: number; begin?: string },
): PostgresDialect {
  return new PostgresDialect({
    pool: async () => {
      const pool = new pg.Pool({ ...settings(databaseUrl), max, idleTimeoutMillis: 30_000 });
      // A connection that fails here fails its next query, too.
      if (begin !== undefined) pool.on('connect', (client) => client.query(begin).catch(() => {}));
      pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'));
      // A connection that dies while in use fails its query; without a listener it would end the process too.
      pool.on('connect', (client) => client.on('error', () => {}));
      return pool;
    },
  });
}

/** The statement that tells every instance of enqueued tasks, at commit; `sender` lets the sender skip its own. */
export function notification(sender: string): string {
  return `notify ${channel}, '${sender}'`;
}

/**
 * Listens on a connection of its own for the tasks that other instances enqueue, reconnecting for ever; after a
 * reconnect `onTasks` is called once, for what was missed. Returns the way to stop; `ready` resolves when it listens.
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
      log.warn({ err: error }, 'the connection that listens for tasks was lost; connecting again');
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
