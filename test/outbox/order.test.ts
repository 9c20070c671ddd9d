import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announce, refresh } from '../../src/outbox/outbox.ts';
import { withStore } from '../support/store.ts';

test('what goes into a thread never comes before its first message, also within one millisecond', async () => {
  await withStore(async (store) => {
    const now = Date.now();
    await store.transaction(async (tx) => {
      for (let pair = 0; pair < 1_100; pair++) {
        const first = { requestId: null, kind: 'board' as const, channelId: 'C0OPS' };
        const parentId = await announce(tx, now, first);
        await announce(tx, now, { ...first, kind: 'card', parentId });
      }
    });
    const wrong = await store.read
      .selectFrom('messages as child')
      .innerJoin('messages as parent', 'parent.id', 'child.parent_id')
      .select('child.id')
      .whereRef('child.sequence', '<=', 'parent.sequence')
      .execute();
    assert.deepEqual(wrong, []);
  });
});

test('a change that comes while a board is being posted is shown after it, too', async () => {
  await withStore(async (store) => {
    const now = Date.now();
    const id = await store.transaction(async (tx) => {
      const board = await announce(tx, now, { requestId: 'r1', kind: 'board', channelId: 'C0OPS' });
      await refresh(tx, now, 'r1');
      return board;
    });
    const edits = await store.read
      .selectFrom('tasks')
      .select('key')
      .where('kind', '=', 'slack.edit')
      .execute();
    assert.deepEqual(edits, [{ key: id }]);
  });
});
