import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import type { SlackDeps } from '../context/deps.ts';
import { buttonValue, handlePress } from '../replies/press.ts';
import { historyFor } from './lists.ts';

/** Registers the page buttons of `/voicecall history`, and the Home tab's button for it. */
export function registerHistory(app: App, deps: SlackDeps): void {
  for (const actionId of ['history_newer', 'history_older']) {
    app.action<BlockAction<ButtonAction>>(actionId, async (press) => {
      const page = await historyFor(deps, press.body.user.id, Math.max(1, Number(buttonValue(press)) || 1));
      await press.ack();
      await press.respond({ response_type: 'ephemeral', replace_original: true, ...page });
    });
  }

  app.action<BlockAction<ButtonAction>>('home_history', async (press) => {
    await handlePress(deps, press, () => historyFor(deps, press.body.user.id, 1));
  });
}
