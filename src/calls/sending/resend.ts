import type { TaskHandler } from '../../queue/types.ts';
import type { Tx } from '../../store/types.ts';
import { advance } from '../request/advance.ts';
import { audit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { lastPosition, lockRequest, type RequestRow, type SubmissionRow } from '../request/rows.ts';
import { lookedUpForResend } from '../results/reconcile.ts';
import { wakeLanes } from './lanes.ts';
import { addSubmission, nextOrdinal } from './submissions.ts';

/**
 * How long the look-up in the platform's records may be late, ms: records are asked for at most once a minute, and
 * the platform may be slow. After that the resend happens without it.
 */
const lookPatienceMs = 90_000;
const checkEveryMs = 2_000;

/**
 * The handler of "resend" tasks (key: submission), for rules with `onUnknown: again`: for such an alert a lost call
 * is worse than a second one. If a look-up in the records did not find them, the unknown calls of a request that is
 * not acknowledged or stopped are sent again, once, as a new submission that the board shows. That new submission is
 * not repeated.
 */
export function createResender(deps: CallsDeps): TaskHandler {
  return async (task) =>
    await deps.store.transaction(async (tx) => {
      const now = deps.clock.now();
      const submission = await tx
        .selectFrom('submissions')
        .select(['id', 'request_id', 'token', 'sending_at', 'checked_at', 'resend_at'])
        .where('id', '=', task.key)
        .executeTakeFirst();
      if (submission === undefined || submission.resend_at === null) return undefined;
      if (now < submission.resend_at) return { againAt: submission.resend_at };
      if (now < submission.resend_at + lookPatienceMs && !(await wasLookedUp(tx, submission))) {
        return { againAt: now + checkEveryMs };
      }
      const request = await lockRequest(tx, submission.request_id);
      const due = await tx
        .updateTable('submissions')
        .set({ resend_at: null })
        .where('id', '=', submission.id)
        .where('resend_at', '<=', now)
        .executeTakeFirst();
      if (due.numUpdatedRows > 0n && request !== null && isWanted(request)) {
        await sendAgain(tx, deps, request, submission.id);
      }
      await advance(tx, deps, submission.request_id);
      return undefined;
    });
}

/** False if the look-up began too early, or if what it found is not applied yet. */
async function wasLookedUp(
  tx: Tx,
  submission: Pick<SubmissionRow, 'token' | 'sending_at' | 'checked_at'>,
): Promise<boolean> {
  if (!lookedUpForResend(submission)) return false;
  const found = await tx
    .selectFrom('reports')
    .select('id')
    .where('token', '=', submission.token)
    .where('tried_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return found === undefined;
}

function isWanted(request: RequestRow): boolean {
  return (
    request.on_unknown === 'again' &&
    request.state === 'sending' &&
    request.acked_by === null &&
    request.cancelled_by === null
  );
}

async function sendAgain(tx: Tx, deps: CallsDeps, request: RequestRow, submissionId: string): Promise<void> {
  const unknown = await tx
    .selectFrom('calls')
    .select(['callee', 'name', 'attempt', 'step', 'earlier'])
    .where('submission_id', '=', submissionId)
    .where('state', '=', 'unknown')
    // A call that was sent again keeps the state `unknown` but is superseded. It must not be sent a third time.
    .where('superseded', '=', 0)
    .orderBy('position')
    .execute();
  const [first] = unknown;
  if (first === undefined) return;
  const [last, ordinal] = await Promise.all([lastPosition(tx, request.id), nextOrdinal(tx, request.id)]);
  await tx
    .updateTable('calls')
    .set({ superseded: 1 })
    .where('submission_id', '=', submissionId)
    .where('state', '=', 'unknown')
    .execute();
  await tx
    .insertInto('calls')
    .values(
      unknown.map((call, index) => ({
        request_id: request.id,
        position: last + index + 1,
        submission_id: null,
        ...call,
        state: 'ready' as const,
      })),
    )
    .execute();
  await addSubmission(tx, deps, {
    requestId: request.id,
    ordinal,
    priority: request.priority,
    first: last + 1,
    last: last + unknown.length,
    againOf: submissionId,
    step: first.step,
  });
  await audit(tx, request.id, {
    at: deps.clock.now(),
    actor: 'voicecall',
    action: 'sent again',
    detail: { submission: submissionId, calls: unknown.length },
  });
  await wakeLanes(tx, deps, deps.clock.now());
}
