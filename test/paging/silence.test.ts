// Time in which Voicecall did not run.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { leaveOutDowntime } from '../../src/paging/silence.ts';
import { noteTime, takeDowntime } from '../../src/store/clock.ts';
import { forEachDatabase, withStore } from '../support/store.ts';

const startAt = 1_700_000_000_000;
const minuteMs = 60_000;

forEachDatabase((kind) => {
  describe(`the time in which nothing ran, on ${kind}`, () => {
    test('is counted once, and not while an instance ran', async () => {
      await withStore(
        async (store) => {
          const taken = (at: number) => store.transaction((tx) => takeDowntime(tx, at));
          assert.equal(await taken(startAt), 0, 'the first start');
          await store.transaction((tx) => noteTime(tx, startAt + 30_000));
          assert.equal(await taken(startAt + minuteMs), 0, 'another instance ran until then');
          const both = await Promise.all([taken(startAt + 20 * minuteMs), taken(startAt + 20 * minuteMs)]);
          assert.deepEqual(both.toSorted(), [0, 19 * minuteMs], 'two instances start together');
          assert.equal(await taken(startAt), 0, 'the clock was set back');
        },
        { kind },
      );
    });

    test('is left out of the silence of sources that did not call yet, up to now', async () => {
      await withStore(
        async (store) => {
          const silence = (
            rule_name: string,
            channel_id: string,
            alert_id: string | null,
            heard_at: number,
          ) => ({
            ...{ rule_name, channel_id, alert_id, heard_at, team_id: 'T0', thread_ts: '', source: null },
          });
          const now = startAt + 20 * minuteMs;
          await store.transaction((tx) =>
            tx
              .insertInto('silences')
              .values([
                silence('posted', 'source:tool', null, startAt),
                silence('just before', 'source:tool', null, startAt + 10 * minuteMs),
                silence('called', 'source:tool', 'a1', startAt),
                silence('channel', 'C0ALERTS', null, startAt),
              ])
              .execute(),
          );
          await store.transaction((tx) => leaveOutDowntime(tx, 15 * minuteMs, now));
          const rows = await store.read.selectFrom('silences').select(['rule_name', 'heard_at']).execute();
          assert.deepEqual(Object.fromEntries(rows.map((row) => [row.rule_name, Number(row.heard_at)])), {
            posted: startAt + 15 * minuteMs,
            'just before': now,
            called: startAt,
            channel: startAt,
          });
        },
        { kind },
      );
    });
  });
});
