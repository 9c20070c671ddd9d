import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Stage, startStage } from '../support/child.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { databaseKinds } from '../support/store.ts';
import { ask, usualConfig } from '../support/world.ts';
import { numbers, seeded, seedOfRun, settled } from './accounts.ts';

const config = usualConfig
  .replace('perSecond: 200', 'perSecond: 10')
  .replace('submit:', 'limits: { callees: 2 }, submit:');

describe('PostgreSQL fails under load', { skip: !databaseKinds.includes('postgres') }, () => {
  let postgres: TestPostgres;
  let stage: Stage;
  const called: string[] = [];
  const load = async () => {
    const callees = numbers(60, called.length);
    called.push(...callees);
    await ask(stage, { callee: callees.join('\n') });
  };
  before(async () => {
    // A separate server to restart; the server of the other tests keeps running.
    postgres = await startPostgres();
    process.env.TEST_DATABASE_URL = postgres.url;
    stage = await startStage({
      database: 'postgres',
      config,
      voice: { report: { form: 'array', retries: 1_000, retryAfterMs: 1500 } },
    });
    stage.voice.faults.always({ delayMs: 150 });
    await Promise.all([stage.start(), stage.start()]);
  });
  after(async () => {
    await stage.stop();
    await postgres.remove();
  });

  test('it restarts: nothing is lost, nobody is called twice', async (t) => {
    await load();
    await sleep(700);
    await postgres.restart();
    const end = await settled(stage, called);
    t.diagnostic(JSON.stringify(end.states));
    assert.ok(stage.apps.every((app) => app.running()));
  });

  test('it is killed: nothing is lost, nobody is called twice', async (t) => {
    await load();
    await sleep(700);
    await postgres.kill();
    await postgres.start();
    const end = await settled(stage, called);
    t.diagnostic(JSON.stringify(end.states));
  });

  test('connections are cut in the middle of transactions', async (t) => {
    const random = seeded(seedOfRun((line) => t.diagnostic(line)));
    await load();
    const administrator = new pg.Client({ connectionString: postgres.url });
    await administrator.connect();
    let cut = 0;
    for (const until = performance.now() + 4000; performance.now() < until; ) {
      await sleep(random() * 60);
      const { rowCount } = await administrator.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'voicecall' and state <> 'idle' order by random() limit 1`,
      );
      cut += rowCount ?? 0;
    }
    await administrator.end();
    const end = await settled(stage, called);
    t.diagnostic(`${cut} connections cut, ${JSON.stringify(end.states)}`);
    assert.ok(cut > 0);
  });
});
