import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { record } from '../../calls/audit.ts';
import { decide, type NewDecision } from '../../calls/decide.ts';
import type { RequestView } from '../../calls/types.ts';
import { VoicecallError } from '../../errors.ts';
import type { SlackDeps } from '../deps.ts';
import { seenIn } from '../messages/approval-card.ts';
import { decidedWords } from '../messages/decided-words.ts';
import { mayApprove, type Refusal } from '../permissions.ts';
import { rejectView } from '../views/reject.ts';
import { buttonValue, handlePress, type Press, requestOf } from './press.ts';

/** Approve and Reject, on the card and in the review. */
export function registerDecide(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('call_approve', async (press) => {
    await handlePress(deps, press, async () => {
      const request = await requestOf(deps, buttonValue(press));
      const userId = press.body.user.id;
      const text = await takeDecision(deps, request, {
        requestId: request.id,
        seenHash: seenOf(press),
        userId,
        decision: 'approve',
        reason: null,
      });
      return { text };
    });
  });

  app.action<BlockAction<ButtonAction>>('call_reject', async (press) => {
    await handlePress(deps, press, async () => {
      const request = await requestOf(deps, buttonValue(press));
      const refusal = await refusalFor(deps, request, press.body.user.id);
      if (refusal !== null) return { text: refusal };
      if (request.state !== 'awaiting_approval') {
        throw new VoicecallError('already_decided', 'decided', { facts: factsOf(request) });
      }
      const view = rejectView(request, JSON.stringify({ requestId: request.id, seen: seenOf(press) }));
      const trigger = { trigger_id: press.body.trigger_id, view };
      if (press.body.view === undefined) await deps.urgent.views.open(trigger);
      else await deps.urgent.views.push(trigger);
      return null;
    });
  });
}

function seenOf(press: Press): string | null {
  return seenIn(press.action.block_id);
}

function factsOf(request: RequestView): Record<string, string> {
  const last = request.decisions.at(-1);
  return {
    state: request.state,
    by: request.cancelledBy ?? last?.userId ?? '',
    at: String(last?.at ?? request.changedAt),
  };
}

/** Null: this person may decide; else why not, which is kept in the audit trail. */
async function refusalFor(deps: SlackDeps, request: RequestView, userId: string): Promise<Refusal> {
  if (request.state !== 'awaiting_approval') return null;
  const refusal = await mayApprove(deps.people, deps.config(), request.approval?.approvers ?? [], userId);
  if (refusal === null) return null;
  await deps.store.transaction((tx) =>
    record(tx, request.id, {
      at: deps.clock.now(),
      actor: userId,
      action: 'press refused',
      detail: { why: refusal },
    }),
  );
  return refusal;
}

/** Checks the person, decides, and says in words what came of it. Throws VoicecallError already_decided and not_found. */
export async function takeDecision(
  deps: SlackDeps,
  request: RequestView,
  press: NewDecision,
): Promise<string> {
  const refusal = await refusalFor(deps, request, press.userId);
  if (refusal !== null) return refusal;
  try {
    const outcome = await decide(deps, press);
    if (outcome.state === 'approved') return 'You approved it: the phones ring now.';
    if (outcome.state === 'rejected') return 'You rejected it: nobody is rung.';
    return `Your approval counts: ${outcome.approved} of ${outcome.quorum}. The phones ring with the last one.`;
  } catch (error) {
    if (!(error instanceof VoicecallError)) throw error;
    if (error.code === 'changed') {
      return 'Nothing was approved: the request is not what you saw any more. The card shows what it is now; look at it again.';
    }
    if (error.code === 'not_allowed' && error.facts.why === 'own') {
      return 'You asked for this yourself, so somebody else has to approve it.';
    }
    if (error.code === 'not_allowed') return 'You have decided this already: your approval counts once.';
    if (error.code === 'already_decided') return decidedWords(error.facts);
    throw error;
  }
}
