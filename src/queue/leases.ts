import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Queryable, Store } from '../store/types.ts';

/** A task as it was when it was leased. */
export interface LeasedTask {
  kind: string;
  key: string;
  payload: string;
  revision: number;
  attempts: number;
  /** Made anew each time that tasks are leased, so that an earlier lease of the same worker is not taken for it. */
  lease_owner: string;
}

/** A task that somebody holds, as it was last seen. `lease_until` changes with each heartbeat of the holder. */
export type HeldTask = Pick<LeasedTask, 'kind' | 'key' | 'lease_owner'> & { lease_until: number | null };

export interface WantedKind {
  kind: string;
  /** At most so many of this kind. */
  count: number;
  /** Keys that still run in this process though their lease is lost: they are not taken. */
  except: string[];
}

/**
 * Leases due tasks that nobody holds, at most `count` of each kind, those of low priority number and then early time
 * first. `leaseUntil` is what the holder's first heartbeat will change: nobody compares it with a clock.
 */
export async function leaseDue(
  on: Queryable,
  dialect: Store['dialect'],
  wanted: WantedKind[],
  owner: string,
  now: number,
  leaseUntil: number,
): Promise<LeasedTask[]> {
  // Two instances that look at once get different rows instead of waiting for each other.
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

/** The tasks of these kinds that somebody holds. A held task was due when it was taken, so `now` keeps the look short. */
export async function heldTasks(store: Store, kinds: string[], now: number): Promise<HeldTask[]> {
  const { rows } = await sql<HeldTask>`
    select kind, key, lease_owner, lease_until from tasks
    where kind in (${sql.join(kinds)}) and run_at <= ${now} and lease_owner is not null`.execute(store.read);
  return rows;
}

/** Takes tasks from holders that are gone, where nothing changed since they were seen: each counts as an attempt. */
export async function freeTasks(on: Queryable, dialect: Store['dialect'], gone: HeldTask[]): Promise<void> {
  const asSeen = gone.map(
    (task) => sql<SqlBool>`(${heldBy(task)} and lease_until is not distinct from ${task.lease_until})`,
  );
  await free(on, unlocked(dialect, sql.join(asSeen, sql` or `)));
}

/** Takes every task from its holder. Only for a process that knows it is alone: every holder is gone. */
export async function freeAllTasks(on: Queryable): Promise<void> {
  await free(on, sql`lease_owner is not null`);
}

async function free(on: Queryable, which: RawBuilder<unknown>): Promise<void> {
  await sql`update tasks set lease_owner = null, lease_until = null, attempts = attempts + 1 where ${which}`.execute(
    on,
  );
}

/** Gives leased tasks back that were not begun. */
export async function giveBack(on: Queryable, leased: LeasedTask[]): Promise<void> {
  await sql`
    update tasks set lease_owner = null, lease_until = null where ${sql.join(leased.map(heldBy), sql` or `)}`.execute(
    on,
  );
}

/** PostgreSQL: without the rows that somebody else changes right now. Who waits for nobody is in no deadlock. */
function unlocked(dialect: Store['dialect'], which: RawBuilder<unknown>): RawBuilder<unknown> {
  return dialect === 'sqlite'
    ? sql`(${which})`
    : sql`(kind, key) in (select kind, key from tasks where ${which} order by kind, key for update skip locked)`;
}

/** Names a lease among all that a worker holds or held. */
export function leaseId(task: Pick<LeasedTask, 'kind' | 'key' | 'lease_owner'>): string {
  return JSON.stringify([task.lease_owner, task.kind, task.key]);
}

/**
 * Extends leases that are still held. `lost`: the `leaseId`s of those that somebody else holds now, or nobody.
 * A task that somebody changes at this moment, by asking for it again, is neither: it is to be extended a moment later.
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
 * Ends a run that came to its end: the task goes, unless it was asked for again meanwhile or wants to run `againAt`.
 * Returns whether it is gone.
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

/** Ends a run that failed: the task is due again at `retryAt`, or earlier where it was asked for meanwhile. Returns that it is not gone. */
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

/** When the first of these kinds' tasks after `now` is due (epoch ms); undefined where there is none. */
export async function nextRunAt(store: Store, kinds: string[], now: number): Promise<number | undefined> {
  const row = await store.read
    .selectFrom('tasks')
    .select('run_at')
    .where('run_at', '>', now)
    .where('kind', 'in', kinds)
    .orderBy('run_at')
    .limit(1)
    .executeTakeFirst();
  return row?.run_at;
}

/** Whether a task of these kinds waits to be leased now. */
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

/** How long to wait after so many attempts, ms: 1 s doubling to 60 s, give or take a fifth, so that tasks that failed together do not come back together. */
export function backOffMs(attempts: number): number {
  return Math.round(Math.min(60_000, 1000 * 2 ** Math.min(attempts, 10)) * (0.8 + 0.4 * Math.random()));
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n', 1)[0] ?? '').slice(0, 300);
}
