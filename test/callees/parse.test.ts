import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanName } from '../../src/callees/named-number.ts';
import { normalizeTyped, readNumber } from '../../src/callees/number.ts';
import { plausibility } from '../../src/callees/numbering-plan.ts';
import {
  type CalleeOptions,
  expandLists,
  faultSentence,
  mergeCallees,
  parseCallees,
} from '../../src/callees/parse.ts';

const options: CalleeOptions = {
  lists: {
    'db-oncall': ['+91 85632 14120', 'Asha: +91 85632 13000', 'U0BEN', 'S0OPS'],
    'Night Shift': ['+65 9111 0001', '+91 85632 14120'],
  },
  recordings: ['fire-drill'],
};

const numbers = (text: string, more: Partial<CalleeOptions> = {}) =>
  parseCallees(text, { ...options, ...more }).callees.map(({ callee }) => callee);
const faults = (text: string, more: Partial<CalleeOptions> = {}) =>
  parseCallees(text, { ...options, ...more }).faults.map(faultSentence);

test('one number in all its usual spellings', () => {
  for (const written of [
    '6591110001',
    '+6591110001',
    '006591110001',
    '+65 9111 0001',
    '+65-9111-0001',
    '+65.9111.0001',
    '(+65) 9111 0001',
    '+65 (9111) 0001',
    '+65\u00a09111\u202f0001',
    '+65\u20119111\u20110001',
    '\u202a+65 9111\u200b0001\u202c',
    'tel:+6591110001',
    '<tel:+6591110001|+65 9111 0001>',
    '&lt;+6591110001&gt;',
    '＋６５９１１１０００１',
    '٦٥٩١١١٠٠٠١',
    '+6591110001.',
  ]) {
    assert.deepEqual(numbers(written), ['6591110001'], JSON.stringify(written));
  }
});

test('a trunk 0 in brackets is removed, except where the country keeps it', () => {
  assert.deepEqual(numbers('+44 (0)20 7946 0958'), ['442079460958']);
  assert.deepEqual(numbers('+39 (0)6 1234 5678'), ['390612345678']);
  assert.match(
    parseCallees('+39 06 1234 5678', options).doubts[0] ?? '',
    /has a 0 after the country code \+39/,
  );
  assert.match(faults('+44 020 7946 0958')[0] ?? '', /0 after the country code \+44/);
});

test('new lines, commas, semicolons and tabs separate callees, and repeats are counted', () => {
  const read = parseCallees('6591110001, 6591110002;6591110003\t6591110004\r\n+65 9111 0001', options);
  assert.equal(read.callees.length, 4);
  assert.equal(read.duplicates, 1);
  assert.deepEqual(read.faults, []);
});

test('numbers, lists and a recording, as people type them after the command', () => {
  const read = parseCallees('91856321412, DB-oncall fire-drill night shift', options);
  assert.deepEqual(read.lists, ['db-oncall', 'Night Shift']);
  assert.deepEqual(read.recordings, ['fire-drill']);
  assert.deepEqual(read.people, ['U0BEN']);
  assert.deepEqual(read.groups, ['S0OPS']);
  assert.equal(read.duplicates, 1);
  assert.equal(read.rest, '91856321412');
  assert.deepEqual(
    read.callees.map(({ callee, name }) => [callee, name]),
    [
      ['91856321412', null],
      ['918563214120', null],
      ['918563213000', 'Asha'],
      ['6591110001', null],
    ],
  );
});

test('lists can be named without being expanded, or expanded by name', () => {
  assert.deepEqual(parseCallees('db-oncall', { ...options, expandLists: false }).callees, []);
  assert.equal(expandLists(['night shift'], options).callees.length, 2);
  assert.match(
    faultSentence(expandLists(['gone'], options).faults[0] ?? { line: 0, text: '', why: '', fix: '' }),
    /nor a list/,
  );
});

test('Slack mentions are people and groups; channels, everyone and links are not', () => {
  const read = parseCallees('<@U1ASHA|Doe, Asha> <!subteam^S1OPS|@ops>', options);
  assert.deepEqual([read.people, read.groups, read.faults], [['U1ASHA'], ['S1OPS'], []]);
  assert.equal(faults('<#C1|ops>\n<!channel>\n<https://example.com/6591110001>\n@asha').length, 4);
});

