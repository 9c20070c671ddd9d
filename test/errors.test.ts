import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reasonOf } from '../src/errors.ts';

test('the reason of an error names its first cause once', () => {
  const dns = new Error('getaddrinfo ENOTFOUND slack.com');
  const fetching = new TypeError('fetch failed', { cause: dns });
  assert.equal(reasonOf(fetching), 'fetch failed: getaddrinfo ENOTFOUND slack.com');
  const asked = new Error('A request error occurred: fetch failed', { cause: fetching });
  assert.equal(reasonOf(asked), 'A request error occurred: fetch failed: getaddrinfo ENOTFOUND slack.com');
  assert.equal(reasonOf(new Error('a broke: b', { cause: new Error('b') })), 'a broke: b');
  assert.equal(reasonOf(Object.assign(new Error(''), { code: 'ECONNREFUSED' })), 'ECONNREFUSED');
  assert.equal(reasonOf(new Error('', { cause: dns })), dns.message);
  assert.equal(reasonOf('broken'), 'broken');
  const circle = new Error('again');
  circle.cause = circle;
  assert.equal(reasonOf(circle), 'again');
});
