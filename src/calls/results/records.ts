import { waitOrAbort } from '../../clock.ts';
import { pace } from '../../queue/turns.ts';
import type { Lease } from '../../queue/types.ts';
import { restMs } from '../../voice/reads.ts';
import type { CallRecord } from '../../voice/types.ts';
import type { CallsDeps } from '../request/deps.ts';
import { findToken } from '../request/token.ts';
import { storeReports } from './reports.ts';

/** The platform's clock may differ from ours, and it may file a call a little earlier or later, ms. */
const marginMs = 5 * 60_000;

/**
 * Reads the list of records from `fromAt` until now (ms), at most once a minute for all callers: the platform
 * publishes no limit for voice records, and for SMS it allows one query a minute. Every record of our calls is stored
 * as a report, for any request. Returns how many, or when the next turn is. Throws if the list cannot be read to its
 * end.
 */
export async function readRecords(
  deps: CallsDeps,
  fromAt: number,
  lease: Lease,
): Promise<{ found: number } | { openAt: number }> {
  const now = deps.clock.now();
  const openAt = await takeTurn(deps, now);
  if (openAt > now) return { openAt };
  const ahead = deps.voice.clockOffset();
  let found = 0;
  await deps.voice.recordGroupQuery(fromAt + ahead - marginMs, now + ahead + marginMs, {
    async take(records) {
      const ours = await whatConcernsUs(deps, records);
      found += ours.length;
      await storeReports(deps, ours);
    },
    async nextTurn() {
      let waitMs: number = restMs;
      while (waitMs > 0) {
        await waitOrAbort(deps.clock, waitMs, lease.signal);
        lease.signal.throwIfAborted();
        const asksAt = deps.clock.now();
        waitMs = (await takeTurn(deps, asksAt)) - asksAt;
      }
    },
  });
  // Every caller's read counts as the look-up before a resend.
  await deps.store.transaction((tx) =>
    tx
      .updateTable('submissions')
      .set({ checked_at: now })
      .where('resend_at', 'is not', null)
      .where('sending_at', '>=', fromAt)
      .execute(),
  );
  return { found };
}

/** Takes the turn of the list. Returns `now`, or when it is free. */
async function takeTurn(deps: CallsDeps, now: number): Promise<number> {
  return await deps.store.transaction((tx) => pace(tx, 'records', now, restMs));
}

/** The records with a token of ours or a known voiceId, unless the call has ended. */
async function whatConcernsUs(deps: CallsDeps, records: readonly CallRecord[]): Promise<CallRecord[]> {
  if (records.length === 0) return [];
  const voiceIds = records.map((each) => each.voiceId);
  const rows = await deps.store.read
    .selectFrom('calls')
    .select(['voice_id', 'state'])
    .where('voice_id', 'in', voiceIds)
    .execute();
  const known = new Map(rows.map((row) => [row.voice_id, row.state]));
  return records.filter(({ voiceId, calledInfo }) => {
    const state = known.get(voiceId);
    if (state !== undefined) return state !== 'answered' && state !== 'not_answered';
    return findToken(deps.tokenSecret, calledInfo) !== null;
  });
}
