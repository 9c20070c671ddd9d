import { post } from '../../outbox/outbox.ts';
import type { Lease, TaskHandler, TaskResult } from '../../queue/types.ts';
import { checkAudio, maxAudioBytes, tooLarge } from '../../recordings/audio.ts';
import { type AddedRecording, findRecording, sameContent } from '../../recordings/stored.ts';
import type { Tx } from '../../store/types.ts';
import { describeCode } from '../../voice/codes.ts';
import type { SlackDeps } from '../context/deps.ts';
import { askForFile, fetchAudio } from './slack-file.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** Longer than for the form, because no person waits for this task. */
const fetchTimeoutMs = 10 * secondMs;

/** How long the upload of a recording is retried after it was added. */
const uploadForMs = hourMs;

/** How long after it was added a recording is looked up in the platform's list. */
const lookForMs = 24 * hourMs;

/**
 * The handler of "recording" tasks (key: recording). Checks the audio, uploads it under a name made from its content,
 * and tells the person once the platform lists it. It can be killed and run again at any point: the name is stored
 * before the upload, and is looked up before a second upload.
 */
export function createRecordingUploader(deps: SlackDeps): TaskHandler {
  return async (task, lease): Promise<TaskResult> => {
    const recording = await findRecording(deps.store.read, task.key);
    if (recording === undefined || recording.removed_at !== null) return undefined;
    if (recording.state === 'uploaded') return await lookForIt(deps, recording);
    if (recording.state !== 'uploading') return undefined;
    // An earlier upload may have succeeded although its answer was lost, so look it up first.
    if (recording.tried_at !== null && (await foundOnPlatform(deps, recording))) return undefined;
    return await upload(deps, recording, lease);
  };
}

async function upload(deps: SlackDeps, recording: AddedRecording, lease: Lease): Promise<TaskResult> {
  const file = await askForFile(deps, recording.slack_file);
  if (file === null)
    return await fail(deps, recording, 'its file was deleted from Slack before it was uploaded.');
  const fetched = await fetchAudio(deps, file.url, fetchTimeoutMs);
  if (!('bytes' in fetched)) {
    if (fetched.why === 'too_large') return await fail(deps, recording, tooLarge(maxAudioBytes + 1));
    if (fetched.why === 'elsewhere') return await fail(deps, recording, 'its file is not stored in Slack.');
    return await againLater(deps, recording, 'Slack did not return its file.');
  }
  const checked = await checkAudio(fetched.bytes, deps.config().voice.audioFormats);
  if (checked === 'late')
    return await fail(
      deps,
      recording,
      'it takes too long to read its file: save it again with another program.',
    );
  if ('problem' in checked) return await fail(deps, recording, checked.problem);
  const { fileName, seconds } = checked;
  const same = await deps.store.transaction(async (tx) => {
    const other = await sameContent(tx, fileName, recording.id);
    if (other !== undefined) return other;
    await change(tx, recording, {
      file_name: fileName,
      seconds,
      tried_at: recording.tried_at ?? deps.clock.now(),
    });
    return null;
  });
  if (same !== null) return await fail(deps, recording, `it is the same audio as “${same.name}”.`);
  // The lease was lost: another worker continues.
  if (!lease.valid()) return { againAt: deps.clock.now() };
  const result = await deps.voice.fileUpload({ fileName, bytes: fetched.bytes }, lease.signal);
  const named = { ...recording, file_name: fileName, seconds };
  switch (result.outcome) {
    case 'uploaded':
      return await uploaded(deps, named, result.fileId);
    case 'exists':
      return await uploaded(deps, named, null);
    case 'unclear':
      deps.log.warn(
        { recording: recording.id, code: result.code },
        'it is not known whether a recording was uploaded',
      );
      return await againLater(deps, named, describeCode(result.code).meaning);
    case 'refused': {
      const { meaning, remedy, kind } = describeCode(result.code);
      if (kind === 'rate') return await againLater(deps, named, meaning, minuteMs);
      return await fail(deps, named, `the voice platform refused it: ${meaning} (${result.code}) ${remedy}`);
    }
  }
}

