import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSettings } from '../../src/config/load.ts';

const env = {
  SLACK_BOT_TOKEN: 'xoxb-1',
  SLACK_APP_TOKEN: 'xapp-1',
  VOICE_API_KEY: 'k',
  VOICE_API_SECRET: 's',
  VOICE_APP_ID: 'a',
};
const files = (known: Record<string, string>) => (path: string) => {
  const text = known[path];
  if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  return text;
};

test('voicecall.yaml is read from the working directory; if it is missing, all defaults apply', () => {
  const set = loadSettings({ env, cwd: '/app', readFile: files({ '/app/voicecall.yaml': 'country: IN' }) });
  assert.equal(set.settings?.config.country, 'IN');
  const absent = loadSettings({ env, cwd: '/app', readFile: files({}) });
  assert.deepEqual(absent.faults, []);
  assert.equal(absent.settings?.config.country, undefined);
});

test('a file that VOICECALL_CONFIG names must exist', () => {
  const named = { ...env, VOICECALL_CONFIG: 'etc/own.yaml' };
  const missing = loadSettings({ env: named, cwd: '/app', readFile: files({}) });
  assert.equal(missing.settings, undefined);
  assert.deepEqual(
    missing.faults.map(({ place }) => place),
    ['VOICECALL_CONFIG'],
  );
  const there = loadSettings({
    env: named,
    cwd: '/app',
    readFile: files({ '/app/etc/own.yaml': 'country: SG' }),
  });
  assert.equal(there.settings?.config.country, 'SG');
});

test('faults of environment and file are reported together', () => {
  const readFile = files({ '/app/voicecall.yaml': 'contry: IN\n' });
  const { settings, faults } = loadSettings({ env: { ...env, PORT: 'x' }, cwd: '/app', readFile });
  assert.equal(settings, undefined);
  assert.deepEqual(
    faults.map(({ place }) => place),
    ['PORT', 'voicecall.yaml:1:1'],
  );
});

test('a file that cannot be read is a fault, never the defaults', () => {
  const readFile = () => {
    throw Object.assign(new Error('denied'), { code: 'EACCES' });
  };
  assert.match(loadSettings({ env, cwd: '/app', readFile }).faults[0]?.found ?? '', /EACCES/);
});

test('two sources whose names give the same variable for the token are refused', () => {
  const sources = ['a-b', 'a_b', 'A-b', 'ab'].map((name) => `  ${name}: { format: slack }`).join('\n');
  const readFile = files({ '/app/voicecall.yaml': `sources:\n${sources}\n` });
  const token = { SOURCE_A_B_TOKEN: 'a-token-of-a-source', SOURCE_AB_TOKEN: 'a-token-of-a-source' };
  const { faults } = loadSettings({ env: { ...env, ...token }, cwd: '/app', readFile });
  const shared = (name: string) => `"${name}", whose token would be SOURCE_A_B_TOKEN like that of "a-b"`;
  assert.deepEqual(
    faults.map(({ place, found }) => [place, found]),
    [
      ['voicecall.yaml:3:8', shared('a_b')],
      ['voicecall.yaml:4:8', shared('A-b')],
    ],
  );
});

test('a missing token of a source is reported beside the faults of the file', () => {
  const readFile = files({
    '/app/voicecall.yaml':
      'sources: { prom: { format: wrong } }\nrules: [{ name: a, sources: [prom], say: hi }]\n',
  });
  const { faults } = loadSettings({ env, cwd: '/app', readFile });
  assert.deepEqual(
    faults.map(({ place, found }) => [place, found]),
    [
      ['voicecall.yaml:1:28', '"wrong"'],
      ['voicecall.yaml:2:9', 'no call'],
      ['SOURCE_PROM_TOKEN', 'nothing'],
    ],
  );
});
