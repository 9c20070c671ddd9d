import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { openCallModal } from '../asking/open-modal.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayCall } from '../context/permissions.ts';
import { buttonValue, handlePress } from '../replies/press.ts';
import { problemView } from '../replies/problem-view.ts';
import { historyFor } from './lists.ts';

/** The pages of /voicecall history, and the buttons of the Home tab. */
export function registerHistory(app: App, deps: SlackDeps): void {
  for (const actionId of ['history_newer', 'history_older']) {
    app.action<BlockAction<ButtonAction>>(actionId, async (press) => {
      const page = await historyFor(deps, press.body.user.id, Math.max(1, Number(buttonValue(press)) || 1));
      await press.ack();
      await press.respond({ response_type: 'ephemeral', replace_original: true, ...page });
    });
  }

  app.action<BlockAction<ButtonAction>>('home_call', async (press) => {
    await handlePress(deps, press, async () => {
      const refusal = await mayCall(deps.people, deps.config(), press.body.user.id);
      if (refusal !== null) {
        await deps.urgent.views.open({ trigger_id: press.body.trigger_id, view: problemView(refusal) });
      } else
        await openCallModal(
          deps,
          press.body.trigger_id,
          {},
          { channelId: null, threadTs: null, previousId: null },
        );
      return null;
    });
  });

  app.action<BlockAction<ButtonAction>>('home_history', async (press) => {
    await handlePress(deps, press, () => historyFor(deps, press.body.user.id, 1));
  });
}
