import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Queryable, Store } from '../store/types.ts';

/** A task as it was when it was leased. */
export interface LeasedTask {
  kind: string;
  key: string;
  payload: string;
  revision: number;
  attempts: number;
  /** New for each lease, so that a worker does not mistake its earlier lease for this one. */
  lease_owner: string;
}

/** A task that a worker holds, as last seen. `lease_until` changes with each heartbeat of the holder. */
export type HeldTask = Pick<LeasedTask, 'kind' | 'key' | 'lease_owner'> & { lease_until: number | null };

export interface WantedKind {
  kind: string;
  /** Lease at most this many tasks of this kind. */
  count: number;
  /** Keys that still run in this process although their lease is lost; they are not leased again. */
  except: string[];
}

/**
 * Leases due tasks that nobody holds, at most `count` of each kind: low priority number first, then early time. The
 * holder's first heartbeat changes `leaseUntil`; no clock is compared with it.
 */
export async function leaseDue(
  on: Queryable,
  dialect: Store['dialect'],
  wanted: WantedKind[],
  owner: string,
  now: number,
  leaseUntil: number,
): Promise<LeasedTask[]> {
  // Two instances that lease at the same time get different rows and do not wait for each other.
  const lock = dialect === 'postgres' ? sql`for update skip locked` : sql``;
  const perKind = wanted.map(
    ({ kind, count, except }) => sql`
      select * from (
        select kind, key from tasks
        where kind = ${kind} and run_at <= ${now} and lease_owner is null
          ${except.length === 0 ? sql`` : sql`and key not in (${sql.join(except)})`}
        order by priority, run_at limit ${count} ${lock}
      ) as due_of_kind`,
  );
  const { rows } = await sql<LeasedTask & { priority: number; run_at: number }>`
    with due as materialized (${sql.join(perKind, sql` union all `)})
    update tasks set
      lease_owner = ${owner},
      lease_until = ${leaseUntil},
      next_run_at = case when tasks.next_run_at <= ${now} then null else tasks.next_run_at end
    from due where tasks.kind = due.kind and tasks.key = due.key
    returning tasks.kind, tasks.key, tasks.payload, tasks.revision, tasks.attempts, tasks.lease_owner,
      tasks.priority, tasks.run_at`.execute(on);
  return rows.sort((one, other) => one.priority - other.priority || one.run_at - other.run_at);
}

/** Returns the held tasks of these kinds. A held task was due when it was taken, so `now` limits the rows to read. */
export async function heldTasks(store: Store, kinds: string[], now: number): Promise<HeldTask[]> {
  const { rows } = await sql<HeldTask>`
    select kind, key, lease_owner, lease_until from tasks
    where kind in (${sql.join(kinds)}) and run_at <= ${now} and lease_owner is not null`.execute(store.read);
  return rows;
}

/** Frees tasks whose holders are gone, unless they changed since they were seen. Each counts as an attempt. */
export async function freeTasks(on: Queryable, dialect: Store['dialect'], gone: HeldTask[]): Promise<void> {
  const asSeen = gone.map(
    (task) => sql<SqlBool>`(${heldBy(task)} and lease_until is not distinct from ${task.lease_until})`,
  );
  await free(on, unlocked(dialect, sql.join(asSeen, sql` or `)));
}

/** Frees every held task. Only for a process that is alone with the database: every other holder is gone. */
export async function freeAllTasks(on: Queryable, dialect: Store['dialect']): Promise<void> {
  await free(on, unlocked(dialect, sql`lease_owner is not null`));
}

async function free(on: Queryable, which: RawBuilder<unknown>): Promise<void> {
  await sql`update tasks set lease_owner = null, lease_until = null, attempts = attempts + 1 where ${which}`.execute(
    on,
  );
}

/** Gives back leased tasks that were not started. */
export async function giveBack(on: Queryable, leased: LeasedTask[]): Promise<void> {
  await sql`
    update tasks set lease_owner = null, lease_until = null where ${sql.join(leased.map(heldBy), sql` or `)}`.execute(
    on,
  );
}

/** PostgreSQL: skips rows that another transaction is changing now. Without waiting there is no deadlock. */
function unlocked(dialect: Store['dialect'], which: RawBuilder<unknown>): RawBuilder<unknown> {
  return dialect === 'sqlite'
    ? sql`(${which})`
    : sql`(kind, key) in (select kind, key from tasks where ${which} order by kind, key for update skip locked)`;
}

/** Identifies one lease among all that a worker has had. */
export function leaseId(task: Pick<LeasedTask, 'kind' | 'key' | 'lease_owner'>): string {
  return JSON.stringify([task.lease_owner, task.kind, task.key]);
}

