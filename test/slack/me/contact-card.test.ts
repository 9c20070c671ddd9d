import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contactCard } from '../../../src/slack/me/contact-card.ts';

test('the contact has every caller number, and nothing in a name breaks out of its line', () => {
  assert.equal(
    contactCard('Voice; call, \\ "ops"\r\nTEL:+1900', ['6591110001', '12345678901234']),
    [
      'BEGIN:VCARD',
      'VERSION:3.0',
      'N:Voice\\; call\\, \\\\ "ops"\\nTEL:+1900;;;;',
      'FN:Voice\\; call\\, \\\\ "ops"\\nTEL:+1900',
      'TEL;TYPE=VOICE:+6591110001',
      // No number of any country: as it is configured.
      'TEL;TYPE=VOICE:12345678901234',
      'END:VCARD',
      '',
    ].join('\r\n'),
  );
});

test('whatever the name is, a line has 75 bytes at most and the name is read back whole', () => {
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
