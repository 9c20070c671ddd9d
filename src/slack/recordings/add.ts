import type { App, ViewSubmitAction } from '@slack/bolt';
import type { Config } from '../../config/types.ts';
import { checkAudio, maxAudioBytes, tooLarge } from '../../recordings/audio.ts';
import { addRecording, nameTakenBy, sameContent } from '../../recordings/stored.ts';
import { transactionReadBack } from '../../store/read-back.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayCall } from '../context/permissions.ts';
import { type AddedFile, filesField, textField } from '../kit/fields.ts';
import { oneLine } from '../kit/text.ts';
import { problemView } from '../replies/problem-view.ts';
import { commandWords } from '../words/command-words.ts';
import { addingView, nameLength } from './add-view.ts';
import { fetchAudio } from './slack-file.ts';

/**
 * Slack waits 3 s for the answer. A file that cannot be fetched and checked within this time is left to the task, which
 * has more time and sends a direct message.
 */
const readWithinMs = 1_500;

/**
 * Registers the submission of the modal. Faults that are found quickly are shown under their field; a task does the
 * rest.
 */
export function registerAddRecording(app: App, deps: SlackDeps): void {
  app.view<ViewSubmitAction>('voicecall_recording', async ({ ack, body, view }) => {
    const userId = body.user.id;
    const refusal = await mayCall(deps.people, deps.config(), userId);
    if (refusal !== null) {
      await ack({ response_action: 'update', view: problemView(refusal) });
      return;
    }
    const name = oneLine(textField(view.state.values, 'name'));
    const [file] = filesField(view.state.values, 'audio');
    const nameProblem = nameProblemOf(name, deps.config());
    const read = await readFile(deps, file);
    const errors = {
      ...(nameProblem === null ? {} : { name: nameProblem }),
      ...('problem' in read ? { audio: read.problem } : {}),
    };
    if (file?.id === undefined || Object.keys(errors).length > 0 || 'problem' in read) {
      await ack({ response_action: 'errors', errors });
      return;
    }
    const added = { viewId: view.root_view_id ?? view.id, name, slackFile: file.id, userId };
    const taken = await transactionReadBack(deps.store, async (tx) => {
      const named = await nameTakenBy(tx, name);
      // Slack sent the same view again: its recording is stored already.
      if (named?.view_id === added.viewId) return null;
      if (named !== undefined) return { name: 'There is a recording of this name already: choose another.' };
      const same = read.fileName === null ? undefined : await sameContent(tx, read.fileName, null);
      if (same !== undefined)
        return { audio: `This is the same audio as “${same.name}”, which is there already.` };
      await addRecording(tx, deps.clock.now(), added);
      return null;
    });
    if (taken === null) await ack({ response_action: 'update', view: addingView(name) });
    else await ack({ response_action: 'errors', errors: taken });
  });
}

/** Fetches and checks the file within the time that Slack waits. `fileName` null: it did not arrive in time. */
async function readFile(
  deps: SlackDeps,
  file: AddedFile | undefined,
): Promise<{ fileName: string | null } | { problem: string }> {
  if (file?.id === undefined) return { problem: 'Add an audio file.' };
  const url = file.url_private_download ?? file.url_private;
  // A file from another workspace comes without its URL. The task asks Slack for it.
  if (url === undefined) return { fileName: null };
  if (file.size !== undefined && file.size > maxAudioBytes) return { problem: tooLarge(file.size) };
  const startAt = performance.now();
  const fetched = await fetchAudio(deps, url, readWithinMs);
  if (!('bytes' in fetched)) {
    if (fetched.why === 'too_large') return { problem: tooLarge(maxAudioBytes + 1) };
    if (fetched.why === 'elsewhere')
      return { problem: 'The file is not stored in Slack. Add it from your computer.' };
    return { fileName: null };
  }
  const leftMs = Math.max(0, readWithinMs - (performance.now() - startAt));
  const checked = await checkAudio(fetched.bytes, deps.config().voice.audioFormats, leftMs);
  if (checked === 'late') return { fileName: null };
  return 'problem' in checked ? checked : { fileName: checked.fileName };
}

/**
 * Why a name cannot be used; null if it can. Names of the configuration are taken, and some characters and words have
 * a meaning in the command.
 */
function nameProblemOf(name: string, { recordings, lists, rosters }: Config): string | null {
  if (!/\p{L}/u.test(name)) return 'Give it a name with a letter in it.';
  if (name.length > nameLength) return `A name has ${nameLength} characters at most.`;
  const wrong = /[,;:<>@|"“”„]/.exec(name)?.[0];
  if (wrong !== undefined) return `Leave out ${wrong}: the command would read it as something else.`;
  if (commandWords.includes(name.toLowerCase())) return 'This is a word of the command: choose another.';
  const same = [recordings, lists, rosters]
    .flatMap((each) => Object.keys(each))
    .some((each) => each.toLowerCase() === name.toLowerCase());
  return same ? 'voicecall.yaml has a recording, list or roster of this name: choose another.' : null;
}
