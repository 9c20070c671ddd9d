import { randomBytes } from 'node:crypto';
import type { Queryable, Store, Tx } from './types.ts';

/** The value kept under a name, or undefined. */
export async function readMeta(database: Queryable, name: string): Promise<string | undefined> {
  const row = await database.selectFrom('meta').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value;
}

/** Keeps a value under a name, replacing what was there. */
export async function writeMeta(tx: Tx, name: string, value: string): Promise<void> {
  await tx
    .insertInto('meta')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/** The value under a name, made and kept first where there is none; instances that ask at once get the same one. */
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

/** The secret (32 random bytes, in hex) from which submissions' tokens are derived; the same for all instances. */
export function tokenSecret(store: Store): Promise<string> {
  return getOrCreateMeta(store, 'token_secret', () => randomBytes(32).toString('hex'));
}
