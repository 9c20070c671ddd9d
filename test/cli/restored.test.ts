import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { becomeOnlyProcess } from '../../src/store/only-process.ts';
import { createTestDatabase, silentLog } from '../support/store.ts';

const root = resolve(import.meta.dirname, '../..');

/** Runs `npm run restored` on a SQLite database. */
async function restored(dataDir: string, ...given: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(
    process.execPath,
    [resolve(root, 'src/run.mjs'), resolve(root, 'src/cli/restored.ts'), ...given],
    {
      cwd: dataDir,
      env: { PATH: process.env.PATH ?? '', DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes) => {
      said += String(bytes);
    });
  await once(child, 'close');
  return { code: child.exitCode, said };
}

test('npm run restored refuses while an instance runs, whose waiting calls it would stop', async (t) => {
  const database = await createTestDatabase('sqlite');
  t.after(() => database.remove());
  await database.open();
  const stop = await becomeOnlyProcess(database.dataDir, silentLog);
  const refused = await restored(database.dataDir);
  assert.equal(refused.code, 1);
  assert.match(refused.said, /Another Voicecall uses the database in .*: stop it first\./);
  stop();
  const done = await restored(database.dataDir);
  assert.equal(done.code, 0, done.said);
  assert.match(done.said, /Nothing waited to be sent .* Start Voicecall\./);
});

test('npm run restored with an argument changes nothing: somebody may only want help', async (t) => {
  const database = await createTestDatabase('sqlite');
  t.after(() => database.remove());
  await database.open();
  const { code, said } = await restored(database.dataDir, '--help');
  assert.equal(code, 1);
  assert.match(said, /^Usage: npm run restored/);
});
