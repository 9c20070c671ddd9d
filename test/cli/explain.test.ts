import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../src/cli/explain.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'explain-'));
/** Not part of what is tested: the program starts sooner. */
const compiled = { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '' };
after(() => rmSync(folder, { recursive: true }));

function explain(given: string | string[], input = '', env: Record<string, string> = {}) {
  const done = spawnSync(process.execPath, [program, ...[given].flat()], {
    input,
    env: { ...compiled, ...env },
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: done.status, out: done.stdout, error: done.stderr };
}

const event = {
  type: 'message',
  channel: 'C0ALERTS',
  bot_id: 'B0MON',
  ts: '1714550000.000100',
  text: 'CRITICAL: replica lag on db-1',
};

describe('npm run explain', () => {
  it('answers one event with an object, from standard input, without any environment', () => {
    const { code, out, error } = explain('-', JSON.stringify(event));
    assert.deepEqual([code, error], [0, '']);
    const said: unknown = JSON.parse(out);
    assert.ok(typeof said === 'object' && said !== null);
    assert.deepEqual(Object.keys(said).slice(0, 6), ['status', 'severity', 'title', 'link', 'key', 'rule']);
    const about = { status: 'firing', severity: 'critical', title: event.text, link: null, rule: null };
    const more = { news: 'fired', calls: [], nearest: null, failed: [], why: 'There are no rules.' };
    assert.deepEqual({ ...said, key: '' }, { ...about, ...more, key: '' });
  });
  it('reads .env like the app: which configuration it uses, and an empty line means the default', () => {
    const here = mkdtempSync(join(tmpdir(), 'explain-env-'));
    const rule = (name: string) =>
      `lists: { oncall: ["+918563214120"] }\nrules:\n  - { name: ${name}, channels: [C0ALERTS], match: { title: lag }, call: [oncall], say: x }\n`;
    writeFileSync(join(here, 'voicecall.yaml'), rule('usual'));
    writeFileSync(join(here, 'other.yaml'), rule('other'));
    const ruleWith = (dotenv: string) => {
      writeFileSync(join(here, '.env'), dotenv);
      const options = { input: JSON.stringify(event), env: compiled, cwd: here, encoding: 'utf8' } as const;
      const { stdout, stderr } = spawnSync(process.execPath, [program, '-'], options);
      return /"rule": "(\w+)"/.exec(stdout)?.[1] ?? stderr;
    };
    try {
      assert.equal(ruleWith('VOICECALL_CONFIG=other.yaml\n'), 'other');
      assert.equal(ruleWith('VOICECALL_CONFIG=\n'), 'usual', 'as .env.example has it');
      assert.match(ruleWith('VOICECALL_CONFIG=gone.yaml\n'), /^VOICECALL_CONFIG names gone\.yaml, and there/);
    } finally {
      rmSync(here, { recursive: true });
    }
  });
  it('answers an array with an array, in order, with the rules of voicecall.yaml', () => {
    const config = join(folder, 'rules.yaml');
    writeFileSync(
      config,
      `country: IN
lists: { oncall: ["+91 85632 14120"] }
rules:
  - { name: other, channels: [C0OTHER1], match: { from: [B0MON1] }, call: [oncall], say: "{title}" }
  - { name: lag, channels: [C0ALERTS], match: { title: "REPLICA lag", from: [B0MON] }, call: [oncall], say: "{title}" }
`,
    );
    const file = join(folder, 'events.json');
    const reply = { ...event, ts: '1714550060.000100', thread_ts: event.ts, text: 'Resolved' };
    const person = { type: 'message', user: 'U1', text: event.text, ts: '1714550070.000100' };
    writeFileSync(file, JSON.stringify([{ event }, reply, person]));
    const { code, out, error } = explain(file, '', { VOICECALL_CONFIG: config });
    assert.deepEqual([code, error], [0, '']);
    const said: { status: string; key: string | null; rule: string | null }[] = JSON.parse(out);
    assert.deepEqual(
      said.map(({ status, rule }) => [status, rule]),
      [
        ['firing', 'lag'],
        ['resolved', null],
        ['not-an-alert', null],
      ],
    );
    assert.equal(said[0]?.key, said[1]?.key);
  });
  it('explains errors in words, on standard error only', () => {
    writeFileSync(join(folder, 'bad.yaml'), 'rulez: []\n');
    const cases: [string | string[], string, Record<string, string>, RegExp][] = [
      [[], '', {}, /^Usage/],
      ['--help', '', {}, /^Usage/],
      [['-', 'second.json'], '{}', {}, /^Usage/],
      ['nowhere.json', '', {}, /nowhere\.json cannot be read/],
      ['-', '{', {}, /is not JSON/],
      ['-', '7', {}, /neither an object nor an array/],
      ['-', '{}', { VOICECALL_CONFIG: 'gone.yaml' }, /no such file/],
      ['-', '{}', { VOICECALL_CONFIG: 'bad.yaml' }, /bad\.yaml/],
    ];
    for (const [given, input, env, pattern] of cases) {
      const { code, out, error } = explain(given, input, env);
      assert.deepEqual([code, out], [1, '']);
      assert.match(error, pattern);
    }
  });
});

describe('npm run explain -- --source', () => {
  const config = `
sources: { prometheus: { format: alertmanager } }
rules: [{ name: pager, sources: [prometheus], match: { severity: [critical] }, call: ["+91 85632 14120"], say: x }]
`;
  const payload = (status: string, severity = 'critical') => ({
    ...{ version: '4', groupKey: '{}:{alertname="DiskFull"}', status, externalURL: 'http://am:9093' },
    ...{ groupLabels: { alertname: 'DiskFull' }, commonLabels: { alertname: 'DiskFull', severity } },
    alerts: [
      {
        ...{ status, labels: { alertname: 'DiskFull', severity }, annotations: {}, fingerprint: 'f' },
        ...{ startsAt: '2026-01-05T09:00:00Z', endsAt: '2026-01-05T10:00:00Z' },
      },
    ],
  });
  const path = join(folder, 'sources.yaml');
  writeFileSync(path, config);
  const run = (input: unknown, source = 'prometheus') =>
    spawnSync(process.execPath, [program, '--source', source, '-'], {
      input: typeof input === 'string' ? input : JSON.stringify(input),
      env: { ...compiled, VOICECALL_CONFIG: path },
      cwd: folder,
      encoding: 'utf8',
    });

  it('answers a payload with an object and several with an array, as production decides', () => {
    const one = JSON.parse(run(payload('firing')).stdout) as Record<string, unknown>;
    assert.deepEqual(
      [one.status, one.severity, one.title, one.rule, one.calls],
      ['firing', 'critical', 'DiskFull', 'pager', ['pager']],
    );
    const all = JSON.parse(
      run([payload('firing', 'warning'), payload('firing'), payload('firing'), payload('resolved')]).stdout,
    ) as { status: string; rule: string | null; calls: string[] }[];
    assert.deepEqual(
      all.map(({ status, rule, calls }) => [status, rule, calls.length]),
      [
        ['firing', null, 0],
        ['firing', 'pager', 1],
        ['firing', 'pager', 0],
        ['resolved', null, 0],
      ],
    );
  });

  it('explains invalid payloads in words, and lists the sources', () => {
    assert.match(run({}).stderr, /^Not accepted: this is not a webhook of Alertmanager/);
    assert.match(run({}, 'grafana').stderr, /\(prometheus\)/);
    assert.equal(run({}).status, 1);
  });
});
