import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { approvalFor, approvalReasons } from '../../../src/calls/approval/policy.ts';
import type { ApprovalPolicy } from '../../../src/config/types.ts';
import { createFakeClock } from '../../support/clock.ts';
import { isQuick, timeOf } from '../../support/quick.ts';
import { databaseKinds, withStore } from '../../support/store.ts';
import { calleesOf, configWith, createDeps, createVoiceStub, request } from './stage.ts';

function policyOf(approval: string): ApprovalPolicy {
  const { approval: policy } = configWith(approval);
  assert.ok(policy);
  return policy;
}

const callee = (digits: string) => ({ callee: digits, name: null });

suite('when approval is needed', () => {
  test('for more callees than calleesOver, with those of the last hour; 0: always', () => {
    const policy = policyOf('{ calleesOver: 10, approvers: [U0BEN] }');
    assert.deepEqual(approvalReasons(policy, calleesOf(10), 0, 0), []);
    assert.deepEqual(approvalReasons(policy, calleesOf(11), 0, 0), ['11 calls; above 10 needs approval']);
    assert.deepEqual(approvalReasons(policy, calleesOf(4), 6, 0), []);
    assert.deepEqual(approvalReasons(policy, calleesOf(5), 6, 0), [
      '11 calls within an hour; above 10 needs approval (5 now, 6 before)',
    ]);
    assert.deepEqual(
      approvalReasons(policyOf('{ calleesOver: 0, approvers: [U0BEN] }'), calleesOf(1), 0, 0),
      ['every request needs approval'],
    );
  });

  test('for callees outside the allowed countries, and for unknown countries', () => {
    const policy = policyOf('{ outsideCountries: [IN, SG], approvers: [U0BEN] }');
    assert.deepEqual(approvalReasons(policy, [callee('918563214120'), callee('6591110001')], 0, 0), []);
    // The United Kingdom; a satellite phone; a number that is a digit short, whose country is still known.
    const others = [callee('442079460000'), callee('881612345678'), callee('91856321412')];
    assert.deepEqual(approvalReasons(policy, others, 0, 0), ['2 outside IN, SG']);
  });

  test('between two times of the callee’s local day, over midnight, to the minute', () => {
    const policy = policyOf('{ between: "22:00-07:00", approvers: [U0BEN] }');
    const india = [callee('918563214120'), callee('918563214121')];
    const asks = (at: number) => approvalReasons(policy, india, 0, at);
    const night = ['for 2 it is between 22:00 and 07:00 where they are'];
    // India is 5 h 30 min ahead.
    assert.deepEqual(asks(Date.UTC(2026, 0, 5, 16, 29, 59)), []);
    assert.deepEqual(asks(Date.UTC(2026, 0, 5, 16, 30)), night);
    assert.deepEqual(asks(Date.UTC(2026, 0, 5, 1, 29, 59)), night);
    assert.deepEqual(asks(Date.UTC(2026, 0, 5, 1, 30)), []);
  });

  test('further attempts that are planned for those hours need an approval before the first one', () => {
    const policy = policyOf('{ between: "22:00-07:00", approvers: [U0BEN] }');
    const asks = (at: number, attempts: number, everyMs: number) =>
      approvalReasons(policy, [callee('918563214120')], 0, at, { attempts, everyMs });
    const hour = 3_600_000;
    const later = ['for 1 it is between 22:00 and 07:00 where they are when they are called again'];
    // 21:30 in India.
    const evening = Date.UTC(2026, 0, 5, 16);
    assert.deepEqual(asks(evening, 1, hour), []);
    assert.deepEqual(asks(evening, 2, hour / 4), []);
    assert.deepEqual(asks(evening, 2, hour), later);
    assert.deepEqual(asks(evening, 3, hour / 4), later);
    assert.deepEqual(asks(evening, 2, hour / 2 - 60_000), later, 'the first call takes time too');
    assert.deepEqual(asks(evening, 2, 10 * hour), [], 'it is day again');
    assert.deepEqual(asks(evening + hour, 2, hour), ['for 1 it is between 22:00 and 07:00 where they are']);
  });

  test('several zones: any of them counts; daylight saving is followed; an unknown country needs approval', () => {
    const policy = policyOf('{ between: "22:00-07:00", approvers: [U0BEN] }');
    // At 22:00 UTC it is 12:00 in Honolulu and 17:00 in New York.
    const states = [callee('12125550123')];
    assert.deepEqual(approvalReasons(policy, states, 0, Date.UTC(2026, 0, 5, 22)), []);
    // At 03:00 UTC it is 22:00 in New York, although it is 17:00 in Honolulu.
    assert.equal(approvalReasons(policy, states, 0, Date.UTC(2026, 0, 6, 3)).length, 1);
    // 21:30 UTC in London is 21:30 in January and 22:30 in July.
    const london = [callee('442079460000')];
    assert.deepEqual(approvalReasons(policy, london, 0, Date.UTC(2026, 0, 5, 21, 30)), []);
    assert.equal(approvalReasons(policy, london, 0, Date.UTC(2026, 6, 5, 21, 30)).length, 1);
    const unknown = [callee('881612345678'), callee('918563214120')];
    assert.deepEqual(approvalReasons(policy, unknown, 0, Date.UTC(2026, 0, 5, 12)), [
      'for 1 the local time is not known (approval is needed between 22:00 and 07:00)',
    ]);
  });

  test('every reason is given', () => {
    const policy = policyOf(
      '{ calleesOver: 1, outsideCountries: [SG], between: "22:00-07:00", approvers: [U0BEN] }',
    );
    assert.equal(approvalReasons(policy, calleesOf(2), 0, Date.UTC(2026, 0, 5, 20)).length, 3);
  });

  test('ten thousand callees of a country with many zones are judged quickly', async () => {
    const policy = policyOf('{ between: "22:00-07:00", approvers: [U0BEN] }');
    const states = calleesOf(10_000, '121255');
    await isQuick('the judgement', 1_000, () =>
      timeOf(() => approvalReasons(policy, states, 0, Date.UTC(2026, 0, 5, 22))),
    );
  });
});

