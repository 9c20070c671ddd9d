import { VoicecallError } from '../errors.ts';
import type { Store, Tx } from './types.ts';

/** True if the connection broke during the commit: the work may be stored or not. */
export function mayBeStored(error: unknown): boolean {
  return (
    error instanceof VoicecallError && error.code === 'store_unavailable' && error.facts.stored === 'unknown'
  );
}

/**
 * Like `store.transaction`, for work that a person waits for. If the result of the commit is lost, a second
 * transaction checks: `readBack` returns what the first one stored, or null, and then the work runs again. Work that
 * may safely run twice needs no `readBack`. If the second transaction fails too, the first error is thrown, because
 * it says that the work may be stored.
 */
export async function transactionReadBack<T>(
  store: Store,
  run: (tx: Tx) => Promise<T>,
  readBack: (tx: Tx) => Promise<T | null> = async () => null,
): Promise<T> {
  try {
    return await store.transaction(run);
  } catch (lost) {
    if (!mayBeStored(lost)) throw lost;
    return await store
      .transaction(async (tx) => (await readBack(tx)) ?? (await run(tx)))
      .catch((error: unknown) => {
        throw error instanceof VoicecallError && error.code === 'store_unavailable' ? lost : error;
      });
  }
}
