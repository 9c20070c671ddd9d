import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownInTable } from '../../src/outbox/outbox.ts';
import { type Post, readPost, slotOf, toColumns } from '../../src/outbox/post.ts';
import { slackLimits } from '../../src/slack/kit/limits.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import { typedPosts } from '../../src/store/migrations/typed-posts.ts';
import { fillOld } from '../support/old-database.ts';
import { createTestDatabase, databaseKinds } from '../support/store.ts';

const posts: [post: Post, slot: string | null][] = [
  [{ kind: 'board' }, 'board:r1'],
  [{ kind: 'board', movedFrom: 'C1', error: 'is_archived', tried: ['C1'], anew: true }, 'board:r1'],
  [{ kind: 'results' }, 'results:r1'],
  [{ kind: 'card' }, 'card:r1'],
  [{ kind: 'card', movedFrom: 'C1', error: 'is_archived' }, 'card:r1:moved'],
  [{ kind: 'file', when: 'sent' }, 'file:r1:sent'],
  [{ kind: 'full', userId: 'U1', minute: 7 }, 'full:r1:U1:7'],
  [{ kind: 'reminder' }, 'reminder:r1'],
  [{ kind: 'outcome' }, 'outcome:r1'],
  [{ kind: 'instead', instead: 'board', of: 'm1', channelId: 'C1', error: 'is_archived' }, 'moved:m1'],
  [{ kind: 'words', plain: 'hello' }, null],
  [{ kind: 'words', plain: 'hello', once: 'rule:a1' }, 'rule:a1'],
];

for (const [post, slot] of posts) {
  test(`${JSON.stringify(post)} comes back as it was stored`, () => {
    assert.deepEqual(readPost(toColumns(post)), post);
    assert.equal(slotOf(post, 'r1'), slot);
  });
}

test('an erased post has no content; a row that Voicecall did not write is an error', () => {
  assert.equal(readPost({ kind: 'words', body: null }), null);
  assert.throws(() => readPost({ kind: 'file', body: '{"when":"never"}' }));
  assert.throws(() => readPost({ kind: 'poster', body: '{}' }));
});

test('a thread’s table has one row less than Slack allows: its header', () => {
  assert.equal(shownInTable, slackLimits.tableRows - 1);
});

for (const kind of databaseKinds) {
  test(`posts that the previous version left in the outbox are read, on ${kind}`, async () => {
    const database = await createTestDatabase(kind);
    try {
      const rows: [kind: string, slot: string | null, body: string | null, now: Post][] = [
        ['board', 'board:r1', null, { kind: 'board' }],
        [
          'card',
          'card:r1:moved',
          '{"movedFrom":"C1","error":"is_archived"}',
          { kind: 'card', movedFrom: 'C1', error: 'is_archived' },
        ],
        ['reply', 'reminder:r1', '{"reminder":true}', { kind: 'reminder' }],
        ['reply', null, '{"plain":"hello"}', { kind: 'words', plain: 'hello' }],
        ['file', 'file:r1:done', '{"when":"done"}', { kind: 'file', when: 'done' }],
        ['file', 'full:r1:U1:7', '{"when":"full"}', { kind: 'full', userId: 'U1', minute: 7 }],
        ['direct', 'outcome:r1', null, { kind: 'outcome' }],
        [
          'direct',
          'moved:m1',
          '{"instead":"results","channelId":"C1","error":"is_archived"}',
          { kind: 'instead', instead: 'results', of: 'm1', channelId: 'C1', error: 'is_archived' },
        ],
      ];
      const columns = { request_id: 'r1', channel_id: 'C0', state: 'pending', tries: 0, created_at: 1 };
      const before = rows.map(([kind, slot, body], index) => ({
        ...{ id: `m${index}`, sequence: index, kind, slot, body, ...columns },
      }));
      await fillOld(database, [['messages', before]], migrations.slice(0, migrations.indexOf(typedPosts)));
      const store = await database.open();
      const read = await store.read.selectFrom('posts').selectAll().orderBy('sequence').execute();
      assert.deepEqual(
        read.map(readPost),
        rows.map(([, , , now]) => now),
      );
    } finally {
      await database.remove();
    }
  });
}
