import { refresh } from '../../outbox/outbox.ts';
import type { TaskHandler } from '../../queue/types.ts';
import { inChunks } from '../../store/chunks.ts';
import type { CallsDeps } from '../request/deps.ts';
import { findToken } from '../request/token.ts';
import { storeReports } from './reports.ts';

const hourMs = 3_600_000;
/** The platform's own clock and ours may differ, and it may file a call a little before or after (ms). */
const marginMs = 5 * 60_000;
/** Records are asked for at most once in this time (no limit is documented for voice; SMS's is one a minute), ms. */
const minimumPauseMs = 60_000;

/**
 * The handler of the "reconcile" task: looks for all unknown submissions of the last day in the platform's records, in
 * one query. What is found is applied like a report; absence proves nothing.
 */
export function createReconciler(deps: CallsDeps): TaskHandler {
  return async () => {
    const now = deps.clock.now();
    const open = await openSubmissions(deps, now);
    if (open.length === 0) return undefined;
    const firstAt = Math.min(...open.map((each) => each.sending_at ?? now));
    const ahead = deps.voice.clockOffset();
    const records = await deps.voice.recordGroupQuery(firstAt + ahead - marginMs, now + ahead + marginMs);
    const tokens = new Set(open.map((each) => each.token));
    const found = records.filter((each) => tokens.has(findToken(deps.tokenSecret, each.calledInfo) ?? ''));
    // Before it counts as looked for: who waits for that must see what was found.
    if (found.length > 0) await storeReports(deps, found);
    await deps.store.transaction(async (tx) => {
      await inChunks(
        open.map((each) => each.id),
        (ids) => tx.updateTable('submissions').set({ checked_at: now }).where('id', 'in', ids).execute(),
      );
      // The board says when it was looked for last.
      const requestIds = new Set(open.map((each) => each.request_id));
      for (const requestId of [...requestIds].sort()) await refresh(tx, now, requestId);
    });
    deps.log.info(
      { unknown: open.length, found: found.length },
      'looked for unknown submissions in the records',
    );
    const nextAt = Math.min(...open.map((each) => nextCheckAt(each.sending_at ?? now, now)));
    return Number.isFinite(nextAt) ? { againAt: nextAt } : undefined;
  };
}

/** Submissions with a call that may or may not have been dialled. */
async function openSubmissions(deps: CallsDeps, now: number) {
  return await deps.store.read
    .selectFrom('submissions')
    .select(['id', 'request_id', 'token', 'sending_at'])
    .where('sending_at', '>', now - 25 * hourMs)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('calls')
          .select('calls.position')
          .whereRef('calls.submission_id', '=', 'submissions.id')
          .where('calls.state', '=', 'unknown'),
      ),
    )
    .execute();
}

/** The next time (ms) of the schedule: 1, 3, 8, 20 and 60 minutes after it was sent, then hourly to 24 h; infinite after. */
export function nextCheckAt(sentAt: number, now: number): number {
  const soonest = now + minimumPauseMs;
  for (const afterMs of reconcileAfterMs)
    if (sentAt + afterMs > now) return Math.max(sentAt + afterMs, soonest);
  const hours = Math.floor((now - sentAt) / hourMs) + 1;
  return hours > 24 ? Number.POSITIVE_INFINITY : Math.max(sentAt + hours * hourMs, soonest);
}

/** When unknown submissions are looked for in the platform's records, ms after they were sent; then hourly for a day. */
export const reconcileAfterMs = [60_000, 180_000, 480_000, 1_200_000, 3_600_000] as const;
