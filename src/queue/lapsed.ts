import type { Clock } from '../clock.ts';
import type { Store } from '../store/types.ts';
import { freeAllTasks, freeTasks, type HeldTask, heldTasks, leaseId, onTasks } from './leases.ts';

/**
 * Returns a function that frees the tasks of dead instances.
 * A lease has lapsed when this process saw it unchanged for `leaseMs` of its own monotonic time. No wall clock is
 * used, so setting a clock takes no task from a live holder and leaves none with a dead one.
 */
export function createFreeLapsed(options: {
  store: Store;
  clock: Clock;
  kinds: string[];
  /** ms */
  leaseMs: number;
  /** The longest time between two looks, ms. */
  pollMs: number;
  /** No other process runs tasks of this database: the first look frees all. */
  alone: boolean;
}): (isOurs: (id: string) => boolean) => Promise<void> {
  const { store, clock, kinds, leaseMs, pollMs } = options;
  /** Leases of other workers, each with the monotonic time since which it was seen unchanged. */
  let seenSince = new Map<string, number>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let freedAll = !options.alone;

  return async function freeLapsed(isOurs) {
    if (!freedAll) {
      await onTasks(store, (on) => freeAllTasks(on, store.dialect));
      freedAll = true;
      return;
    }
    const at = clock.monotonic();
    // Once in a quarter of a lease is enough, and saves a read for each task that ends.
    if (at - lookedAt < Math.min(pollMs, leaseMs / 4)) return;
    lookedAt = at;
    const held = await heldTasks(store, kinds, clock.now());
    const seen = new Map<string, number>();
    const gone: HeldTask[] = [];
    for (const task of held) {
      if (isOurs(leaseId(task))) continue;
      const id = `${task.lease_until} ${leaseId(task)}`;
      const since = seenSince.get(id) ?? at;
      seen.set(id, since);
      if (at - since >= leaseMs) gone.push(task);
    }
    seenSince = seen;
    if (gone.length > 0) await onTasks(store, (on) => freeTasks(on, store.dialect, gone));
  };
}
