import { parseBuffer } from 'music-metadata';

/** `kind`: its format, or in words what else it is. `seconds`: its length; null: the file does not say. */
export interface AudioHeader {
  kind: string;
  seconds: number | null;
}

/** What the file's header says. Null: it is not audio. A file can be made to take many seconds to read. */
export async function readHeader(bytes: Uint8Array): Promise<AudioHeader | null> {
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