test('a link that shows another number than it calls is refused', () => {
  assert.match(faults('<tel:+6591110001|+65 9111 0002>')[0] ?? '', /shows another number/);
});

test('a name beside a number is kept if it is clear, and refused if it may be a mistyped list', () => {
  const named = (text: string) => parseCallees(text, options).callees[0];
  assert.deepEqual(named('Asha Rao <+6591110001>'), { callee: '6591110001', name: 'Asha Rao' });
  assert.deepEqual(named('Room 5: +6591110001'), { callee: '6591110001', name: 'Room 5' });
  assert.deepEqual(named('Asha\t+6591110001'), { callee: '6591110001', name: 'Asha' });
  assert.deepEqual(named('Asha +6591110001'), { callee: '6591110001', name: 'Asha' });
  assert.deepEqual(named('Mobile: +6591110001'), { callee: '6591110001', name: null });
  assert.equal(faults('db-oncal 6591110001').length, 1);
  assert.equal(faults('Db-oncal 6591110001').length, 1);
  assert.equal(faults('db-oncall: 6591110001').length, 1);
});

test('every impossible entry is named with its line and why', () => {
  assert.deepEqual(faults('6591110001\n\n9185\nnobody'), [
    'Check the number: “9185” has 4 digits, a number has 7 to 15 (line 3).',
    'Check the spelling: “nobody” is neither a number nor a list (line 4).',
  ]);
  assert.match(
    faults('db-oncal')[0] ?? '',
    /^Did you mean db-oncall\? “db-oncal” is neither a number nor a list/,
  );
  assert.match(faults('1234567890123456')[0] ?? '', /has 16 digits/);
  assert.match(faults('999123456')[0] ?? '', /no country code/);
  assert.match(
    faults('98765 43210', { country: 'US' })[0] ?? '',
    /^Write it with \+ and the country code: “98765 43210” could be \+9876543210 or \+19876543210/,
  );
  assert.match(faults('085632 14120')[0] ?? '', /^Add the country code: “085632 14120” starts with 0/);
  assert.match(faults('+6591110001 ext. 5')[0] ?? '', /extension/);
  assert.match(faults('9.18563E+11')[0] ?? '', /spreadsheet/);
  assert.match(faults('918563214120.0')[0] ?? '', /\.0/);
  assert.match(
    faults('+19005551234', { deny: ['1900'] })[0] ?? '',
    /begins with \+1900, which may not be called/,
  );
  assert.match(
    faults('6591110001', { countries: ['IN'] })[0] ?? '',
    /is in Singapore \(SG\); only India \(IN\) may be called/,
  );
  assert.match(faults('19001234567', { countries: ['US'] })[0] ?? '', /no country that is known/);
});

test('a slip of the hand is named as what it is', () => {
  assert.deepEqual(faults('+91 85632 1412O\n+999 12345678\n@Ben\n8563214120a'), [
    'Check the number: “+91 85632 1412O” has a letter among its digits (line 1).',
    'Check the country code: “+999 12345678” begins with no known country code (line 2).',
    'Choose the person under People in Slack: “@Ben” is only text here, not a person (line 3).',
    'Check the number: “8563214120a” has a letter among its digits (line 4).',
  ]);
  assert.match(faults('2nd floor')[0] ?? '', /is neither a number nor a number with a name/);
});

test('a text that may be one number or two is refused', () => {
  assert.match(
    faults('91110001 91110002', { country: 'SG' })[0] ?? '',
    /^Put each number on its own line: “91110001 91110002” has 16 digits/,
  );
  assert.match(faults('6591110 6591111')[0] ?? '', /one number or two/);
  assert.match(faults('6591110001/6591110002')[0] ?? '', /^Put each number on its own line/);
  assert.match(faults('6591110001+6591110002')[0] ?? '', /"\+" in the middle/);
  assert.deepEqual(numbers('+6591110001 +6591110002'), ['6591110001', '6591110002']);
});

