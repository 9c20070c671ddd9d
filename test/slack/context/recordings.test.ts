import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../../../src/log.ts';
import { createRecordings } from '../../../src/slack/context/recordings.ts';
import { createFakeClock } from '../../support/clock.ts';
import { createTestDatabase } from '../../support/store.ts';
import { configOf, usualConfig } from '../../support/world.ts';

test('a slow read of the added recordings does not undo the list that arrived in the meantime', async (t) => {
  const database = await createTestDatabase('sqlite');
  t.after(() => database.remove());
  const { read } = await database.open();
  const { promise: late, resolve: answer } = Promise.withResolvers<void>();
  const slow = read.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      await late;
      return result;
    },
  });
  let reads = 0;
  const recordings = createRecordings({
    clock: createFakeClock(),
    log: createLog('silent'),
    voice: { fileQuery: async () => [{ fileId: 'f1.mp3', fileName: 'wake-up.mp3' }] },
    store: {
      get read() {
        return reads++ === 0 ? slow : read;
      },
    },
    config: () => configOf(usualConfig),
  });
  const learning = recordings.learn();
  await recordings.load();
  answer();
  await learning;
  assert.equal(recordings.nameOf('f1.mp3'), 'wake-up.mp3');
});
