import { enqueue } from '../../queue/enqueue.ts';
import type { Tx } from '../../store/types.ts';
import { type RequestPriority, requestPriority } from '../../store/values.ts';
import type { CallsDeps } from '../request/deps.ts';

/**
 * Wakes every sending lane at `runAt` (ms). There are as many lanes as voice.submit.concurrency. Code that makes a
 * submission ready calls this in the same transaction, because a lane that finds nothing ready ends.
 */
export async function wakeLanes(tx: Tx, deps: CallsDeps, runAt: number): Promise<void> {
  for (let lane = 0; lane < deps.config().voice.submit.concurrency; lane++) {
    await enqueue(tx, { kind: 'dispatch', key: String(lane), runAt });
  }
}

/**
 * The highest priority number that a lane sends. If there are several lanes, the first one sends alerts only: slow
 * answers to other calls must not block every lane.
 */
export function highestPriority(deps: CallsDeps, lane: string): RequestPriority {
  const alertsOnly = lane === '0' && deps.config().voice.submit.concurrency > 1;
  return alertsOnly ? requestPriority.alert : requestPriority.person;
}
