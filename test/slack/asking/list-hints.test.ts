import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hint } from '../../../src/slack/asking/list-hints.ts';

test('a list names who was never reached, else who was reached longest ago', () => {
  const day = 86_400_000;
  const now = 100 * day;
  const reached = new Map([
    ['1', now - 2 * day],
    ['2', now - 21 * day],
  ]);
  assert.equal(hint(['1'], reached, now), '1 person, last reached 2 days ago');
  assert.equal(hint(['9'], reached, now), '1 person, never reached');
  assert.equal(hint(['1', '2'], reached, now), '2 people, longest ago: last reached 3 weeks ago');
  assert.equal(hint(['1', '2', '9'], reached, now), '3 people, 1 of them never reached');
});
