import type { Tx } from './types.ts';

export const enqueuedIn = new WeakSet<Tx>();

/** True if tasks were added in this transaction: workers are then woken after its commit. */
export function hasEnqueued(tx: Tx): boolean {
  return enqueuedIn.has(tx);
}