async function uploaded(
  deps: SlackDeps,
  recording: AddedRecording,
  fileId: string | null,
): Promise<TaskResult> {
  const kept = await deps.store.transaction((tx) =>
    change(tx, recording, { state: 'uploaded', file_id: fileId }),
  );
  if (!kept) return undefined;
  return await lookForIt(deps, { ...recording, state: 'uploaded', file_id: fileId });
}

/** Looks up an uploaded recording until the platform lists it; then it can be chosen. */
async function lookForIt(deps: SlackDeps, recording: AddedRecording): Promise<TaskResult> {
  if (await foundOnPlatform(deps, recording)) return undefined;
  const age = deps.clock.now() - recording.added_at;
  if (age > lookForMs)
    return await fail(
      deps,
      recording,
      'the voice platform took it a day ago and does not list it. Add it again.',
    );
  const waitMs = age < minuteMs ? 2 * secondMs : age < 10 * minuteMs ? 15 * secondMs : 5 * minuteMs;
  return { againAt: deps.clock.now() + waitMs };
}

/** Returns true if the platform lists the recording. Then it becomes `ready`, and the person who added it is told. */
async function foundOnPlatform(deps: SlackDeps, recording: AddedRecording): Promise<boolean> {
  const library = await deps.voice.fileQuery().catch((error: unknown) => {
    deps.log.info({ err: error, recording: recording.id }, 'the platform’s recordings could not be listed');
    return [];
  });
  const found = library.find(
    ({ fileId, fileName }) => fileId === recording.file_id || fileName === recording.file_name,
  );
  if (found === undefined) return false;
  await deps.store.transaction(async (tx) => {
    if (!(await change(tx, recording, { state: 'ready', file_id: found.fileId }))) return;
    const seconds = recording.seconds === null ? '' : ` (${recording.seconds} s)`;
    await tell(
      tx,
      deps,
      recording,
      `🎙️ “${recording.name}”${seconds} can be chosen now: the voice platform has it.`,
    );
  });
  deps.recordings.forget();
  return true;
}

async function againLater(
  deps: SlackDeps,
  recording: AddedRecording,
  why: string,
  atLeastMs = 0,
): Promise<TaskResult> {
  const age = deps.clock.now() - recording.added_at;
  if (age > uploadForMs) return await fail(deps, recording, `${why} It was tried for an hour. Add it again.`);
  // At first after 5 s, then after as long as it has been tried already, at most ten minutes.
  return {
    againAt: deps.clock.now() + Math.max(atLeastMs, Math.min(Math.max(age, 5 * secondMs), 10 * minuteMs)),
  };
}

async function fail(deps: SlackDeps, recording: AddedRecording, problem: string): Promise<undefined> {
  await deps.store.transaction(async (tx) => {
    if (!(await change(tx, recording, { state: 'failed', problem }))) return;
    await tell(tx, deps, recording, `“${recording.name}” was not added: ${problem}`);
  });
  deps.recordings.forget();
  return undefined;
}

/** False: the recording was removed, so nothing is changed and nobody is told. */
async function change(
  tx: Tx,
  { id }: AddedRecording,
  set: Partial<Pick<AddedRecording, 'state' | 'file_name' | 'file_id' | 'seconds' | 'tried_at' | 'problem'>>,
): Promise<boolean> {
  const changed = await tx
    .updateTable('recordings')
    .set(set)
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  return changed.numUpdatedRows > 0n;
}

async function tell(tx: Tx, deps: SlackDeps, recording: AddedRecording, plain: string): Promise<void> {
  await post(tx, deps.clock.now(), {
    requestId: null,
    post: { kind: 'words', plain, once: `recording:${recording.id}` },
    place: { channelId: recording.added_by },
  });
}