for (const kind of databaseKinds) {
  suite(`splitting a crowd does not avoid approval, on ${kind}`, () => {
    const config = configWith('{ calleesOver: 10, approvers: [U0BEN] }');
    const clock = createFakeClock();

    test('callees without approval by the same person in the last hour count, and nothing else', async () => {
      await withStore(
        async (store) => {
          const deps = createDeps({ store, clock, config: () => config, voice: createVoiceStub([]) });
          const asks = async (count: number, requestedBy: string | null = 'U0ASHA', attempts = 1) =>
            await store.transaction((tx) =>
              approvalFor(tx, config, {
                requestedBy,
                callees: calleesOf(count),
                everyMs: 0,
                attempts,
                now: clock.now(),
                wallAt: clock.now(),
              }),
            );
          await request(deps, { callees: calleesOf(6) });
          assert.equal(await asks(4), null);
          const needed = await asks(5);
          assert.deepEqual(needed?.reasons, [
            '11 calls within an hour; above 10 needs approval (5 now, 6 before)',
          ]);
          assert.equal(await asks(10, 'U0CLEO'), null, "another person's do not count");
          assert.deepEqual((await asks(4, 'U0CLEO', 3))?.reasons, [
            '12 calls (up to 3 each); above 10 needs approval',
          ]);
          assert.equal(await asks(10, null), null, 'a rule has no hour of its own');
          await request(deps, { callees: calleesOf(11) });
          assert.equal(await asks(4), null, 'what needs approval is decided by somebody else');
          await clock.advance(3_599_999);
          assert.notEqual(await asks(5), null);
          await clock.advance(1);
          assert.equal(await asks(10), null, 'an hour later it counts no more');
        },
        { kind },
      );
    });

    test('two small requests at the same moment see each other', async () => {
      await withStore(
        async (store, database) => {
          const second = kind === 'postgres' ? await database.open() : store;
          const two = [store, second].map((each) =>
            createDeps({ store: each, clock, config: () => config, voice: createVoiceStub([]) }),
          );
          await Promise.all(
            Array.from({ length: 8 }, (_, index) => {
              const deps = two[index % 2];
              assert.ok(deps);
              return request(deps, { callees: calleesOf(3) });
            }),
          );
          const rows = await store.read.selectFrom('requests').select(['state', 'callees']).execute();
          const free = rows.filter((row) => row.state === 'approved');
          assert.equal(free.length, 3, 'three times three is below eleven');
          assert.equal(rows.filter((row) => row.state === 'awaiting_approval').length, 5);
        },
        { kind },
      );
    });
  });
}
