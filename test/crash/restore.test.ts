import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { sqlitePath } from '../../src/store/sqlite.ts';
import { startStage } from '../support/child.ts';
import { postgresPrograms } from '../support/postgres.ts';
import { createTestDatabase, databaseKinds, type TestDatabase } from '../support/store.ts';
import { ask, eventually, usualConfig } from '../support/world.ts';
import { account, assertNobodyTwice, lapseLeases, numbers } from './accounts.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/** One callee in each submission, so that the backup falls between two. */
const oneByOne = usualConfig
  .replace('perSecond: 200', 'perSecond: 10')
  .replace('submit:', 'limits: { callees: 1 }, submit:');

/** Backs up as the README says, while the app runs. */
async function back(from: TestDatabase, to: TestDatabase): Promise<void> {
  if (from.databaseUrl === undefined || to.databaseUrl === undefined) {
    const source = new DatabaseSync(sqlitePath(from.dataDir));
    await backup(source, sqlitePath(to.dataDir));
    source.close();
    return;
  }
  const programs = postgresPrograms() ?? '';
  const file = join(to.dataDir, 'voicecall.dump');
  await run(join(programs, 'pg_dump'), ['--format=custom', `--file=${file}`, from.databaseUrl]);
  await run(join(programs, 'pg_restore'), [`--dbname=${to.databaseUrl}`, file]);
}

for (const database of databaseKinds) {
  const skip = database === 'postgres' && postgresPrograms() === undefined;
  describe(`a backup, on ${database}`, { skip }, () => {
    test('made while the app sends: after a restore it keeps the past and calls nobody again', async (t) => {
      const stage = await startStage({ database, config: oneByOne });
      const copy = await createTestDatabase(database);
      try {
        const first = await stage.start();
        const callees = numbers(20);
        await ask(stage, { callee: callees.join('\n') });
        await eventually('some are sent', () => stage.voice.calls.length >= 4);
        await back(stage.database, copy);
        await eventually('all are sent', () => stage.voice.calls.length === callees.length);
        assert.equal((await first.stop()).code, 0);

        const env = {
          DATA_DIR: copy.dataDir,
          ...(copy.databaseUrl === undefined ? {} : { DATABASE_URL: copy.databaseUrl }),
        };
        const restored = [join(root, 'src/run.mjs'), join(root, 'src/cli/restored.ts')];
        const said = await run(process.execPath, restored, { cwd: copy.dataDir, env });
        t.diagnostic(said.stdout.trim());
        assert.match(said.stdout, /^\d+ calls waited to be sent/);
        const store = await copy.open();
        await lapseLeases(store);
        await stage.start(env);
        await eventually('nothing is on its way', async () => {
          const { states } = await account(store);
          return states.ready === undefined && states.sending === undefined;
        });
        const now = await account(store);
        assert.equal(now.calls, callees.length);
        assert.equal(now.requests, 1);
        assert.ok(now.unknown.length <= 17, `what it knew it still knows: ${JSON.stringify(now.states)}`);
        assertNobodyTwice(stage);
        const more = await ask(stage, { callee: '+91 98110 00001' });
        assert.ok(more);
        await eventually('it rings on', () => stage.voice.calls.length === callees.length + 1);
        assertNobodyTwice(stage);
      } finally {
        await stage.stop();
        await copy.remove();
      }
    });
  });
}
