import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastReachedWords } from '../../../src/slack/words/last-reached-words.ts';

const now = Date.UTC(2026, 10, 26);
const hour = 3_600_000;
const ago = (ms: number) => lastReachedWords(now - ms, now);

test('the time when a person was last reached is as precise as anybody needs', () => {
  assert.equal(lastReachedWords(null, now), 'never reached');
  assert.equal(ago(0), 'last reached within the hour');
  // After a clock was set back, nobody was reached in the future.
  assert.equal(ago(-hour), 'last reached within the hour');
  assert.equal(ago(hour), 'last reached 1 hour ago');
  assert.equal(ago(23.9 * hour), 'last reached 23 hours ago');
  assert.equal(ago(24 * hour), 'last reached 1 day ago');
  assert.equal(ago(13 * 24 * hour), 'last reached 13 days ago');
  assert.equal(ago(22 * 24 * hour), 'last reached 3 weeks ago');
  assert.equal(ago(65 * 24 * hour), 'last reached 2 months ago');
  assert.equal(ago(800 * 24 * hour), 'last reached 26 months ago');
});
