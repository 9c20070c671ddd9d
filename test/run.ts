// What `npm test` runs: every test file but the slow ones, or all of those under the directories given as arguments.
import { existsSync, globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const root = resolve(import.meta.dirname, '..');
const asked = process.argv.slice(2).map((path) => relative(root, resolve(path)));
const inTest = (path: string) => path.replaceAll('\\', '/');

const all = globSync('test/**/*.test.ts', { cwd: root }).map(inTest).sort();
const isAsked = (file: string) =>
  asked.length === 0 || asked.some((path) => file === path || file.startsWith(`${path}/`));
const isPage = (file: string) => file.startsWith('test/page/');
const withPage = process.env.PAGE === '1';
// Kills, faults, storms and random interleavings take minutes: for CI, and for who asks for them.
const slow = [
  'test/crash/',
  'test/alertmanager/',
  'test/e2e/alerts-storm',
  'test/e2e/alerts-time',
  'test/e2e/approval-faults',
  'test/e2e/database-faults',
  'test/e2e/outbox',
  'test/e2e/reports',
  'test/e2e/slack-faults',
  'test/e2e/socket-mode',
  'test/e2e/unknown',
  'test/e2e/voice-down',
  'test/calls/approval/property',
  'test/cli/move',
  'test/store/sqlite-faults',
];
const isSlow = (file: string) => asked.length === 0 && slow.some((start) => file.startsWith(start));
const wanted = all.filter(isAsked);
const files = wanted.filter((file) => (withPage || !isPage(file)) && !isSlow(file));

const leftOut: string[] = [];
if (process.env.TEST_DATABASE_URL === undefined) leftOut.push('PostgreSQL (set TEST_DATABASE_URL)');
if (wanted.some(isPage) && !withPage) leftOut.push('the page in Chromium (set PAGE=1)');
if (wanted.some(isSlow)) leftOut.push('kills, faults, storms and random interleavings (npm test -- test)');

const missing = asked.filter((path) => !existsSync(resolve(root, path)));
if (missing.length > 0) fail(`There is no ${missing.join(', ')}.`);
if (files.length === 0) fail(`No test files in ${asked.join(', ') || 'test'}.`);

// Most of a small test file's time goes into loading: what was compiled once is kept for the next.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'voicecall-compile-cache');

let tests = 0;
let failed = false;
const stream = run({
  cwd: root,
  files,
  // Most flow tests wait for Slack's pace more than they compute; more than this makes tests of timing fail.
  concurrency: 3,
  timeout: 180_000,
});
stream.on('test:fail', () => {
  failed = true;
});
// Each file ends with a summary of its own, and the whole run with one that names no file.
stream.on('test:summary', ({ file, counts, success }) => {
  if (file !== undefined) return;
  tests = counts.tests;
  if (!success) failed = true;
});
stream.compose(spec).pipe(process.stdout);
stream.on('end', () => {
  // After the reporter's own last lines.
  setImmediate(() => {
    if (leftOut.length > 0) console.log(`left out: ${leftOut.join(', ')}`);
    if (tests === 0) fail('No test ran.');
    process.exitCode = failed ? 1 : 0;
  });
});

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
