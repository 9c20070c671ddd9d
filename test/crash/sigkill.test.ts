import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Stage, startStage } from '../support/child.ts';
import { databaseKinds } from '../support/store.ts';
import { ask, boardNow, usualConfig } from '../support/world.ts';
import { assertShownOnce, lapseLeases, numbers, seeded, seedOfRun, settled } from './accounts.ts';

const rounds = Number(process.env.CRASH_ROUNDS ?? 2);
/**
 * Slow enough for many kills: before, during and after each POST, its answer, its reports, and the posts to Slack.
 */
const slowness = rounds > 5 ? 8 : 1;
const slowVoice = {
  ringAfterMs: 20,
  autoAnswerMs: 200,
  report: {
    form: 'array' as const,
    gatherMs: 50,
    delayMs: slowness * 500,
    retries: 1_000,
    retryAfterMs: 1500,
  },
};
const slowConfig = usualConfig.replace('perSecond: 200', `perSecond: ${2 / slowness}`);

for (const database of databaseKinds) {
  describe(`SIGKILL, on ${database}`, () => {
    let stage: Stage;
    before(async () => {
      stage = await startStage({ database, voice: slowVoice, config: slowConfig });
      stage.voice.faults.always({ delayMs: slowness * 150 });
    });
    after(() => stage.stop());

    test(`at up to ${rounds} random moments of a request to 600 callees`, async (t) => {
      const random = seeded(seedOfRun((line) => t.diagnostic(line)));
      const callees = numbers(600);
      const store = await stage.database.open();
      let app = await stage.start();
      const file = stage.slack.uploadFile('U0ASHA', 'callees.txt', callees.join('\n'));
      const board = await ask(stage, { file: [file.id] });
      const kills: string[] = [];
      // On a busy machine each start takes seconds.
      const enough = performance.now() + 60_000;
      for (let round = 0; round < rounds && (round < 5 || performance.now() < enough); round++) {
        await sleep(random() * 700);
        kills.push(`${boardNow(stage, board).state}/${stage.voice.requests.length} POSTs`);
        await app.kill();
        await lapseLeases(store);
        app = await stage.start();
      }
      t.diagnostic(`killed at: ${kills.join(', ')}`);
      const end = await settled(stage, callees);
      t.diagnostic(`ended as ${JSON.stringify(end.states)}`);
      await assertShownOnce(stage, 1);
    });
  });
}
