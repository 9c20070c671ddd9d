import type { Queryable, Tx } from '../store/types.ts';

/**
 * Takes a turn of something that may happen once in `everyMs`, across instances. Returns `now` where the turn is ours,
 * else the time when to come back (ms); nothing is taken then. The row stays locked until the transaction ends.
 */
export async function pace(tx: Tx, name: string, now: number, everyMs: number): Promise<number> {
  await tx
    .insertInto('pacing')
    .values({ name, next_at: 0 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((eb) => ({ next_at: eb.ref('pacing.next_at') })),
    )
    .execute();
  const row = await tx
    .selectFrom('pacing')
    .select('next_at')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  // A clock set back must not close the way for as long as it was set back.
  const nextAt = Math.min(row.next_at, now + Math.ceil(everyMs));
  if (nextAt > now) return nextAt;
  await tx
    .updateTable('pacing')
    .set({ next_at: now + Math.ceil(everyMs) })
    .where('name', '=', name)
    .execute();
  return now;
}

/** When (ms) a turn may be had, without taking one: `now` or later. Saves the work before a turn that is not to be had yet. */
export async function nextTurnAt(
  from: Queryable,
  name: string,
  now: number,
  everyMs: number,
): Promise<number> {
  const row = await from.selectFrom('pacing').select('next_at').where('name', '=', name).executeTakeFirst();
  return Math.max(now, Math.min(row?.next_at ?? now, now + Math.ceil(everyMs)));
}
