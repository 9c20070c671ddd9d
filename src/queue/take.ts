import type { Clock } from '../clock.ts';
import { newId } from '../ids.ts';
import type { Queryable, Store } from '../store/types.ts';
import { giveBack, type LeasedTask, leaseDue, onTasks, type WantedKind } from './leases.ts';
import type { Run, Runs } from './runs.ts';
import type { Handlers } from './types.ts';

/** How many more tasks of a kind may run now. */
export function roomFor(handlers: Handlers, runs: Runs, kind: string): number {
  let room = handlers[kind]?.concurrency ?? 0;
  for (const { task } of runs.list()) if (task.kind === kind) room--;
  return room;
}

/** The kinds of which more tasks may run now. */
export function wantedKinds(handlers: Handlers, runs: Runs): WantedKind[] {
  return Object.keys(handlers)
    .map((kind) => ({ kind, count: roomFor(handlers, runs, kind), except: lostKeys(runs, kind) }))
    .filter(({ count }) => count > 0);
}

/** A task that runs here is never taken here again, even if its lease was lost and freed. */
function lostKeys(runs: Runs, kind: string): string[] {
  const lost = runs.list().filter(({ task, validUntil }) => task.kind === kind && validUntil === 0);
  return lost.map(({ task }) => task.key);
}

/** Leases due tasks of these kinds and adds their runs. `taken`: how many of each kind were due, at most its count. */
export async function takeTasks(
  {
    store,
    clock,
    instance,
    leaseMs,
    runs,
  }: { store: Store; clock: Clock; instance: string; leaseMs: number; runs: Runs },
  wanted: WantedKind[],
): Promise<{ taken: ReadonlyMap<string, number>; started: Run[] }> {
  const owner = `${instance} ${newId('l')}`;
  let leasedAt = 0;
  const leased = await onTasks(store, (on: Queryable) => {
    leasedAt = clock.monotonic();
    const now = clock.now();
    return leaseDue(on, store.dialect, wanted, owner, now, now + leaseMs);
  });
  const taken = new Map<string, number>();
  for (const { kind } of leased) taken.set(kind, (taken.get(kind) ?? 0) + 1);
  const mine = await withoutRunning(store, runs, leased);
  return { taken, started: mine.map((task) => runs.add(task, leasedAt)) };
}

/**
 * A task that still runs here lost its lease and was freed by another worker. It waits until its run here has ended.
 */
async function withoutRunning(store: Store, runs: Runs, leased: LeasedTask[]): Promise<LeasedTask[]> {
  const again = leased.filter((task) => runs.find(task.kind, task.key) !== undefined);
  if (again.length === 0) return leased;
  for (const task of again) {
    const run = runs.find(task.kind, task.key);
    if (run !== undefined) runs.loseLease(run);
  }
  await onTasks(store, (on) => giveBack(on, again));
  return leased.filter((task) => !again.includes(task));
}