test('several numbers in one line with spaces, if there is only one way to read them', () => {
  assert.deepEqual(numbers('6591110001 6591110002'), ['6591110001', '6591110002']);
  assert.deepEqual(numbers('918563214120 006591110002  6591110003'), [
    '918563214120',
    '6591110002',
    '6591110003',
  ]);
  assert.deepEqual(numbers('65 9111 0001 6591110002'), ['6591110001', '6591110002']);
  assert.equal(parseCallees('6591110001 6591110002', options).rest, '+6591110001\n+6591110002');
  for (const [text, country] of [
    // One number or two.
    ['6591110 6591111', undefined],
    // No country code: we would have to guess the country.
    ['91110001 91110002', 'SG'],
    ['6591110001 91110002', 'SG'],
    // The first is a number of Singapore or of India.
    ['6591110001 918563214120', 'IN'],
    // India has no numbers of this length.
    ['9185632141 6591110002', undefined],
    // The second belongs to the first or to the third.
    ['49301234567 4350 49301234567', undefined],
    ['6591110002 43 112345678 62811234567', undefined],
    // The second belongs to the first if its (0) is left out.
    ['9111 00000 (0)20 4350 49301234567', undefined],
    // The third belongs to the second or, with "00" and "(0)", to the fourth.
    ['49301234567 6012 0091 (0)20 49301234567', undefined],
  ] as const) {
    assert.deepEqual([numbers(text, { country }), faults(text, { country }).length], [[], 1], text);
  }
});

/** How many ways there are to group words into numbers that the numbering plans know. */
function groupings(words: readonly string[]): number {
  if (words.length === 0) return 1;
  return words.reduce((ways, _, index) => {
    const group = words.slice(0, index + 1).join(' ');
    // The "(0)" of "+44 (0)20 …" is not called from abroad.
    const isNumber = couldBeNumber(group) || couldBeNumber(group.replace(/([0-9] *)\(0\)/, '$1'));
    return isNumber ? ways + groupings(words.slice(index + 1)) : ways;
  }, 0);
}

function couldBeNumber(group: string): boolean {
  const digits = group.replace(/\D/g, '').replace(/^00/, '');
  return digits.length >= 7 && digits.length <= 15 && plausibility(digits) !== 'doubtful';
}

test('a line that could be one number, or several in two ways, is never taken for several', () => {
  // Digits in groups as people write them: real numbers, halves of them, and anything.
  const groups = fc.oneof(
    fc.constantFrom('+65', '65', '+91', '91', '0091', '85632', '14120', '9111', '0001', '91110001', '(0)20'),
    fc.constantFrom(
      '6591110001',
      '+6591110002',
      '918563214120',
      '+1',
      '212',
      '555',
      '5550100',
      '442079460958',
    ),
    fc.constantFrom('49301234567', '4350', '43', '112345678', '62811234567', '4930', '6012', '60123456789'),
    fc.stringMatching(/^\+?[0-9]{1,12}$/),
  );
  const line = fc
    .array(fc.tuple(groups, fc.constantFrom(' ', '  ', '\u00a0')), { minLength: 1, maxLength: 7 })
    .map((parts) => parts.map(([group, gap]) => group + gap).join(''));
  fc.assert(
    fc.property(line, fc.constantFrom(undefined, 'IN' as const, 'US' as const), (text, country) => {
      const found = numbers(text, { country });
      if (found.length < 2) return;
      const joined = text.replace(/[^0-9+]/g, '');
      // With a "+" before each further number it is several. Without, all of it must be more than any number is.
      const further = joined.slice(1).split('+').slice(1);
      const one = joined.replace(/\D/g, '').replace(/^00/, '');
      const reads = one.length <= 15 && plausibility(one) !== 'doubtful';
      assert.ok(further.length > 0 || !reads, `${text} became ${found.join(' and ')}`);
      if (further.length === 0) assert.equal(groupings(text.trim().split(/\s+/)), 1, text);
      assert.equal(
        found.length > further.length + 1 && 'callee' in readNumber(normalizeTyped(text), { country }),
        false,
      );
    }),
    { numRuns: 2_000 },
  );
});

test('no text is too long or too strange for one pass: overlong text is tried on no pattern', () => {
  for (const text of [
    '1 '.repeat(50_000),
    '+'.repeat(100_000),
    `<${'9'.repeat(100_000)}>`,
    'A'.repeat(300),
  ]) {
    assert.deepEqual(
      faults(text).map((each) => each.replace(/“.{40}…”/, 'it')),
      ['Split it or remove it: it is longer than any number or name: at most 200 characters (line 1).'],
    );
  }
  const many = Array.from({ length: 1_100 }, (_, index) => `+65${91_110_000 + index}`).join('\n');
  const read = parseCallees(many, { ...options, atMost: 10 });
  assert.deepEqual([read.callees.length, read.stopped], [1_011, true]);
  assert.equal(parseCallees('x1\n'.repeat(5_000), { ...options, atMost: 10 }).faults.length, 1_000);
  assert.equal(parseCallees(many, { ...options, atMost: 100 }).stopped, false);
});

