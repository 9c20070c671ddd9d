import { post } from '../../outbox/outbox.ts';
import { type AddedRecording, findRecording } from '../../recordings/stored.ts';
import type { SlackDeps } from '../context/deps.ts';
import { foreign, plain } from '../kit/text.ts';
import { askForFile, fetchAudio } from './slack-file.ts';

const minuteMs = 60_000;
const fetchTimeoutMs = 10_000;

/** Slack shows a file to the person who added it alone: another one gets a copy. Several presses in a minute send one. */
export async function sendCopy(deps: SlackDeps, recording: AddedRecording, userId: string): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const now = deps.clock.now();
    await post(tx, now, {
      requestId: null,
      post: { kind: 'audio', recording: recording.id, userId, minute: Math.floor(now / minuteMs) },
      place: { channelId: userId },
    });
  });
}

/** The copy; null where its file was deleted since. Throws where Slack does not hand it over now. */
export async function renderCopy(deps: SlackDeps, id: string) {
  const recording = await findRecording(deps.store.read, id);
  if (recording === undefined) return null;
  const file = await askForFile(deps, recording.slack_file);
  if (file === null) return null;
  const fetched = await fetchAudio(deps, file.url, fetchTimeoutMs);
  if (!('bytes' in fetched)) throw new Error(`Slack did not hand over a recording: ${fetched.why}`);
  const format = /\.(mp3|wav|m4a)$/.exec(recording.file_name ?? '')?.[1] ?? 'mp3';
  return {
    kind: 'file' as const,
    name: `recording-${recording.id}.${format}`,
    title: plain(recording.name, 100),
    content: fetched.bytes,
    comment: `The recording “${foreign(recording.name, 200)}”, for you alone.`,
  };
}
