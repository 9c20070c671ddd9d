import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { cancelRequest } from '../../calls/asking/cancel.ts';
import { auditRefused } from '../../calls/request/audit.ts';
import type { RequestView } from '../../calls/request/types.ts';
import { acknowledge } from '../../paging/acknowledge.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayCall } from '../context/permissions.ts';
import { people } from '../kit/text.ts';
import { buttonValue, handlePress, mayHandle, requestOf } from '../replies/press.ts';
import { createWho } from '../words/request-words.ts';

/**
 * Registers Cancel, Stop and "I've got it". The person who asked and approvers may cancel. For an alert's request,
 * everybody who may call people may stop or acknowledge.
 */
export function registerCancel(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('call_cancel', async (press) => {
    await handlePress(deps, press, async () => {
      const request = await requestOf(deps, buttonValue(press));
      const userId = press.body.user.id;
      if (!(await mayHandle(deps, request, userId))) {
        const refused = {
          at: deps.clock.now(),
          actor: userId,
          pressed: 'cancel',
          why: 'not allowed',
        };
        await deps.store.transaction((tx) => auditRefused(tx, request.id, refused));
        return {
          text: 'Only the person who asked, and approvers, may cancel these calls. Nothing was changed.',
        };
      }
      return { text: cancelledWords(request, await cancelRequest(deps, request.id, userId)) };
    });
  });

  app.action<BlockAction<ButtonAction>>('call_ack', async (press) => {
    await handlePress(deps, press, async () => {
      const userId = press.body.user.id;
      const refusal = await mayCall(deps.people, deps.config(), userId);
      if (refusal !== null) return { text: refusal };
      const request = await requestOf(deps, buttonValue(press));
      if (request.origin !== 'alert')
        return { text: 'Only the calls of an alert can be acknowledged. Nothing was changed.' };
      const { first, stopped } = await acknowledge(deps, request.id, userId);
      if (first !== userId) return { text: `${createWho()(first)} has got it already.` };
      return {
        text: `You have got it. ${stopped > 0 ? `${people(stopped)} will not be called any more.` : ''}`.trim(),
      };
    });
  });
}

/**
 * Returns "Cancelled: 12 people will not be called. …". `request` is as it was before. `goesOn`: the plan would have
 * called people again.
 */
export function cancelledWords(
  { origin, submissions }: Pick<RequestView, 'origin' | 'submissions'>,
  { stopped, goesOn }: { stopped: number; goesOn: boolean },
): string {
  if (stopped === 0 && !goesOn) return 'Nothing was left to stop: a call already placed cannot be stopped.';
  const verb = origin === 'alert' ? 'Stopped' : 'Cancelled';
  const left = stopped === 0 ? 'nobody else is called' : `${people(stopped)} will not be called`;
  return `${verb}: ${left}.${submissions.length === 0 ? '' : ' A call already placed cannot be stopped.'}`;
}
