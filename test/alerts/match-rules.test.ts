import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchRules } from '../../src/alerts/match-rules.ts';
import type { Rule } from '../../src/config/types.ts';
import { isQuick, timeOf } from '../support/quick.ts';
import { anything, rule } from './helpers.ts';

const facts = {
  status: 'firing',
  severity: 'critical',
  title: 'Replica Lag on db-1',
  text: 'Replica Lag on db-1\nseverity = critical',
} as const;
const context = { channel: 'C1', botId: 'B1', appId: 'A1', now: Date.UTC(2024, 4, 3, 23, 30) };
const taken = (rules: Rule[], changed: object = {}, where: object = {}) =>
  matchRules(rules, { ...facts, ...changed }, { ...context, ...where }).map((item) => item.name);

describe('rules', () => {
  it('match firing alerts unless they name another status', () => {
    const rules = [
      rule('default'),
      rule('resolved', { status: ['resolved'] }),
      rule('any', { status: ['any'] }),
    ];
    assert.deepEqual(taken(rules), ['default', 'any']);
    assert.deepEqual(
      taken(rules, { status: 'resolved' }),
      ['resolved'],
      'any is not for the end of an alert',
    );
    assert.deepEqual(taken([rule('both', { status: ['any', 'resolved'] })], { status: 'resolved' }), [
      'both',
    ]);
    assert.deepEqual(taken(rules, { status: 'info' }), ['any']);
  });
  it('match channel, severity, sender, title and text, all of them', () => {
    assert.deepEqual(taken([rule('x')], {}, { channel: 'C2' }), []);
    assert.deepEqual(taken([rule('x')], {}, { channel: undefined }), ['x']);
    assert.deepEqual(taken([rule('x', { severity: ['warning', null] })]), []);
    assert.deepEqual(taken([rule('x', { severity: ['warning', null] })], { severity: null }), ['x']);
    assert.deepEqual(
      taken([rule('x', { from: ['A1'] }), rule('y', { from: ['B1'] }), rule('z', { from: ['B2'] })]),
      ['x', 'y'],
    );
    assert.deepEqual(taken([rule('x', { title: { substring: 'replica lag' } })]), ['x']);
    assert.deepEqual(
      taken([
        rule('x', { title: { regex: '^replica', flags: 'i' } }),
        rule('y', { title: { regex: '^replica', flags: '' } }),
      ]),
      ['x'],
    );
    assert.deepEqual(taken([rule('x', { text: { substring: 'SEVERITY = c' }, severity: ['info'] })]), []);
  });
  it('do not match what `not` names', () => {
    assert.deepEqual(taken([rule('x', {}, { not: { ...anything, title: { substring: 'DB-1' } } })]), []);
    assert.deepEqual(
      taken([rule('x', {}, { not: { ...anything, title: { substring: 'db-1' }, severity: ['info'] } })]),
      ['x'],
    );
    assert.deepEqual(taken([rule('x', {}, { not: anything })]), ['x']);
  });
  it('all fire, unless one has stop', () => {
    assert.deepEqual(taken([rule('a'), rule('b', {}, { stop: true }), rule('c')]), ['a', 'b']);
  });
  it('keep to hours and days in their time zone; a night belongs to the day it begins on', () => {
    const night = { between: { fromMinute: 22 * 60, toMinute: 7 * 60 }, timeZone: 'UTC' };
    assert.deepEqual(taken([rule('x', {}, night)]), ['x']);
    assert.deepEqual(taken([rule('x', {}, { ...night, timeZone: 'Asia/Kolkata' })]), ['x']);
    assert.deepEqual(taken([rule('x', {}, { ...night, timeZone: 'Asia/Tokyo' })]), []);
    const friday = { ...night, days: [5] };
    assert.deepEqual(taken([rule('x', {}, friday)]), ['x']);
    assert.deepEqual(taken([rule('x', {}, friday)], {}, { now: Date.UTC(2024, 4, 4, 3) }), ['x']);
    assert.deepEqual(taken([rule('x', {}, friday)], {}, { now: Date.UTC(2024, 4, 4, 23) }), []);
    assert.deepEqual(taken([rule('x', {}, { days: [6], timeZone: 'Asia/Kolkata' })]), ['x']);
  });
  it('match patterns in linear time; a faulty pattern matches nothing', async () => {
    const slow = rule('x', { text: { regex: '(a+)+b$', flags: '' } });
    await isQuick('the match', 1_000, () =>
      timeOf(() => assert.deepEqual(taken([slow], { text: `${'a'.repeat(50_000)}!` }), [])),
    );
    assert.deepEqual(taken([rule('x', { title: { regex: 'a(b', flags: '' } })]), []);
  });
});
