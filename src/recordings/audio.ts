import { createHash } from 'node:crypto';
import type { AudioFormat } from '../config/types.ts';
import { inWorkerThread } from '../worker-thread.ts';
import type { AudioHeader } from './audio-header.ts';

/** Our own limits; the platform's pages name none. */
export const maxAudioBytes = 2 * 1024 * 1024;
export const maxAudioSeconds = 60;
const minAudioSeconds = 0.5;

export interface CheckedAudio {
  format: AudioFormat;
  /** Whole seconds, at least one. */
  seconds: number;
  /** Its name on the platform, made from its content, so that the same audio always has the same name. */
  fileName: string;
}

/** Longer than an ordinary file of this size needs, ms. */
const usualPatienceMs = 10_000;

/**
 * Reads the audio's content in a separate thread and ignores the file's name. Returns its format and length, or a
 * sentence that says why it is not accepted. 'late': reading it takes longer than `patienceMs`.
 */
export async function checkAudio(
  bytes: Uint8Array,
  formats: readonly AudioFormat[],
  patienceMs = usualPatienceMs,
): Promise<CheckedAudio | { problem: string } | 'late'> {
  if (bytes.length > maxAudioBytes) return { problem: tooLarge(bytes.length) };
  const takes = `The voice platform takes ${formatWords(formats)}.`;
  const from = await inWorkerThread<AudioHeader | null>(
    new URL('./audio-worker.ts', import.meta.url),
    bytes,
    patienceMs,
  );
  if ('why' in from && from.why === 'late') return 'late';
  const read = 'answer' in from ? from.answer : null;
  if (read === null) return { problem: `This is not an audio file, whatever its name. ${takes}` };
  const { kind, seconds } = read;
  const format = (['mp3', 'wav', 'm4a'] as const).find((each) => each === kind);
  if (format === undefined || !formats.includes(format))
    return { problem: `This is ${kind === 'm4a' ? 'm4a, as Slack’s own clips are' : kind}. ${takes}` };
  if (seconds === null)
    return { problem: 'This file does not contain its length: save it again with another program.' };
  if (seconds > maxAudioSeconds)
    return {
      problem: `This is ${Math.ceil(seconds)} seconds long; at most ${maxAudioSeconds} are accepted.`,
    };
  if (seconds < minAudioSeconds) return { problem: 'There is less than half a second to hear in this file.' };
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 24);
  return { format, seconds: Math.max(1, Math.round(seconds)), fileName: `${hash}.${format}` };
}

export function tooLarge(bytes: number): string {
  const mib = (Math.ceil((bytes / 1024 / 1024) * 10) / 10).toFixed(1);
  return `This file has ${mib} MiB; at most 2 are accepted. As mp3 it is smaller.`;
}

/** "mp3 and wav". */
export function formatWords(formats: readonly AudioFormat[]): string {
  return formats.length < 2 ? (formats[0] ?? '') : `${formats.slice(0, -1).join(', ')} and ${formats.at(-1)}`;
}
