import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { databaseKinds } from '../support/store.ts';
import { ask, boardBecomes, eventually, startWorld, thread, type World } from '../support/world.ts';

for (const database of databaseKinds) {
  describe(`the first call, on ${database}`, () => {
    let world: World;
    before(async () => {
      world = await startWorld({ database });
    });
    after(() => world.stop());

    test('calls each callee once and shows every result in the thread', async () => {
      const board = await ask(world, { callee: '+91 85632 14120\n91856321412', lists: ['db-oncall'] });
      const done = await boardBecomes(world, board, 'done');
      assert.deepEqual(
        { callees: done.callees, accepted: done.accepted, answered: done.answered },
        { callees: 3, accepted: 3, answered: 3 },
      );
      assert.deepEqual(world.voice.calls.map((call) => call.callee).toSorted(), [
        '918563213000',
        '91856321412',
        '918563214120',
      ]);
      assert.equal(world.voice.requests.filter((request) => request.path.endsWith('sendGroup')).length, 1);
      const [results] = await eventually('the results', () => {
        const replies = thread(world, board);
        return replies.length > 0 && JSON.stringify(replies[0]?.blocks).includes('All 3 answered')
          ? replies
          : undefined;
      });
      const shown = JSON.stringify(results);
      assert.equal(results?.metadata?.event_type, 'voicecall_results');
      assert.ok(shown.includes('+91 …4120') && !shown.includes('918563214120'), 'numbers are masked');
      assert.deepEqual(world.voice.violations, []);
    });
  });
}
