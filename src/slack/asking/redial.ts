import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { forbiddenNumber } from '../../callees/forbidden.ts';
import type { Callee } from '../../callees/types.ts';
import {
  firstOfRepeats,
  loadCallees,
  loadCalls,
  loadRequest,
  maybeReachedSince,
} from '../../calls/request/read.ts';
import { lockRequest } from '../../calls/request/rows.ts';
import type { CallView, Plan, RequestView } from '../../calls/request/types.ts';
import type { Config } from '../../config/types.ts';
import type { Queryable, Tx } from '../../store/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayCall } from '../context/permissions.ts';
import { foreign } from '../kit/text.ts';
import { buttonValue, handlePress, isOwnOrApprover, requestOf } from '../replies/press.ts';
import { calleeLabel, latestCalls } from '../words/call-words.ts';
import { namedPeople } from '../words/people-lines.ts';
import { openCallModal } from './open-modal.ts';

/**
 * Registers the button that asks for a request again. It opens the form with the request's values but without its
 * callees: the form carries only the request's id, so no full number is shown and no name is read as another person.
 * Nobody is called until the form is submitted.
 */
export function registerRedial(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('call_redial', async (press) => {
    await handlePress(deps, press, async () => {
      const request = await requestOf(deps, buttonValue(press));
      const userId = press.body.user.id;
      const refusal = await mayCall(deps.people, deps.config(), userId);
      if (refusal !== null) return { text: refusal };
      if (!(await mayCallAgain(deps, request, userId))) {
        return { text: 'Only the person who asked, and approvers, may ask for this again.' };
      }
      const missed = await missedOf(deps.store.read, request);
      const calls = missed.filter((call) => mayBeCalled(call, deps.config()));
      if (calls.length === 0 && missed.length > 0)
        return {
          text: 'Nobody can be called again: the configuration forbids these numbers (limits.deny, limits.countries). Ask the person who runs Voicecall.',
        };
      if (calls.length === 0)
        return {
          text: 'Nobody is left to call again: everybody was reached or is being called by a later request, or the numbers were erased (retention).',
        };
      const { channelId, threadTs, id: previousId } = request;
      const metadata = { channelId, threadTs, previousId, refill: true };
      await openCallModal(deps, press.body.trigger_id, prefillOf(request, calls), metadata);
      return null;
    });
  });
}

/** The values of a request with which the form opens again, and how many people it would call. */
function prefillOf({ audio, options, reach, note, channelId }: RequestView, calls: readonly CallView[]) {
  const { length } = calls;
  return {
    ...(audio.kind === 'recording'
      ? { fileId: audio.fileId }
      : { text: audio.text, language: audio.language }),
    ...options,
    calledInfo: note,
    channel: channelId,
    ...(reach === null ? {} : { reach: planFor(reach.plan, length) }),
    again: length,
    againNames: length > namedPeople ? [] : calls.map((call) => foreign(calleeLabel(call), 60)),
  };
}

/** The plan for those who are left. If all of them are needed, the form shows no number: everybody is called. */
function planFor(plan: Plan, callees: number): Plan {
  return plan.enough !== null && plan.enough >= callees ? { ...plan, enough: null } : plan;
}

/**
 * Everybody who may call people may repeat an alert's request, because no person asked for it. Other requests: the
 * person who asked, and approvers.
 */
async function mayCallAgain(deps: SlackDeps, request: RequestView, userId: string): Promise<boolean> {
  return request.origin === 'alert' || (await isOwnOrApprover(deps, request, userId));
}

/** A forbidden number is left out here, because the form does not show the numbers and nobody could remove it. */
function mayBeCalled({ callee }: CallView, config: Config): boolean {
  return forbiddenNumber(callee, config.limits) === null;
}

/** The callees of the request that a submitted form repeats, and its lists. Empty if this person may not repeat it. */
export async function calleesOfPrevious(
  deps: SlackDeps,
  requestId: string,
  userId: string,
): Promise<{ callees: Callee[]; lists: string[] }> {
  const request = await loadRequest(deps.store.read, requestId);
  if (request === null || !(await mayCallAgain(deps, request, userId))) return { callees: [], lists: [] };
  const missed = await missedOf(deps.store.read, request);
  const calls = missed.filter((call) => mayBeCalled(call, deps.config()));
  const known = new Map(
    (await loadCallees(deps.store.read, requestId)).map((each) => [each.callee, each] as const),
  );
  const callees = calls.map(({ callee, name }) => known.get(callee) ?? { callee, name });
  return { callees, lists: request.namedLists ?? [] };
}

/** Whom a request did not reach, and no later request for the same people may have reached since. */
async function missedOf(from: Queryable, request: RequestView): Promise<CallView[]> {
  const missed = toCallAgain(request, await loadCalls(from, request.id));
  const since = await maybeReachedSince(from, request.id);
  return missed.filter(({ callee }) => !since.has(callee));
}

/**
 * Those of `callees` who may still be called again when the form is confirmed: somebody else may have confirmed the
 * same form since it was filled in, or the request may have reached them late. Until the transaction ends, nobody else
 * can ask for them again.
 */
export async function stillMissed(tx: Tx, requestId: string, callees: readonly Callee[]): Promise<Callee[]> {
  await lockRequest(tx, await firstOfRepeats(tx, requestId));
  const request = await loadRequest(tx, requestId);
  if (request === null) return [];
  const missed = new Set((await missedOf(tx, request)).map(({ callee }) => callee));
  return callees.filter(({ callee }) => missed.has(callee));
}

/**
 * The callees who are known not to have been reached: not answered (or not confirmed, if the plan demands it),
 * failed, held, cancelled, or in a submission that was refused as a whole. A number that was refused alone would be
 * refused again, so it is left out. Unknown calls are never included. If nothing was sent, all callees are returned.
 */
export function toCallAgain(request: RequestView, calls: readonly CallView[]): CallView[] {
  const latest = latestCalls(calls).filter((call) => call.callee !== '');
  const sent = request.counts.accepted + request.counts.unknown + request.counts.refused;
  if (sent === 0) return latest;
  const refused = new Set(
    request.submissions.filter((each) => each.state === 'refused').map((each) => each.id),
  );
  const mustConfirm = request.reach?.plan.until === 'confirmed';
  return latest.filter(
    (call) =>
      ['not_answered', 'failed', 'held', 'cancelled'].includes(call.state) ||
      (mustConfirm && call.state === 'answered' && !call.confirmed) ||
      (call.state === 'refused' && refused.has(call.submissionId ?? '')),
  );
}
