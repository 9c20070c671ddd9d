import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { addedRecordings, findRecording, recordingUses, removeRecording } from '../../recordings/stored.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayCall } from '../context/permissions.ts';
import { answer, type RenderedMessage } from '../kit/blocks.ts';
import { foreign } from '../kit/text.ts';
import { buttonValue, handlePress, type Press } from '../replies/press.ts';
import { problemView } from '../replies/problem-view.ts';
import type { PrivateAnswer } from '../replies/reply.ts';
import { registerAddRecording } from './add.ts';
import { addRecordingView } from './add-view.ts';
import { sendCopy } from './copy.ts';
import { recordingsAnswer } from './list-view.ts';
import { askForFile } from './slack-file.ts';

/** Answers `/voicecall recordings`: the recordings that people added. */
export async function recordingsFor(deps: SlackDeps, userId: string): Promise<RenderedMessage> {
  const refusal = await mayCall(deps.people, deps.config(), userId);
  if (refusal !== null) return answer(refusal);
  const added = await addedRecordings(deps.store.read);
  await deps.people.learnNames(added.filter((each) => each.removed_at === null).map((each) => each.added_by));
  return recordingsAnswer({
    added,
    uses: await recordingUses(deps.store.read),
    configured: Object.keys(deps.config().recordings).length,
    nameOf: deps.people.knownName,
  });
}

/** Registers the buttons of that list and the modal that adds a recording. */
export function registerRecordings(app: App, deps: SlackDeps): void {
  registerAddRecording(app, deps);
  app.action<BlockAction<ButtonAction>>('recording_add', async (press) => {
    await handlePress(deps, press, async () => {
      const refusal = await mayCall(deps.people, deps.config(), press.body.user.id);
      const view =
        refusal === null ? addRecordingView(deps.config().voice.audioFormats) : problemView(refusal);
      await deps.urgent.views.open({ trigger_id: press.body.trigger_id, view });
      return null;
    });
  });
  app.action<BlockAction<ButtonAction>>('recording_hear', async (press) => {
    await handlePress(deps, press, async () => ifAllowed(deps, press, () => hear(deps, press)));
  });
  app.action<BlockAction<ButtonAction>>('recording_remove', async (press) => {
    await handlePress(deps, press, async () => ifAllowed(deps, press, () => remove(deps, press)));
  });
}

async function ifAllowed(
  deps: SlackDeps,
  press: Press,
  act: () => Promise<PrivateAnswer>,
): Promise<PrivateAnswer> {
  const refusal = await mayCall(deps.people, deps.config(), press.body.user.id);
  return refusal === null ? await act() : { text: refusal };
}

const unknownAnswer = {
  text: 'This recording does not exist any more. `/voicecall recordings` lists the recordings.',
};

/** Lets a person hear a recording in Slack: a link to the file for the person who added it, a copy for others. */
async function hear(deps: SlackDeps, press: Press): Promise<PrivateAnswer> {
  const recording = await findRecording(deps.store.read, buttonValue(press));
  if (recording === undefined) return unknownAnswer;
  const file = await askForFile(deps, recording.slack_file, deps.urgent);
  const name = `“${foreign(recording.name, 200)}”`;
  if (file === null || file.permalink === '')
    return {
      text: `The file of ${name} was deleted from Slack, so it cannot be heard here. It can still be chosen and called with: the voice platform has its own copy.`,
    };
  const userId = press.body.user.id;
  if (recording.added_by !== userId) {
    await sendCopy(deps, recording, userId);
    return { text: `▶️ A direct message from the app brings a copy of ${name}.` };
  }
  return { text: `▶️ <${file.permalink.replace(/[|<>\s]/g, encodeURIComponent)}|Hear ${name}>` };
}

async function remove(deps: SlackDeps, press: Press): Promise<PrivateAnswer> {
  const recording = await findRecording(deps.store.read, buttonValue(press));
  if (recording === undefined) return unknownAnswer;
  const removed = { by: press.body.user.id, at: deps.clock.now() };
  const done = await deps.store.transaction((tx) => removeRecording(tx, recording.id, removed));
  deps.recordings.forget();
  const name = `“${foreign(recording.name, 200)}”`;
  return {
    text: done
      ? `${name} cannot be chosen any more. The voice platform keeps its copy, because it cannot delete one.`
      : `${name} was removed before.`,
  };
}
