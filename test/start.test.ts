import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';

const root = resolve(import.meta.dirname, '..');

/** Starts the program as `npm start` does, where the start must fail. */
async function failedStart(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'voicecall-start-'));
  const child = spawn(process.execPath, [join(root, 'src/run.mjs'), join(root, 'src/main.ts')], {
    cwd: dataDir,
    env: {
      PATH: process.env.PATH ?? '',
      SLACK_BOT_TOKEN: 'xoxb-1',
      SLACK_SIGNING_SECRET: 'secret',
      // Nothing listens on port 9: nobody outside is asked.
      SLACK_API_URL: 'http://127.0.0.1:9/api/',
      VOICE_API_URL: 'http://127.0.0.1:9/voice',
      VOICE_API_KEY: 'key',
      VOICE_API_SECRET: 'secret',
      VOICE_APP_ID: 'app',
      DATA_DIR: dataDir,
      PORT: '0',
      HOST: '127.0.0.1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += String(bytes)));
  await once(child, 'close');
  await rm(dataDir, { recursive: true });
  return { code: child.exitCode, said };
}

describe('a start that fails says in a sentence what is wrong and what to do', { concurrency: 2 }, () => {
  test('a port that is taken, by the name of its setting', async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => other.close());
    const address = other.address();
    assert.ok(address !== null && typeof address === 'object');
    const port = String(address.port);
    for (const name of ['PORT', 'METRICS_PORT']) {
      const { code, said } = await failedStart({ [name]: port });
      assert.equal(code, 1);
      assert.match(
        said,
        new RegExp(`"Port ${port} is taken: set ${name} to another one, or stop what uses it\\."`),
      );
      assert.doesNotMatch(said, /"stack"/);
    }
  });

  test('an address that this machine does not have', async () => {
    // 192.0.2.0/24 is for documentation: no machine has an address of it.
    const { code, said } = await failedStart({ HOST: '192.0.2.1' });
    assert.equal(code, 1);
    assert.match(said, /"This machine has no address 192\.0\.2\.1: set HOST to one that it has\."/);
  });

  test('a PostgreSQL that cannot be reached: where, why, and what to check; its password is not shown', async () => {
    const { code, said } = await failedStart({
      DATABASE_URL: 'postgres://voice:hidden-pw@127.0.0.1:9/calls',
    });
    assert.equal(code, 1);
    assert.match(
      said,
      /The database cannot be reached\. DATABASE_URL names 127\.0\.0\.1:9\/calls: connect ECONNREFUSED/,
    );
    assert.match(said, /Check that PostgreSQL runs there/);
    assert.doesNotMatch(said, /hidden-pw/);
  });

  for (const [what, DATABASE_URL] of [
    // Read as it is, the host would be 127.0.0.1:9, and the rest of the password a part of the database's name.
    ['a slash', 'postgres://127.0.0.1:9/hidden-pw@db/calls'],
    ['a hash', 'postgres://voice:pw#hidden-pw@127.0.0.1:9/calls'],
  ] as const)
    test(`an address of PostgreSQL with ${what} in its password; the password is not shown`, async () => {
      const { code, said } = await failedStart({ DATABASE_URL });
      assert.equal(code, 1);
      assert.match(
        said,
        /The address of the database \(DATABASE_URL\) cannot be read\. In its user and password/,
      );
      assert.doesNotMatch(said, /hidden-pw/);
    });
});
