import type { Tx } from './types.ts';

/** Lets the transactions that lock the same name go one after the other, across instances. */
export async function lockName(tx: Tx, name: string): Promise<void> {
  await tx
    .insertInto('pacing')
    .values({ name, next_at: 0 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((eb) => ({ next_at: eb.ref('pacing.next_at') })),
    )
    .execute();
}
