import { type SqlBool, sql } from 'kysely';
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

export interface WantedKind {
  kind: string;
  /** At most so many of this kind. */
  count: number;
}

/**
 * Leases due tasks until `leaseUntil` (epoch ms), at most `count` of each kind, those of low priority number and then
 * early time first. Tasks whose lease has lapsed are due too; each such time counts as an attempt.
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
    ({ kind, count }) => sql`
      select * from (
        select kind, key from tasks
        where kind = ${kind} and run_at <= ${now} and (lease_until is null or lease_until <= ${now})
        order by priority, run_at limit ${count} ${lock}
      ) as due_of_kind`,
  );
  const { rows } = await sql<LeasedTask & { priority: number; run_at: number }>`
    with due as materialized (${sql.join(perKind, sql` union all `)})
    update tasks set
      lease_owner = ${owner},
      lease_until = ${leaseUntil},
      attempts = tasks.attempts + case when tasks.lease_owner is null then 0 else 1 end,
      next_run_at = case when tasks.next_run_at <= ${now} then null else tasks.next_run_at end
    from due where tasks.kind = due.kind and tasks.key = due.key
    returning tasks.kind, tasks.key, tasks.payload, tasks.revision, tasks.attempts, tasks.lease_owner,
      tasks.priority, tasks.run_at`.execute(on);
  return rows.sort((one, other) => one.priority - other.priority || one.run_at - other.run_at);
}

/** Names a lease among all that a worker holds or held. */
export function leaseId(task: Pick<LeasedTask, 'kind' | 'key' | 'lease_owner'>): string {
  return JSON.stringify([task.lease_owner, task.kind, task.key]);
}

/** Extends leases that are still held; returns the `leaseId`s of those. */
export async function extendLeases(
  on: Queryable,
  leased: LeasedTask[],
  leaseUntil: number,
): Promise<Set<string>> {
  const held = leased.map((task) => heldBy(task));
  const { rows } = await sql<Pick<LeasedTask, 'kind' | 'key' | 'lease_owner'>>`
    update tasks set lease_until = ${leaseUntil} where ${sql.join(held, sql` or `)} returning kind, key, lease_owner`.execute(
    on,
  );
  return new Set(rows.map(leaseId));
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
    .where((where) => where.or([where('lease_until', 'is', null), where('lease_until', '<=', now)]))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function heldBy(task: LeasedTask) {
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
