import { enqueue } from '../../queue/enqueue.ts';
import type { Tx } from '../../store/types.ts';
import type { CallsDeps } from '../request/deps.ts';

/**
 * How often a scheduled request is checked, ms. It is due by the wall clock, which a person may set; the clock of
 * tasks follows slowly.
 */
const lookEveryMs = 60_000;

/** When to check a request again that is due at `whenAt` by the wall clock. The result is in the time of tasks. */
export function nextLookAt(deps: Pick<CallsDeps, 'clock'>, whenAt: number): number {
  const now = deps.clock.now();
  return now + Math.max(0, Math.min(lookEveryMs, whenAt - deps.clock.wallOf(now)));
}

/** Schedules the start of a scheduled request. */
export async function startLater(tx: Tx, deps: CallsDeps, requestId: string, whenAt: number): Promise<void> {
  await enqueue(tx, { kind: 'scheduled', key: requestId, runAt: nextLookAt(deps, whenAt) });
}
