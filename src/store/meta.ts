import { randomBytes } from 'node:crypto';
import type { Queryable, Store, Tx } from './types.ts';

/** The value stored under a name, or undefined. */
export async function readMeta(database: Queryable, name: string): Promise<string | undefined> {
  const row = await database.selectFrom('meta').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value;
}

/** Stores a value under a name and replaces the old one. */
export async function writeMeta(tx: Tx, name: string, value: string): Promise<void> {
  await tx
    .insertInto('meta')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/**
 * The value under a name. If there is none, creates and stores it; instances that ask at the same time get the same
 * one.
 */
export async function getOrCreateMeta(store: Store, name: string, create: () => string): Promise<string> {
  const known = await readMeta(store.read, name);
  if (known !== undefined) return known;
  const value = create();
  return store.transaction(async (tx) => {
    await tx
      .insertInto('meta')
      .values({ name, value })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    return (await readMeta(tx, name)) ?? value;
  });
}

/**
 * The secret from which the tokens of submissions are derived: 32 random bytes in hex, the same for all instances.
 */
export function tokenSecret(store: Store): Promise<string> {
  return getOrCreateMeta(store, 'token_secret', () => randomBytes(32).toString('hex'));
}
