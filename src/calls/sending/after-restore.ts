import { cancelDueTasks, enqueue } from '../../queue/enqueue.ts';
import type { Tx } from '../../store/types.ts';
import { audit } from '../request/audit.ts';
import { lockRequest } from '../request/rows.ts';
import {
  moveCalls,
  moveRequest,
  moveSubmissions,
  noLongerHeld,
  sendingSince,
} from '../request/transitions.ts';
import { openCalls } from './limits.ts';
import { newSubmission } from './submissions.ts';

/** Unknown submissions are looked up in the platform's records for a day, so none may look older than that. In ms. */
const lookedForMs = 23 * 3_600_000;

/**
 * Prepares a restored database so that nobody is called a second time. A submission that waited to be sent may have
 * been sent since the backup: it is marked as sending, which the next start changes to unknown and looks up in the
 * platform's records. No rule's `onUnknown` sends it again, and unread alerts call nobody. What waits for approval
 * expires. What is scheduled for after `now` (ms) stays. Run it before the app starts; a second run finds nothing.
 * Returns the number of calls concerned.
 */
export async function treatUnsentAsUnknown(tx: Tx, now: number): Promise<number> {
  await releaseDue(tx, now);
  await endApprovals(tx, now);
  await tx
    .updateTable('requests')
    .set({ on_unknown: 'hold' })
    .where('on_unknown', '=', 'again')
    .where('state', 'in', ['approved', 'sending'])
    .execute();
  await tx.updateTable('submissions').set({ resend_at: null }).where('resend_at', 'is not', null).execute();
  // Nobody knows who was called since the backup, so no plan or ladder continues.
  await tx
    .updateTable('requests')
    .set({ reaching: 0, reach_ended_by: 'restored', reach_ended_at: now })
    .where('reaching', '=', 1)
    .where('state', 'not in', ['awaiting_approval', 'scheduled'])
    .execute();
  await tx.updateTable('alert_events').set({ processed_at: now }).where('processed_at', 'is', null).execute();
  // A rule whose cooldown ended since the backup may have called then. The alert's next message makes it call again.
  await cancelDueTasks(tx, 'alerts.cooldown', now);
  const waited = await tx
    .selectFrom('submissions')
    .innerJoin('requests', 'requests.id', 'submissions.request_id')
    .select(['submissions.id', 'submissions.request_id', 'submissions.ready_at'])
    .where('submissions.state', '=', 'ready')
    .where('requests.state', 'in', ['approved', 'sending'])
    // A submission that was tried before waits for its next try, not for its scheduled time.
    .where((eb) => eb.or([eb('submissions.next_try_at', '<=', now), eb('submissions.tries', '>', 0)]))
    .execute();
  let calls = 0;
  for (const { id, ready_at } of waited) {
    calls += await treatAsSent(tx, id, Math.max(ready_at, now - lookedForMs));
  }
  for (const requestId of new Set(waited.map((each) => each.request_id))) {
    const request = await lockRequest(tx, requestId);
    if (request?.state === 'approved') await moveRequest(tx, request, 'sending', now);
    await audit(tx, requestId, { at: now, actor: 'voicecall', action: 'restored from a backup' });
  }
  if (waited.length > 0) await enqueue(tx, { kind: 'dispatch', key: '0', runAt: now });
  return calls;
}

/** A request that waited for approval may have been approved and called since: its time to decide is over. */
async function endApprovals(tx: Tx, now: number): Promise<void> {
  const waiting = await tx
    .selectFrom('requests')
    .select('id')
    .where('state', '=', 'awaiting_approval')
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .execute();
  for (const { id } of waiting) {
    await tx.updateTable('requests').set({ expires_at: now }).where('id', '=', id).execute();
    await enqueue(tx, { kind: 'expire', key: id, runAt: now });
    await audit(tx, id, { at: now, actor: 'voicecall', action: 'restored from a backup' });
  }
}

/**
 * A request that became due since the backup may have been started since. It gets one submission for all its callees,
 * so that it becomes unknown like the others, and a person can say what happened.
 */
async function releaseDue(tx: Tx, now: number): Promise<void> {
  const due = await tx
    .selectFrom('requests')
    .select(['id', 'state', 'priority', 'callees'])
    .where('state', '=', 'scheduled')
    // Without a time: it was approved, and was about to start.
    .where((eb) => eb.or([eb('when_at', 'is', null), eb('when_at', '<=', now)]))
    .execute();
  for (const request of due) {
    // The token has no use here: the calls since the backup were sent with other tokens.
    const row = newSubmission(
      { clock: { now: () => now }, tokenSecret: '' },
      {
        requestId: request.id,
        ordinal: 1,
        priority: request.priority,
        callees: request.callees,
        againOf: null,
      },
    );
    await tx.insertInto('submissions').values(row).execute();
    await tx
      .updateTable('calls')
      .set({ submission_id: row.id })
      .where('request_id', '=', request.id)
      .where('state', '=', 'ready')
      .execute();
    await moveRequest(tx, request, 'approved', now);
  }
}

/** `ready → sending`, as if a dead process had taken it at `sentAt`. */
async function treatAsSent(tx: Tx, submissionId: string, sentAt: number): Promise<number> {
  await moveSubmissions(tx, { id: submissionId }, ['ready'], 'sending', {
    ...sendingSince(sentAt),
    sender: null,
    // Without a lane, recovery treats its sender as dead.
    lane: null,
  });
  // A limit may have allowed them since the backup.
  const { waited } = await openCalls(tx, submissionId);
  await moveCalls(tx, { submissionId, callees: waited }, ['held'], 'ready', noLongerHeld);
  return await moveCalls(tx, { submissionId }, ['ready'], 'sending', { dialled_at: sentAt });
}
