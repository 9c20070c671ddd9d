import type { Added, Tx } from './types.ts';

const addedIn = new WeakMap<Tx, Map<string, number>>();

/** Remembers that a task was added in this transaction: workers are then woken after its commit. */
export function noteAdded(tx: Tx, kind: string, runAt: number): void {
  const added = addedIn.get(tx) ?? new Map<string, number>();
  addedIn.set(tx, added.set(kind, Math.min(runAt, added.get(kind) ?? runAt)));
}

/** The tasks that were added in this transaction. Undefined: none. */
export function tasksAddedIn(tx: Tx): Added | undefined {
  return addedIn.get(tx);
}
