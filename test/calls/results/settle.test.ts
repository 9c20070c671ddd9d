// A person says what happened to an unknown submission, and the platform's result comes later.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadCalls, loadRequest } from '../../../src/calls/request/read.ts';
import { settle } from '../../../src/calls/results/settle.ts';
import { createDispatcher } from '../../../src/calls/sending/dispatch.ts';
import { applySendResult } from '../../../src/calls/sending/result.ts';
import type { SendResult, SubmittedRow } from '../../../src/voice/types.ts';
import { createFakeClock } from '../../support/clock.ts';
import { forEachDatabase, withStore } from '../../support/store.ts';
import { configOf } from '../../support/world.ts';
import { calleesOf, createDeps, createVoiceStub, request } from '../approval/stage.ts';

const config = configOf('country: IN\nvoice: { submit: { concurrency: 1, perSecond: 200 } }');
const lasting = { valid: () => true, signal: new AbortController().signal };
const lane = { kind: 'dispatch', key: '0', payload: null, attempts: 0 };
const callees = calleesOf(3).map(({ callee }) => callee);

const row = (index: number, outcome: SubmittedRow['outcome']): SubmittedRow => ({
  callee: callees[index] ?? '',
  outcome,
  voiceId: outcome === 'accepted' ? `v${index}` : null,
  terminationCode: outcome === 'accepted' ? '0' : outcome === 'refused' ? '-26' : null,
  terminationReason: null,
});
const answer = (...rows: SubmittedRow[]): SendResult => ({
  ...{ outcome: 'answered', code: '0', reason: 'success' },
  rows,
});
const refusal: SendResult = { outcome: 'refused', code: '-10', reason: 'no balance' };

interface Case {
  what: string;
  rang: boolean;
  result: SendResult;
  submission: string;
  calls: string[];
}
const accepted = [row(0, 'accepted'), row(1, 'accepted'), row(2, 'accepted')];
const cases: Case[] = [
  {
    ...{ what: 'it did not ring, and the platform took it', rang: false, result: answer(...accepted) },
    ...{ submission: 'accepted', calls: ['accepted', 'accepted', 'accepted'] },
  },
  {
    ...{ what: 'it rang, and the platform refused it as a whole', rang: true, result: refusal },
    ...{ submission: 'refused', calls: ['refused', 'refused', 'refused'] },
  },
  {
    ...{ what: 'it did not ring, and the platform refused it', rang: false, result: refusal },
    ...{ submission: 'refused', calls: ['refused', 'refused', 'refused'] },
  },
  {
    what: 'it rang, and one row each says accepted, refused and nothing',
    rang: true,
    result: answer(row(0, 'accepted'), row(1, 'refused'), row(2, 'unknown')),
    ...{ submission: 'accepted', calls: ['accepted', 'refused', 'accepted'] },
  },
  {
    what: 'it did not ring, and the answer says nothing of anybody',
    rang: false,
    result: answer(row(0, 'unknown'), row(1, 'unknown'), row(2, 'unknown')),
    ...{ submission: 'settled', calls: ['failed', 'failed', 'failed'] },
  },
];

forEachDatabase((kind) => {
  suite(`settled by a person, then answered, on ${kind}`, () => {
    for (const { what, rang, result, submission, calls } of cases) {
      test(what, () =>
        withStore(
          async (store) => {
            const voice = {
              ...createVoiceStub([]),
              sendGroup: async () =>
                ({ outcome: 'ambiguous', code: null, why: 'timeout', detail: 'no answer in time' }) as const,
            };
            const deps = createDeps({ store, clock: createFakeClock(), config: () => config, voice });
            const id = await request(deps);
            await createDispatcher(deps)(lane, lasting);
            const sent = await store.read.selectFrom('submissions').selectAll().executeTakeFirstOrThrow();
            assert.equal(sent.state, 'unknown');
            await settle(deps, sent.id, 'U0ASHA', rang);
            await store.transaction((tx) => applySendResult(tx, deps, sent.id, sent.sender ?? '', result));
            const view = await loadRequest(store.read, id);
            assert.equal(view?.submissions[0]?.state, submission);
            const states = (await loadCalls(store.read, id)).map((each) => each.state);
            assert.deepEqual(states, calls);
            const { counts } = view;
            assert.equal(counts.accepted, calls.filter((each) => each === 'accepted').length);
            assert.equal(counts.refused, calls.filter((each) => each === 'refused').length);
            assert.equal(counts.failed, calls.filter((each) => each === 'failed').length);
          },
          { kind },
        ),
      );
    }
  });
});
