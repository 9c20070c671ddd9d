import { sql } from 'kysely';
import type { Tx } from '../store/types.ts';
import { enqueuedIn } from '../store/wake.ts';
import { priorityOf, type TaskKind } from './kinds.ts';
import type { AnyTask, NewTask } from './types.ts';

const usualPriority = 5;

/**
 * Asks for a task; it becomes visible to workers when the transaction commits. If a task of the same kind and key is
 * pending, the two become one: it runs at the earlier of both times, with the new payload, and its attempts stay. If it
 * is running right now, it runs once more at the new time.
 */
export async function enqueue<Kind extends TaskKind>(tx: Tx, task: NewTask<Kind>): Promise<void> {
  await addTask(tx, { ...task, priority: priorityOf[task.kind] });
}

/** The same for a kind that nobody runs but a test. */
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
        // The time of a held task is the one it was taken for: should its holder die, it is due at once.
        run_at: sql`case when tasks.lease_owner is null and excluded.run_at < tasks.run_at then excluded.run_at else tasks.run_at end`,
        next_run_at: sql`case when tasks.lease_owner is null then null when tasks.next_run_at < excluded.run_at then tasks.next_run_at else excluded.run_at end`,
        priority: sql`case when excluded.priority < tasks.priority then excluded.priority else tasks.priority end`,
        payload: sql`excluded.payload`,
        revision: sql`tasks.revision + 1`,
      }),
    )
    .execute();
  enqueuedIn.add(tx);
}

/** Takes a pending task back; one that is running comes to its end, but does not run again. */
export async function cancelTask(tx: Tx, kind: TaskKind, key: string): Promise<void> {
  await removeTask(tx, kind, key);
}

/** The same for a kind that nobody runs but a test. */
export async function removeTask(tx: Tx, kind: string, key: string): Promise<void> {
  await tx.deleteFrom('tasks').where('kind', '=', kind).where('key', '=', key).execute();
}
