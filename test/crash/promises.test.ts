import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sqlitePath } from '../../src/store/sqlite.ts';
import { type ChildApp, type Stage, startStage } from '../support/child.ts';
import { databaseKinds } from '../support/store.ts';
import { ask, boardBecomes, eventually, fillModal, messages, usualConfig } from '../support/world.ts';
import { account, assertNobodyTwice, assertShownOnce, lapseLeases, numbers, settled } from './accounts.ts';

const posts = (stage: Stage) => stage.voice.requests.filter((request) => request.endpoint === 'sendGroup');
const asked = async (stage: Stage) => (await account(await stage.database.open())).requests;

for (const database of databaseKinds) {
  describe(`what a process leaves, on ${database}`, () => {
    let stage: Stage;
    let app: ChildApp;
    const called: string[] = [];
    const next = (count: number) => {
      const callees = numbers(count, called.length);
      called.push(...callees);
      return callees;
    };
    const restart = async () => {
      await lapseLeases(await stage.database.open());
      app = await stage.start();
    };
    before(async () => {
      stage = await startStage({
        database,
        voice: { report: { retries: 1_000, retryAfterMs: 1500 } },
        config: `${usualConfig}\napproval: { calleesOver: 2, approvers: [U0BEN] }\n`,
      });
      app = await stage.start();
    });
    after(() => stage.stop());

    test('an acknowledged Submit is carried out after an immediate SIGKILL', async () => {
      const first = await fillModal(stage, { callee: next(2).join('\n') });
      const second = await stage.slack.submitView('U0ASHA', first.view?.id ?? '', {});
      const killed = app.kill();
      assert.equal(second.action, 'cleared');
      await killed;
      assert.equal(await asked(stage), 1, 'it is on disk');
      await restart();
      await settled(stage, called);
      await assertShownOnce(stage, 1);
    });

    test('a SIGKILL between the press of Approve and the send', async () => {
      const board = await ask(stage, { callee: next(3).join('\n') });
      const card = await eventually('the card', () =>
        messages(stage).find((each) => JSON.stringify(each.blocks).includes('call_approve')),
      );
      const before = posts(stage).length;
      const pressed = stage.slack.press('U0BEN', 'C0OPS', card.ts, 'call_approve');
      const store = await stage.database.open();
      await eventually('the approval is on disk', async () => {
        const states = await store.read.selectFrom('requests').select('state').execute();
        return states.every((each) => each.state !== 'awaiting_approval');
      });
      await app.kill();
      await pressed;
      await restart();
      await settled(stage, called);
      const sent = posts(stage).length - before;
      assert.ok(sent <= 1);
      // A kill between the commit of `sending` and the first byte: nobody can know, so nobody is called again.
      const end = sent === 1 ? { state: 'done', unknown: 0 } : { state: 'sent', unknown: 3 };
      const { unknown } = await boardBecomes(stage, board, end.state);
      assert.equal(unknown, end.unknown);
    });

    test('SIGTERM finishes the running POST, leaves the rest, and exits 0; the next start continues', async (t) => {
      await stage.writeConfig(usualConfig.replace('submit:', 'limits: { callees: 2 }, submit:'));
      app.signal('SIGHUP');
      await eventually('the new file', () =>
        app.logs.some((line) => line.msg === 'voicecall.yaml was reloaded'),
      );
      stage.voice.faults.next({ delayMs: 2000 });
      const before = posts(stage).length;
      const { unknown } = await account(await stage.database.open());
      const board = await ask(stage, { callee: next(6).join('\n') });
      await eventually('the POST in flight', () => posts(stage).length > before);
      const { code, tookMs } = await app.stop();
      t.diagnostic(`stopped in ${Math.round(tookMs)} ms`);
      assert.equal(code, 0);
      assert.ok(tookMs < 35_000);
      assert.equal(posts(stage).length, before + 1, 'what was not being sent is left');
      const left = await account(await stage.database.open());
      assert.equal(left.states.ready, 4);
      assert.deepEqual(left.unknown, unknown);
      app = await stage.start();
      const done = await boardBecomes(stage, board, 'done');
      assert.equal(done.accepted, 6);
      await settled(stage, called);
    });

    test('SIGHUP reloads voicecall.yaml; a bad file keeps the old configuration and is logged', async () => {
      await stage.writeConfig('voice: { submit: { concurency: 1 } }\n');
      app.signal('SIGHUP');
      const said = await eventually('it is said', () => app.logs.find((line) => 'faults' in line));
      assert.match(String(said.faults), /voicecall\.yaml:1:\d+/);
      const board = await ask(stage, { callee: '', lists: ['db-oncall'] });
      assert.equal((await boardBecomes(stage, board, 'done')).callees, 2, 'the old lists are known still');
      assertNobodyTwice(stage);
    });
  });
}

describe('a database file that another process holds', () => {
  test('for three seconds: a delay, and nothing lost', async () => {
    // A platform that retries a report after a 500.
    const stage = await startStage({ voice: { report: { retries: 1_000, retryAfterMs: 1500 } } });
    try {
      const app = await stage.start();
      stage.voice.faults.always({ delayMs: 100 });
      const callees = numbers(4);
      const board = await ask(stage, { callee: callees.slice(0, 2).join('\n') });
      await eventually('the POST in flight', () => posts(stage).length > 0);
      const other = new DatabaseSync(sqlitePath(stage.database.dataDir), { timeout: 1000 });
      other.exec('begin exclusive');
      await sleep(3000);
      other.exec('rollback');
      other.close();
      assert.equal((await boardBecomes(stage, board, 'done')).accepted, 2);
      await ask(stage, { callee: callees.slice(2).join('\n') });
      const end = await settled(stage, callees);
      assert.deepEqual(end.unknown, []);
      assert.ok(app.running());
    } finally {
      await stage.stop();
    }
  });
});
