import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type CuttableProxy, startProxy } from '../../support/proxy.ts';
import { createTestDatabase, databaseKinds, type TestDatabase } from '../../support/store.ts';
import { fillModal, usualConfig } from '../../support/world.ts';
import { askForApproval, byBen, command, pressAlone } from '../approval/stage.ts';
import { becomes, boards, dialled, type Flow, soon, startFlow } from '../flow.ts';

// Only with PostgreSQL can the answer to a commit be lost.
if (databaseKinds.includes('postgres')) {
  describe('the result of a commit is lost, and the commit succeeded', () => {
    let database: TestDatabase;
    let proxy: CuttableProxy;
    let flow: Flow;
    before(async () => {
      database = await createTestDatabase('postgres');
      proxy = await startProxy(database.databaseUrl ?? '');
      flow = await startFlow({ config: byBen, env: { DATABASE_URL: proxy.url } });
    });
    beforeEach(() => flow.setConfig(byBen));
    afterEach(() => proxy.cutAfter(() => false));
    after(async () => {
      await flow.end();
      await proxy.close();
      await database.remove();
    });

    /**
     * Cuts the answer to the one commit of a transaction that writes `marks`. With `all`, the database is away after
     * it.
     */
    function loseCommit(marks: string, { all = false } = {}): () => boolean {
      let writing: number | undefined;
      let lost = false;
      proxy.cutAfter((bytes, connection) => {
        if (lost) return all && 'before';
        if (bytes.includes(marks)) writing = connection;
        lost = connection === writing && bytes.includes('commit');
        return lost;
      });
      return () => lost;
    }

    test('of a request: it is made once, and the person is told nothing else', async () => {
      const first = await fillModal(flow, { callee: '+6591110011, +6591110012' });
      const [count, posts] = [boards(flow).length, dialled(flow).length];
      const lost = loseCommit('insert into "requests"');
      const submitted = await flow.slack.submitView('U0ASHA', first.view?.id ?? '');
      assert.ok(lost());
      assert.equal(submitted.action, 'cleared', JSON.stringify(submitted.answer));
      const board = await soon(flow, 'the board', () => boards(flow)[count]);
      await becomes(flow, board, 'done', { answered: 2 });
      assert.equal(dialled(flow).length, posts + 1);
      assert.equal(boards(flow).length, count + 1);
    });

    test('of an approval: the approver reads that it counts, and the people are called once', async () => {
      const waiting = await askForApproval(flow);
      const posts = dialled(flow).length;
      const lost = loseCommit('insert into "decisions"');
      const told = await pressAlone(flow, 'U0BEN', waiting, 'call_approve');
      assert.ok(lost());
      assert.match(told, /You approved it/);
      await becomes(flow, waiting.board, 'done', { accepted: 3 });
      assert.equal(dialled(flow).length, posts + 1);
    });

    test('of one approval of two: it is shown as one of two', async () => {
      flow.setConfig(byBen.replace('channel:', 'quorum: 2, channel:'));
      const waiting = await askForApproval(flow);
      loseCommit('insert into "decisions"');
      assert.match(await pressAlone(flow, 'U0BEN', waiting, 'call_approve'), /1 of 2/);
      await flow.slack.press('U0ASHA', waiting.board.channel, waiting.board.ts, 'call_cancel');
    });

    test('of a cancellation: the answer says how many calls were stopped', async () => {
      const waiting = await askForApproval(flow);
      const lost = loseCommit('"cancelled_by" =');
      const told = await command(flow, 'U0ASHA', `cancel ${waiting.id}`);
      assert.ok(lost());
      assert.match(told, /Cancelled: 3 people/);
      await becomes(flow, waiting.board, 'cancelled', { cancelled: 3 });
    });

    test('and the database stays away: the person reads that it may be saved', async () => {
      flow.setConfig(usualConfig);
      const first = await fillModal(flow, { callee: '+6591110013' });
      const count = boards(flow).length;
      loseCommit('insert into "requests"', { all: true });
      const submitted = await flow.slack.submitView('U0ASHA', first.view?.id ?? '');
      proxy.cutAfter(() => false);
      assert.equal(submitted.outcome, 'ok', 'answered within 3 s');
      const words = JSON.stringify(submitted.view?.blocks);
      assert.match(words, /may have been saved/);
      assert.match(words, /voicecall status/);
      assert.doesNotMatch(words, /Nothing was rung/);
      const board = await soon(flow, 'the board', () => boards(flow)[count]);
      await becomes(flow, board, 'done', { answered: 1 });
    });
  });
}
