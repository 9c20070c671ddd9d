import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import { within } from '../../clock.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayCall } from '../context/permissions.ts';
import type { RecordingList } from '../context/recordings.ts';
import { channelField, choicesField, textField, type ViewValues } from '../kit/fields.ts';
import { handlePress } from '../replies/press.ts';
import { problemView } from '../replies/problem-view.ts';
import { type CallPrefill, callView, optionFields } from './call-view.ts';
import { listHints } from './list-hints.ts';
import { type CallMetadata, readCallMetadata, writeCallMetadata } from './view-metadata.ts';

/** How long to wait for the recordings before the modal opens without them. The trigger expires after 3 s. */
const patienceMs = 400;

/**
 * Opens the `/voicecall` modal. If the recordings do not load quickly, it opens without them and is updated later, so
 * a slow voice platform does not cost the trigger (3 s).
 */
export async function openCallModal(
  deps: SlackDeps,
  triggerId: string,
  prefill: CallPrefill & { again?: number; againNames?: readonly string[] },
  about: Pick<CallMetadata, 'channelId' | 'threadTs' | 'previousId'> & { refill?: boolean },
): Promise<void> {
  const { again, againNames, ...given } = prefill;
  const filled = withoutDefaults(given, deps);
  const options =
    filled.reach !== undefined ||
    optionFields.some((field) => field !== 'file' && (filled[field] ?? '') !== '');
  const metadata = { ...about, options, again: again ?? null };
  const hints = await listHints(deps);
  const render = (recordings: RecordingList | null) =>
    renderForm(deps, filled, metadata, { recordings, listHints: hints }, againNames);
  const loading = deps.recordings.known() === null ? deps.recordings.load() : null;
  const soon = deps.recordings.known() ?? (loading && (await within(deps.clock, patienceMs, loading, null)));
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
    // The person closed or submitted the modal, or pressed *More options*. Without the list, the form takes a typed
    // fileId.
    deps.log.info({ err: error }, 'the modal could not be filled with recordings');
  }
}

function renderForm(
  deps: SlackDeps,
  prefill: CallPrefill,
  metadata: Partial<CallMetadata>,
  known: { recordings: RecordingList | null; listHints: ReadonlyMap<string, string> },
  againNames: readonly string[] = [],
): ModalView {
  return callView({
    ...facts(deps),
    ...known,
    againNames,
    prefill,
    options: metadata.options === true,
    ...(metadata.again === null || metadata.again === undefined ? {} : { again: metadata.again }),
    metadata: writeCallMetadata(metadata),
  });
}

/** Leaves out values that equal the configuration's: the form shows those as placeholders. */
function withoutDefaults(prefill: CallPrefill, deps: SlackDeps): CallPrefill {
  const { voice, reach } = deps.config();
  const usual: Partial<Record<keyof CallPrefill, unknown>> = { ...voice };
  const { until, attempts, everyMs, enough } = prefill.reach ?? {};
  const usualReach =
    until === reach.until &&
    attempts === reach.attempts &&
    (attempts === 1 || everyMs === reach.everyMs) &&
    enough === null;
  return Object.fromEntries(
    Object.entries(prefill).filter(
      ([field, value]) => usual[field as keyof CallPrefill] !== value && !(field === 'reach' && usualReach),
    ),
  );
}

/**
 * Registers *More options*: shows the same view with all inputs. Slack keeps what was typed in inputs that remain.
 */
export function registerOptions(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('call_options', async ({ ack, body }) => {
    await ack();
    const { view } = body;
    if (view === undefined) return;
    const metadata = { ...readCallMetadata(view.private_metadata), options: true };
    const recordings =
      deps.recordings.known() ?? (await within(deps.clock, patienceMs, deps.recordings.load(), null));
    const known = { recordings, listHints: await listHints(deps) };
    // Without a hash: the recordings may have arrived since the press, which must not cost the options.
    await deps.urgent.views.update({
      view_id: view.id,
      view: renderForm(deps, typedSoFar(view.state.values), metadata, known),
    });
  });
}

/** The values of the form's inputs. */
function typedSoFar(values: ViewValues): CallPrefill {
  const channel = channelField(values, 'channel');
  const fileId = textField(values, 'fileId');
  return {
    callee: textField(values, 'callee'),
    lists: choicesField(values, 'lists'),
    people: choicesField(values, 'people'),
    text: textField(values, 'text'),
    ...(fileId === '' ? {} : { fileId }),
    ...(channel === null ? {} : { channel }),
  };
}

function facts(deps: SlackDeps) {
  const { voice, lists, rosters, reach } = deps.config();
  return {
    lists: [...Object.keys(rosters), ...Object.keys(lists)],
    file: true,
    languages: [...new Set([voice.language, 'EN'])],
    defaults: voice,
    reach,
    limits: { loopCount: voice.limits.loopCount, textLength: voice.limits.textLength },
  };
}

/** Registers the button of the Home tab that opens the form. */
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
