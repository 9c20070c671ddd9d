// What `npm test` runs: every test file, or those under the directories given as arguments.
import { existsSync, globSync } from 'node:fs';
import { relative, resolve } from 'node:path';
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
const wanted = all.filter(isAsked);
const files = wanted.filter((file) => withPage || !isPage(file));

const leftOut: string[] = [];
if (process.env.TEST_DATABASE_URL === undefined) leftOut.push('PostgreSQL (set TEST_DATABASE_URL)');
if (files.length < wanted.length) leftOut.push('the page in Chromium (set PAGE=1)');

const missing = asked.filter((path) => !existsSync(resolve(root, path)));
if (missing.length > 0) fail(`There is no ${missing.join(', ')}.`);
if (files.length === 0) fail(`No test files in ${asked.join(', ') || 'test'}.`);

let tests = 0;
let failed = false;
const stream = run({
  cwd: root,
  files,
  // Two: what a small machine has; more make tests of timing fail for lack of a processor.
  concurrency: 2,
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
