import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { lastReached, noteLastReached } from '../../../src/calls/request/last-reached.ts';
import { forEachDatabase, withStore } from '../../support/store.ts';

const secret = 'a'.repeat(64);
const asha = '918563214120';
const ben = '919876543210';

forEachDatabase((kind) => {
  suite(`who was last reached, on ${kind}`, () => {
    test('the latest time stays in any order of the reports, and no number is stored', () =>
      withStore(
        async (store) => {
          await store.transaction((tx) =>
            noteLastReached(tx, secret, [
              { callee: asha, at: 2_000 },
              { callee: ben, at: 1_000 },
              { callee: asha, at: 3_000 },
            ]),
          );
          await store.transaction((tx) => noteLastReached(tx, secret, [{ callee: asha, at: 1_500 }]));
          const found = await lastReached(store.read, secret, [asha, ben, '6591110001']);
          assert.deepEqual([...found].sort(), [
            [asha, 3_000],
            [ben, 1_000],
          ]);
          const rows = await store.read.selectFrom('last_reached').selectAll().execute();
          assert.equal(rows.length, 2);
          assert.doesNotMatch(JSON.stringify(rows), /8563214120|9876543210/);
          // Another secret gives another key: the number alone finds nothing.
          assert.equal((await lastReached(store.read, 'b'.repeat(64), [asha])).size, 0);
        },
        { kind },
      ));

    test('ten thousand at once', () =>
      withStore(
        async (store) => {
          const callees = Array.from({ length: 10_000 }, (_, index) => `65${91_110_000 + index}`);
          await store.transaction((tx) =>
            noteLastReached(
              tx,
              secret,
              callees.map((callee, index) => ({ callee, at: index })),
            ),
          );
          assert.equal((await lastReached(store.read, secret, callees)).get('6591119999'), 9_999);
        },
        { kind },
      ));
  });
});
