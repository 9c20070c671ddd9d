import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadCalls } from '../../../src/calls/request/read.ts';
import { createFakeClock } from '../../support/clock.ts';
import { databaseKinds, withStore } from '../../support/store.ts';
import { calleesOf, configWith, createDeps, createVoiceStub, request } from '../approval/stage.ts';

const config = configWith('{ calleesOver: 100000, approvers: [U0BEN] }');

for (const kind of databaseKinds) {
  describe(`reading a request, on ${kind}`, () => {
    test('the calls of a crowd are read in parts, each call once and in order', async () => {
      await withStore(
        async (store) => {
          const deps = createDeps({
            store,
            clock: createFakeClock(),
            config: () => config,
            voice: createVoiceStub([]),
          });
          const id = await request(deps, { callees: calleesOf(2_500) });
          const positions = async (part: { page?: number; size?: number }) =>
            (await loadCalls(store.read, id, part)).map((call) => call.position).join(' ');
          const from = (first: number, last: number) =>
            Array.from({ length: last - first + 1 }, (_, index) => first + index).join(' ');
          assert.ok((await positions({})) === from(1, 2_500));
          assert.ok((await positions({ page: 0, size: 1_200 })) === from(1, 1_200));
          assert.ok((await positions({ page: 1, size: 1_200 })) === from(1_201, 2_400));
          assert.ok((await positions({ page: 2, size: 1_200 })) === from(2_401, 2_500));
          assert.ok((await positions({ page: 1, size: 1_000 })) === from(1_001, 2_000));
        },
        { kind },
      );
    });
  });
}
