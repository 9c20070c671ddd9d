import { countCountries } from '../../callees/countries.ts';
import { VoicecallError } from '../../errors.ts';
import { changed } from '../../outbox/outbox.ts';
import { transactionReadBack } from '../../store/read-back.ts';
import type { Tx } from '../../store/types.ts';
import { toJson } from '../../store/values.ts';
import { audit, auditRefused } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { hashRequest } from '../request/hash.ts';
import { loadCallees } from '../request/read.ts';
import { countCalls, lockRequest, type RequestRow } from '../request/rows.ts';
import { planIn, readApproval, readAudio, readLadder, readOptions, readRosters } from '../request/stored.ts';
import { moveCalls, moveRequest } from '../request/transitions.ts';
import type { Decision, DecisionKind, RequestView } from '../request/types.ts';
import { hoursOf, partedByHours } from '../sending/hours.ts';
import { startLater } from '../sending/scheduled.ts';
import { release } from '../sending/submissions.ts';
import { closeApproval, expireNow } from './deadline.ts';

export interface NewDecision {
  requestId: string;
  /** Hash of the request that the person saw. Null: not known. */
  seenHash: string | null;
  userId: string;
  decision: DecisionKind;
  reason: string | null;
  /** True: approved for any hour, whatever `hours` says. Applies if everyone whose approval counts says so. */
  anyHour?: boolean;
}

export type DecisionOutcome =
  /** `forbidden`: set if the configuration now forbids some of the calls. `waiting`: how many wait for their hours. */
  | { state: 'approved'; forbidden?: { held: number; callees: number }; waiting?: number }
  /** Approved, but called later, at `whenAt` by the wall clock. */
  | { state: 'scheduled'; whenAt: number }
  | { state: 'rejected' }
  | { state: 'waiting'; approved: number; quorum: number };

/**
 * Stores one approver's decision, for exactly the request that they saw. The caller checks that `userId` is an
 * approver, by the current configuration and by that of the time of asking. Throws VoicecallError: not_found;
 * already_decided (facts: state, by, at); not_allowed (facts: why "own" or "twice"); changed (the request is not what
 * was shown: earlier approvals become void and the card is edited). Every refused press is in the audit trail.
 */
export async function decide(deps: CallsDeps, press: NewDecision): Promise<DecisionOutcome> {
  const now = deps.clock.now();
  const outcome = await transactionReadBack(
    deps.store,
    (tx) => decideIn(tx, deps, press, now),
    (tx) => storedDecision(tx, deps, press, now),
  );
  if (outcome instanceof VoicecallError) throw outcome;
  return outcome;
}

export type Verdict = 'accept' | 'decided' | 'expired' | 'own' | 'changed' | 'twice';

/**
 * What a press does to a request in its current state. `hash`: of the request as it is now. `before`: this person's
 * earlier decision.
 */
export function judge(
  request: Pick<RequestRow, 'state' | 'expires_at' | 'requested_by' | 'hash'>,
  press: Pick<NewDecision, 'userId' | 'decision' | 'seenHash'>,
  known: { hash: string; before: DecisionKind | null; maySelf: boolean; now: number },
): Verdict {
  if (request.state !== 'awaiting_approval') return 'decided';
  if (request.expires_at !== null && known.now >= request.expires_at) return 'expired';
  if (request.requested_by === press.userId && !known.maySelf) return 'own';
  if (known.hash !== request.hash) return 'changed';
  if (press.seenHash !== null && !known.hash.startsWith(press.seenHash)) return 'changed';
  // A person who approved may still reject. Nobody's approval counts twice.
  return known.before === press.decision ? 'twice' : 'accept';
}

/** Returns an error instead of throwing it if its side effects must be stored. */
async function decideIn(
  tx: Tx,
  deps: CallsDeps,
  press: NewDecision,
  now: number,
): Promise<DecisionOutcome | VoicecallError> {
  const request = await lockRequest(tx, press.requestId);
  if (request === null) throw new VoicecallError('not_found', `no request ${press.requestId}`);
  // A request that does not wait can only be refused, so do not read its ten thousand callees.
  const callees = request.state === 'awaiting_approval' ? await calleesOf(tx, request.id) : [];
  const hash = hashOf(deps.tokenSecret, request, callees);
  const approval = readApproval(request.approval);
  const maySelf = approval?.allowSelfApproval === true && deps.config().approval?.allowSelfApproval === true;
  const before = await decisionOf(tx, press);
  const verdict = judge(request, press, { hash, before, maySelf, now });
  if (verdict === 'accept') return await accept(tx, deps, request, press, { hash, now });
  if (verdict === 'expired') await expireNow(tx, request, now);
  if (verdict === 'changed') await showAsItIs(tx, request, callees, hash, now);
  const { why, error } = await refusal(tx, request, verdict, now);
  const pressed = press.decision;
  await auditRefused(tx, press.requestId, { at: now, actor: press.userId, pressed, why });
  return error;
}

