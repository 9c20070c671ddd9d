import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { forbiddenNumber } from '../../callees/forbidden.ts';
import type { Callee } from '../../callees/types.ts';
import { loadCallees, loadCalls, loadRequest } from '../../calls/request/read.ts';
import type { CallView, RequestView } from '../../calls/request/types.ts';
import type { Config } from '../../config/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayCall } from '../context/permissions.ts';
import { buttonValue, handlePress, isOwnOrApprover, requestOf } from '../replies/press.ts';
import { latestCalls } from '../words/call-words.ts';
import { openCallModal } from './open-modal.ts';

/**
 * Ask again, try again, call them again: the modal, filled in. The callees are not written into it: the form carries
 * the request's id alone, so that nobody is shown a full number and no name is ever read as one. Nobody is called
 * before it is submitted.
 */
export function registerRedial(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('call_redial', async (press) => {
    await handlePress(deps, press, async () => {
      const request = await requestOf(deps, buttonValue(press));
      const userId = press.body.user.id;
      const refusal = await mayCall(deps.people, deps.config(), userId);
      if (refusal !== null) return { text: refusal };
      // An alert's request belongs to nobody: any caller may call again.
      if (!(await mayCallAgain(deps, request, userId))) {
        return { text: 'Only the person who asked, and approvers, may ask for this again.' };
      }
      const missed = toRingAgain(request, await loadCalls(deps.store.read, request.id));
      const calls = missed.filter((call) => mayBeCalled(call, deps.config()));
      if (calls.length === 0 && missed.length > 0)
        return {
          text: 'Nobody can be called again: the configuration forbids these numbers (limits.deny, limits.countries). Ask the person who runs Voicecall.',
        };
      if (calls.length === 0)
        return {
          text: 'Nobody is left to call again: everybody was reached, or the numbers were erased (retention).',
        };
      const { message, options, reach } = request;
      await openCallModal(
        deps,
        press.body.trigger_id,
        {
          ...(message.kind === 'recording'
            ? { fileId: message.fileId }
            : { text: message.text, language: message.language }),
          ...options,
          calledInfo: request.note,
          channel: request.channelId,
          ...(reach === null ? {} : { reach: reach.plan }),
          again: calls.length,
        },
        { channelId: request.channelId, threadTs: request.threadTs, previousId: request.id, refill: true },
      );
      return null;
    });
  });
}

/** An alert's request belongs to nobody: any caller may call again. Others: who asked, and approvers. */
async function mayCallAgain(deps: SlackDeps, request: RequestView, userId: string): Promise<boolean> {
  return request.origin === 'alert' || (await isOwnOrApprover(deps, request, userId));
}

/** Nobody could take a forbidden number out of the form, which does not show it. */
function mayBeCalled({ callee }: CallView, config: Config): boolean {
  return forbiddenNumber(callee, config.limits) === null;
}

/** The callees of the request that a submitted form repeats, for a person who may repeat it; empty for others. */
export async function calleesOfPrevious(
  deps: SlackDeps,
  requestId: string,
  userId: string,
): Promise<Callee[]> {
  const request = await loadRequest(deps.store.read, requestId);
  if (request === null || !(await mayCallAgain(deps, request, userId))) return [];
  const missed = toRingAgain(request, await loadCalls(deps.store.read, requestId));
  const calls = missed.filter((call) => mayBeCalled(call, deps.config()));
  const known = new Map(
    (await loadCallees(deps.store.read, requestId)).map((each) => [each.callee, each] as const),
  );
  return calls.map(({ callee, name }) => known.get(callee) ?? { callee, name });
}

/**
 * Callees we know were not reached: not answered (or answered without the key that confirms, where that counts),
 * failed, held, cancelled, or refused with all others of their submission (a single number that was refused would be
 * again); all of them where nothing was sent. Nobody of whom it is not known.
 */
export function toRingAgain(request: RequestView, calls: readonly CallView[]): CallView[] {
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
