import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isBetweenIn, minuteOfDay } from '../../src/callees/local-time.ts';
import { countryOf, maskNumber } from '../../src/callees/numbering-plan.ts';

test('numbers are masked to country code and last four digits', () => {
  assert.equal(maskNumber('918563214120'), '+91 …4120');
  assert.equal(maskNumber('12025550123'), '+1 …0123');
});

test('fewer digits are shown if less than four would stay hidden', () => {
  assert.equal(maskNumber('9185632'), '+91 …2');
  assert.equal(maskNumber('918563'), '+91 …');
  assert.equal(maskNumber('9185'), '…');
  assert.equal(maskNumber(''), '…');
  assert.equal(maskNumber('no number'), '…');
});

test('at least four digits of any number stay hidden, and the country code shown is its beginning', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9]{4,16}$/), (digits) => {
      const masked = maskNumber(digits);
      const shown = masked.replace(/[^0-9]/g, '');
      assert.ok(digits.length - shown.length >= 4, masked);
      const [head = '', tail = ''] = masked.replace(/[+ ]/g, '').split('…');
      assert.ok(digits.startsWith(head) && digits.endsWith(tail), masked);
    }),
    { numRuns: 2_000 },
  );
});

test('the country of a number is known, also if the number is a digit short', () => {
  assert.equal(countryOf('91856321412'), 'IN');
  assert.equal(countryOf('14165550123'), 'CA');
  assert.equal(countryOf('19001234567'), null);
  assert.equal(countryOf('88213000000'), null);
  assert.equal(countryOf('999123456'), null);
});

test('night is in the country’s local time, also over midnight, without its end', () => {
  const night = { fromMinute: 22 * 60, toMinute: 7 * 60 };
  assert.equal(minuteOfDay('Asia/Kolkata', Date.UTC(2026, 0, 5, 18, 30)), 0);
  assert.equal(isBetweenIn('IN', night, Date.UTC(2026, 0, 5, 16, 29)), 'no');
  assert.equal(isBetweenIn('IN', night, Date.UTC(2026, 0, 5, 16, 30)), 'yes');
  assert.equal(isBetweenIn('IN', night, Date.UTC(2026, 0, 6, 1, 29)), 'yes');
  assert.equal(isBetweenIn('IN', night, Date.UTC(2026, 0, 6, 1, 30)), 'no');
});

test('any of several time zones counts, and a country without known zones is unknown', () => {
  const early = { fromMinute: 4 * 60, toMinute: 5 * 60 };
  // 04:30 in New York is 01:30 in Los Angeles.
  const at = Date.UTC(2026, 0, 5, 9, 30);
  assert.equal(isBetweenIn('US', early, at), 'yes');
  assert.equal(isBetweenIn('US', early, at + 12 * 3_600_000), 'no');
  assert.equal(isBetweenIn('AC', early, at), 'unknown');
});