async function decisionOf(tx: Tx, press: NewDecision): Promise<DecisionKind | null> {
  const row = await tx
    .selectFrom('decisions')
    .select('decision')
    .where('request_id', '=', press.requestId)
    .where('user_id', '=', press.userId)
    .executeTakeFirst();
  return row?.decision ?? null;
}

/** Why a press is refused, for the audit trail and for the person. */
async function refusal(
  tx: Tx,
  request: RequestRow,
  verdict: Exclude<Verdict, 'accept'>,
  now: number,
): Promise<{ why: string; error: VoicecallError }> {
  switch (verdict) {
    case 'decided': {
      const facts = await factsOf(tx, request);
      const error = new VoicecallError('already_decided', `request ${request.id} is ${request.state}`, {
        facts,
      });
      return { why: `already ${facts.state}`, error };
    }
    case 'expired': {
      const facts = { state: 'expired', by: '', at: String(now) };
      return {
        why: 'already expired',
        error: new VoicecallError('already_decided', 'expired', { facts }),
      };
    }
    case 'own':
      return {
        why: 'own request',
        error: new VoicecallError('not_allowed', 'own request', { facts: { why: 'own' } }),
      };
    case 'twice':
      return {
        why: 'decided already',
        error: new VoicecallError('not_allowed', 'decided already', { facts: { why: 'twice' } }),
      };
    case 'changed':
      return {
        why: 'the request is not what was shown',
        error: new VoicecallError('changed', 'the request is not what was shown'),
      };
  }
}

async function accept(
  tx: Tx,
  deps: CallsDeps,
  request: RequestRow,
  press: NewDecision,
  { hash, now }: { hash: string; now: number },
): Promise<DecisionOutcome> {
  const { decision, reason, userId } = press;
  const anyHour = press.anyHour === true && decision === 'approve';
  const any_hour = anyHour ? 1 : 0;
  await tx
    .insertInto('decisions')
    .values({ request_id: request.id, user_id: userId, decision, reason, hash, at: now, any_hour })
    .onConflict((conflict) =>
      conflict.columns(['request_id', 'user_id']).doUpdateSet({ decision, reason, at: now, any_hour }),
    )
    .execute();
  await audit(tx, request.id, {
    at: now,
    actor: userId,
    action: decision === 'approve' ? 'approved' : 'rejected',
    detail: { ...(reason === null ? {} : { reason }), ...(anyHour ? { 'at any hour': true } : {}) },
  });
  if (decision === 'reject') {
    await moveRequest(tx, request, 'rejected', now, { outcome: reason, finished_at: now });
    await moveCalls(tx, { requestId: request.id }, ['ready'], 'cancelled');
    await closeApproval(tx, request.id, now);
    return { state: 'rejected' };
  }
  const { approved, allAnyHour } = await countApprovals(tx, request.id);
  const quorum = readApproval(request.approval)?.quorum ?? 1;
  if (approved < quorum) {
    await changed(tx, now, request.id);
    return { state: 'waiting', approved, quorum };
  }
  // Before anything is sent, and only for what was approved.
  const approvedRow = { ...request, any_hour: allAnyHour ? 1 : 0 };
  await tx
    .updateTable('requests')
    .set({ any_hour: approvedRow.any_hour })
    .where('id', '=', request.id)
    .execute();
  const byRoster = readRosters(request.rosters).length > 0;
  if (request.when_at === null && !byRoster) await release(tx, deps, approvedRow);
  else {
    // Also if that time has passed: everything is then checked again, and the request starts at once. Rosters are
    // looked up when it starts.
    await moveRequest(tx, request, 'scheduled', now);
    await startLater(tx, deps, request.id, request.when_at ?? deps.clock.wallOf(now));
  }
  await closeApproval(tx, request.id, now);
  return await approvedOutcome(tx, deps, request);
}

/** What this press led to, if it is stored already. Null if not. */
async function storedDecision(
  tx: Tx,
  deps: CallsDeps,
  press: NewDecision,
  at: number,
): Promise<DecisionOutcome | null> {
  const request = await lockRequest(tx, press.requestId);
  const stored = await tx
    .selectFrom('decisions')
    .select('at')
    .where('request_id', '=', press.requestId)
    .where('user_id', '=', press.userId)
    .where('decision', '=', press.decision)
    .where('at', '=', at)
    .executeTakeFirst();
  if (request === null || stored === undefined) return null;
  if (press.decision === 'reject') return { state: 'rejected' };
  if (request.state !== 'awaiting_approval') return await approvedOutcome(tx, deps, request);
  const approval = readApproval(request.approval);
  return {
    state: 'waiting',
    approved: (await countApprovals(tx, request.id)).approved,
    quorum: approval?.quorum ?? 1,
  };
}

