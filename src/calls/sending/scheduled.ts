import { enqueue } from '../../queue/enqueue.ts';
import type { Tx } from '../../store/types.ts';
import type { CallsDeps } from '../request/deps.ts';

/**
 * How often a scheduled request is looked at, ms. The wall clock decides when it is due, and somebody may set that:
 * the task's own time follows slowly then.
 */
const lookEveryMs = 60_000;

/** When to look next at a request that is due at `whenAt` by the wall clock, in the time of tasks. */
export function nextLookAt(deps: Pick<CallsDeps, 'clock'>, whenAt: number): number {
  const now = deps.clock.now();
  return now + Math.max(0, Math.min(lookEveryMs, whenAt - deps.clock.wallOf(now)));
}

/** Has a scheduled request started when its time has come. */
export async function startLater(tx: Tx, deps: CallsDeps, requestId: string, whenAt: number): Promise<void> {
  await enqueue(tx, { kind: 'scheduled', key: requestId, runAt: nextLookAt(deps, whenAt) });
}
