import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import type { SlackDeps } from '../context/deps.ts';
import { handlePress, type Press } from '../replies/press.ts';
import { problemView } from '../replies/problem-view.ts';
import { tellPresser } from '../replies/reply.ts';
import { sendContactCard } from './contact-card.ts';
import { startTestCall } from './test-call.ts';

/** Registers the buttons about a person's own phone, in the Home tab and below a test call. */
export function registerMe(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('call_me', async (press) => {
    await handlePress(deps, press, async () => {
      const asked = { userId: press.body.user.id, triggerId: press.body.trigger_id };
      const { started, text } = await startTestCall(deps, asked);
      await show(deps, press, started ? 'Calling you' : 'Nobody was called', text);
      return null;
    });
  });
  app.action<BlockAction<ButtonAction>>('contact_card', async (press) => {
    await handlePress(deps, press, async () => {
      const sent = await sendContactCard(deps, press.body.user.id);
      const text = sent
        ? 'A direct message from the app brings the contact card.'
        : 'No caller number is configured (`voice.displayNum`): the voice platform chooses one, so there is no contact to save.';
      await show(deps, press, 'Contact card', text);
      return null;
    });
  });
}

async function show(deps: SlackDeps, press: Press, title: string, text: string): Promise<void> {
  try {
    await deps.urgent.views.open({ trigger_id: press.body.trigger_id, view: problemView(text, title) });
  } catch (error) {
    // What the person asked for is done. Only the modal failed, so send a message instead.
    deps.log.info({ err: error }, 'the modal with the answer could not be opened');
    await tellPresser(deps, press, { text });
  }
}
