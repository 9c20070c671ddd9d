import { setImmediate as nextTurn } from 'node:timers/promises';
import { type SqlBool, sql } from 'kysely';
import { changed } from '../../outbox/outbox.ts';
import type { TaskHandler } from '../../queue/types.ts';
import { askedTooOften, restMs } from '../../voice/reads.ts';
import type { CallsDeps } from '../request/deps.ts';
import type { SubmissionRow } from '../request/rows.ts';
import { readRecords } from './records.ts';

const hourMs = 3_600_000;
/** Records are asked for at most once in this time, ms. */
const minimumPauseMs = 60_000;
/** How many submissions are marked in one transaction: on SQLite nothing else of the process runs during it. */
const markedAtOnce = 100;

/**
 * The handler of the "reconcile" task: looks up all unknown submissions of the last day in the platform's records, in
 * one query. What it finds is applied like a report. Absence proves nothing.
 */
export function createReconciler(deps: CallsDeps): TaskHandler {
  return async (_task, lease) => {
    const now = deps.clock.now();
    const all = await openSubmissions(deps, now);
    if (all.length === 0) return undefined;
    // Submissions that are about to be sent again are looked up alone: the records of a whole day may take minutes to
    // read.
    const urgent = all.filter((each) => lookUpAt(each) <= now);
    const open = urgent.length > 0 ? urgent : all;
    const firstAt = open.reduce((first, each) => Math.min(first, each.sending_at ?? now), now);
    const read = await readRecords(deps, firstAt, lease).catch((error: unknown) => {
      if (!askedTooOften(error)) throw error;
      return { openAt: deps.clock.now() + restMs };
    });
    if ('openAt' in read) return { againAt: read.openAt };
    // Marked only now: the resend that waits for this look-up must see what was found.
    for (let start = 0; start < open.length; start += markedAtOnce) {
      await markLookedFor(deps, open.slice(start, start + markedAtOnce), now);
      await nextTurn();
    }
    deps.log.info(
      { unknown: open.length, found: read.found },
      'looked up unknown submissions in the records',
    );
    const looked = new Set(open);
    const nextAt = all.reduce(
      (next, each) => Math.min(next, nextLookAt(each, looked.has(each), now)),
      Number.POSITIVE_INFINITY,
    );
    return Number.isFinite(nextAt) ? { againAt: nextAt } : undefined;
  };
}

type OpenSubmission = Pick<SubmissionRow, 'id' | 'request_id' | 'sending_at' | 'checked_at' | 'resend_at'>;

/** Submissions with unknown calls. */
async function openSubmissions(deps: CallsDeps, now: number): Promise<OpenSubmission[]> {
  return await deps.store.read
    .selectFrom('submissions')
    .select(['id', 'request_id', 'sending_at', 'checked_at', 'resend_at'])
    .where('sending_at', '>', now - 25 * hourMs)
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('calls')
        .select('calls.submission_id as id')
        .$castTo<{ id: string }>()
        // As in the condition of the small index of unknown calls, which is used only then.
        .where(sql<SqlBool>`(calls.state = 'unknown') is true`)
        .where('calls.dialled_at', '>', now - 25 * hourMs),
    )
    .execute();
}

async function markLookedFor(deps: CallsDeps, some: readonly OpenSubmission[], now: number): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const ids = some.map((each) => each.id);
    await tx.updateTable('submissions').set({ checked_at: now }).where('id', 'in', ids).execute();
    // The board shows when they were last looked up.
    const requestIds = new Set(some.map((each) => each.request_id));
    for (const requestId of [...requestIds].sort()) await changed(tx, now, requestId);
  });
}

type ToLookUp = Pick<SubmissionRow, 'sending_at' | 'checked_at'>;

/** How long after sending the platform's records are expected to show a call, ms. An earlier look-up proves less. */
export const lookUpToResendMs = 50_000;

/** True if the look-up before a resend was made: later than the sending plus that delay. */
export function lookedUpForResend({ sending_at, checked_at }: ToLookUp): boolean {
  return checked_at !== null && checked_at >= (sending_at ?? 0) + lookUpToResendMs;
}

/** When the look-up before a resend is due. Infinity if there is no resend. */
function lookUpAt(submission: ToLookUp & Pick<SubmissionRow, 'resend_at'>): number {
  if (submission.resend_at === null || lookedUpForResend(submission)) return Number.POSITIVE_INFINITY;
  return (submission.sending_at ?? 0) + lookUpToResendMs;
}

/** When to look up a submission next, after a look-up at `now` that included it (`looked`) or not. */
function nextLookAt(
  submission: ToLookUp & Pick<SubmissionRow, 'resend_at'>,
  looked: boolean,
  now: number,
): number {
  const soonest = now + minimumPauseMs;
  const urgentAt = lookUpAt({ ...submission, ...(looked ? { checked_at: now } : {}) });
  if (Number.isFinite(urgentAt)) return Math.max(urgentAt, soonest);
  return looked ? nextCheckAt(submission.sending_at ?? now, now) : soonest;
}

/**
 * The next time (ms) of the schedule: 1, 3, 8, 20 and 60 minutes after sending, then hourly for 24 h. Then Infinity.
 */
export function nextCheckAt(sentAt: number, now: number): number {
  const soonest = now + minimumPauseMs;
  for (const afterMs of reconcileAfterMs)
    if (sentAt + afterMs > now) return Math.max(sentAt + afterMs, soonest);
  const hours = Math.floor((now - sentAt) / hourMs) + 1;
  return hours > 24 ? Number.POSITIVE_INFINITY : Math.max(sentAt + hours * hourMs, soonest);
}

/** When to look up unknown submissions in the platform's records, ms after sending. Then hourly for a day. */
export const reconcileAfterMs = [60_000, 180_000, 480_000, 1_200_000, 3_600_000] as const;
