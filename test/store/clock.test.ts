import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { followTime } from '../../src/clock.ts';
import { databaseClock, noteTime } from '../../src/store/clock.ts';
import { createFakeClock } from '../support/clock.ts';
import { forEachDatabase, silentLog, withStore } from '../support/store.ts';

const hour = 3_600_000;
const day = 24 * hour;

suite('a time that follows a clock', () => {
  const start = (clock = createFakeClock()) => {
    const warnings: object[] = [];
    const log = { warn: (facts: object) => void warnings.push(facts) };
    return { clock, warnings, now: followTime({ clock, wall: clock.now, startAt: 0, log }) };
  };

  test('follows a clock that nobody sets, and small corrections', async () => {
    const { clock, now, warnings } = start();
    for (let count = 0; count < 20; count++) {
      await clock.advance(1_000);
      clock.set(clock.now() + (count % 2 === 0 ? 40 : -40));
      assert.ok(Math.abs(now() - clock.now()) <= 40);
    }
    assert.deepEqual(warnings, []);
  });

  for (const stepMs of [hour, -3 * hour, 5 * 60_000])
    test(`set by ${stepMs} ms it does not jump, logs it once, and is right again in time`, async () => {
      const { clock, now, warnings } = start();
      await clock.advance(10_000);
      const before = now();
      clock.set(clock.now() + stepMs);
      assert.equal(now(), before);
      await clock.advance(10_000);
      const passed = now() - before;
      assert.ok(passed >= 7_499 && passed <= 12_501, `${passed} ms passed in 10 s`);
      await clock.advance(Math.abs(stepMs) * 4);
      assert.equal(now(), clock.now());
      assert.deepEqual(warnings, [{ setByMs: stepMs, apartMs: stepMs }]);
    });

  test('a step of more than a day forward is taken at once', async () => {
    const { clock, now } = start();
    clock.set(clock.now() + 2 * day);
    await clock.advance(1);
    assert.equal(now(), clock.now());
  });

  test('whatever happens to the clock, it never runs back, and waits differ by a quarter at most', async () => {
    const step = fc.record({
      setBy: fc.oneof(fc.constant(0), fc.integer({ min: -day, max: day / 4 })),
      passMs: fc.integer({ min: 0, max: hour }),
      readings: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { clock, now } = start();
        let last = now();
        let ahead = 0;
        for (const { setBy, passMs, readings } of steps) {
          // A difference of more than a day is handled differently.
          if (clock.now() + setBy - last > day) continue;
          clock.set(clock.now() + setBy);
          for (let reading = 0; reading < readings; reading++) {
            await clock.advance(passMs / readings);
            const passed = now() - last;
            assert.ok(passed >= Math.floor((passMs / readings) * 0.75) - 1, `${passed} of ${passMs}`);
            assert.ok(passed <= Math.ceil((passMs / readings) * 1.25) + 1, `${passed} of ${passMs}`);
            last += passed;
          }
          ahead = Math.abs(last - clock.now());
        }
        await clock.advance(ahead * 4 + 10);
        assert.ok(Math.abs(now() - clock.now()) <= 1, 'it is right in the end');
      }),
      { numRuns: 100 },
    );
  });
});

forEachDatabase((kind) => {
  suite(`the time of a database on ${kind}`, () => {
    test('a process that starts after a step back continues from the last one’s time', () =>
      withStore(
        async (store) => {
          const reached = Date.now() + hour;
          await store.transaction((tx) => noteTime(tx, reached));
          await store.transaction((tx) => noteTime(tx, reached - 5));
          const fake = createFakeClock(Date.now());
          const clock = await databaseClock(store, fake, silentLog);
          assert.equal(clock.now(), reached);
          const off = Math.abs(clock.wallOf(clock.now()) - Date.now());
          assert.ok(off < 60_000, `the wall clock is known all the same, ${off} ms off`);
          await fake.advance(8 * hour);
          clock.stop();
          if (kind === 'sqlite') assert.equal(clock.now(), fake.now());
        },
        { kind },
      ));

    test(
      'a step of more than a day forward is stored at once, so that a restart knows of it',
      {
        skip: kind === 'sqlite' ? false : 'PostgreSQL’s own clock cannot be set by a test',
      },
      () =>
        withStore(
          async (store) => {
            const fake = createFakeClock(Date.now());
            const clock = await databaseClock(store, fake, silentLog);
            fake.set(fake.now() + 2 * day);
            const reached = clock.now();
            await fake.advance(1);
            const noted = await store.read
              .selectFrom('meta')
              .select('value')
              .where('name', '=', 'time')
              .executeTakeFirst();
            assert.ok(Number(noted?.value) >= reached);
            clock.stop();
          },
          { kind },
        ),
    );

    test('it stores the time that it reached', () =>
      withStore(
        async (store) => {
          const fake = createFakeClock(Date.now());
          const clock = await databaseClock(store, fake, silentLog);
          await fake.advance(31_000);
          const noted = async () =>
            Number(
              (
                await store.read
                  .selectFrom('meta')
                  .select('value')
                  .where('name', '=', 'time')
                  .executeTakeFirst()
              )?.value,
            );
          for (let tries = 0; tries < 6_000 && Number.isNaN(await noted()); tries++)
            await new Promise((resolve) => setTimeout(resolve, 10));
          clock.stop();
          assert.ok(Math.abs((await noted()) - clock.now()) < 2_000);
        },
        { kind },
      ));

    test('after a step back of more than a day nothing waits for the old time', () =>
      withStore(
        async (store) => {
          const now = Date.now();
          await store.transaction(async (tx) => {
            await noteTime(tx, now + 30 * day);
            await tx
              .insertInto('tasks')
              .values({
                ...{ kind: 'k', key: 'a', payload: 'null', run_at: now + 30 * day, priority: 5, revision: 1 },
                ...{ attempts: 0, created_at: now },
              })
              .execute();
          });
          const post = { id: 'm', kind: 'words', channel_id: 'C1', state: 'pending', sequence: 1 } as const;
          const called = { rule_name: 'r', alert_id: 'a', request_id: null, called_at: now + 30 * day };
          await store.transaction(async (tx) => {
            await tx
              .insertInto('posts')
              .values({ ...post, tries: 1, created_at: now, next_try_at: now + 30 * day })
              .execute();
            await tx.insertInto('rule_calls').values(called).execute();
          });
          const clock = await databaseClock(store, createFakeClock(now), silentLog);
          clock.stop();
          const message = await store.read.selectFrom('posts').select('next_try_at').executeTakeFirst();
          assert.ok(Number(message?.next_try_at) <= now + 60_000, 'a post is tried');
          const cooldown = await store.read.selectFrom('rule_calls').select('called_at').executeTakeFirst();
          assert.ok(Number(cooldown?.called_at) <= now + 60_000, 'a cooldown is not longer than it is');
          const task = await store.read.selectFrom('tasks').select('run_at').executeTakeFirstOrThrow();
          assert.ok(task.run_at <= now + 60_000);
          assert.ok(Math.abs(clock.now() - now) < 60_000);
        },
        { kind },
      ));
  });
});
