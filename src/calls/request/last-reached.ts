import { createHmac } from 'node:crypto';
import { sql } from 'kysely';
import { inChunks } from '../../store/chunks.ts';
import type { Queryable, Tx } from '../../store/types.ts';

/** A key that identifies a number without containing it. The same for all instances of one database. */
export function numberKey(secret: string, callee: string): string {
  return createHmac('sha256', secret).update(`reached:${callee}`).digest('hex').slice(0, 32);
}

/** Stores who was reached and when (ms). Reports may come in any order: the latest time stays. */
export async function noteLastReached(
  tx: Tx,
  secret: string,
  reached: readonly { callee: string; at: number }[],
): Promise<void> {
  const latest = new Map<string, number>();
  for (const { callee, at } of reached) {
    const person = numberKey(secret, callee);
    latest.set(person, Math.max(at, latest.get(person) ?? 0));
  }
  // In a fixed order, so that two transactions do not deadlock.
  const rows = [...latest]
    .map(([person, reached_at]) => ({ person, reached_at }))
    .sort((a, b) => (a.person < b.person ? -1 : 1));
  await inChunks(rows, (some) =>
    tx
      .insertInto('last_reached')
      .values([...some])
      .onConflict((conflict) =>
        conflict.column('person').doUpdateSet({
          reached_at: sql`case when excluded.reached_at > last_reached.reached_at then excluded.reached_at else last_reached.reached_at end`,
        }),
      )
      .execute(),
  );
}

/** When each of these numbers was last reached, ms. Numbers that never were are left out. */
export async function lastReached(
  database: Queryable,
  secret: string,
  callees: readonly string[],
): Promise<Map<string, number>> {
  const calleeOf = new Map(callees.map((callee) => [numberKey(secret, callee), callee]));
  const found = new Map<string, number>();
  await inChunks([...calleeOf.keys()], async (some) => {
    const rows = await database.selectFrom('last_reached').selectAll().where('person', 'in', some).execute();
    for (const { person, reached_at } of rows) found.set(calleeOf.get(person) ?? '', reached_at);
  });
  return found;
}
