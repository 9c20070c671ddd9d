import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { suite, test } from 'node:test';

const source = resolve(import.meta.dirname, '../src');
const mostLines = 300;

// What may be imported by all, and imports nothing of ours but itself.
const shared = new Set(['clock.ts', 'errors.ts', 'ids.ts', 'log.ts', 'config/types.ts']);

// Dependencies point one way: slack, http, cli -> calls, alerts -> store, voice -> nothing of ours.
const mayImport: Record<string, string[]> = {
  store: ['queue'],
  queue: ['store'],
  voice: [],
  callees: ['config', 'alerts', 'calls'],
  config: ['callees', 'alerts'],
  alerts: [],
  outbox: ['store', 'queue', 'calls'],
  calls: ['store', 'queue', 'voice', 'alerts', 'callees', 'outbox', 'paging'],
  paging: ['store', 'queue', 'alerts', 'callees', 'outbox', 'calls'],
  slack: ['calls', 'paging', 'outbox', 'callees', 'alerts', 'store', 'queue', 'voice', 'config'],
  http: ['calls', 'alerts', 'store', 'queue', 'voice', 'config'],
  cli: ['calls', 'paging', 'callees', 'alerts', 'store', 'queue', 'voice', 'config'],
};
// The domain knows neither Slack nor HTTP.
const domain = new Set(['calls', 'alerts', 'callees', 'paging', 'outbox', 'queue']);
const foreignToTheDomain = /^(@slack\/|undici(\/|$)|(node:)?(http|https|http2)$)/;

interface Import {
  from: string;
  to: string;
}

function area(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : '';
}

/** What a source file imports, types included: `from '…'`, `import '…'` and `import('…')`. */
function importsOf(text: string): string[] {
  const statement = /^\s*(?:import|export)\b[^;'"]*?['"]([^'"]+)['"]/gm;
  const call = /\bimport\(\s*['"]([^'"]+)['"]/g;
  return [...text.matchAll(statement), ...text.matchAll(call)].map(([, to = '']) => to);
}

/** The sentence about an import that is not allowed, or undefined. `to` of ours is a path relative to src. */
function fault({ from, to }: Import): string | undefined {
  const here = area(from);
  if (!to.endsWith('.ts')) {
    if (domain.has(here) && foreignToTheDomain.test(to))
      return `${from} imports ${to}: ${here} knows no Slack and no HTTP`;
    return undefined;
  }
  if (to.startsWith('..')) return `${from} imports ${to}, outside of src`;
  if (shared.has(to)) return undefined;
  if (shared.has(from)) return `${from} imports ${to}: what all may import imports nothing of ours`;
  // app.ts and main.ts wire everything.
  if (here === '') return undefined;
  const there = area(to);
  if (there === here) return undefined;
  if (mayImport[here]?.includes(there)) return undefined;
  return `${from} imports ${to}: ${here} may import only ${[here, ...(mayImport[here] ?? [])].join(', ')}`;
}

const files = globSync('**/*.{ts,mjs}', { cwd: source }).map((path) => path.replaceAll('\\', '/'));
const imports = files.flatMap((from) =>
  importsOf(readFileSync(join(source, from), 'utf8')).map((to) => ({
    from,
    to: to.startsWith('.') ? relative(source, resolve(source, dirname(from), to)).replaceAll('\\', '/') : to,
  })),
);

suite('the house', () => {
  test('dependencies point one way', () => {
    assert.ok(imports.length > 20, 'the imports were read');
    assert.deepEqual(
      imports.map(fault).filter((each) => each !== undefined),
      [],
    );
  });

  test('an import that points back is found', () => {
    assert.deepEqual(
      importsOf(
        `import type { A } from '../a.ts';\nexport {\n  b,\n} from "./b.ts";\nawait import('undici');`,
      ),
      ['../a.ts', './b.ts', 'undici'],
    );
    const wrong: Import[] = [
      { from: 'store/open.ts', to: 'calls/create.ts' },
      { from: 'calls/create.ts', to: 'slack/text.ts' },
      { from: 'calls/create.ts', to: '@slack/types' },
      { from: 'alerts/flatten.ts', to: 'node:http' },
      { from: 'alerts/flatten.ts', to: 'undici' },
      { from: 'clock.ts', to: 'store/open.ts' },
      { from: 'slack/home.ts', to: 'app.ts' },
      { from: 'http/server.ts', to: 'slack/text.ts' },
    ];
    for (const each of wrong) assert.notEqual(fault(each), undefined, JSON.stringify(each));
    assert.equal(fault({ from: 'slack/home.ts', to: 'calls/create.ts' }), undefined);
    assert.equal(fault({ from: 'store/open.ts', to: 'config/types.ts' }), undefined);
  });

  test(`no file is longer than ${mostLines} lines`, () => {
    const long = files
      .map((file) => ({ file, lines: readFileSync(join(source, file), 'utf8').trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > mostLines)
      .map(({ file, lines }) => `src/${file} has ${lines} lines: split it by what is inside`);
    assert.deepEqual(long, []);
  });
});