/**
 * Extends leases that are still held. `lost`: the `leaseId`s of leases that are no longer ours. A task that another
 * transaction is changing now is in neither group; extend it a moment later.
 */
export async function extendLeases(
  on: Queryable,
  dialect: Store['dialect'],
  leased: LeasedTask[],
  leaseUntil: number,
): Promise<{ extended: Set<string>; lost: Set<string> }> {
  const held = sql.join(leased.map(heldBy), sql` or `);
  const { rows } = await sql<Pick<LeasedTask, 'kind' | 'key' | 'lease_owner'>>`
    update tasks set lease_until = ${leaseUntil} where ${unlocked(dialect, held)} returning kind, key, lease_owner`.execute(
    on,
  );
  const extended = new Set(rows.map(leaseId));
  const others = leased.filter((task) => !extended.has(leaseId(task)));
  if (others.length === 0) return { extended, lost: new Set() };
  const there = await sql<Pick<LeasedTask, 'kind' | 'key' | 'lease_owner'>>`
    select kind, key, lease_owner from tasks where ${sql.join(others.map(heldBy), sql` or `)}`.execute(on);
  const known = new Set(there.rows.map(leaseId));
  return { extended, lost: new Set(others.map(leaseId).filter((id) => !known.has(id))) };
}

/**
 * Ends a run that succeeded. The task is deleted, unless it was added again during the run or must run at `againAt`.
 * Returns whether it was deleted.
 */
export async function finishTask(
  on: Queryable,
  task: LeasedTask,
  againAt: number | undefined,
): Promise<boolean> {
  if (againAt === undefined) {
    const deleted =
      await sql`delete from tasks where ${heldBy(task)} and revision = ${task.revision} and next_run_at is null`.execute(
        on,
      );
    if ((deleted.numAffectedRows ?? 0n) > 0n) return true;
  }
  const next =
    againAt === undefined
      ? sql`coalesce(next_run_at, run_at)`
      : sql`case when next_run_at < ${againAt} then next_run_at else ${againAt} end`;
  await sql`
    update tasks set run_at = ${next}, next_run_at = null, lease_owner = null, lease_until = null, attempts = 0, last_error = null
    where ${heldBy(task)}`.execute(on);
  return false;
}

/**
 * Ends a run that failed. The task is due at `retryAt`, or earlier if it was added again during the run. Returns
 * false: it was not deleted.
 */
export async function failTask(
  on: Queryable,
  task: LeasedTask,
  retryAt: number,
  error: unknown,
): Promise<boolean> {
  await sql`
    update tasks set
      run_at = case when next_run_at < ${retryAt} then next_run_at else ${retryAt} end,
      next_run_at = null, lease_owner = null, lease_until = null, attempts = attempts + 1, last_error = ${firstLine(error)}
    where ${heldBy(task)}`.execute(on);
  return false;
}

/** When the first free task of these kinds after `after` is due (both epoch ms). Undefined: there is none. */
export async function nextRunAt(store: Store, kinds: string[], after: number): Promise<number | undefined> {
  const row = await store.read
    .selectFrom('tasks')
    .select('run_at')
    .where('run_at', '>', after)
    .where('kind', 'in', kinds)
    .where('lease_owner', 'is', null)
    .orderBy('run_at')
    .limit(1)
    .executeTakeFirst();
  return row?.run_at;
}

/** True if a task of these kinds can be leased now. */
export async function anyDue(store: Store, kinds: string[], now: number): Promise<boolean> {
  const row = await store.read
    .selectFrom('tasks')
    .select('key')
    .where('run_at', '<=', now)
    .where('kind', 'in', kinds)
    .where('lease_owner', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function heldBy(task: Pick<LeasedTask, 'kind' | 'key' | 'lease_owner'>) {
  return sql<SqlBool>`(kind = ${task.kind} and key = ${task.key} and lease_owner = ${task.lease_owner})`;
}

/**
 * The pause after so many attempts, ms: 1 s, doubled each time up to 60 s, with 20 % jitter so that tasks that failed
 * together are not retried together.
 */
export function backOffMs(attempts: number): number {
  return Math.round(Math.min(60_000, 1000 * 2 ** Math.min(attempts, 10)) * (0.8 + 0.4 * Math.random()));
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n', 1)[0] ?? '').slice(0, 300);
}

/** Runs one statement on the task table in its own transaction. */
export async function onTasks<T>(store: Store, run: (on: Queryable) => Promise<T>): Promise<T> {
  return store.tasks === undefined ? await store.transaction(run) : await run(store.tasks);
}
