import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'dotenv';
import { DEFAULT_BALANCE_URL, DEFAULT_VOICE_API_URL, readEnvironment } from '../../src/config/env.ts';
import { formatFaults } from '../../src/config/faults.ts';

const good = {
  SLACK_BOT_TOKEN: 'xoxb-1-2-three',
  SLACK_SIGNING_SECRET: 'c0ffee',
  VOICE_API_KEY: 'akey',
  VOICE_API_SECRET: 'asecret',
  VOICE_APP_ID: 'Ab3dE5gH',
};
const places = (env: Record<string, string | undefined>) =>
  readEnvironment(env).faults.map(({ place }) => place);

test('defaults fill in missing settings', () => {
  const { environment, faults } = readEnvironment({ ...good, PORT: '', HOST: ' ' });
  assert.deepEqual(faults, []);
  assert.equal(environment?.voiceApiUrl, DEFAULT_VOICE_API_URL);
  assert.equal(environment?.voiceBalanceUrl, DEFAULT_BALANCE_URL);
  assert.equal(environment?.slackApiUrl, 'https://slack.com/api/');
  assert.deepEqual([environment?.port, environment?.host], [3000, '0.0.0.0']);
  assert.equal(environment?.metricsPort, undefined);
});

test('the balance is only read from the default address, unless its address is set', () => {
  const own = { ...good, VOICE_API_URL: 'https://api.onbuka.com/v3/voice/' };
  assert.equal(readEnvironment(own).environment?.voiceApiUrl, 'https://api.onbuka.com/v3/voice');
  assert.equal(readEnvironment(own).environment?.voiceBalanceUrl, undefined);
  const set = { ...own, VOICE_BALANCE_URL: 'https://api.onbuka.com/v3/getBalance' };
  assert.equal(readEnvironment(set).environment?.voiceBalanceUrl, 'https://api.onbuka.com/v3/getBalance');
});

test('the signing secret is optional in Socket Mode only', () => {
  const { SLACK_SIGNING_SECRET: _, ...without } = good;
  assert.deepEqual(places(without), ['SLACK_APP_TOKEN']);
  assert.match(
    readEnvironment(without).faults[0]?.expected ?? '',
    /for Socket Mode, or SLACK_SIGNING_SECRET for HTTP/,
  );
  assert.deepEqual(places({ ...without, SLACK_APP_TOKEN: 'xapp-1' }), []);
});

test('the sample key of the documentation works on loopback only', () => {
  const sample = { ...good, VOICE_API_KEY: 'bDqJFiq9' };
  assert.deepEqual(places(sample), ['VOICE_API_KEY']);
  for (const host of ['localhost:1', '127.0.0.1:1', '[::1]:1']) {
    assert.deepEqual(places({ ...sample, VOICE_API_URL: `http://${host}/voice` }), []);
  }
  for (const host of ['127.0.0.1.example.com', 'localhost.example.com', '10.0.0.1']) {
    assert.deepEqual(places({ ...sample, VOICE_API_URL: `https://${host}/voice` }), ['VOICE_API_KEY']);
  }
});

test('a plain http:// address is accepted for this machine only', () => {
  for (const name of ['VOICE_API_URL', 'VOICE_BALANCE_URL', 'SLACK_API_URL']) {
    for (const host of ['localhost', '127.0.0.1:3001', '[::1]:1', 'sandbox.localhost'])
      assert.deepEqual(places({ ...good, [name]: `http://${host}/x` }), [], `${name} ${host}`);
    for (const host of ['slack.example.com', '10.0.0.1', '127.0.0.1.example.com', '[::2]', '0.0.0.0']) {
      assert.deepEqual(places({ ...good, [name]: `http://${host}/x` }), [name], `${name} ${host}`);
      assert.deepEqual(places({ ...good, [name]: `https://${host}/x` }), [], `${name} ${host}`);
    }
  }
});

test('all faults are reported at once, without secrets', () => {
  const bad = {
    SLACK_BOT_TOKEN: 'xoxp-hidden-one',
    SLACK_APP_TOKEN: 'hidden-two',
    VOICE_API_KEY: 'hidden three',
    VOICE_API_URL: 'ftp://user:hidden-four@host',
    VOICE_REPORT_TOKEN: 'hidden-five',
    DATABASE_URL: 'mysql://user:hidden-six@host/db',
    PORT: '70000',
    METRICS_PORT: '-1',
    LOG_LEVEL: 'loud',
  };
  const { environment, faults } = readEnvironment(bad);
  assert.equal(environment, undefined);
  assert.deepEqual(
    new Set(faults.map(({ place }) => place)),
    new Set([...Object.keys(bad), 'VOICE_API_SECRET', 'VOICE_APP_ID']),
  );
  assert.doesNotMatch(formatFaults(faults), /hidden/);
});

test('a report token needs 16 characters that may be in an address', () => {
  assert.deepEqual(places({ ...good, VOICE_REPORT_TOKEN: 'a'.repeat(15) }), ['VOICE_REPORT_TOKEN']);
  assert.deepEqual(places({ ...good, VOICE_REPORT_TOKEN: `${'a'.repeat(16)}/` }), ['VOICE_REPORT_TOKEN']);
  assert.deepEqual(places({ ...good, VOICE_REPORT_TOKEN: 'Az0._~-aaaaaaaaa' }), []);
});

test('.env.example has every variable that is read, and no other', () => {
  const asked = new Set<string>();
  const listening = new Proxy<Record<string, string | undefined>>(
    {},
    {
      get: (_, name) => {
        asked.add(String(name));
        return undefined;
      },
    },
  );
  readEnvironment(listening);
  const example = parse(readFileSync(new URL('../../.env.example', import.meta.url)));
  assert.deepEqual(Object.keys(example).sort(), [...asked].sort());
});
