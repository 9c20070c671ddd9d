import { changed, remind } from '../../outbox/outbox.ts';
import { cancelTask, enqueue } from '../../queue/enqueue.ts';
import type { TaskHandler } from '../../queue/types.ts';
import type { Tx } from '../../store/types.ts';
import { audit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { lockRequest, type RequestRow } from '../request/rows.ts';
import { readApproval } from '../request/stored.ts';
import { moveCalls, moveRequest } from '../request/transitions.ts';

/** Ends the wait for approval and its timers. */
export async function closeApproval(tx: Tx, requestId: string, now: number): Promise<void> {
  await cancelTask(tx, 'expire', requestId);
  await cancelTask(tx, 'remind', requestId);
  await changed(tx, now, requestId);
}

/** The approvers' card is posted: the time to decide starts now (ms). */
export async function startApprovalClock(tx: Tx, requestId: string, now: number): Promise<void> {
  const request = await lockRequest(tx, requestId);
  if (request === null || request.state !== 'awaiting_approval' || request.expires_at !== null) return;
  const approval = readApproval(request.approval);
  if (approval === null) return;
  const expiresAt = now + approval.expiresAfterMs;
  await tx.updateTable('requests').set({ expires_at: expiresAt }).where('id', '=', requestId).execute();
  await enqueue(tx, { kind: 'expire', key: requestId, runAt: expiresAt });
  await enqueue(tx, { kind: 'remind', key: requestId, runAt: now + Math.floor(approval.expiresAfterMs / 2) });
  await changed(tx, now, requestId);
}

export async function expireNow(tx: Tx, request: RequestRow, now: number): Promise<void> {
  await moveRequest(tx, request, 'expired', now, { finished_at: now });
  await moveCalls(tx, { requestId: request.id }, ['ready'], 'cancelled');
  await audit(tx, request.id, { at: now, actor: 'voicecall', action: 'expired' });
  await closeApproval(tx, request.id, now);
}

/** The handler of "expire" tasks (key: request). */
export function createExpirer(deps: CallsDeps): TaskHandler {
  return async (task) =>
    await deps.store.transaction(async (tx) => {
      const now = deps.clock.now();
      const request = await lockRequest(tx, task.key);
      if (request === null || request.state !== 'awaiting_approval' || request.expires_at === null)
        return undefined;
      if (now < request.expires_at) return { againAt: request.expires_at };
      await expireNow(tx, request, now);
      return undefined;
    });
}

/** The handler of "remind" tasks (key: request). Reminds once, in the card's thread. */
export function createReminder(deps: CallsDeps): TaskHandler {
  return async (task) =>
    await deps.store.transaction(async (tx) => {
      const now = deps.clock.now();
      const request = await lockRequest(tx, task.key);
      if (request === null || request.state !== 'awaiting_approval') return undefined;
      if (request.expires_at !== null && now >= request.expires_at) return undefined;
      await remind(tx, now, request.id);
      return undefined;
    });
}
