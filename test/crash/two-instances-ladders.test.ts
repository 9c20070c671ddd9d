// Two instances on one database, killed at random while ladders run: every step and attempt happens once.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startStage } from '../support/child.ts';
import { databaseKinds } from '../support/store.ts';
import { usualConfig } from '../support/world.ts';
import { lapseLeases, seeded, seedOfRun } from './accounts.ts';

const killsInAll = Number(process.env.CRASH_KILLS ?? 50);
const alertsInAll = 12;

const config = `${usualConfig.replace('concurrency: 1, perSecond: 200', 'concurrency: 4, perSecond: 100')}
rules:
  - name: ladder
    channels: [C0ALERTS]
    match: { title: payments, from: [B0OTHER] }
    call: ["+91 98000 00011", "+91 98000 00012"]
    say: "{title}"
    onUnknown: hold
    attempts: 2
    every: 1s
    then: [{ after: 5s, call: ["+91 98000 00013"] }, { after: 5s, call: ["+91 98000 00014"] }]
    repeat: 1
`;

describe('two instances with ladders, killed', { skip: !databaseKinds.includes('postgres') }, () => {
  test(`SIGKILL of either at random, up to ${killsInAll} times: each step and attempt once`, async (t) => {
    const random = seeded(seedOfRun((line) => t.diagnostic(line)));
    const stage = await startStage({
      database: 'postgres',
      config,
      voice: { report: { retries: 1_000, retryAfterMs: 500 } },
    });
    stage.voice.setBehaviour({
      phones: { '0011': 'busy', '0012': 'rejected', '0013': 'busy', '0014': 'busy' },
    });
    const store = await stage.database.open();
    try {
      await Promise.all([stage.start(), stage.start()]);
      for (let alert = 0; alert < alertsInAll; alert++) {
        stage.slack.postAs(
          { bot: 'B0OTHER' },
          'C0ALERTS',
          `FIRING: payments of region ${'abcdefghijklm'[alert]} are down`,
        );
      }
      // On a busy machine each start takes seconds.
      const enough = performance.now() + 60_000;
      for (let kills = 0; kills < killsInAll && (kills < 10 || performance.now() < enough); kills++) {
        await sleep(100 + random() * 900);
        const running = stage.apps.filter((each) => each.running());
        await running[Math.floor(random() * running.length)]?.kill();
        await lapseLeases(store);
        await stage.start();
      }
      const until = performance.now() + 120_000;
      for (;;) {
        const open = await store.read
          .selectFrom('requests')
          .select(['id', 'state', 'step', 'reaching'])
          .where((eb) => eb.or([eb('reaching', '=', 1), eb('state', 'not in', ['done', 'sent', 'failed'])]))
          .execute();
        const all = await store.read.selectFrom('requests').select('id').execute();
        if (all.length === alertsInAll && open.length === 0) break;
        if (performance.now() > until) assert.fail(`${all.length} requests, open: ${JSON.stringify(open)}`);
        await sleep(200);
      }
      const calls = await store.read.selectFrom('calls').selectAll().orderBy('position').execute();
      const names = calls.map((call) => `${call.request_id} ${call.callee} ${call.step} ${call.attempt}`);
      assert.equal(new Set(names).size, names.length, 'each attempt once');
      const steps = await store.read.selectFrom('steps').select(['request_id', 'step']).execute();
      for (const those of Map.groupBy(steps, (each) => each.request_id).values())
        assert.deepEqual(
          those.map((each) => each.step).toSorted((a, b) => a - b),
          [2, 3, 4, 5, 6],
        );
      assert.deepEqual(stage.voice.violations, []);
      const submissions = await store.read.selectFrom('submissions').select(['id', 'token']).execute();
      const posts = stage.voice.requests.filter((each) => /send(Group|Code)$/.test(each.path));
      assert.equal(new Set(posts.map((each) => each.body?.calledInfo)).size, posts.length, 'no POST twice');
      assert.ok(posts.length <= submissions.length);
      const unknown = calls.filter((call) => call.state === 'unknown').length;
      t.diagnostic(`${calls.length} calls, ${posts.length} POSTs, ${unknown} unknown`);
    } finally {
      await stage.stop();
    }
  });
});
