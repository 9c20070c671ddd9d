import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Stage, startStage } from '../support/child.ts';
import { databaseKinds } from '../support/store.ts';
import { recording, usualConfig } from '../support/world.ts';
import { numbers, seeded, seedOfRun, settled } from './accounts.ts';

const killsInAll = Number(process.env.CRASH_KILLS ?? 50);
const voice = { report: { retries: 1_000, retryAfterMs: 1500 } };

describe('two instances on one PostgreSQL, killed', { skip: !databaseKinds.includes('postgres') }, () => {
  test(`SIGKILL of either at random, up to ${killsInAll} times: 0 lost, 0 called twice`, async (t) => {
    const random = seeded(seedOfRun((line) => t.diagnostic(line)));
    const config = usualConfig.replace('concurrency: 1, perSecond: 200', 'concurrency: 4, perSecond: 50');
    const stage = await startStage({ database: 'postgres', voice, config });
    try {
      await Promise.all([stage.start(), stage.start()]);
      stage.voice.faults.always({ delayMs: 120 });
      const callees: string[] = [];
      let asking = true;
      const person = async () => {
        while (asking) {
          const mine = numbers(3, callees.length);
          await insist(stage, 'C0OPS', mine, (line) => t.diagnostic(line));
          callees.push(...mine);
        }
      };
      let kills = 0;
      // On a busy machine each start takes seconds.
      const enough = performance.now() + 60_000;
      const goOn = () => kills < killsInAll && (kills < 10 || performance.now() < enough);
      const killer = async (slot: number) => {
        while (asking && goOn()) {
          await sleep(200 + random() * 1200);
          if (!goOn()) return;
          kills++;
          const app = stage.apps.filter((each) => each.running())[slot] ?? stage.apps.at(-1);
          await app?.kill();
          await stage.start();
        }
      };
      const stopAsking = () => {
        asking = false;
      };
      await Promise.all([
        Promise.all([killer(0), killer(1)]).finally(stopAsking),
        person().finally(stopAsking),
      ]);
      const end = await settled(stage, callees);
      t.diagnostic(`${kills} kills, ${end.requests} requests, ${JSON.stringify(end.states)}`);
      assert.equal(end.requests, callees.length / 3, 'what was acknowledged is on disk, once');
    } finally {
      await stage.stop();
    }
  });
});

/** Asks like a person whose app is being killed: presses again until Slack has its acknowledgement. */
async function insist(
  stage: Stage,
  channel: string,
  callees: string[],
  say: (line: string) => void,
): Promise<void> {
  const until = performance.now() + 180_000;
  const values = { fileId: recording, channel, callee: callees.join('\n') };
  const top = () => stage.slack.state.views.get('U0ASHA')?.at(-1);
  while (performance.now() < until) {
    const view = top();
    if (view === undefined) await stage.slack.command('U0ASHA', channel, '');
    else if (view.callback_id === 'voicecall_problem') {
      say(`told: ${JSON.stringify(view.blocks)}`);
      await stage.slack.closeView('U0ASHA', view.id, true);
    } else if (view.callback_id === 'voicecall') await stage.slack.submitView('U0ASHA', view.id, values);
    else {
      const answer = await stage.slack.submitView('U0ASHA', view.id, {});
      if (answer.action === 'cleared') return;
    }
    await sleep(50);
  }
  assert.fail('not taken within three minutes');
}
