import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { checkAudio, maxAudioBytes } from '../../src/recordings/audio.ts';
import { readHeader } from '../../src/recordings/audio-header.ts';
import { m4a, mp3, wav } from '../support/audio.ts';
import { isQuick, longestBlock, timeOf } from '../support/quick.ts';

const usual = ['mp3', 'wav'] as const;
const problemOf = async (bytes: Uint8Array, formats: Parameters<typeof checkAudio>[1] = usual) => {
  const checked = await checkAudio(bytes, formats);
  if (checked === 'late') return checked;
  return 'problem' in checked ? checked.problem : `taken: ${checked.format} ${checked.seconds}`;
};

suite('audio that a person adds', () => {
  test('mp3 and wav are recognised by content, with their length and a name made from it', async () => {
    const checked = await checkAudio(mp3(12), usual);
    assert.ok(checked !== 'late');
    assert.deepEqual(
      { ...checked, fileName: undefined },
      { format: 'mp3', seconds: 12, fileName: undefined },
    );
    assert.match('fileName' in checked ? checked.fileName : '', /^[0-9a-f]{24}\.mp3$/);
    assert.deepEqual(await checkAudio(mp3(12), usual), checked, 'the same content has one name');
    assert.notDeepEqual(await checkAudio(mp3(12, 1), usual), checked);
    assert.equal(await problemOf(wav(3)), 'taken: wav 3');
  });

  test('m4a, the format of Slack’s own clips, is accepted if it is listed; otherwise the refusal lists the formats', async () => {
    assert.equal(await problemOf(m4a(20), ['mp3', 'm4a']), 'taken: m4a 20');
    assert.equal(
      await problemOf(m4a(20)),
      'This is m4a, as Slack’s own clips are. The voice platform takes mp3 and wav.',
    );
    assert.match(await problemOf(wav(3), ['mp3']), /^This is wav\. The voice platform takes mp3\.$/);
  });

  test('a file that is no audio is refused, whatever its name', async () => {
    const none = [
      '<!DOCTYPE html><title>Sign in</title>',
      'This is a text named .mp3',
      '',
      'ID3\u0003\u0000\u0000\u0000\u0000\u0000\u0000 and nothing more',
      '%PDF-1.7',
      'RIFF____WAVE',
    ];
    for (const text of none)
      assert.match(await problemOf(Buffer.from(text)), /not an audio file|does not contain its length/, text);
    assert.match(await problemOf(Buffer.alloc(100_000, 0xff)), /not an audio file/);
  });

  test('too long, too short and too large', async () => {
    assert.equal(await problemOf(mp3(59.9)), 'taken: mp3 60');
    assert.match(await problemOf(mp3(61.2)), /^This is 62 seconds long; at most 60/);
    assert.match(await problemOf(wav(0.1)), /less than half a second/);
    assert.match(
      await problemOf(Buffer.concat([wav(3), Buffer.alloc(maxAudioBytes)])),
      /2\.1 MiB; at most 2 are accepted/,
    );
  });

  test('a file made to take long to read holds up nobody else, and is not waited for without end', async () => {
    // Two bytes for each element of Matroska: a million of them take seconds.
    const start = Buffer.from('1a45dfa38b4282847765626d428581021853806701ffffffffffffff', 'hex');
    const void0 = Buffer.from([0xec, 0x80]);
    const slow = Buffer.concat([start, Buffer.alloc(maxAudioBytes - start.length, void0)]);
    await isQuick('one turn of the event loop', 100, () =>
      longestBlock(async () => assert.equal(await checkAudio(slow, usual, 300), 'late')),
    );
  });

  test('any bytes, also after a valid beginning, are judged quickly and without a throw', async () => {
    const starts = [mp3(1), wav(1), m4a(1), Buffer.from('ID3'), Buffer.from('OggS'), Buffer.alloc(0)];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...starts),
        fc.nat(600),
        fc.uint8Array({ maxLength: 400 }),
        async (start, cut, rest) => {
          await isQuick('the reading', 1_000, () =>
            timeOf(async () => {
              const header = await readHeader(Buffer.concat([start.subarray(0, cut), rest]));
              assert.ok(header === null || header.seconds === null || header.seconds >= 0);
            }),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});
