// Audio files generated here: silence of a given length. So the repository contains no foreign audio file.

/** 8,000 samples a second, mono, 8 bits. */
export function wav(seconds: number): Buffer {
  const samples = Math.round(seconds * 8_000);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples, 40);
  return Buffer.concat([head, Buffer.alloc(samples, 0x80)]);
}

/** MPEG 2 Layer 3, 24 kHz, 32 kbit/s: frames of 24 ms and 96 bytes. `mark` makes files of the same length differ. */
export function mp3(seconds: number, mark = 0): Buffer {
  const frame = Buffer.alloc(96);
  frame.set([0xff, 0xf3, 0x44, 0xc4]);
  const frames = Math.max(1, Math.round(seconds / 0.024));
  const all = Buffer.concat(Array.from({ length: frames }, () => frame));
  all.writeUInt16BE(mark, all.length - 2);
  return all;
}

/** Like Slack's own clips: AAC in an mp4. It contains no sound, only what a header says. */
export function m4a(seconds: number): Buffer {
  const duration = Math.round(seconds * 1_000);
  const u32 = (...values: number[]) => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4);
    return bytes;
  };
  const box = (name: string, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([u32(body.length + 8), Buffer.from(name), body]);
  };
  const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const entry = Buffer.concat([
    u32(0, 1),
    u32(0, 0),
    Buffer.from([0, 1, 0, 16, 0, 0, 0, 0]),
    u32(24_000 * 65_536),
  ]);
  const table = box(
    'stbl',
    box('stsd', u32(0, 1), box('mp4a', entry)),
    box('stts', u32(0, 1, 1, duration)),
    box('stsc', u32(0, 1, 1, 1, 1)),
    box('stsz', u32(0, 16, 1)),
    box('stco', u32(0, 1, 32)),
  );
  const media = box(
    'mdia',
    box('mdhd', u32(0, 0, 0, 1_000, duration, 0)),
    box('hdlr', u32(0, 0), Buffer.from('soun'), u32(0, 0, 0), Buffer.from([0])),
    box('minf', box('smhd', u32(0, 0)), table),
  );
  const track = box('trak', box('tkhd', u32(1, 0, 0, 1, 0, duration, 0, 0, 0, 0), matrix, u32(0, 0)), media);
  const head = box(
    'mvhd',
    u32(0, 0, 0, 1_000, duration, 0x10000, 0x01000000, 0, 0),
    matrix,
    u32(0, 0, 0, 0, 0, 0, 2),
  );
  return Buffer.concat([
    box('ftyp', Buffer.from('M4A '), u32(0), Buffer.from('M4A isom')),
    box('moov', head, track),
    box('mdat', Buffer.alloc(16)),
  ]);
}
