import { sql } from 'kysely';
import type { Store, Tx } from './types.ts';

/** Transactions that lock the same name run one after the other, across instances. */
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
 * Waits for the transactions that hold this name by `lockShared`, and blocks new ones until this transaction ends.
 * SQLite runs one transaction at a time anyway.
 */
export async function lockAlone(tx: Tx, { dialect }: Pick<Store, 'dialect'>, name: string): Promise<void> {
  if (dialect === 'sqlite') return;
  await sql`select pg_advisory_xact_lock(${advisoryLocks}, hashtext(${name}))`.execute(tx);
}

/** Waits only for a transaction that holds this name by `lockAlone`. Held until this transaction ends. */
export async function lockShared(tx: Tx, { dialect }: Pick<Store, 'dialect'>, name: string): Promise<void> {
  if (dialect === 'sqlite') return;
  await sql`select pg_advisory_xact_lock_shared(${advisoryLocks}, hashtext(${name}))`.execute(tx);
}

/** An arbitrary number that separates these locks from those of other programs in the same database. */
const advisoryLocks = sql.lit(7_420_240);
