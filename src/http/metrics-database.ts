import { sql } from 'kysely';
import { cached } from '../cached.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Queryable, Store } from '../store/types.ts';

export interface DatabaseFacts {
  /** All requests ever made. */
  requests: { origin: string; count: number }[];
  /** Of the last 24 hours, like the following ones. */
  submissions: { state: string; count: number }[];
  calls: { state: string; termination: string; attempt: number; ending: string | null; count: number }[];
  /** For recent requests: how long it took until the first callee was reached, ms. */
  reachedAfterMs: number[];
  /** What ended plans and ladders. */
  ended: { by: string; count: number }[];
  /** How long the oldest due task has been waiting, ms. */
  taskLagMs: number;
  failing: { kind: string; count: number }[];
  /** Alert events that failed too often. */
  setAside: number;
}

/** All metrics of one scrape, and of two scrapers at once, share one read. SQLite's queries block the process. */
const freshForMs = 5_000;
const windowMs = 24 * 3_600_000;
/**
 * Requests are only added, so those older than this are counted once. A transaction may take this long to commit. In
 * ms.
 */
const settledAfterMs = 5 * 60_000;
/** If the platform invented codes, it must not create time series without end. */
const terminationCode = /^-?[0-9]{1,4}$/;

const count = sql<number>`count(*)`.as('count');

/** Reads the metrics' facts from the database. Null while it cannot be read. Never throws. */
export function createDatabaseFacts(deps: {
  store: Store;
  clock: Clock;
  log: Log;
}): () => Promise<DatabaseFacts | null> {
  const counted = { untilAt: 0, byOrigin: new Map<string, number>() };
  // One read at a time: two would both add the newly settled requests. A failure counts as a read too.
  const reads = cached(deps.clock, freshForMs, async () => ({ facts: await look(deps.clock.now()) }));

  /** Counts requests by origin. Old requests are added to the earlier count. */
  async function requests(from: Queryable, now: number): Promise<DatabaseFacts['requests']> {
    const settledAt = Math.max(counted.untilAt, now - settledAfterMs);
    const [settled, fresh] = await Promise.all([
      byOrigin(from, counted.untilAt, settledAt),
      byOrigin(from, settledAt, Number.MAX_SAFE_INTEGER),
    ]);
    counted.untilAt = settledAt;
    for (const { origin, count } of settled) add(counted.byOrigin, origin, count);
    const all = new Map(counted.byOrigin);
    for (const { origin, count } of fresh) add(all, origin, count);
    return [...all].map(([origin, count]) => ({ origin, count }));
  }

  async function look(now: number): Promise<DatabaseFacts | null> {
    const { read } = deps.store;
    try {
      const [submissions, calls, taskLagMs, failing, setAside, reached, ended] = await Promise.all([
        read
          .selectFrom('submissions')
          .select(['state', count])
          .where('ready_at', '>', now - windowMs)
          .groupBy('state')
          .execute(),
        read
          .selectFrom('calls')
          .select(['state', 'termination_code', 'attempt', 'ending', count])
          .where('dialled_at', '>', now - windowMs)
          .groupBy(['state', 'termination_code', 'attempt', 'ending'])
          .execute(),
        taskLag(read, now),
        read
          .selectFrom('tasks')
          .select(['kind', count])
          .where('last_error', 'is not', null)
          .groupBy('kind')
          .execute(),
        read
          .selectFrom('alert_events')
          .select(count)
          .where('set_aside_at', 'is not', null)
          .executeTakeFirst(),
        read
          .selectFrom('requests')
          .select(['created_at', 'when_at', 'first_reached_at'])
          .where('created_at', '>', now - windowMs)
          .where('first_reached_at', 'is not', null)
          .execute(),
        read
          .selectFrom('requests')
          .select(['reach_ended_by', count])
          .where('created_at', '>', now - windowMs)
          .where('reach_ended_by', 'is not', null)
          .groupBy('reach_ended_by')
          .execute(),
      ]);
      return {
        requests: await requests(read, now),
        submissions,
        calls: calls.map((row) => ({
          state: row.state,
          termination: label(row.termination_code),
          attempt: row.attempt,
          ending: row.ending,
          count: row.count,
        })),
        reachedAfterMs: reached.map((row) =>
          Math.max(0, (row.first_reached_at ?? 0) - Math.max(row.created_at, row.when_at ?? 0)),
        ),
        ended: ended.map((row) => ({ by: row.reach_ended_by ?? '', count: row.count })),
        taskLagMs,
        failing,
        setAside: setAside?.count ?? 0,
      };
    } catch (error) {
      deps.log.warn({ err: error }, 'the database could not be read for the metrics');
      return null;
    }
  }

  return async () => (await reads.get('all'))?.facts ?? null;
}

async function byOrigin(
  from: Queryable,
  afterAt: number,
  untilAt: number,
): Promise<DatabaseFacts['requests']> {
  return await from
    .selectFrom('requests')
    .select(['origin', count])
    .where('created_at', '>', afterAt)
    .where('created_at', '<=', untilAt)
    .groupBy('origin')
    .execute();
}

function add(counts: Map<string, number>, origin: string, more: number): void {
  counts.set(origin, (counts.get(origin) ?? 0) + more);
}

async function taskLag(from: Queryable, now: number): Promise<number> {
  const oldest = await from
    .selectFrom('tasks')
    .select('run_at')
    .where('run_at', '<=', now)
    .where('lease_owner', 'is', null)
    .orderBy('run_at')
    .limit(1)
    .executeTakeFirst();
  return oldest === undefined ? 0 : now - oldest.run_at;
}

function label(code: string | null): string {
  if (code === null) return '';
  return terminationCode.test(code) ? code : 'other';
}
