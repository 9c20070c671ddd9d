import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlatformClock } from '../../src/voice/platform-clock.ts';
import { sign, signedHeaders } from '../../src/voice/sign.ts';
import { createFakeClock } from '../support/clock.ts';
import { createTestLog } from './raw-platform.ts';

const credentials = { apiKey: 'bDqJFiq9', apiSecret: '7bz1lzh9' };

test('the published vector', () => {
  assert.equal(sign(credentials, 1630468800), '05d7a50893e22a5c4bb3216ae3396c7c');
});

test('the time is sent in whole seconds, and is what was signed', () => {
  const headers = signedHeaders(credentials, 1630468800_999);
  assert.equal(headers.Timestamp, '1630468800');
  assert.equal(headers.Sign, '05d7a50893e22a5c4bb3216ae3396c7c');
  assert.equal(headers['Api-Key'], 'bDqJFiq9');
  assert.equal(headers['Content-Type'], 'application/json;charset=UTF-8');
});

test('a small difference is logged but not corrected, a large one is corrected, and a refused one always', () => {
  const clock = createFakeClock();
  const log = createTestLog();
  const platformClock = createPlatformClock(clock, log);
  const observe = (offsetMs: number) => platformClock.observe(new Date(clock.now() + offsetMs).toUTCString());

  observe(30_000);
  assert.equal(platformClock.now(), clock.now());
  assert.equal(log.lines.length, 0);

  observe(120_000);
  observe(121_000);
  assert.equal(platformClock.offset(), 121_000);
  assert.equal(platformClock.now(), clock.now());
  assert.equal(log.lines.length, 1, 'warned once, not at every answer');

  observe(-301_000);
  assert.equal(platformClock.now(), clock.now() - 301_000);

  observe(120_000);
  platformClock.refused();
  assert.equal(platformClock.now(), clock.now() + 120_000);
});

test('a missing or unreadable Date header changes nothing', () => {
  const platformClock = createPlatformClock(createFakeClock(), createTestLog());
  platformClock.observe(null);
  platformClock.observe('yesterday');
  assert.equal(platformClock.offset(), 0);
});
