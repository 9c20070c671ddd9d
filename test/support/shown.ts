// Checks everything that the app shows in a sandbox Slack, also each edit, against Slack's types at once.
import { checkMessage, checkView } from '../../sandbox/slack/blocks.ts';
import type { Change, SandboxState, SandboxView } from '../../sandbox/slack/types.ts';
import { messageFaults, viewFaults } from './slack-schema/check.ts';

/** What is read of the sandbox's Slack here. */
export interface Shown {
  state: Pick<SandboxState, 'messages' | 'views' | 'homes'> & { app: { botUserId: string } };
  onChange(listener: (change: Change) => void): unknown;
}

/** The faults in everything shown from now on, one line each. The array grows. */
export function watchShown(slack: Shown): string[] {
  const faults: string[] = [];
  slack.onChange((change) => faults.push(...faultsOfChange(slack, change)));
  return faults;
}

/** The view that a change of the sandbox shows. */
export function viewShown({ state }: Shown, change: Change): SandboxView | undefined {
  if (change.type === 'home') return state.homes.get(change.user);
  if (change.type === 'view') return state.views.get(change.user)?.at(-1);
  return undefined;
}

function faultsOfChange(slack: Shown, change: Change): string[] {
  const view = viewShown(slack, change);
  if (view !== undefined) {
    const plain = plainView(view);
    return [...checkView(plain).map((each) => JSON.stringify(each)), ...viewFaults(plain)].map(
      (fault) => `${view.callback_id || view.type}: ${fault}`,
    );
  }
  if (change.type !== 'message') return [];
  const { messages, app } = slack.state;
  const message = messages.get(change.channel)?.findLast((each) => each.ts === change.ts);
  if (message === undefined || message.deleted || message.user !== app.botUserId) return [];
  return [...checkMessage(message).map((each) => JSON.stringify(each)), ...messageFaults(message)].map(
    (fault) => `“${message.text}”: ${fault}`,
  );
}

/** The view as an app sends it, without what Slack adds. */
function plainView(view: SandboxView): Record<string, unknown> {
  const { type, blocks, callback_id, private_metadata } = view;
  if (type === 'home') return { type, blocks, callback_id, private_metadata };
  const { title, submit, close, clear_on_close, notify_on_close } = view;
  return {
    ...{ type, title, blocks, callback_id, private_metadata, clear_on_close, notify_on_close },
    ...(submit ? { submit } : {}),
    ...(close ? { close } : {}),
  };
}
