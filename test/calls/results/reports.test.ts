import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CallsDeps } from '../../../src/calls/request/deps.ts';
import { loadCalls, loadRequest } from '../../../src/calls/request/read.ts';
import { createReportApplier, storeReports, tryReportsAgain } from '../../../src/calls/results/reports.ts';
import { createDispatcher } from '../../../src/calls/sending/dispatch.ts';
import type { Lease } from '../../../src/queue/types.ts';
import type { Store } from '../../../src/store/types.ts';
import { parseReports } from '../../../src/voice/reports.ts';
import { createFakeClock } from '../../support/clock.ts';
import { hasHadItsTime } from '../../support/quick.ts';
import { databaseKinds, withStore } from '../../support/store.ts';
import { calleesOf, configWith, createDeps, createVoiceStub, request } from '../approval/stage.ts';

const config = configWith('{ calleesOver: 100000, approvers: [U0BEN] }');
const lasting: Lease = { valid: () => true, signal: new AbortController().signal };
const applyTask = { kind: 'reports', key: 'apply', payload: null, attempts: 0 };
const [{ callee } = { callee: '' }] = calleesOf(1);

const clock = createFakeClock();

function depsOn(store: Store, onPost?: Parameters<typeof createVoiceStub>[1]): CallsDeps {
  return createDeps({
    store,
    clock,
    config: () => config,
    voice: createVoiceStub([], onPost),
  });
}

async function send(deps: CallsDeps): Promise<void> {
  await clock.advance(1_000);
  await createDispatcher(deps)({ kind: 'dispatch', key: '0', payload: null, attempts: 0 }, lasting);
}

async function apply(deps: CallsDeps): Promise<void> {
  await createReportApplier(deps)(applyTask, lasting);
}

async function store(deps: CallsDeps, ...reports: Record<string, unknown>[]): Promise<void> {
  await storeReports(deps, parseReports(reports).reports);
}

const answered = { terminationCode: '200', hangupTime: Date.UTC(2026, 0, 5, 9), callDuration: 5 };
const foreign = (index: number) => ({ voiceId: `foreign${index}`, callee: `4915${index}`, ...answered });

async function untried(on: Store): Promise<number> {
  return (await on.read.selectFrom('reports').select('id').where('tried_at', 'is', null).execute()).length;
}

