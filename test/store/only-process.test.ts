import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { becomeOnlyProcess } from '../../src/store/only-process.ts';
import { createTestDatabase, silentLog } from '../support/store.ts';

test('one process at a time uses a SQLite database, and a killed one blocks nobody', async () => {
  const database = await createTestDatabase('sqlite');
  try {
    const module = new URL('../../src/store/only-process.ts', import.meta.url).href;
    const script = `import { becomeOnlyProcess } from ${JSON.stringify(module)};
      await becomeOnlyProcess(${JSON.stringify(database.dataDir)}, console);
      console.log('alone');
      setInterval(() => {}, 1000);`;
    const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    await assert.rejects(becomeOnlyProcess(database.dataDir, silentLog, 300), {
      code: 'store_unavailable',
      message: /Another Voicecall uses the database/,
    });
    other.kill('SIGKILL');
    const letOthersIn = await becomeOnlyProcess(database.dataDir, silentLog, 5_000);
    letOthersIn();
    letOthersIn();
    (await becomeOnlyProcess(database.dataDir, silentLog, 0))();
  } finally {
    await database.remove();
  }
});
