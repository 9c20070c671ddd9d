import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite, test } from 'node:test';
import { isSlow } from './slow.ts';

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The README's table of promises: each promise with its globs of tests. */
const promises = (/## Promises[\s\S]*?\n\n(\|[\s\S]*?)\n\n/.exec(readme)?.[1] ?? '')
  .split('\n')
  .slice(2)
  .map((row) => {
    const [, promise = '', tests = ''] = row.split('|');
    return { promise: promise.trim(), globs: [...tests.matchAll(/`([^`]+)`/g)].map(([, glob = '']) => glob) };
  });

function filesOf(glob: string): string[] {
  const pattern = glob.endsWith('.ts') ? glob : `${glob}/**/*.test.ts`;
  return globSync(pattern, { cwd: root }).map((path) => path.replaceAll('\\', '/'));
}

suite('the promises of the README', () => {
  test('each names tests that exist, and npm test runs at least one of them', () => {
    assert.ok(promises.length >= 6, `the table was read: ${promises.length} rows`);
    for (const { promise, globs } of promises) {
      const files = globs.flatMap(filesOf);
      assert.ok(files.length > 0, `${promise}: no tests at ${globs.join(', ')}`);
      assert.ok(
        files.some((file) => !isSlow(file)),
        `${promise}: npm test runs none of ${files.join(', ')}`,
      );
    }
  });
});
