import type { App, MessageShortcut } from '@slack/bolt';
import type { SlackDeps } from './deps.ts';
import { openCallModal } from './modal.ts';
import { mayCall } from './permissions.ts';
import { problemView } from './views/problem.ts';

/** "Ring for this message": the modal, with the message's first line to be spoken and its thread for the results. */
export function registerShortcuts(app: App, deps: SlackDeps): void {
  app.shortcut<MessageShortcut>(
    { type: 'message_action', callback_id: 'voicecall_from_message' },
    async ({ ack, shortcut }) => {
      await ack();
      const refusal = await mayCall(deps.people, deps.config(), shortcut.user.id);
      if (refusal !== null) {
        await deps.urgent.views.open({ trigger_id: shortcut.trigger_id, view: problemView(refusal) });
        return;
      }
      const { message, channel } = shortcut;
      const threadTs = typeof message.thread_ts === 'string' ? message.thread_ts : message.ts;
      await openCallModal(
        deps,
        shortcut.trigger_id,
        { text: spokenTitle(deps, message), channel: channel.id },
        { channelId: channel.id, threadTs: threadTs ?? null, previousId: null },
      );
    },
  );
}

/** What Slack escapes in a message's text: https://docs.slack.dev/messaging/formatting-message-text#escaping */
const entities = { amp: '&', lt: '<', gt: '>' };

function spokenTitle(deps: SlackDeps, message: { text?: string }): string {
  const [line = ''] = (message.text ?? '').split('\n').filter((each) => each.trim() !== '');
  return line
    .replace(/<[^>|]*\|([^>]*)>/g, '$1')
    .replace(/<[^>]*>/g, '')
    .replace(/[*_~`]/g, '')
    .replace(/&(amp|lt|gt);/g, (_, name: keyof typeof entities) => entities[name])
    .trim()
    .slice(0, deps.config().voice.limits.textLength);
}
