// What `npm run restored` keeps from calling anybody twice. test/crash/restore plays the whole story.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { treatUnsentAsUnknown } from '../../../src/calls/sending/after-restore.ts';
import { enqueue } from '../../../src/queue/enqueue.ts';
import { forEachDatabase, withStore } from '../../support/store.ts';

const now = 1_700_000_000_000;

forEachDatabase((kind) => {
  test(`a rule whose cooldown ended since the backup does not call; one whose cooldown goes on does, on ${kind}`, async () => {
    await withStore(
      async (store) => {
        await store.transaction(async (tx) => {
          const payload = { calledAt: now - 60_000, source: null, status: 'firing' } as const;
          await enqueue(tx, { kind: 'alerts.cooldown', key: 'a1:db', runAt: now - 1, payload });
          await enqueue(tx, { kind: 'alerts.cooldown', key: 'a2:db', runAt: now + 1, payload });
        });
        await store.transaction((tx) => treatUnsentAsUnknown(tx, now));
        const left = await store.read
          .selectFrom('tasks')
          .select('key')
          .where('kind', '=', 'alerts.cooldown')
          .execute();
        assert.deepEqual(left, [{ key: 'a2:db' }]);
      },
      { kind },
    );
  });
});
