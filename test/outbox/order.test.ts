import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changed, post } from '../../src/outbox/outbox.ts';
import { configWith, createDeps, createVoiceStub, request } from '../calls/approval/stage.ts';
import { createFakeClock } from '../support/clock.ts';
import { withStore } from '../support/store.ts';

const config = configWith('{ calleesOver: 10, approvers: [U0BEN] }');

test('a reply is never posted before its thread’s first message, also within one millisecond', async () => {
  await withStore(async (store) => {
    const now = Date.now();
    await store.transaction(async (tx) => {
      for (let pair = 0; pair < 1_100; pair++) {
        const words = { kind: 'words', plain: 'hello' } as const;
        const place = { channelId: 'C0OPS' };
        const parentId = await post(tx, now, { requestId: null, post: words, place });
        await post(tx, now, { requestId: null, post: words, place: { ...place, parentId } });
      }
    });
    const wrong = await store.read
      .selectFrom('posts as child')
      .innerJoin('posts as parent', 'parent.id', 'child.parent_id')
      .select('child.id')
      .whereRef('child.sequence', '<=', 'parent.sequence')
      .execute();
    assert.deepEqual(wrong, []);
  });
});

test('a change while a board is being posted is shown after it', async () => {
  await withStore(async (store) => {
    const clock = createFakeClock();
    const deps = createDeps({ store, clock, config: () => config, voice: createVoiceStub([]) });
    const requestId = await request(deps);
    await store.transaction((tx) => changed(tx, clock.now(), requestId));
    const board = await store.read.selectFrom('posts').select('id').where('kind', '=', 'board').execute();
    const edits = await store.read
      .selectFrom('tasks')
      .select('key as id')
      .where('kind', '=', 'slack.edit')
      .execute();
    assert.deepEqual(edits, board);
  });
});
