import type { Queryable, Tx } from '../store/types.ts';

/**
 * Takes a turn of something that may happen once in `everyMs`, across instances. Returns `now` where the turn is ours,
 * else the time when to come back (ms); nothing is taken then. A turn's row stays locked until the transaction ends.
 */
export async function pace(tx: Tx, name: string, now: number, everyMs: number): Promise<number> {
  const nextAt = now + Math.ceil(everyMs);
  const taken = await tx
    .updateTable('pacing')
    .set({ next_at: nextAt })
    .where('name', '=', name)
    .where('next_at', '<=', now)
    .executeTakeFirst();
  if (taken.numUpdatedRows > 0n) return now;
  const first = await tx
    .insertInto('pacing')
    .values({ name, next_at: nextAt })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirst();
  if ((first.numInsertedOrUpdatedRows ?? 0n) > 0n) return now;
  // A clock set back must not close the way for as long as it was set back.
  await tx
    .updateTable('pacing')
    .set({ next_at: nextAt })
    .where('name', '=', name)
    .where('next_at', '>', nextAt)
    .execute();
  return await nextTurnAt(tx, name, now, everyMs);
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
