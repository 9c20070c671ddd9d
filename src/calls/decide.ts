import type { CallOptions } from '../config/types.ts';
import { VoicecallError } from '../errors.ts';
import { cancelTask, enqueue } from '../store/tasks.ts';
import type { TaskHandler, Tx } from '../store/types.ts';
import { announce, refresh } from './announce.ts';
import { record } from './audit.ts';
import { hashRequest, release } from './create.ts';
import type { CallsDeps } from './deps.ts';
import { lockRequest, moveRequest, type RequestRow } from './progress.ts';
import type { ApprovalAsk, Message } from './types.ts';

export interface NewDecision {
  requestId: string;
  /** Hash of what the person saw when pressing; null where it was not told. */
  seenHash: string | null;
  userId: string;
  decision: 'approve' | 'reject';
  reason: string | null;
}

export type DecisionOutcome =
  | { state: 'approved' }
  | { state: 'rejected' }
  | { state: 'waiting'; approved: number; quorum: number };

/**
 * One approver's decision, for exactly the request that they saw. That `userId` is an approver by the configuration of
 * now and of when it was asked is the caller's to check. Throws VoicecallError: not_found; already_decided (facts:
 * state, by, at); not_allowed (facts: why "own" or "twice"); changed (the request is not what was shown: the earlier
 * approvals are void and the card is drawn anew).
 */
export async function decide(deps: CallsDeps, press: NewDecision): Promise<DecisionOutcome> {
  const outcome = await deps.store.transaction((tx) => decideIn(tx, deps, press));
  if (outcome instanceof VoicecallError) throw outcome;
  return outcome;
}

/** Returned, not thrown, are the errors whose side effects shall be kept. */
async function decideIn(
  tx: Tx,
  deps: CallsDeps,
  press: NewDecision,
): Promise<DecisionOutcome | VoicecallError> {
  const now = deps.clock.now();
  const request = await lockRequest(tx, press.requestId);
  if (request === null) throw new VoicecallError('not_found', `no request ${press.requestId}`);
  if (request.state === 'awaiting_approval' && request.expires_at !== null && now >= request.expires_at) {
    await expireNow(tx, request, now);
    return new VoicecallError('already_decided', 'expired', {
      facts: { state: 'expired', by: '', at: String(now) },
    });
  }
  if (request.state !== 'awaiting_approval') throw await decided(tx, request);
  const approval = JSON.parse(request.approval ?? 'null') as ApprovalAsk | null;
  if (
    press.decision === 'approve' &&
    request.requested_by === press.userId &&
    approval?.allowSelfApproval !== true
  ) {
    await refusePress(tx, press, now, 'own request');
    return new VoicecallError('not_allowed', 'own request', { facts: { why: 'own' } });
  }
  const hash = await currentHash(tx, request);
  if (hash !== request.hash || (press.seenHash !== null && !hash.startsWith(press.seenHash))) {
    await tx.updateTable('requests').set({ hash, changed_at: now }).where('id', '=', request.id).execute();
    await tx.deleteFrom('decisions').where('request_id', '=', request.id).where('hash', '!=', hash).execute();
    await refusePress(tx, press, now, 'the request is not what was shown');
    await refresh(tx, now, request.id);
    return new VoicecallError('changed', 'the request is not what was shown');
  }
  const kept = await tx
    .insertInto('decisions')
    .values({
      request_id: request.id,
      user_id: press.userId,
      decision: press.decision,
      reason: press.reason,
      hash,
      at: now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['request_id', 'user_id'])
        .doUpdateSet({ decision: press.decision, reason: press.reason, at: now })
        // Who approved may still reject; nobody's approval counts twice.
        .where('decisions.decision', '!=', press.decision),
    )
    .executeTakeFirst();
  if ((kept.numInsertedOrUpdatedRows ?? 0n) === 0n) {
    return new VoicecallError('not_allowed', 'decided already', { facts: { why: 'twice' } });
  }
  await record(tx, request.id, {
    at: now,
    actor: press.userId,
    action: press.decision === 'approve' ? 'approved' : 'rejected',
    detail: press.reason === null ? {} : { reason: press.reason },
  });
  if (press.decision === 'reject') {
    await moveRequest(tx, request, 'rejected', now, { outcome: press.reason, finished_at: now });
    await closeApproval(tx, request, now);
    return { state: 'rejected' };
  }
  const approved = await countApprovals(tx, request.id);
  const quorum = approval?.quorum ?? 1;
  if (approved < quorum) {
    await refresh(tx, now, request.id);
    return { state: 'waiting', approved, quorum };
  }
  await release(tx, deps, request.id);
  await closeApproval(tx, request, now);
  return { state: 'approved' };
}