async function approvedOutcome(
  tx: Tx,
  deps: CallsDeps,
  { id, when_at: whenAt }: Pick<RequestRow, 'id' | 'when_at'>,
): Promise<DecisionOutcome> {
  if (whenAt !== null && whenAt > deps.clock.wallOf(deps.clock.now())) return { state: 'scheduled', whenAt };
  const { held, callees } = await countCalls(tx, id);
  const waiting = await countWaiting(tx, deps, id);
  return {
    state: 'approved',
    ...(held === 0 ? {} : { forbidden: { held, callees } }),
    ...(waiting === 0 ? {} : { waiting }),
  };
}

async function countWaiting(tx: Tx, deps: CallsDeps, requestId: string): Promise<number> {
  const request = await lockRequest(tx, requestId);
  const hours = request === null ? undefined : hoursOf(deps.config(), request);
  if (hours === undefined) return 0;
  const wallAt = deps.clock.wallOf(deps.clock.now());
  const { later } = partedByHours(await loadCallees(tx, requestId), hours, wallAt);
  return later.reduce((sum, each) => sum + each.callees, 0);
}

/** `allAnyHour`: each of them approved it for any hour. */
async function countApprovals(tx: Tx, requestId: string): Promise<{ approved: number; allAnyHour: boolean }> {
  const rows = await tx
    .selectFrom('decisions')
    .select('any_hour')
    .where('request_id', '=', requestId)
    .where('decision', '=', 'approve')
    .execute();
  return { approved: rows.length, allAnyHour: rows.every((row) => row.any_hour === 1) };
}

/** How, by whom and when the wait for approval ended: the facts of already_decided. */
export function decidedFacts(
  request: Pick<RequestView, 'state' | 'cancelledBy' | 'finishedAt' | 'changedAt'>,
  decisions: readonly Pick<Decision, 'userId' | 'decision' | 'at'>[],
): Record<'state' | 'by' | 'at', string> {
  const { state } = request;
  const endedAt = String(request.finishedAt ?? request.changedAt);
  if (state === 'expired') return { state, by: '', at: endedAt };
  if (state === 'cancelled') return { state, by: request.cancelledBy ?? '', at: endedAt };
  const wanted = state === 'rejected' ? 'reject' : 'approve';
  const last = decisions.findLast((each) => each.decision === wanted);
  return {
    state: state === 'rejected' ? state : 'approved',
    by: last?.userId ?? '',
    at: String(last?.at ?? request.changedAt),
  };
}

async function factsOf(tx: Tx, request: RequestRow) {
  const decisions = await tx
    .selectFrom('decisions')
    .select(['user_id as userId', 'decision', 'at'])
    .where('request_id', '=', request.id)
    .orderBy('at')
    .execute();
  return decidedFacts(
    {
      state: request.state,
      cancelledBy: request.cancelled_by,
      finishedAt: request.finished_at,
      changedAt: request.changed_at,
    },
    decisions,
  );
}

async function calleesOf(tx: Tx, requestId: string): Promise<string[]> {
  const calls = await tx.selectFrom('calls').select('callee').where('request_id', '=', requestId).execute();
  return calls.map((each) => each.callee);
}

/** The hash of a request as it is stored now. */
export async function hashNow(tx: Tx, secret: string, request: RequestRow): Promise<string> {
  return hashOf(secret, request, await calleesOf(tx, request.id));
}

function hashOf(secret: string, request: RequestRow, callees: string[]): string {
  return hashRequest(secret, {
    callees,
    audio: readAudio(request.audio),
    options: readOptions(request.options),
    note: request.note,
    channelId: request.channel_id,
    threadTs: request.thread_ts,
    plan: planIn(request),
    ladder: readLadder(request.ladder),
    whenAt: request.when_at,
    rosters: readRosters(request.rosters),
  });
}

/** Makes earlier approvals void. From now on the stored request is shown and asked for. */
async function showAsItIs(
  tx: Tx,
  request: RequestRow,
  callees: string[],
  hash: string,
  now: number,
): Promise<void> {
  const countries = countCountries(callees.map((callee) => ({ callee, name: null })));
  await tx
    .updateTable('requests')
    .set({ hash, callees: callees.length, countries: toJson(countries), changed_at: now })
    .where('id', '=', request.id)
    .execute();
  const voided = await tx
    .deleteFrom('decisions')
    .where('request_id', '=', request.id)
    .where('hash', '!=', hash)
    .executeTakeFirst();
  if (voided.numDeletedRows > 0n) {
    const detail = { approvals: Number(voided.numDeletedRows) };
    await audit(tx, request.id, { at: now, actor: 'voicecall', action: 'made approvals void', detail });
  }
  await changed(tx, now, request.id);
}
