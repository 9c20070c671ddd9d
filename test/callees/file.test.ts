import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fileFaultSentences, MAX_FILE_BYTES, parseCalleeFile } from '../../src/callees/file.ts';

const options = { lists: { ops: ['+6591110009'] } };
const read = async (text: string) => await parseCalleeFile(new TextEncoder().encode(text), options);
const pairs = async (text: string) => (await read(text)).callees.map(({ callee, name }) => [callee, name]);

test('finds the column of numbers and the names beside it, with any separator', async () => {
  const expected = [
    ['918563214120', 'Asha'],
    ['6591110001', 'Ben'],
  ];
  for (const separator of [',', ';', '\t']) {
    const rows = ['Name,Phone,City', 'Asha,+91 85632 14120,Pune', 'Ben,6591110001,Singapore'];
    const text = rows.join('\r\n').replaceAll(',', separator);
    assert.deepEqual(await pairs(text), expected, separator);
    assert.deepEqual(await pairs(`\ufeff${text}`), expected, 'with a byte order mark');
    assert.deepEqual(await pairs(text.slice(text.indexOf('\r\n') + 2)), expected, 'without a header');
  }
});

test('one number on each line, with or without a heading', async () => {
  assert.deepEqual((await pairs('phone\n6591110001\n6591110002\n')).length, 2);
  assert.deepEqual((await pairs('6591110001\n6591110002')).length, 2);
  assert.deepEqual((await pairs('"6591110001"\n"6591110002"')).length, 2);
  assert.deepEqual(await pairs('Asha: +6591110001\nops'), [
    ['6591110001', 'Asha'],
    ['6591110009', null],
  ]);
});

test('names with commas, and numbers that a spreadsheet stores as text', async () => {
  assert.deepEqual(await pairs('"Doe, Ben","=""6591110001"""\n"Rao, Asha",\'6591110002'), [
    ['6591110001', 'Doe Ben'],
    ['6591110002', 'Rao Asha'],
  ]);
});

test('two possible columns of numbers are refused, unless a heading decides', async () => {
  assert.match(
    (await read('10012345;6591110001\n10012346;6591110002')).refusal ?? '',
    /More than one column/,
  );
  assert.deepEqual(await pairs('id;callee\n10012345;6591110001'), [['6591110001', null]]);
  // Also if the headed column has mostly faults: never the ids.
  const file = await read('id,phone\n10012345,6591110001\n10012346,65 x\n10012347,? ?');
  assert.deepEqual(file.callees, [{ callee: '6591110001', name: null }]);
  assert.equal(file.faultCount, 2);
});

test('faults have their line: the first twenty and a count', async () => {
  const file = await read(`name,number\n\nAsha,6591110001\n${'Ben,9185\n'.repeat(30)}`);
  assert.equal(file.faultCount, 30);
  const sentences = fileFaultSentences(file);
  assert.equal(sentences.length, 21);
  assert.equal(sentences[0], 'Check the number: “9185” has 4 digits, a number has 7 to 15 (line 4).');
  assert.equal(sentences[20], 'and 10 more');
});

test('the same number a thousand times is one callee', async () => {
  const file = await read('6591110001\n'.repeat(1_000));
  assert.equal(file.callees.length, 1);
  assert.equal(file.duplicates, 999);
});

test('a formula in a name is made harmless', async () => {
  assert.deepEqual(await pairs('name,number\n=cmd(),6591110001'), [['6591110001', 'cmd()']]);
});

test('a file that is not text is refused with a sentence', async () => {
  const bytes = async (...values: number[]) =>
    (await parseCalleeFile(Uint8Array.from(values), options)).refusal ?? '';
  assert.match(await bytes(0x50, 0x4b, 0x03, 0x04, 0x14, 0x00), /not plain text/);
  assert.match(await bytes(0xff, 0xd8, 0xff, 0xe0), /not plain text/);
  assert.match(await bytes(), /empty/);
  assert.match(
    (await parseCalleeFile(new Uint8Array(MAX_FILE_BYTES + 1), options)).refusal ?? '',
    /larger than 10 MB/,
  );
  assert.match((await read('name,number\n"Asha,6591110001\nBen,6591110002')).refusal ?? '', /quote is open/);
});

test('UTF-16, which Excel writes as "Unicode text"', async () => {
  const text = Buffer.from('\ufeffAsha\t6591110001\r\n', 'utf16le');
  assert.deepEqual((await parseCalleeFile(text, options)).callees, [{ callee: '6591110001', name: 'Asha' }]);
});

test('10,001 lines are read at once; the caller sets the limit', async () => {
  const lines = Array.from({ length: 10_001 }, (_, index) => `Person ${index},+65${91_110_000 + index}`);
  const started = process.cpuUsage();
  const file = await read(lines.join('\n'));
  const { user } = process.cpuUsage(started);
  assert.equal(file.callees.length, 10_001);
  assert.equal(file.faultCount, 0);
  // It takes about 200 ms; far more means that something became quadratic.
  assert.ok(user < 2_000_000, `${user} µs`);
});

test('no bytes make it throw', async () => {
  const cell = fc.oneof(
    fc.stringMatching(/^[+0-9 ]{0,12}$/),
    fc.constantFrom('"', '=x', 'Asha', '\t', ';', ','),
    fc.string(),
  );
  const text = fc
    .array(fc.array(cell, { maxLength: 4 }), { maxLength: 8 })
    .map((rows) => rows.map((row) => row.join(',')).join('\n'));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array(),
        text.map((each) => new TextEncoder().encode(each)),
      ),
      async (bytes) => {
        for (const { callee } of (await parseCalleeFile(bytes, options)).callees)
          assert.match(callee, /^[1-9][0-9]{6,14}$/);
      },
    ),
    { numRuns: 1_000 },
  );
});
