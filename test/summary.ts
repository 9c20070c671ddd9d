// What `npm test` prints: one line for each folder, failures in full, the sum.
import { dirname, relative, resolve } from 'node:path';
import type { run } from 'node:test';
import { inspect } from 'node:util';

const root = resolve(import.meta.dirname, '..');

interface Failure {
  name: string;
  /** "test/e2e/first-call.test.ts:19" */
  place: string;
  error: unknown;
}

export interface Seen {
  passed: number;
  skipped: number;
  /** True also if a file failed outside a test. */
  failed: boolean;
  failures: Failure[];
  /** Full paths. */
  failedFiles: Set<string>;
  folders: Map<string, { tests: number; ms: number }>;
}

/** Counts the events of a run. Tests are counted, suites are not. */
export function watch(stream: ReturnType<typeof run>): Seen {
  const seen: Seen = {
    passed: 0,
    skipped: 0,
    failed: false,
    failures: [],
    failedFiles: new Set(),
    folders: new Map(),
  };
  stream.on('test:pass', ({ file, skip, details }) => {
    if (details.type === 'suite' || file === undefined) return;
    if (skip !== undefined && skip !== false) seen.skipped += 1;
    else seen.passed += 1;
    const folder = relative(root, dirname(file));
    const known = seen.folders.get(folder) ?? { tests: 0, ms: 0 };
    seen.folders.set(folder, { tests: known.tests + 1, ms: known.ms + details.duration_ms });
  });
  stream.on('test:fail', ({ name, file, line, details }) => {
    seen.failed = true;
    if (file !== undefined) seen.failedFiles.add(file);
    // A suite that fails because of a test in it is not reported again.
    const { error } = details;
    const failureType = 'failureType' in error ? error.failureType : undefined;
    if (failureType === 'subtestsFailed') return;
    const place = file === undefined ? '' : `${relative(root, file)}:${line ?? 0}`;
    seen.failures.push({ name, place, error: error.cause ?? error });
  });
  return seen;
}

/** The whole run, to read in ten seconds. */
export function summary({ passed, skipped, failures, folders }: Seen): string {
  const lines = [...folders]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(
      ([folder, { tests, ms }]) =>
        `  ${folder.padEnd(28)} ${String(tests).padStart(4)} passed ${seconds(ms)}`,
    );
  const told = failures.map(
    ({ name, place, error }) =>
      `\n✖ ${name}\n  ${place}\n${indent(inspect(error, { colors: false, depth: 8 }))}`,
  );
  const sum = `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return [...lines, ...told, '', sum].join('\n');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(6)} s`;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
