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
  const countRequests = createRequestCount();
  // One read at a time: two would both add the newly settled requests. A failure counts as a read too.
  const reads = cached(deps.clock, freshForMs, async () => {
    try {
      return { facts: await readFacts(deps.store.read, deps.clock.now(), countRequests) };
    } catch (error) {
      deps.log.warn({ err: error }, 'the database could not be read for the metrics');
      return { facts: null };
    }
  });
  return async () => (await reads.get('all'))?.facts ?? null;
}

type CountRequests = (from: Queryable, now: number) => Promise<DatabaseFacts['requests']>;

/** Counts all requests by origin. Old requests are counted once and added to the earlier count. */
function createRequestCount(): CountRequests {
  const counted = { untilAt: 0, byOrigin: new Map<string, number>() };
  return async (from, now) => {
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
  };
}

async function readFacts(from: Queryable, now: number, countRequests: CountRequests): Promise<DatabaseFacts> {
  const sinceAt = now - windowMs;
  const [submissions, calls, taskLagMs, failing, setAside, reachedAfterMs, ended] = await Promise.all([
    submissionsByState(from, sinceAt),
    callsByEnd(from, sinceAt),
    taskLag(from, now),
    failingTasks(from),
    eventsSetAside(from),
    reachedAfter(from, sinceAt),
    endedBy(from, sinceAt),
  ]);
  const requests = await countRequests(from, now);
  return { requests, submissions, calls, reachedAfterMs, ended, taskLagMs, failing, setAside };
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

async function submissionsByState(from: Queryable, sinceAt: number): Promise<DatabaseFacts['submissions']> {
  return await from
    .selectFrom('submissions')
    .select(['state', count])
    .where('ready_at', '>', sinceAt)
    .groupBy('state')
    .execute();
}

async function callsByEnd(from: Queryable, sinceAt: number): Promise<DatabaseFacts['calls']> {
  const rows = await from
    .selectFrom('calls')
    .select(['state', 'termination_code', 'attempt', 'ending', count])
    .where('dialled_at', '>', sinceAt)
    .groupBy(['state', 'termination_code', 'attempt', 'ending'])
    .execute();
  return rows.map(({ termination_code: code, ...row }) => ({ ...row, termination: label(code) }));
}

async function reachedAfter(from: Queryable, sinceAt: number): Promise<DatabaseFacts['reachedAfterMs']> {
  const rows = await from
    .selectFrom('requests')
    .select(['created_at', 'when_at', 'first_reached_at'])
    .where('created_at', '>', sinceAt)
    .where('first_reached_at', 'is not', null)
    .execute();
  return rows.map((row) =>
    Math.max(0, (row.first_reached_at ?? 0) - Math.max(row.created_at, row.when_at ?? 0)),
  );
}

async function endedBy(from: Queryable, sinceAt: number): Promise<DatabaseFacts['ended']> {
  const rows = await from
    .selectFrom('requests')
    .select(['reach_ended_by', count])
    .where('created_at', '>', sinceAt)
    .where('reach_ended_by', 'is not', null)
    .groupBy('reach_ended_by')
    .execute();
  return rows.map((row) => ({ by: row.reach_ended_by ?? '', count: row.count }));
}

async function failingTasks(from: Queryable): Promise<DatabaseFacts['failing']> {
  return await from
    .selectFrom('tasks')
    .select(['kind', count])
    .where('last_error', 'is not', null)
    .groupBy('kind')
    .execute();
}

async function eventsSetAside(from: Queryable): Promise<number> {
  const row = await from
    .selectFrom('alert_events')
    .select(count)
    .where('set_aside_at', 'is not', null)
    .executeTakeFirst();
  return row?.count ?? 0;
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
