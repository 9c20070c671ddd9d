// Runs the tests of `npm test`: every test file except the slow ones, or all under the given directories.
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { isSlow } from './slow.ts';
import { type Seen, summary, watch } from './summary.ts';

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
if (wanted.some(leaveOut))
  leftOut.push('kills, faults, storms, random interleavings and long stories (npm test -- test)');

const missing = asked.filter((path) => !existsSync(resolve(root, path)));
if (missing.length > 0) fail(`There is no ${missing.join(', ')}.`);
if (files.length === 0) fail(`No test files in ${asked.join(', ') || 'test'}.`);

// Loading takes most of a small test file's time, so compiled code is cached for the next file.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'voicecall-compile-cache');

const first = await runFiles(files);
if (asked.length === 0) console.log(summary(first));
if (leftOut.length > 0) console.log(`left out: ${leftOut.join(', ')}`);
if (first.passed + first.failures.length + first.skipped === 0) fail('No test ran.');
process.exitCode = first.failed && !(await passesAgain(first)) ? 1 : 0;

/** Runs test files. A part is printed test by test; the whole run is summed up at its end. */
async function runFiles(wantedFiles: string[], concurrency = asked.length === 0 ? 4 : 3): Promise<Seen> {
  const stream = run({
    cwd: root,
    files: wantedFiles,
    // Most flow tests wait for Slack's pace more than they compute. The slow ones, which npm test leaves out, kill
    // processes and need more of the machine.
    concurrency,
    // A test that hangs ends by this; a busy machine may make a long one three times as long.
    timeout: 300_000,
  });
  const seen = watch(stream);
  if (asked.length > 0) stream.compose(spec).pipe(process.stdout);
  else stream.resume();
  await once(stream, 'end');
  // After the reporter's last lines.
  await new Promise((resolved) => setImmediate(resolved));
  return seen;
}

/**
 * For CI: on a busy machine a test may fail by chance. With RUN_AGAIN=1 a file or two that failed run once more, alone.
 * What passes only then is named: it is a defect, of the test or of the program.
 */
async function passesAgain({ failedFiles, failures }: Seen): Promise<boolean> {
  const again = [...failedFiles].map((file) => inTest(relative(root, file)));
  // After a kill, a wrong count may be a person who was called twice. Only a wait that was too short runs again.
  const grave = failures.filter(({ place, error }) => place.startsWith('test/crash/') && !isTooLong(error));
  const mayRun = again.length > 0 && again.length <= 2 && grave.length === 0;
  if (process.env.RUN_AGAIN !== '1' || !mayRun) return false;
  console.log(`\nrun again, alone: ${again.join(', ')}`);
  const second = await runFiles(again, 1);
  if (asked.length === 0) console.log(summary(second));
  if (second.failed) return false;
  console.log(`UNSTABLE, to be mended: ${again.join(', ')} failed once and passed when run again.`);
  return true;
}

function isTooLong(error: unknown): boolean {
  return error instanceof Error && /\bnot (ready |settled |taken )?within\b/.test(error.message);
}

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
