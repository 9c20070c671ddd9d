import { sql } from 'kysely';
import type { Store, Tx } from './types.ts';

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

/**
 * Waits for the transactions that hold this name by `lockShared`, and keeps new ones waiting, until this one ends. On
 * SQLite one transaction runs at a time in any case.
 */
export async function lockAlone(tx: Tx, { dialect }: Pick<Store, 'dialect'>, name: string): Promise<void> {
  if (dialect === 'sqlite') return;
  await sql`select pg_advisory_xact_lock(${advisoryLocks}, hashtext(${name}))`.execute(tx);
}

/** Waits for none but one that holds this name by `lockAlone`, until this transaction ends. */
export async function lockShared(tx: Tx, { dialect }: Pick<Store, 'dialect'>, name: string): Promise<void> {
  if (dialect === 'sqlite') return;
  await sql`select pg_advisory_xact_lock_shared(${advisoryLocks}, hashtext(${name}))`.execute(tx);
}

/** Any number: sets these locks apart from other users of the same database. */
const advisoryLocks = sql.lit(7_420_240);
