import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { settle } from '../../calls/results/settle.ts';
import { VoicecallError } from '../../errors.ts';
import type { SlackDeps } from '../context/deps.ts';
import { actions, button, section } from '../kit/blocks.ts';
import { plural } from '../kit/text.ts';
import { buttonValue, handlePress, mayHandle, requestOf } from '../replies/press.ts';

/**
 * Registers the buttons by which a person says whether the phones of an unknown submission rang. If they did not, the
 * answer offers to call again. The person who asked and approvers may press them; for an alert's request, everybody
 * who may call people.
 */
export function registerSettle(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('call_settle', async (press) => {
    await handlePress(deps, press, async () => {
      const [submissionId = '', said] = buttonValue(press).split(':');
      const userId = press.body.user.id;
      const submission = await deps.store.read
        .selectFrom('submissions')
        .select('request_id')
        .where('id', '=', submissionId)
        .executeTakeFirst();
      if (submission === undefined) throw new VoicecallError('not_found', `no submission ${submissionId}`);
      const request = await requestOf(deps, submission.request_id);
      if (!(await mayHandle(deps, request, userId))) {
        return {
          text: 'Only the person who asked and approvers may mark these calls. Nothing was changed.',
        };
      }
      const { calls } = await settle(deps, submissionId, userId, said === 'rang');
      const marked = `You marked ${plural(calls, 'call')} as ${said === 'rang' ? 'rung' : 'not rung'}.`;
      if (said === 'rang') return { text: marked };
      const text = `${marked} You can call ${calls === 1 ? 'that person' : 'them'} again.`;
      return {
        text,
        blocks: [
          section(text),
          ...actions([button('Ask again', 'call_redial', request.id, { style: 'primary' })]),
        ],
      };
    });
  });
}
