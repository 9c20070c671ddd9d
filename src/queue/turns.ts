import type { Queryable, Tx } from '../store/types.ts';

/**
 * Takes a turn of something that may happen once in `everyMs` ms, across instances. Returns `now` if we got the turn;
 * otherwise takes nothing and returns the time to try again (epoch ms). The turn's row stays locked until the
 * transaction ends.
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
  // If the clock was set back, do not wait until it has caught up.
  await tx
    .updateTable('pacing')
    .set({ next_at: nextAt })
    .where('name', '=', name)
    .where('next_at', '>', nextAt)
    .execute();
  return await nextTurnAt(tx, name, now, everyMs);
}

/**
 * When a turn is possible (epoch ms, `now` or later), without taking it. Saves the work before a turn that is not
 * possible yet.
 */
export async function nextTurnAt(
  from: Queryable,
  name: string,
  now: number,
  everyMs: number,
): Promise<number> {
  const row = await from.selectFrom('pacing').select('next_at').where('name', '=', name).executeTakeFirst();
  const nextAt = row?.next_at ?? now;
  // Further ahead than a turn can be: the clock was set back, and `pace` puts it right.
  return nextAt > now + Math.ceil(everyMs) ? now : Math.max(now, nextAt);
}
