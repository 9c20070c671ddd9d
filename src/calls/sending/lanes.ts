import { enqueue } from '../../queue/enqueue.ts';
import type { Tx } from '../../store/types.ts';
import type { CallsDeps } from '../request/deps.ts';

/**
 * Wakes every sending lane at `runAt` (ms): as many as the platform may be sent to at once. Whatever makes a submission
 * ready does it in the same transaction: a lane that finds nothing ready ends.
 */
export async function wakeLanes(tx: Tx, deps: CallsDeps, runAt: number): Promise<void> {
  for (let lane = 0; lane < deps.config().voice.submit.concurrency; lane++) {
    await enqueue(tx, { kind: 'dispatch', key: String(lane), runAt });
  }
}

/**
 * The highest priority number that a lane sends. Where there are several lanes the first one is kept for alerts (0), so
 * that other calls whose answers do not come never hold all of them.
 */
export function prioritiesOf(deps: CallsDeps, lane: string): number {
  return lane === '0' && deps.config().voice.submit.concurrency > 1 ? 0 : Number.MAX_SAFE_INTEGER;
}
