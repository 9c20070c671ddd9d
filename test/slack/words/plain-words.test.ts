import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const src = join(import.meta.dirname, '../../../src');

/** Rooms whose sentences people read in Slack, and the configuration's, which they read in a terminal. */
const rooms = ['slack', 'callees', 'calls', 'paging', 'config', 'rosters'];

const inside =
  /\b(callees?|submissions?|terminationCode|dialled|rang|meanwhile|whoever|so long|E[A-Z]*CONN[A-Z]*|fault of the program)\b/i;

/** Words of the inside that may be read: "rang" where nobody knows, or a person says, what a phone did. */
const allowed = [
  /phones?('\)|\(callees\))?\}? rang/,
  /first call rang|You say that the phones of/,
  /\$\{phone\} rang/,
  /settled: it rang/,
  // A column's heading in a file, which is a name of the platform's.
  /put "callee" above it/,
];

/** Texts in quotes or backticks with a space in them, which are sentences or parts of some; the logs are for who runs it. */
function sentences(text: string): string[] {
  const code = text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/\blog\.\w+\([\s\S]*?\);/g, '')
    .replace(/\bcontradicts\([^)]*\)/g, '')
    .replace(/new VoicecallError\([^)]*/g, '')
    .replace(/\bsql(<[^`]*>)?`[^`]*`/g, '');
  const found = code.match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`[^`\n]*`/g);
  return (found ?? []).filter((each) => / /.test(each.replace(/\$\{[^}]*\}/g, '')));
}

test('sentences speak of people and calls, never of the inside of the program', () => {
  const seen: string[] = [];
  let read = 0;
  for (const room of rooms) {
    for (const name of readdirSync(join(src, room), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      for (const sentence of sentences(readFileSync(join(src, room, name), 'utf8'))) {
        read += 1;
        // What is put in has its own words.
        const said = sentence.replace(/\$\{[^}]*(\}|$)/g, '…');
        if (inside.test(said) && !allowed.some((each) => each.test(sentence)))
          seen.push(`${room}/${name}: ${sentence.slice(0, 120)}`);
      }
    }
  }
  assert.ok(read > 500, `${read} sentences`);
  assert.deepEqual(seen, []);
});
