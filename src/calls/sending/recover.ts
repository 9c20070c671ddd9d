import type { Lease } from '../../queue/types.ts';
import type { Queryable, Tx } from '../../store/types.ts';
import { advance } from '../request/advance.ts';
import type { CallsDeps } from '../request/deps.ts';
import { lockRequest } from '../request/rows.ts';
import { applySendResult, becomeUnknown } from './result.ts';

/** One run of one lane; unique. */
export interface Sender {
  lane: number;
  sender: string;
}

/**
 * Finds submissions that a dead sender left as `sending`. They may have called people, so they become `unknown`. This
 * function never sends them again; only a rule with `onUnknown: again`, or a person, can. Only one sender can lease a
 * lane, so the one that runs a lane knows that its earlier senders are dead; those of other lanes are dead once their
 * lane's lease has ended. A submission of one of `sentNothing` (senders of this process) goes back to `ready`. If we
 * lost our own lease, nothing is changed, because we can no longer tell.
 */
export async function recoverOrphans(
  tx: Tx,
  deps: CallsDeps,
  ours: Sender,
  sentNothing: ReadonlySet<string>,
  lease: Lease,
): Promise<void> {
  const sending = await tx
    .selectFrom('submissions')
    .select(['id', 'state', 'request_id', 'sending_at', 'sender', 'lane', 'again_of'])
    .where('state', '=', 'sending')
    // In a fixed order, because several lanes do this at once.
    .orderBy('request_id')
    .execute();
  for (const submission of sending) {
    const { lane } = submission;
    const gone =
      lane === ours.lane
        ? submission.sender !== ours.sender
        : lane === null || !(await laneIsLeased(tx, lane));
    if (!gone) continue;
    await lockRequest(tx, submission.request_id);
    const still = await tx
      .selectFrom('submissions')
      .select('id')
      .where('id', '=', submission.id)
      .where('state', '=', 'sending')
      .where('sender', 'is not distinct from', submission.sender)
      .executeTakeFirst();
    if (still === undefined) continue;
    if (!lease.valid()) return;
    if (submission.sender !== null && sentNothing.has(submission.sender)) {
      const result = {
        outcome: 'not_sent',
        why: 'stopped',
        detail: 'the commit succeeded although it gave an error',
      } as const;
      await applySendResult(tx, deps, submission.id, submission.sender, result);
      continue;
    }
    deps.log.warn(
      { requestId: submission.request_id, submissionId: submission.id },
      'a submission was being sent when its process ended: it is unknown now',
    );
    await becomeUnknown(tx, deps, submission, { code: null, cause: 'interrupted', reason: null });
    await advance(tx, deps, submission.request_id);
  }
}

/** True if there may be orphans. This is rare, and usually saves the lane a transaction. */
export async function anySending(from: Queryable): Promise<boolean> {
  const row = await from
    .selectFrom('submissions')
    .select('id')
    .where('state', '=', 'sending')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

async function laneIsLeased(tx: Tx, lane: number): Promise<boolean> {
  const task = await tx
    .selectFrom('tasks')
    .select('key')
    .where('kind', '=', 'dispatch')
    .where('key', '=', String(lane))
    .where('lease_owner', 'is not', null)
    .executeTakeFirst();
  return task !== undefined;
}