async function countApprovals(tx: Tx, requestId: string): Promise<number> {
  const rows = await tx
    .selectFrom('decisions')
    .select('user_id')
    .where('request_id', '=', requestId)
    .where('decision', '=', 'approve')
    .execute();
  return rows.length;
}

async function decided(tx: Tx, request: RequestRow): Promise<VoicecallError> {
  const last = await tx
    .selectFrom('decisions')
    .select(['user_id', 'at'])
    .where('request_id', '=', request.id)
    .orderBy('at', 'desc')
    .executeTakeFirst();
  return new VoicecallError('already_decided', `request ${request.id} is ${request.state}`, {
    facts: {
      state:
        request.state === 'sending' || request.state === 'sent' || request.state === 'done'
          ? 'approved'
          : request.state,
      by: request.cancelled_by ?? last?.user_id ?? '',
      at: String(last?.at ?? request.changed_at),
    },
  });
}

async function refusePress(tx: Tx, press: NewDecision, now: number, why: string): Promise<void> {
  await record(tx, press.requestId, {
    at: now,
    actor: press.userId,
    action: 'press refused',
    detail: { why },
  });
}

async function currentHash(tx: Tx, request: RequestRow): Promise<string> {
  const calls = await tx.selectFrom('calls').select('callee').where('request_id', '=', request.id).execute();
  return hashRequest({
    callees: calls.map((each) => each.callee),
    message: JSON.parse(request.message) as Message,
    options: JSON.parse(request.options) as CallOptions,
    note: request.note,
    channelId: request.channel_id,
    threadTs: request.thread_ts,
  });
}

/** The timers are over, everything shown is drawn anew, and who asked elsewhere is told. */
async function closeApproval(tx: Tx, request: RequestRow, now: number): Promise<void> {
  await cancelTask(tx, 'expire', request.id);
  await cancelTask(tx, 'remind', request.id);
  await refresh(tx, now, request.id);
  if (request.requested_by === null || request.asked_in === request.channel_id) return;
  await announce(tx, now, {
    requestId: request.id,
    kind: 'direct',
    slot: `outcome:${request.id}`,
    channelId: request.requested_by,
    userId: request.requested_by,
  });
}

/** The approvers' card stands in Slack: from now (ms) the time to decide runs. */
export async function startApprovalClock(tx: Tx, requestId: string, now: number): Promise<void> {
  const request = await lockRequest(tx, requestId);
  if (request === null || request.state !== 'awaiting_approval' || request.expires_at !== null) return;
  const approval = JSON.parse(request.approval ?? 'null') as ApprovalAsk | null;
  if (approval === null) return;
  const expiresAt = now + approval.expiresAfterMs;
  await tx.updateTable('requests').set({ expires_at: expiresAt }).where('id', '=', requestId).execute();
  await enqueue(tx, { kind: 'expire', key: requestId, runAt: expiresAt, priority: 1 });
  await enqueue(tx, { kind: 'remind', key: requestId, runAt: now + Math.floor(approval.expiresAfterMs / 2) });
  await refresh(tx, now, requestId);
}

async function expireNow(tx: Tx, request: RequestRow, now: number): Promise<void> {
  await moveRequest(tx, request, 'expired', now, { finished_at: now });
  await record(tx, request.id, { at: now, actor: 'voicecall', action: 'expired' });
  await closeApproval(tx, request, now);
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

/** The handler of "remind" tasks (key: request): once, in the card's thread. */
export function createReminder(deps: CallsDeps): TaskHandler {
  return async (task) =>
    await deps.store.transaction(async (tx) => {
      const request = await lockRequest(tx, task.key);
      if (request === null || request.state !== 'awaiting_approval') return undefined;
      const card = await tx
        .selectFrom('messages')
        .select(['id', 'channel_id', 'parent_id'])
        .where('slot', '=', `card:${request.id}`)
        .executeTakeFirst();
      if (card === undefined) return undefined;
      await announce(tx, deps.clock.now(), {
        requestId: request.id,
        kind: 'reply',
        slot: `reminder:${request.id}`,
        channelId: card.channel_id,
        parentId: card.parent_id ?? card.id,
        body: { reminder: true },
      });
      return undefined;
    });
}
