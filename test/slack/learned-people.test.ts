import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { withLearned } from '../../src/slack/alerts/learned-people.ts';
import type { People } from '../../src/slack/context/people.ts';
import { createFakeClock } from '../support/clock.ts';
import { forEachDatabase, withStore } from '../support/store.ts';

/** A clock on which every wait ends at once: Slack is always late. */
const late = {
  ...createFakeClock(),
  after(_ms: number, run: () => void) {
    run();
    return () => {};
  },
};

forEachDatabase((kind) => {
  suite(`people whom rules call, while Slack is slow, on ${kind}`, () => {
    test('the stored members of a group count; if it was empty, Slack is waited for', async () => {
      await withStore(
        async (store) => {
          for (const [id, members] of [
            ['S0LEADS', ['U0BEN']],
            ['S0EMPTY', []],
          ] as const)
            await store.transaction((tx) =>
              tx
                .insertInto('learned_people')
                .values({ id, body: JSON.stringify({ members }), learned_at: 1 })
                .execute(),
            );
          const slow = async () => {
            await new Promise((resolve) => setImmediate(resolve));
            return ['U0CLEO'];
          };
          const people: People = {
            person: async () => null,
            byMail: async () => 'unclear',
            knownName: () => null,
            learnNames: async () => {},
            groupMembers: slow,
            isOneOf: async () => ({ member: false, unreadable: [] }),
          };
          const patient = withLearned({ people, store, clock: late });
          assert.deepEqual(await patient.groupMembers('S0LEADS'), ['U0BEN']);
          assert.deepEqual(await patient.groupMembers('S0EMPTY'), ['U0CLEO']);
        },
        { kind },
      );
    });
  });
});
