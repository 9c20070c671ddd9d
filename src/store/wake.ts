import type { Tx } from './types.ts';

export const enqueuedIn = new WeakSet<Tx>();

/** Whether tasks were enqueued in this transaction: then workers are woken after its commit. */
export function hasEnqueued(tx: Tx): boolean {
  return enqueuedIn.has(tx);
}
