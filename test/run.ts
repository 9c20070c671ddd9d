// Runs the tests of `npm test`: every test file except the slow ones, or all under the given directories.
import { existsSync, globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { isSlow } from './slow.ts';
import { summary, watch } from './summary.ts';

const root = resolve(import.meta.dirname, '..');
const asked = process.argv.slice(2).map((path) => relative(root, resolve(path)));
const inTest = (path: string) => path.replaceAll('\\', '/');

const all = globSync('test/**/*.test.ts', { cwd: root }).map(inTest).sort();
const isAsked = (file: string) =>
  asked.length === 0 || asked.some((path) => file === path || file.startsWith(`${path}/`));
const isPage = (file: string) => file.startsWith('test/page/');
const withPage = process.env.PAGE === '1';
const leaveOut = (file: string) => asked.length === 0 && isSlow(file);
const wanted = all.filter(isAsked);
const files = wanted.filter((file) => (withPage || !isPage(file)) && !leaveOut(file));

const leftOut: string[] = [];
if (process.env.TEST_DATABASE_URL === undefined) leftOut.push('PostgreSQL (set TEST_DATABASE_URL)');
if (wanted.some(isPage) && !withPage) leftOut.push('the page in Chromium (set PAGE=1)');
if (wanted.some(leaveOut)) leftOut.push('kills, faults, storms and random interleavings (npm test -- test)');

const missing = asked.filter((path) => !existsSync(resolve(root, path)));
if (missing.length > 0) fail(`There is no ${missing.join(', ')}.`);
if (files.length === 0) fail(`No test files in ${asked.join(', ') || 'test'}.`);

// Loading takes most of a small test file's time, so compiled code is cached for the next file.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'voicecall-compile-cache');

const stream = run({
  cwd: root,
  files,
  // Most flow tests wait for Slack's pace more than they compute. The slow ones, which npm test leaves out, kill
  // processes and need more of the machine.
  concurrency: asked.length === 0 ? 4 : 3,
  // A test that hangs ends by this; a busy machine may make a long one three times as long.
  timeout: 300_000,
});
const seen = watch(stream);
// A part is printed test by test; the whole run is summed up, one line for each folder, with failures in full.
if (asked.length > 0) stream.compose(spec).pipe(process.stdout);
else stream.resume();
stream.on('end', () => {
  // After the reporter's last lines.
  setImmediate(() => {
    if (asked.length === 0) console.log(summary(seen));
    if (leftOut.length > 0) console.log(`left out: ${leftOut.join(', ')}`);
    if (seen.passed + seen.failures.length + seen.skipped === 0) fail('No test ran.');
    process.exitCode = seen.failed ? 1 : 0;
  });
});

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
