import { sql } from 'kysely';
import type { Tx } from '../store/types.ts';
import { noteAdded } from '../store/wake.ts';
import { priorityOf, type TaskKind } from './kinds.ts';
import type { AnyTask, NewTask } from './types.ts';

const usualPriority = 5;

/**
 * Adds a task; workers see it when the transaction commits. If a task with the same kind and key is pending, both
 * become one: it runs at the earlier time, with the new payload, and keeps its attempts. If that task is running now,
 * it runs once more at the new time.
 */
export async function enqueue<Kind extends TaskKind>(tx: Tx, task: NewTask<Kind>): Promise<void> {
  await addTask(tx, { ...task, priority: priorityOf[task.kind] });
}

/** The same for any kind. Only tests call it directly. */
export async function addTask(tx: Tx, task: AnyTask): Promise<void> {
  const priority = task.priority ?? usualPriority;
  await tx
    .insertInto('tasks')
    .values({
      kind: task.kind,
      key: task.key,
      payload: JSON.stringify(task.payload ?? null),
      run_at: task.runAt,
      priority,
      revision: 1,
      attempts: 0,
      created_at: task.runAt,
    })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'key']).doUpdateSet({
        // A running task keeps the time that it was taken for: if its holder dies, the task is due at once.
        run_at: sql`case when tasks.lease_owner is null and excluded.run_at < tasks.run_at then excluded.run_at else tasks.run_at end`,
        next_run_at: sql`case when tasks.lease_owner is null then null when tasks.next_run_at < excluded.run_at then tasks.next_run_at else excluded.run_at end`,
        priority: sql`case when excluded.priority < tasks.priority then excluded.priority else tasks.priority end`,
        payload: sql`excluded.payload`,
        revision: sql`tasks.revision + 1`,
      }),
    )
    .execute();
  noteAdded(tx, task.kind, task.runAt);
}

/** Removes a pending task. A running task finishes, but does not run again. */
export async function cancelTask(tx: Tx, kind: TaskKind, key: string): Promise<void> {
  await removeTask(tx, kind, key);
}

/** Removes all tasks of a kind that are due at `now` (ms). */
export async function cancelDueTasks(tx: Tx, kind: TaskKind, now: number): Promise<void> {
  await tx.deleteFrom('tasks').where('kind', '=', kind).where('run_at', '<=', now).execute();
}

/** The same for any kind. Only tests call it directly. */
export async function removeTask(tx: Tx, kind: string, key: string): Promise<void> {
  await tx.deleteFrom('tasks').where('kind', '=', kind).where('key', '=', key).execute();
}
