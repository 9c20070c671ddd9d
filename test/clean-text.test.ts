import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanText, cleanValue } from '../src/clean-text.ts';

test('U+0000 is removed, lone surrogates become U+FFFD, everything else stays', () => {
  assert.equal(cleanText('a\u0000b\ud800c\udc00'), 'ab\ufffdc\ufffd');
  assert.equal(cleanText('Zoë 東京 👩‍⚕️\n'), 'Zoë 東京 👩‍⚕️\n');
});

test('in anything that JSON can hold, also in keys; other values stay', () => {
  const date = new Date(0);
  assert.deepEqual(cleanValue({ 'a\u0000': ['\ud800', { b: '\u0000' }, 1, null, true], date }), {
    a: ['\ufffd', { b: '' }, 1, null, true],
    date,
  });
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const all: string[] = [];
      JSON.stringify(cleanValue(value), (key, each) => {
        all.push(key);
        if (typeof each === 'string') all.push(each);
        return each;
      });
      for (const text of all)
        assert.ok(text.isWellFormed() && !text.includes('\u0000'), JSON.stringify(text));
    }),
  );
});
