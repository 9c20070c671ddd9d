import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import type { SlackDeps } from '../context/deps.ts';
import { mayCall } from '../context/permissions.ts';
import type { RecordingList } from '../context/recordings.ts';
import { handlePress } from '../replies/press.ts';
import { problemView } from '../replies/problem-view.ts';
import { type CallPrefill, callView } from './call-view.ts';
import { type CallMetadata, writeCallMetadata } from './view-metadata.ts';

/** A list of recordings that comes within this time spares the person the loading view; the trigger lives for 3 s. */
const patienceMs = 400;

/**
 * Opens the `/voicecall` modal within its trigger's 3 s, whatever the voice platform does: with the recordings where
 * they are known or come at once, else loading, and filled in when they have come or failed to.
 */
export async function openCallModal(
  deps: SlackDeps,
  triggerId: string,
  prefill: CallPrefill & { again?: number },
  metadata: Omit<CallMetadata, 'v' | 'refill'> & { refill?: boolean },
): Promise<void> {
  const { again, ...filled } = prefill;
  const render = (recordings: RecordingList | null) =>
    callView({
      ...facts(deps),
      recordings,
      prefill: filled,
      ...(again === undefined ? {} : { again }),
      metadata: writeCallMetadata(metadata),
    });
  const loading = deps.recordings.known() === null ? deps.recordings.load() : null;
  const soon = deps.recordings.known() ?? (await within(deps, loading));
  const { view } = await deps.urgent.views.open({ trigger_id: triggerId, view: render(soon) });
  if (soon !== null || loading === null || view?.id === undefined) return;
  const list = await loading;
  try {
    await deps.urgent.views.update({
      view_id: view.id,
      ...(view.hash === undefined ? {} : { hash: view.hash }),
      view: render(list),
    });
  } catch (error) {
    // Closed or submitted meanwhile; the loading view takes a typed fileId as well.
    deps.log.info({ err: error }, 'the modal could not be filled with recordings');
  }
}

async function within(
  deps: SlackDeps,
  loading: Promise<RecordingList> | null,
): Promise<RecordingList | null> {
  if (loading === null) return null;
  return await Promise.race([
    loading,
    new Promise<null>((resolve) => deps.clock.after(patienceMs, () => resolve(null))),
  ]);
}

function facts(deps: SlackDeps) {
  const { voice, lists } = deps.config();
  return {
    lists: Object.keys(lists),
    file: true,
    languages: [...new Set([voice.language, 'EN'])],
    limits: { loopCount: voice.limits.loopCount, textLength: voice.limits.textLength },
  };
}

/** The Home tab's button that opens the form. */
export function registerHomeCall(app: App, deps: SlackDeps): void {
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
}
