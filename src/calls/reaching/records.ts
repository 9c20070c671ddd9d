import type { Tx } from '../../store/types.ts';

/** How long before a step the records of open calls are asked for, ms. Reading them takes a few seconds. */
const aheadMs = 20_000;
/** Not sooner than this after the call, ms. */
const leastMs = 5_000;

/**
 * Before a step starts because nobody was reached, asks the platform for the records of calls without a report, so
 * that a ladder works without pushed reports. The poller paces the queries.
 */
export async function askBefore(tx: Tx, requestId: string, stepAt: number, now: number): Promise<void> {
  const askAt = Math.max(now + leastMs, stepAt - aheadMs);
  await tx
    .updateTable('calls')
    .set({ ask_at: askAt })
    .where('request_id', '=', requestId)
    .where('superseded', '=', 0)
    .where('state', '=', 'accepted')
    .where('asked', '=', 0)
    .where('ask_at', '>', askAt)
    .execute();
}