for (const kind of databaseKinds) {
  describe(`reports, on ${kind}`, () => {
    test('reports that match nothing are tried once, not again with each new report', async () => {
      await withStore(
        async (on) => {
          const told: string[] = [];
          const deps = depsOn(on);
          deps.log.warn = ((_facts: object, message: string) => told.push(message)) as never;
          await request(deps, { callees: calleesOf(1) });
          await send(deps);
          await store(deps, ...Array.from({ length: 250 }, (_, index) => foreign(index)));
          await store(deps, { voiceId: `v${callee}`, callee: '4915', ...answered });
          await apply(deps);
          assert.equal(await untried(on), 0);
          await store(deps, foreign(999));
          await apply(deps);
          assert.deepEqual(
            told.filter((message) => message.includes('another callee')),
            ['a report names another callee than the call it is for: set aside'],
          );
        },
        { kind },
      );
    });

    test('a report that came before the result is tried again when the result brings its voiceId', async () => {
      await withStore(
        async (on) => {
          const deps: CallsDeps = depsOn(on, async () => {
            await store(deps, { voiceId: `v${callee}`, callee, ...answered });
            await apply(deps);
            assert.equal(await untried(on), 0);
          });
          const id = await request(deps, { callees: calleesOf(1) });
          await send(deps);
          await apply(deps);
          assert.equal((await loadRequest(on.read, id))?.state, 'done');
          assert.equal((await loadRequest(on.read, id))?.counts.answered, 1);
        },
        { kind },
      );
    });

    test('any order and grouping of the reports of one call give the same end', async () => {
      await withStore(
        async (on) => {
          const deps = depsOn(on);
          const stages = [
            { terminationCode: '0', callTime: 1_767_576_614_000 },
            { terminationCode: '486', hangupTime: 1_767_576_638_000 },
            { ...answered, hangupTime: 1_767_576_690_000, outRecallCount: 1 },
            { ...answered, hangupTime: 1_767_576_690_000, outRecallCount: 1, feedbackValue: '1' },
            { callee: '4915', ...answered, hangupTime: 1_767_576_990_000, outRecallCount: 7 },
          ];
          const order = fc.shuffledSubarray(stages, { minLength: stages.length });
          const groups = fc.array(fc.boolean(), { minLength: stages.length, maxLength: stages.length });
          let calls = 0;
          const over = hasHadItsTime();
          await fc.assert(
            fc.asyncProperty(order, groups, async (reports, endsGroup) => {
              if (over()) return;
              const one = calleesOf(1, `91856${String(calls++).padStart(3, '0')}`);
              const id = await request(deps, { callees: one });
              await send(deps);
              for (const [index, each] of reports.entries()) {
                await store(deps, { voiceId: `v${one[0]?.callee}`, callee: one[0]?.callee, ...each });
                if (endsGroup[index]) await apply(deps);
              }
              await apply(deps);
              const [call] = await loadCalls(on.read, id);
              assert.equal(call?.state, 'answered');
              assert.equal(call?.feedbackValue, '1');
            }),
            { numRuns: kind === 'sqlite' ? 60 : 15 },
          );
        },
        { kind },
      );
    });

    test('thousands of different reports of one call are each read once', async () => {
      await withStore(
        async (on) => {
          const deps = depsOn(on);
          const id = await request(deps, { callees: calleesOf(1) });
          await send(deps);
          const reports = Array.from({ length: 2_000 }, (_, index) => ({
            voiceId: `v${callee}`,
            callee,
            ...answered,
            callDuration: 5 + index,
            hangupTime: answered.hangupTime + index,
          }));
          await store(deps, ...reports);
          let parsed = 0;
          const parse = JSON.parse;
          JSON.parse = (...given) => {
            parsed++;
            return parse(...given);
          };
          await apply(deps).finally(() => {
            JSON.parse = parse;
          });
          assert.ok(parsed < 3 * reports.length, `${parsed} reports were read`);
          assert.equal((await loadCalls(on.read, id))[0]?.callDuration, 5 + 1_999);
        },
        { kind },
      );
    });

    test('thousands are stored in steps that let other work run', async () => {
      await withStore(
        async (on) => {
          const deps = depsOn(on);
          let turns = 0;
          let working = true;
          const count = () => {
            turns++;
            if (working) setImmediate(count);
          };
          setImmediate(count);
          await store(deps, ...Array.from({ length: 5_000 }, (_, index) => foreign(index)));
          await apply(deps);
          working = false;
          assert.equal(await untried(on), 0);
          // 50 transactions store them and 25 apply them.
          assert.ok(turns >= 70, `others had ${turns} turns`);
        },
        { kind },
      );
    });
  });
}

describe('a report and its result at the same moment', { skip: !databaseKinds.includes('postgres') }, () => {
  test('the report is not marked as tried while the result with its voiceId is being stored', async () => {
    await withStore(
      async (on, database) => {
        const deps = depsOn(on);
        const other = { ...deps, store: await database.open() };
        const id = await request(deps, { callees: calleesOf(1) });
        await send(deps);
        // The state before the result.
        await on.transaction((tx) =>
          tx.updateTable('calls').set({ voice_id: null }).where('request_id', '=', id).execute(),
        );
        let applying: Promise<void> | undefined;
        await on.transaction(async (tx) => {
          await tx.updateTable('calls').set({ voice_id: 'v1' }).where('request_id', '=', id).execute();
          await tryReportsAgain(tx, deps, ['v1']);
          // It arrives after the storing of the result has looked for reports, but before its commit.
          await store(other, { voiceId: 'v1', callee, ...answered });
          applying = apply(other);
          await new Promise((resolve) => setTimeout(resolve, 100));
        });
        await applying;
        assert.equal((await loadRequest(on.read, id))?.counts.answered, 1);
      },
      { kind: 'postgres' },
    );
  });
});
