import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contactCard } from '../../../src/slack/me/contact-card.ts';

test('the contact card has every caller number, and a name cannot break out of its line', () => {
  assert.equal(
    contactCard('Voice; call, \\ "ops"\r\nTEL:+1900', ['6591110001', '12345678901234']),
    [
      'BEGIN:VCARD',
      'VERSION:3.0',
      'N:Voice\\; call\\, \\\\ "ops"\\nTEL:+1900;;;;',
      'FN:Voice\\; call\\, \\\\ "ops"\\nTEL:+1900',
      'TEL;TYPE=VOICE:+6591110001',
      // Not a number of any country, so it is kept as configured.
      'TEL;TYPE=VOICE:12345678901234',
      'END:VCARD',
      '',
    ].join('\r\n'),
  );
});

test('with any name a line has at most 75 bytes, and the name is read back whole', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (name) => {
      const card = contactCard(name, ['6591110001']);
      const lines = card.split('\r\n');
      assert.ok(lines.every((line) => Buffer.byteLength(line) <= 75));
      const unfolded = card.replaceAll('\r\n ', '').split('\r\n');
      assert.equal(unfolded.length, 7);
      const read = (unfolded[3] ?? '')
        .slice(3)
        .replace(/\\([\\,;n])/g, (_, each) => (each === 'n' ? '\n' : each));
      assert.equal(read, name.replace(/\r\n?/g, '\n').replace(/[^\P{Cc}\n]/gu, ''));
    }),
  );
});
