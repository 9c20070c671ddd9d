import { post } from '../../outbox/outbox.ts';
import { type AddedRecording, findRecording } from '../../recordings/stored.ts';
import type { SlackDeps } from '../context/deps.ts';
import { foreign, plain } from '../kit/text.ts';
import { askForFile, fetchAudio } from './slack-file.ts';

const minuteMs = 60_000;
const fetchTimeoutMs = 10_000;

/**
 * Sends a copy of a recording to a person, because Slack shows the file only to the person who added it. Several
 * presses within a minute send one copy.
 */
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

/** The copy as a file; null if the original was deleted. Throws if Slack does not return the file now. */
export async function renderCopy(deps: SlackDeps, id: string) {
  const recording = await findRecording(deps.store.read, id);
  if (recording === undefined) return null;
  const file = await askForFile(deps, recording.slack_file);
  if (file === null) return null;
  const fetched = await fetchAudio(deps, file.url, fetchTimeoutMs);
  if (!('bytes' in fetched)) throw new Error(`Slack did not return a recording: ${fetched.why}`);
  const format = /\.(mp3|wav|m4a)$/.exec(recording.file_name ?? '')?.[1] ?? 'mp3';
  return {
    kind: 'file' as const,
    name: `recording-${recording.id}.${format}`,
    title: plain(recording.name, 100),
    content: fetched.bytes,
    comment: `The recording “${foreign(recording.name, 200)}”, for you alone.`,
  };
}
