// `onUnknown: again` with a platform whose records show a call only some time after it accepted it.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createReconciler } from '../../../src/calls/results/reconcile.ts';
import { createReportApplier } from '../../../src/calls/results/reports.ts';
import { createDispatcher } from '../../../src/calls/sending/dispatch.ts';
import { createResender } from '../../../src/calls/sending/resend.ts';
import { createWorker } from '../../../src/queue/worker.ts';
import type { CallRecord, VoiceClient } from '../../../src/voice/types.ts';
import { createFakeClock } from '../../support/clock.ts';
import { forEachDatabase, withStore } from '../../support/store.ts';
import { configOf } from '../../support/world.ts';
import { createDeps, createVoiceStub, request } from '../approval/stage.ts';

const config = configOf('country: IN\nvoice: { submit: { concurrency: 1, perSecond: 1 } }');
const recordsLagMs = 45_000;

function recordOf(callee: string, calledInfo: string, at: number): CallRecord {
  return {
    ...{ voiceId: `v${callee}`, callee, calledInfo, submitTimeAt: at, callTimeAt: at, ringingTimeAt: at },
    ...{ answerTimeAt: at, hangupTimeAt: at + 9_000, callDuration: 9, terminationCode: '200' },
    ...{ terminationReason: null, sipCode: '200', callStatus: '50', feedbackValue: null, outRecallCount: 0 },
    raw: {},
  };
}

forEachDatabase((kind) => {
  suite(`sending unknown calls again, on ${kind}`, () => {
    test('of twenty lost results, nobody whom the records show is called twice', async () => {
      const clock = createFakeClock();
      await withStore(
        async (store) => {
          const posts: string[] = [];
          const records: { visibleAt: number; record: CallRecord }[] = [];
          const queriedAt: number[] = [];
          const taking = createVoiceStub([]);
          const voice: VoiceClient = {
            ...taking,
            async sendGroup(ask, control) {
              const [callee = ''] = ask.callees;
              const first = !posts.includes(callee);
              posts.push(callee);
              if (!first) return await taking.sendGroup(ask, control);
              if (Number(callee.slice(-2)) < 15) {
                const record = recordOf(callee, ask.calledInfo, clock.now());
                records.push({ visibleAt: clock.now() + recordsLagMs, record });
              }
              return {
                ...{ outcome: 'ambiguous', code: null, why: 'connection_lost' },
                detail: 'the answer got lost',
              } as const;
            },
            async recordGroupQuery(_from, _to, reader) {
              queriedAt.push(clock.now());
              await reader.take(
                records.filter((each) => each.visibleAt <= clock.now()).map(({ record }) => record),
              );
            },
          };
          const deps = createDeps({ store, clock, config: () => config, voice });
          const worker = createWorker({
            ...deps,
            handlers: {
              dispatch: { concurrency: 1, run: createDispatcher(deps) },
              resend: { concurrency: 1, run: createResender(deps) },
              reconcile: { concurrency: 1, run: createReconciler(deps) },
              reports: { concurrency: 1, run: createReportApplier(deps) },
            },
          });
          worker.start();
          const callees = Array.from({ length: 20 }, (_, index) => `659140${String(1_000 + index)}`);
          for (const callee of callees) {
            await request(deps, { callees: [{ callee, name: null }], onUnknown: 'again', approval: null });
          }
          for (let round = 0; round < 100; round++) {
            await clock.advance(2_000);
            await worker.idle();
          }
          await worker.stop();
          const times = callees.map((callee) => posts.filter((each) => each === callee).length);
          assert.deepEqual(times, [...Array(15).fill(1), ...Array(5).fill(2)]);
          const states = await store.read.selectFrom('submissions').select(['resend_at']).execute();
          assert.ok(
            states.every(({ resend_at }) => resend_at === null),
            'nothing waits to be sent again',
          );
          assert.ok(queriedAt.length <= 12, `asked ${queriedAt.length} times`);
        },
        { kind, clock },
      );
    });
  });
});
