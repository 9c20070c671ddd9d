import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  channelMention,
  chunkLines,
  countryWords,
  date,
  duration,
  escapeText,
  foreign,
  listWords,
  mention,
  oneLine,
  people,
  times,
  truncate,
  truncateMarkup,
} from '../../../src/slack/kit/text.ts';

suite('text for Slack', () => {
  test('foreign text can neither notify anybody nor make a link', () => {
    assert.equal(escapeText('<!channel> & <@U1>'), '&lt;!channel&gt; &amp; &lt;@U1&gt;');
    assert.equal(foreign('a\n<b>\u202e', 50), 'a &lt;b&gt;');
  });

  test('cuts keep to the limit and split no character or entity', () => {
    assert.equal(truncate('😀😀😀', 5), '😀😀…');
    assert.equal(truncate('abc', 3), 'abc');
    assert.equal(foreign('<<<<', 10), '&lt;&lt;…');
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.integer({ min: 1, max: 60 }),
        (text, max) => {
          const cut = foreign(text, max);
          assert.ok(cut.length <= max);
          assert.ok(cut.isWellFormed());
          assert.doesNotMatch(cut, /[<>]|&(?!amp;|lt;|gt;)/);
          assert.ok(truncate(oneLine(text), max).length <= max);
        },
      ),
    );
  });

  test('a cut leaves no half of a mention, a date or an entity', () => {
    const text = 'a <@U0BEN> &amp; b';
    assert.equal(truncateMarkup(text, 6), 'a …');
    assert.equal(truncateMarkup(text, 14), 'a <@U0BEN> …');
    assert.equal(truncateMarkup(text, 17), 'a <@U0BEN> &amp;…');
    assert.equal(truncateMarkup(text, 99), text);
  });

  test('a mention is made from an id only', () => {
    assert.equal(mention('U0BEN'), '<@U0BEN>');
    assert.equal(mention('U0> <!channel>'), 'U0&gt; &lt;!channel&gt;');
    assert.equal(channelMention('C0OPS'), '<#C0OPS>');
    assert.equal(channelMention('D0ASHA'), 'direct messages');
    assert.equal(channelMention('!here'), '!here');
  });

  test('dates have a fallback in UTC', () => {
    assert.equal(
      date(Date.UTC(2026, 0, 5, 9, 30, 11)),
      '<!date^1767605411^{date_short_pretty} {time}|2026-01-05 09:30 UTC>',
    );
  });

  test('numbers and lists are written as people write them', () => {
    assert.equal(people(1), '1 person');
    assert.equal(people(10_000), '10,000 people');
    assert.deepEqual([1, 2, 3].map(times), ['once', 'twice', '3 times']);
    assert.equal(listWords(['a', 'b', 'c']), 'a, b and c');
    assert.equal(listWords(['a', 'b', 'c'], 1), 'a and 2 more');
    assert.equal(listWords([]), '');
    assert.deepEqual([45, 60, 90, 5400].map(duration), ['45 s', '1 min', '1 min 30 s', '1 h 30 min']);
    assert.equal(countryWords('SG'), 'Singapore');
    assert.equal(countryWords('TT'), 'Trinidad and Tobago');
    assert.equal(countryWords('??'), 'an unknown country');
  });

  test('lines are joined up to the limit', () => {
    assert.deepEqual(chunkLines(['aa', 'bb', 'cc'], 5), ['aa\nbb', 'cc']);
    assert.deepEqual(chunkLines(['a'.repeat(9)], 5), ['aaaa…']);
  });
});
