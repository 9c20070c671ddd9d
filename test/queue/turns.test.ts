import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nextTurnAt, pace } from '../../src/queue/turns.ts';
import { databaseKinds, withStore } from '../support/store.ts';

for (const kind of databaseKinds) {
  describe(`turns, on ${kind}`, () => {
    test('one turn in the given time, also after a clock was set back', () =>
      withStore(
        async (store) => {
          const turn = (now: number) => store.transaction((tx) => pace(tx, 'submit', now, 100));
          assert.equal(await turn(5_000), 5_000);
          assert.equal(await turn(5_000), 5_100);
          assert.equal(await turn(5_099), 5_100);
          assert.equal(await nextTurnAt(store.read, 'submit', 5_050, 100), 5_100);
          assert.equal(await turn(5_100), 5_100);
          assert.equal(await turn(1_000), 1_100);
          assert.equal(await turn(1_099), 1_100);
          assert.equal(await turn(1_100), 1_100);
        },
        { kind },
      ));

    test('who looks before taking a turn gets one after a clock was set back', () =>
      withStore(
        async (store) => {
          const turn = (now: number) => store.transaction((tx) => pace(tx, 'edit', now, 100));
          await turn(90_000);
          let now = 1_000;
          for (let looks = 0; looks < 3; looks++) {
            const openAt = await nextTurnAt(store.read, 'edit', now, 100);
            if (openAt <= now && (await turn(now)) <= now) return;
            now = Math.max(openAt, now + 100);
          }
          assert.fail('no turn came');
        },
        { kind },
      ));

    test('of many at once, one gets the turn', () =>
      withStore(
        async (store) => {
          const came = await Promise.all(
            Array.from({ length: 8 }, () => store.transaction((tx) => pace(tx, 'submit', 1_000, 100))),
          );
          assert.equal(came.filter((at) => at === 1_000).length, 1, came.join());
        },
        { kind },
      ));
  });
}
