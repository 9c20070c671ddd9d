import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import pg from 'pg';
import { isQuick, timeOf } from '../../support/quick.ts';
import { databaseKinds, lockSqlite } from '../../support/store.ts';
import { startFlow } from '../flow.ts';

for (const database of databaseKinds) {
  describe(`an instance that cannot write, on ${database}`, () => {
    test('is not ready although it is running, and is ready again afterwards', async () => {
      const flow = await startFlow({ database });
      try {
        const get = async (path: string) =>
          (await fetch(`http://127.0.0.1:${flow.app.port()}${path}`)).status;
        assert.equal(await get('/readyz'), 200);
        const release =
          database === 'sqlite' ? await lockSqlite(flow.database.dataDir) : await readOnly(flow);
        await isQuick('the answer', 2_500, async () => {
          flow.clock.jump(6_000);
          return await timeOf(async () => assert.equal(await get('/readyz'), 503));
        });
        assert.equal(await get('/healthz'), 200);
        await release();
        flow.clock.jump(6_000);
        assert.equal(await get('/readyz'), 200);
      } finally {
        await flow.end();
      }
    });
  });
}

/** As on a replica, or after the administrator's `alter database`: reads work, writes are refused. */
async function readOnly(flow: Awaited<ReturnType<typeof startFlow>>): Promise<() => Promise<void>> {
  const name = new URL(flow.database.databaseUrl ?? '').pathname.slice(1);
  const set = async (to: 'on' | 'off') => {
    const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
    await client.connect();
    await client.query(`alter database ${name} set default_transaction_read_only = ${to}`);
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`,
    );
    await client.end();
  };
  await set('on');
  return () => set('off');
}
