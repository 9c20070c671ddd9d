import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { createOpening, opensAt } from '../../src/callees/hours.ts';
import { isWithin, minuteOfDay, timeZonesOf } from '../../src/callees/local-time.ts';

const minuteMs = 60_000;
const hour = 60 * minuteMs;
const at = (iso: string) => Date.parse(iso);
const window = (from: string, to: string) => {
  const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  return { fromMinute: minutes(from), toMinute: minutes(to) };
};
const day = window('08:00', '21:00');

/** The first whole minute at which all zones are open, found by trying each. Null: not within two days. */
function byTrying(zones: readonly string[], hours: typeof day, from: number): number | null {
  const isOpen = (time: number) => zones.every((zone) => isWithin(hours, minuteOfDay(zone, time)));
  if (isOpen(from)) return from;
  const first = Math.floor(from / minuteMs) * minuteMs + minuteMs;
  for (let time = first; time < from + 50 * hour; time += minuteMs) if (isOpen(time)) return time;
  return null;
}

// With and without summer time, with half hours, and one that moves by half an hour.
const zones = [
  ...['Asia/Kolkata', 'Asia/Singapore', 'Europe/Berlin', 'Europe/London', 'America/New_York'],
  ...['America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Auckland', 'Asia/Kathmandu', 'Pacific/Honolulu'],
];
const anyWindow = fc
  .record({ fromMinute: fc.integer({ min: 0, max: 1439 }), toMinute: fc.integer({ min: 0, max: 1439 }) })
  .filter(({ fromMinute, toMinute }) => fromMinute !== toMinute);
/** Nights on which clocks change, and any other time. */
const anyTime = fc.oneof(
  fc.integer({ min: at('2026-01-01T00:00Z'), max: at('2027-12-31T00:00Z') }),
  fc
    .tuple(
      fc.constantFrom(
        ...['2026-03-29T01:00Z', '2026-10-25T01:00Z', '2026-03-08T07:00Z', '2026-11-01T06:00Z'],
        ...['2026-04-04T15:00Z', '2026-10-03T15:30Z'],
      ),
      fc.integer({ min: -26 * hour, max: 3 * hour }),
    )
    .map(([change, by]) => at(change) + by),
);

suite('the hours of a callee', () => {
  test('open now is now; else the next morning there', () => {
    assert.equal(opensAt(['Asia/Kolkata'], day, at('2026-06-01T06:00Z')), at('2026-06-01T06:00Z'));
    assert.equal(opensAt(['Asia/Kolkata'], day, at('2026-06-01T20:00Z')), at('2026-06-02T02:30Z'));
    assert.equal(opensAt([], day, 5), 5, 'nobody knows the hour: at once');
  });

  test('a window over midnight', () => {
    const night = window('20:00', '06:00');
    assert.equal(opensAt(['Europe/London'], night, at('2026-01-05T23:00Z')), at('2026-01-05T23:00Z'));
    assert.equal(opensAt(['Europe/London'], night, at('2026-01-05T03:00Z')), at('2026-01-05T03:00Z'));
    assert.equal(opensAt(['Europe/London'], night, at('2026-01-05T12:00Z')), at('2026-01-05T20:00Z'));
  });

  test('on the nights on which clocks are set it is 08:00 by the new time', () => {
    assert.equal(opensAt(['Europe/Berlin'], day, at('2026-03-28T22:00Z')), at('2026-03-29T06:00Z'));
    assert.equal(opensAt(['Europe/Berlin'], day, at('2026-10-24T22:00Z')), at('2026-10-25T07:00Z'));
    const gap = window('02:30', '05:00');
    assert.equal(
      opensAt(['Europe/Berlin'], gap, at('2026-03-29T00:30Z')),
      at('2026-03-29T01:00Z'),
      '02:30 is not there',
    );
    assert.equal(
      opensAt(['Europe/Berlin'], window('06:01', '02:01'), at('2026-10-25T00:59Z')),
      at('2026-10-25T01:00Z'),
      '02:00 comes twice',
    );
  });

  test('a window that lies in the hour which a night leaves out opens a day later, and not at once', () => {
    const skipped = window('02:10', '02:50');
    const evening = at('2026-03-28T20:00Z');
    assert.equal(opensAt(['Europe/Berlin'], skipped, evening), at('2026-03-30T00:10Z'));
  });

  test('one zone, any window, any night: the first minute that is open', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), anyWindow, anyTime, (zone, hours, time) => {
        assert.equal(opensAt([zone], hours, time), byTrying([zone], hours, time));
      }),
      { numRuns: 300 },
    );
  });

  test('several zones: open is where all are; where they never are, most of them', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...zones), { minLength: 2, maxLength: 4 }),
        anyWindow,
        anyTime,
        (some, hours, time) => {
          const wanted = byTrying(some, hours, time);
          const opens = opensAt(some, hours, time);
          assert.ok(opens >= time && opens <= time + 26 * hour);
          // If clocks change, all zones may only be open on the next day.
          if (wanted !== null && wanted - time <= 23 * hour) assert.equal(opens, wanted);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a country of several zones waits until it is day in all of them', () => {
    const us = timeZonesOf('US');
    assert.ok(us.length > 5);
    const opens = opensAt(us, day, at('2026-06-01T12:00Z'));
    for (const zone of us) assert.ok(isWithin(day, minuteOfDay(zone, opens)), zone);
    assert.ok(opens > at('2026-06-01T16:00Z'), 'it is 08:00 in New York long before');
  });

  test('a profile counts before the number, and one that Intl does not know does not count', () => {
    const opening = createOpening(day, at('2026-06-01T22:00Z'));
    const callee = '918563214120';
    assert.equal(opening({ callee }), at('2026-06-02T02:30Z'));
    assert.equal(opening({ callee, timeZone: 'America/New_York' }), at('2026-06-01T22:00Z'));
    assert.equal(opening({ callee, timeZone: 'Mars/Olympus' }), at('2026-06-02T02:30Z'));
    assert.equal(
      opening({ callee: '447700900123' }),
      at('2026-06-02T07:00Z'),
      'a range that nobody has, of +44',
    );
    assert.equal(opening({ callee: '870123456789' }), at('2026-06-01T22:00Z'), 'a satellite phone');
  });
});
