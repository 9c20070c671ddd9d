import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { renderSay, speakable } from '../../src/alerts/speech.ts';

const facts = { title: 'Replica lag on db-1', severity: 'critical', source: 'Nagios', channel: 'alerts' };

describe('spoken text', () => {
  it('fills in the facts, once', () => {
    assert.equal(
      renderSay('{severity} from {source} in {channel}: {title}.', facts, 299),
      'critical from Nagios in alerts: Replica lag on db-1.',
    );
    assert.equal(
      renderSay('Alert. {title}.', { ...facts, title: '{severity} {text}' }, 299),
      'Alert. severity text.',
    );
    assert.equal(renderSay('{text}', facts, 299), 'Replica lag on db-1');
  });
  it('speaks no links, ids, mark-up, signs, commands or numbers to call', () => {
    assert.equal(
      speakable('[FIRING:1] *Disk* _full_ <https://x.example.com/a|on web-1> :fire: 🔥'),
      'FIRING:1 Disk full on web-1',
    );
    assert.equal(speakable('see https://x.example.com/a?b=c now'), 'see now');
    assert.equal(speakable('call +1 900 555 12 34 now'), 'call now');
    assert.equal(speakable('call +1-900-555-1234 or 9005551234'), 'call or');
    assert.equal(speakable('/voicecall +919005551234 <!channel> @here'), 'voicecall');
    assert.equal(speakable('٠١٢٣٤٥٦٧٨٩ x'), 'x');
    assert.equal(
      speakable('trace 4bf92f3577b34da6a3ce929d0e0e4736 id 803f680d-e89b-492b-82ef-2be7b774a92d'),
      'trace id',
    );
    assert.equal(speakable('host 10.0.0.15 port 5432'), 'host 10.0.0.15 port 5432');
    assert.equal(speakable('dis\u200bk\u202e\u0007'), 'disk');
  });
  it('speaks no number to call, whatever is between its digits', () => {
    for (const number of [
      '9,1,9,0,0,5,5,5,0,1,0,0',
      '9 1 9 0 0 5 5 5',
      '9*1*9*0*0*5*5*5',
      '9_1_9_0_0_5_5_5',
      '9️⃣1️⃣9️⃣0️⃣0️⃣5️⃣5️⃣5️⃣',
      '919,005,550,100',
      '919.005.550.100',
      '9. 1. 9. 0. 0. 5. 5',
      '９１９ ００５ ５５０',
      '10.0.0.1, 9.1.9.0',
      '9…1…9…0…0…5…5',
    ]) {
      assert.equal(speakable(`call ${number} now`), 'call now', number);
    }
    assert.equal(
      speakable('1,234,567 errors on 10.100.20.35:9100, 95% of 3'),
      '1,234,567 errors on 10.100.20.35:9100, 95% of 3',
    );
  });
  it('leaves out the count of a group', () => {
    assert.equal(renderSay('{title}', { ...facts, title: '[FIRING:2] DiskFull prod' }, 299), 'DiskFull prod');
  });
  it('is cut at a word and never empty', () => {
    assert.equal(renderSay('{title}', { ...facts, title: 'one two three four' }, 12), 'one two');
    assert.equal(renderSay('{title}', { ...facts, title: 'x'.repeat(50) }, 10), 'x'.repeat(10));
    assert.equal(renderSay('{title}', { ...facts, title: '🔥 https://x.example.com' }, 299), 'Alert.');
    assert.equal(renderSay('{severity}', { ...facts, severity: null }, 299), 'Replica lag on db-1');
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 10, max: 299 }),
        (template, title, length) => {
          const said = renderSay(template, { ...facts, title }, length);
          assert.ok(said.length > 0 && said.length <= length);
          assert.ok(!/(?:\d[^\p{L}\d.,:/]{0,3}){7}/u.test(speakable(title)));
        },
      ),
      { numRuns: 500 },
    );
  });
});
