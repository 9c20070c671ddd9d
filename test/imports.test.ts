// The plan of the house: every room of src, from the ground up, and what it may import.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { suite, test } from 'node:test';

const source = resolve(import.meta.dirname, '../src');

/** A newcomer cannot remember more files in one folder. */
const mostFiles = 22;

const storage = ['store', 'queue', 'outbox'];
const calls = [
  'calls/request',
  'calls/results',
  'calls/sending',
  'calls/approval',
  'calls/reaching',
  'calls/asking',
];
const domain = [
  'callees',
  'alerts',
  'alerts/words',
  'alerts/explain',
  'alerts/formats',
  'paging',
  'outbox',
  'queue',
  'recordings',
  ...calls,
];
const slackGround = ['slack/kit', 'slack/client', 'slack/context', 'slack/words', 'slack/replies'];

/** Every room with the rooms it may import. A room imports only rooms above it in this list. */
const rooms: [room: string, mayImport: string[]][] = [
  ['callees', []],
  ['alerts/words', []],
  ['alerts', ['alerts/words']],
  ['alerts/formats', ['alerts']],
  ['alerts/explain', ['alerts', 'alerts/formats']],
  ['store/migrations', []],
  ['store', ['store/migrations']],
  ['voice', []],
  ['queue', ['store']],
  ['config', ['callees']],
  ['rosters', ['config', 'store', 'queue']],
  ['outbox', ['store', 'queue']],
  ['recordings', storage],
  ['calls/request', ['callees', 'voice', ...storage]],
  ['calls/results', ['calls/request', 'voice', ...storage]],
  ['calls/sending', ['callees', 'calls/request', 'calls/results', 'voice', ...storage]],
  ['calls/approval', ['callees', 'calls/request', 'calls/sending', ...storage]],
  [
    'calls/reaching',
    ['callees', 'calls/request', 'calls/results', 'calls/sending', 'calls/approval', ...storage],
  ],
  ['calls/asking', ['callees', 'calls/request', 'calls/sending', 'calls/approval', ...storage]],
  ['paging', ['callees', 'alerts', 'alerts/formats', ...calls, ...storage]],
  ['slack/kit', []],
  ['slack/client', ['callees', 'config']],
  ['slack/context', ['calls/request', 'config', 'recordings', 'store', 'voice', 'slack/client']],
  ['slack/words', ['callees', 'calls/request', 'calls/results', 'config', 'voice', 'slack/kit']],
  ['slack/replies', ['calls/request', 'slack/kit', 'slack/context', 'slack/words']],
  ['slack/approval', ['callees', 'outbox', ...calls, ...slackGround]],
  ['slack/board', ['callees', 'outbox', 'paging', 'voice', ...calls, ...slackGround]],
  ['slack/asking', ['callees', 'config', 'rosters', 'store', 'voice', ...calls, ...slackGround]],
  ['slack/me', ['callees', 'config', 'outbox', 'store', 'slack/asking', ...calls, ...slackGround]],
  ['slack/recordings', ['outbox', 'queue', 'recordings', 'store', 'voice', ...slackGround]],
  ['slack/lookup', ['callees', 'config', 'outbox', 'rosters', 'slack/asking', ...calls, ...slackGround]],
  [
    'slack/alerts',
    [
      'alerts',
      'alerts/explain',
      'alerts/formats',
      'config',
      'paging',
      'queue',
      'rosters',
      'store',
      'slack/asking',
      ...calls,
      ...slackGround,
    ],
  ],
  [
    'slack/outbox',
    [
      'callees',
      'slack/approval',
      'slack/board',
      'slack/me',
      'slack/recordings',
      'slack/lookup',
      ...storage,
      ...calls,
      ...slackGround,
    ],
  ],
  [
    'slack',
    [
      'alerts',
      ...calls,
      ...slackGround,
      'slack/approval',
      'slack/board',
      'slack/asking',
      'slack/alerts',
      'slack/me',
      'slack/recordings',
      'slack/lookup',
    ],
  ],
  ['http', ['callees', 'alerts', 'alerts/formats', 'config', 'voice', 'paging', ...storage, ...calls]],
  [
    'cli',
    [
      'rosters',
      'slack/client',
      'callees',
      'alerts',
      'alerts/formats',
      'alerts/explain',
      'config',
      'voice',
      'paging',
      ...storage,
      ...calls,
    ],
  ],
];
const plan = new Map(rooms);

