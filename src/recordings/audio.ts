import { createHash } from 'node:crypto';
import type { AudioFormat } from '../config/types.ts';

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

/**
 * Reads the audio's content and ignores the file's name. Returns its format and length, or a sentence that says why
 * it is not accepted.
 */
export async function checkAudio(
  bytes: Uint8Array,
  formats: readonly AudioFormat[],
): Promise<CheckedAudio | { problem: string }> {
  if (bytes.length > maxAudioBytes) return { problem: tooLarge(bytes.length) };
  const takes = `The voice platform takes ${formatWords(formats)}.`;
  const read = await readHeader(bytes);
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

/** What the file's header says. Null: it is not audio. */
async function readHeader(bytes: Uint8Array): Promise<{ kind: string; seconds: number | null } | null> {
  // Loaded on demand: recordings are rarely added, and a start must not wait for it.
  const { parseBuffer } = await import('music-metadata');
  try {
    // Without name and type, so that only the content counts.
    const { format } = await parseBuffer(bytes, { size: bytes.length }, { duration: true, skipCovers: true });
    const kind = kindOf(format.container ?? '', format.codec ?? '');
    if (kind === null || format.hasVideo === true)
      return kind === null ? null : { kind: 'a video', seconds: null };
    const seconds = format.duration;
    return { kind, seconds: seconds !== undefined && Number.isFinite(seconds) ? seconds : null };
  } catch {
    return null;
  }
}

function kindOf(container: string, codec: string): string | null {
  if (container === '') return null;
  if (container === 'MPEG') return codec.endsWith('Layer 3') ? 'mp3' : 'MPEG audio, but not mp3';
  if (container === 'WAVE') return 'wav';
  if (/^(M4A|mp4|isom|iso\d|MSNV|dash)/i.test(container)) return 'm4a';
  if (/webm|matroska|EBML/i.test(container)) return 'webm';
  return container.replace(/[^\w./ -]/g, '').slice(0, 20);
}
