import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startVoicePlatform } from '../../sandbox/voice/server.ts';
import { systemClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { createVoiceClient } from '../../src/voice/client.ts';
import { readUpload } from '../../src/voice/upload.ts';
import { mp3 } from '../support/audio.ts';

const answer = (text: string, status = 200) => readUpload({ outcome: 'answer', status, date: null, text });

test('an answer to an upload is one outcome, or unclear', () => {
  assert.deepEqual(answer('{"status":"0","data":"1a.mp3"}'), { outcome: 'uploaded', fileId: '1a.mp3' });
  assert.deepEqual(answer('{"code":0,"data":"1a.mp3"}'), { outcome: 'uploaded', fileId: '1a.mp3' });
  assert.deepEqual(answer('{"status":-20,"reason":"x"}'), { outcome: 'exists' });
  assert.deepEqual(answer('{"status":"-21","reason":"bad"}'), {
    outcome: 'refused',
    code: '-21',
    reason: 'bad',
  });
  for (const text of [
    '{"status":"0"}',
    '{"status":"0","data":{}}',
    '{"status":"0","data":"a b"}',
    '{"status":"-18"}',
    '{"status":"-9999"}',
    '{}',
    '<html>',
    '',
  ])
    assert.equal(answer(text).outcome, 'unclear', text);
  assert.equal(answer('{"status":"0","data":"1a.mp3"}', 502).outcome, 'unclear');
  assert.equal(readUpload({ outcome: 'lost', why: 'timeout', detail: '' }).outcome, 'unclear');
  assert.equal(readUpload({ outcome: 'not_sent', why: 'dns', detail: '' }).outcome, 'unclear');
});

test('an upload of 2 MiB arrives whole; the same name again exists already; a wrong time is corrected once', async () => {
  const voice = await startVoicePlatform();
  const { apiKey, apiSecret, appId } = voice.credentials;
  const client = createVoiceClient(
    { apiUrl: voice.url, apiKey, apiSecret, appId },
    { clock: systemClock, log: createLog('silent') },
  );
  try {
    voice.faults.next({ on: 'fileUpload', refuse: { code: '-16' } });
    const bytes = Buffer.concat([mp3(10), Buffer.alloc(2 * 1024 * 1024 - 40_032)]);
    const first = await client.fileUpload({ fileName: 'a3f9c1d2e4b5a3f9c1d2e4b5.mp3', bytes });
    assert.equal(first.outcome, 'uploaded');
    assert.deepEqual(await client.fileUpload({ fileName: 'a3f9c1d2e4b5a3f9c1d2e4b5.mp3', bytes }), {
      outcome: 'exists',
    });
    const listed = (await client.fileQuery()).filter(({ fileName }) => fileName.startsWith('a3f9'));
    assert.deepEqual(
      listed.map(({ fileId }) => fileId),
      [first.outcome === 'uploaded' ? first.fileId : ''],
    );
    assert.deepEqual(voice.violations, []);
  } finally {
    await client.close();
    await voice.stop();
  }
});