// What every room may import. These import nothing of ours but each other.
const shared = new Set([
  'cached.ts',
  'clock.ts',
  'errors.ts',
  'ids.ts',
  'worker-thread.ts',
  'slack-ids.ts',
  'slices.ts',
  'log.ts',
  'mask-numbers.ts',
  'clean-text.ts',
  'foreign-json.ts',
  'config/types.ts',
]);
// The domain imports neither Slack nor HTTP.
const foreignToTheDomain = /^(@slack\/|undici(\/|$)|(node:)?(http|https|http2)$)/;

interface Import {
  from: string;
  to: string;
}

/** The folder of a file in src. '' for the files directly in src. */
function roomOf(path: string): string {
  return path.includes('/') ? dirname(path) : '';
}

/** The imports of a source file, with types: `from '…'`, `import '…'` and `import('…')`. */
function importsOf(text: string): string[] {
  const statement = /^\s*(?:import|export)\b[^;'"]*?['"]([^'"]+)['"]/gm;
  const call = /\bimport\(\s*['"]([^'"]+)['"]/g;
  return [...text.matchAll(statement), ...text.matchAll(call)].map(([, to = '']) => to);
}

/** A sentence about a forbidden import, or undefined. `to` is a path relative to src if it is ours. */
function fault({ from, to }: Import): string | undefined {
  const here = roomOf(from);
  if (!to.endsWith('.ts')) {
    if (domain.includes(here) && foreignToTheDomain.test(to))
      return `${from} imports ${to}: ${here} knows no Slack and no HTTP`;
    return undefined;
  }
  if (to.startsWith('..')) return `${from} imports ${to}, outside of src`;
  if (shared.has(to)) return undefined;
  if (shared.has(from)) return `${from} imports ${to}: what all may import imports nothing of ours`;
  // The files directly in src connect everything.
  if (here === '') return undefined;
  const there = roomOf(to);
  if (there === here || plan.get(here)?.includes(there)) return undefined;
  return `${from} imports ${to}: ${here} may import only ${plan.get(here)?.join(', ') || 'itself'}`;
}

/** A circle of imports among `nodes`, as the path that closes it. Undefined if there is none. */
function circle(nodes: Iterable<string>, next: (node: string) => Iterable<string>): string[] | undefined {
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (finished.has(node)) return undefined;
    path.push(node);
    for (const each of next(node)) {
      const found = visit(each);
      if (found !== undefined) return found;
    }
    path.pop();
    finished.add(node);
    return undefined;
  };
  for (const node of nodes) {
    const found = visit(node);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a file of `calls` would know about Slack: its task names, its numbers, what is posted. Undefined: nothing. */
function slackIn(text: string): string | undefined {
  const code = text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  const word = /'slack\.\w+'|\b(?:tableRows|shownInTable|afterPostMs|99|1_?200|mrkdwn)\b/.exec(code);
  if (word !== null) return `holds ${word[0]}`;
  const taken = [...code.matchAll(/import\s*\{([^}]*)\}\s*from\s*'[^']*outbox\/[^']*'/g)]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.trim())
    .find((name) => name !== '' && name !== 'changed' && name !== 'remind');
  return taken === undefined ? undefined : `takes ${taken} from the outbox`;
}

const files = globSync('**/*.{ts,mjs}', { cwd: source })
  .map((path) => path.replaceAll('\\', '/'))
  .sort();
const imports = files.flatMap((from) =>
  importsOf(readFileSync(join(source, from), 'utf8')).map((to) => ({
    from,
    to: to.startsWith('.') ? relative(source, resolve(source, dirname(from), to)).replaceAll('\\', '/') : to,
  })),
);
const ours = imports.filter(({ to }) => to.endsWith('.ts'));

