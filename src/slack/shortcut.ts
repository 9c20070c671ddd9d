import type { App, MessageShortcut } from '@slack/bolt';
import { flatten } from '../alerts/flatten.ts';
import { understand } from '../alerts/understand.ts';
import { openCallModal } from './asking/open-modal.ts';
import type { SlackDeps } from './context/deps.ts';
import { mayCall } from './context/permissions.ts';
import { problemView } from './replies/problem-view.ts';

/**
 * Registers "Call for this message": opens the form with the message's title as the text and its thread for the
 * results.
 */
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

/** Finds the title as for an alert, because most tools leave the text of their messages empty. */
function spokenTitle(deps: SlackDeps, message: MessageShortcut['message']): string {
  const { title } = understand(flatten(message), { channel: undefined, botId: '', botName: undefined });
  const { textLength } = deps.config().voice.limits;
  return [...title].slice(0, textLength).join('').trim();
}
