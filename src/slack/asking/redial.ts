import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { formatCallees } from '../../callees/parse.ts';
import { loadCalls } from '../../calls/request/read.ts';
import type { CallView, RequestView } from '../../calls/request/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayCall } from '../context/permissions.ts';
import { buttonValue, handlePress, isOwnOrApprover, requestOf } from '../replies/press.ts';
import { openCallModal } from './open-modal.ts';

/** A Slack text input holds 3,000 characters: https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element */
const inputLength = 3_000;

/** Ask again, try again, ring them again: the modal, filled in. Nothing rings before it is submitted. */
export function registerRedial(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('call_redial', async (press) => {
    await handlePress(deps, press, async () => {
      const request = await requestOf(deps, buttonValue(press));
      const userId = press.body.user.id;
      const refusal = await mayCall(deps.people, deps.config(), userId);
      if (refusal !== null) return { text: refusal };
      // An alert's request belongs to nobody: any caller may ring again.
      if (request.origin !== 'alert' && !(await isOwnOrApprover(deps, request, userId))) {
        return {
          text: 'Only the person who asked, and approvers, may ask for this again: the numbers are not shown to others.',
        };
      }
      const calls = toRingAgain(request, await loadCalls(deps.store.read, request.id));
      if (calls.length === 0)
        return {
          text: 'Nobody of it can be rung again: its numbers have been erased, as the configuration says.',
        };
      const callee = formatCallees(calls.map(({ callee: number, name }) => ({ callee: number, name })));
      const fits = callee.length <= inputLength;
      const { message, options } = request;
      await openCallModal(
        deps,
        press.body.trigger_id,
        {
          callee: fits ? callee : '',
          ...(message.kind === 'recording'
            ? { fileId: message.fileId }
            : { text: message.text, language: message.language }),
          ...options,
          calledInfo: request.note,
          channel: request.channelId,
          ...(fits ? {} : { again: calls.length }),
        },
        { channelId: request.channelId, threadTs: request.threadTs, previousId: request.id, refill: !fits },
      );
      return null;
    });
  });
}

/**
 * Those who were not reached for certain: failed, held, cancelled, or refused with all others of their submission (a
 * single number that was refused would be again); all of them where nothing was sent.
 */
export function toRingAgain(request: RequestView, calls: readonly CallView[]): CallView[] {
  const latest = calls.filter((call) => !call.superseded && call.callee !== '');
  const refused = new Set(
    request.submissions.filter((each) => each.state === 'refused').map((each) => each.id),
  );
  const failed = latest.filter(
    (call) =>
      ['failed', 'held', 'cancelled'].includes(call.state) ||
      (call.state === 'refused' && refused.has(call.submissionId ?? '')),
  );
  const sent = request.counts.accepted + request.counts.unknown + request.counts.refused;
  return sent === 0 || failed.length === 0 ? latest : failed;
}