suite('the house', () => {
  test('every room is in the plan, and imports only what the plan allows', () => {
    assert.ok(imports.length > 20, 'the imports were read');
    assert.deepEqual(
      [...new Set(files.map(roomOf))].filter((room) => room !== '' && !plan.has(room)),
      [],
    );
    assert.deepEqual(
      imports.map(fault).filter((each) => each !== undefined),
      [],
    );
  });

  test('CONTRIBUTING names no file that does not exist', () => {
    const text = readFileSync(join(source, '../CONTRIBUTING.md'), 'utf8');
    const named = [...text.matchAll(/`([\w/.-]+\.ts)`/g)].map(([, path = '']) => path);
    assert.ok(named.length > 15, String(named));
    const exists = (path: string) =>
      files.some((file) => file === path || file.endsWith(`/${path}`)) ||
      existsSync(join(source, '..', path));
    assert.deepEqual(
      named.filter((path) => !exists(path)),
      [],
    );
  });

  test('the arrows of the plan point down', () => {
    for (const [index, [room, mayImport]] of rooms.entries()) {
      const below = new Set(rooms.slice(0, index).map(([each]) => each));
      assert.deepEqual(
        mayImport.filter((each) => !below.has(each)),
        [],
        `${room} may import only rooms that stand before it in the plan`,
      );
    }
  });

  test('there is no circle of files or folders', () => {
    const to = Map.groupBy(ours, ({ from }) => from);
    assert.equal(
      circle(files, (file) => (to.get(file) ?? []).map((each) => each.to)),
      undefined,
    );
    const rooms = Map.groupBy(
      ours.filter(({ from, to }) => !shared.has(to) && roomOf(from) !== roomOf(to) && roomOf(from) !== ''),
      ({ from }) => roomOf(from),
    );
    assert.equal(
      circle(rooms.keys(), (room) => (rooms.get(room) ?? []).map((each) => roomOf(each.to))),
      undefined,
    );
    for (const folder of ['sandbox', 'bench']) {
      const all = globSync(`${folder}/**/*.ts`, { cwd: join(source, '..') });
      assert.ok(all.length > 10, folder);
      const next = (file: string) =>
        importsOf(readFileSync(join(source, '..', file), 'utf8'))
          .filter((to) => to.startsWith('.'))
          .map((to) => join(dirname(file), to))
          .filter((to) => to.startsWith(`${folder}/`) && to.endsWith('.ts'));
      assert.equal(circle(all, next), undefined);
    }
    assert.deepEqual(
      circle(['a', 'b', 'c'], (node) => ({ a: ['b'], b: ['c'], c: ['b'] })[node] ?? []),
      ['b', 'c', 'b'],
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
      { from: 'store/open.ts', to: 'calls/asking/create.ts' },
      { from: 'calls/results/reports.ts', to: 'calls/sending/result.ts' },
      { from: 'calls/asking/create.ts', to: 'slack/kit/text.ts' },
      { from: 'calls/asking/create.ts', to: 'paging/alert-events.ts' },
      { from: 'calls/asking/create.ts', to: '@slack/types' },
      { from: 'slack/kit/text.ts', to: 'slack/words/state-words.ts' },
      { from: 'alerts/flatten.ts', to: 'store/open.ts' },
      { from: 'alerts/flatten.ts', to: 'node:http' },
      { from: 'queue/worker.ts', to: 'undici' },
      { from: 'clock.ts', to: 'store/open.ts' },
      { from: 'slack/lookup/home.ts', to: 'app.ts' },
      { from: 'http/server.ts', to: 'slack/kit/text.ts' },
    ];
    for (const each of wrong) assert.notEqual(fault(each), undefined, JSON.stringify(each));
    assert.equal(fault({ from: 'slack/lookup/home.ts', to: 'calls/request/read.ts' }), undefined);
    assert.equal(fault({ from: 'store/open.ts', to: 'config/types.ts' }), undefined);
  });

  test('calls only tell Slack’s side that something changed', () => {
    assert.equal(
      slackIn(`import { changed, post } from '../../outbox/outbox.ts';`),
      'takes post from the outbox',
    );
    assert.match(slackIn(`await enqueue(tx, { kind: 'slack.edit', key });`) ?? '', /slack.edit/);
    assert.match(slackIn('if (request.callees > 99) file();') ?? '', /99/);
    const found = files
      .filter((path) => path.startsWith('calls/'))
      .map((path) => [path, slackIn(readFileSync(join(source, path), 'utf8'))])
      .filter(([, what]) => what !== undefined);
    assert.deepEqual(found, []);
  });

  test(`no folder holds more than ${mostFiles} files`, () => {
    const crowded = [...Map.groupBy(files, roomOf)]
      // Each change of the tables is a file there for ever, read in the order of the list.
      .filter(([room, those]) => room !== 'store/migrations' && those.length > mostFiles)
      .map(([room, those]) => `src/${room} holds ${those.length} files`);
    const tests = globSync('test/**/*.test.ts', { cwd: join(source, '..') });
    const crowdedTests = [...Map.groupBy(tests, dirname)]
      .filter(([, those]) => those.length > mostFiles)
      .map(([folder, those]) => `${folder} holds ${those.length} files`);
    assert.deepEqual([...crowded, ...crowdedTests], []);
  });
});