test('a cleaned name contains nothing that the parser reads as more than a name', () => {
  for (const name of [
    '+19005550100，Dia',
    'Dia; +19005550100',
    'Dia\t<tel:+19005550100>',
    'Dia،٦٥',
    'A: +65=',
  ]) {
    const clean = cleanName(name) ?? '';
    assert.doesNotMatch(clean, /[+,;\t<>:=\uff0c\uff1b\u3001\u060c\u061b]/, name);
    assert.notEqual(clean, '');
  }
  assert.equal(cleanName('  Åsa O’Brien-Núñez (R&D) '), 'Åsa O’Brien-Núñez (R&D)');
  assert.equal(cleanName('<>,;'), null);
});

test('the platform’s own example is accepted with a doubt, also with a configured country', () => {
  for (const country of [undefined, 'IN', 'US'] as const) {
    const read = parseCallees('91856321412', { ...options, country });
    assert.deepEqual([read.callees.length, read.faults], [1, []], country);
    assert.equal(read.callees[0]?.callee, '91856321412');
    assert.match(read.doubts[0] ?? '', /does not look like a number of India \(IN\)/);
  }
});

test('national numbers with a configured country; two valid readings are refused', () => {
  assert.deepEqual(numbers('8563214120', { country: 'IN' }), ['918563214120']);
  assert.deepEqual(numbers('08563214120', { country: 'IN' }), ['918563214120']);
  assert.deepEqual(numbers('918563214120', { country: 'IN' }), ['918563214120']);
  assert.deepEqual(numbers('07911 123456', { country: 'GB' }), ['447911123456']);
  assert.deepEqual(numbers('(415) 555-1234', { country: 'US' }), ['14155551234']);
  assert.match(faults('6591110001', { country: 'IN' })[0] ?? '', /could be \+6591110001 or \+916591110001/);
});

test('callees of several sources are merged and keep the first name', () => {
  const merged = mergeCallees([
    [{ callee: '6591110001', name: null }],
    [
      { callee: '6591110001', name: 'Asha' },
      { callee: '6591110002', name: null },
    ],
  ]);
  assert.deepEqual(merged, {
    callees: [
      { callee: '6591110001', name: 'Asha' },
      { callee: '6591110002', name: null },
    ],
    duplicates: 1,
  });
});

const typed = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'0123456789+()-./ ,;:<>\n\t|@',
        '00',
        '+65',
        '91',
        'tel:',
        'Asha',
        'db-oncall',
        '<@U1',
        '&lt;',
        'e+',
        'x',
      ),
      fc.stringMatching(/^[0-9]{3,10}$/),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 25 },
  )
  .map((parts) => parts.join(''));

test('no text makes it throw, and every digit comes from the text, in its order', () => {
  fc.assert(
    fc.property(typed, fc.constantFrom(undefined, 'IN' as const, 'US' as const), (text, country) => {
      const read = parseCallees(text, { lists: {}, country });
      const code = country === 'IN' ? '91' : country === 'US' ? '1' : '';
      const all = text
        .replace(/[０-９]|[٠-٩]|[۰-۹]|[०-९]/g, (digit) =>
          String('０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९'.indexOf(digit) % 10),
        )
        .replace(/[^0-9]/g, '');
      for (const { callee } of read.callees) {
        assert.match(callee, /^[1-9][0-9]{6,14}$/);
        const national = callee.startsWith(code) && callee.slice(code.length);
        assert.ok(isWithin(callee, all) || (national && isWithin(national, all)), `${callee} from ${text}`);
      }
    }),
    { numRuns: 3_000 },
  );
});

/** True if the digits of `part` are in `whole` in order; others, such as a trunk 0, may be between them. */
function isWithin(part: string, whole: string): boolean {
  let at = 0;
  for (const digit of whole) if (digit === part[at]) at += 1;
  return at === part.length;
}
