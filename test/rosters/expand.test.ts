// Calendars as tools export them, and what a calendar can do to a reader: all at times that are set.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { dutyAt } from '../../src/rosters/duty.ts';
import { CalendarFault, expandCalendar } from '../../src/rosters/expand.ts';
import { readCalendar } from '../../src/rosters/read-calendar.ts';
import type { Shift } from '../../src/rosters/types.ts';
import { calendar, shift, stamp } from '../support/calendar.ts';
import { isQuick, longestBlock } from '../support/quick.ts';

const hour = 3_600_000;
const day = 24 * hour;
const at = (text: string) => Date.parse(text);
const around = (time: number) => ({ fromAt: time - day, toAt: time + 35 * day });
const people = {
  Asha: '+91 85632 14120',
  Ben: 'U0BEN',
  'asha@example.com': '+91 85632 14120',
  'ben@example.com': 'U0BEN',
};
const roster = { ical: 'https://calendar.example/a.ics', people, fallback: ['+91 85632 13000'] };

/** Names of all who are on duty by a calendar at a time. */
function onDuty(text: string, time: string, mails: Record<string, string | null> = {}): string[] {
  const { shifts } = expandCalendar(text, around(at(time)));
  const known = { shifts, mails, readAt: at(time), problem: null };
  const duty = dutyAt('db', { roster, config: { lists: {} }, calendar: known }, at(time));
  return [...new Set(duty.people.map(({ name, entry }) => name?.toLowerCase() ?? entry))].sort();
}

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}.ics`, import.meta.url), 'utf8');

suite('what each tool exports', () => {
  test('Google Calendar: every second week, one moved by a day, one left out, all day in its own zone', () => {
    const google = fixture('google');
    assert.deepEqual(onDuty(google, '2026-01-04T22:59:00Z'), ['asha']);
    // All day in Berlin begins an hour before UTC's day, and Asha's week ends at nine there.
    assert.deepEqual(onDuty(google, '2026-01-04T23:00:00Z'), ['U0BEN', 'asha']);
    assert.deepEqual(onDuty(google, '2026-01-05T07:59:00Z'), ['U0BEN', 'asha']);
    assert.deepEqual(onDuty(google, '2026-01-05T08:00:00Z'), ['U0BEN']);
    assert.deepEqual(onDuty(google, '2026-01-05T23:00:00Z'), []);
    assert.deepEqual(onDuty(google, '2026-01-12T12:00:00Z'), [], 'it was moved to the day after');
    assert.deepEqual(onDuty(google, '2026-01-13T08:00:00Z'), ['asha']);
    assert.deepEqual(onDuty(google, '2026-01-20T07:59:00Z'), ['asha']);
    assert.deepEqual(onDuty(google, '2026-01-20T08:00:00Z'), []);
    assert.deepEqual(onDuty(google, '2026-02-10T12:00:00Z'), [], 'left out');
    // In summer nine in Berlin is seven by UTC.
    assert.deepEqual(onDuty(google, '2026-04-06T06:59:00Z'), []);
    assert.deepEqual(onDuty(google, '2026-04-06T07:00:00Z'), ['asha']);
  });

  test('Outlook: a zone by its Windows name, MAILTO, nights, an all-day event', () => {
    const outlook = fixture('outlook');
    assert.deepEqual(onDuty(outlook, '2026-01-05T07:30:00Z'), ['U0BEN', 'asha']);
    assert.deepEqual(onDuty(outlook, '2026-01-05T08:00:00Z'), ['U0BEN']);
    assert.deepEqual(onDuty(outlook, '2026-01-06T18:00:00Z'), [], 'left out');
    assert.deepEqual(onDuty(outlook, '2026-01-07T17:00:00Z'), ['asha']);
    assert.deepEqual(onDuty(outlook, '2026-03-05T18:00:00Z'), [], 'over');
  });

  for (const [tool, first, second] of [
    ['pagerduty', '2026-01-12T07:59:59Z', '2026-01-12T08:00:00Z'],
    ['opsgenie', '2026-01-06T07:59:59Z', '2026-01-06T08:00:00Z'],
    ['datadog', '2026-01-12T07:59:59Z', '2026-01-12T08:00:00Z'],
    ['grafana', '2026-01-05T07:59:59Z', '2026-01-05T08:00:00Z'],
  ] as const) {
    test(`${tool}: the hand-over is at the second`, () => {
      assert.deepEqual(onDuty(fixture(tool), first), ['asha']);
      assert.deepEqual(onDuty(fixture(tool), second), ['U0BEN']);
    });
  }
});

/** A zone of a file's own making. */
const zone = (name: string, offset: string) => [
  ...['BEGIN:VTIMEZONE', `TZID:${name}`, 'BEGIN:STANDARD', 'DTSTART:19700101T000000'],
  ...[`TZOFFSETFROM:${offset}`, `TZOFFSETTO:${offset}`, 'END:STANDARD', 'END:VTIMEZONE'],
];

suite('time', () => {
  test('two files have a zone of the same name: each means its own', () => {
    const event = 'SUMMARY:Asha\nDTSTART;TZID=Office:20260105T090000\nDTEND;TZID=Office:20260105T170000';
    const west = calendar([event], zone('Office', '-0800'));
    const east = calendar([event], zone('Office', '+0530'));
    for (const _ of [1, 2]) {
      assert.deepEqual(onDuty(west, '2026-01-05T17:00:00Z'), ['asha']);
      assert.deepEqual(onDuty(east, '2026-01-05T17:00:00Z'), []);
      assert.deepEqual(onDuty(east, '2026-01-05T03:30:00Z'), ['asha']);
      assert.deepEqual(onDuty(west, '2026-01-05T03:30:00Z'), []);
    }
  });

  test('a zone that the file does not define is the one that the machine knows by the name', () => {
    const text = calendar(['SUMMARY:Asha\nDTSTART;TZID=Asia/Kolkata:20260105T090000\nDURATION:PT1H']);
    assert.deepEqual(onDuty(text, '2026-01-05T03:30:00Z'), ['asha']);
    assert.deepEqual(onDuty(text, '2026-01-05T04:30:00Z'), []);
  });

  test('a time without a zone, and a day, are those of the calendar', () => {
    const text = calendar(
      ['SUMMARY:Asha\nDTSTART:20260105T090000\nDURATION:PT1H', 'SUMMARY:Ben\nDTSTART;VALUE=DATE:20260106'],
      ['X-WR-TIMEZONE:Asia/Kolkata'],
    );
    assert.deepEqual(onDuty(text, '2026-01-05T03:30:00Z'), ['asha']);
    assert.deepEqual(onDuty(text, '2026-01-05T18:29:59Z'), []);
    assert.deepEqual(onDuty(text, '2026-01-05T18:30:00Z'), ['U0BEN']);
    assert.deepEqual(onDuty(text, '2026-01-06T18:30:00Z'), []);
  });

  test('in the nights when summer time begins and ends, the hand-over leaves no gap', () => {
    const rotation = fixture('google').split('BEGIN:VEVENT')[0] ?? '';
    const nights = 'DTSTART;TZID=Europe/Berlin:20260101T180000\nDTEND;TZID=Europe/Berlin:20260102T090000';
    const days = 'DTSTART;TZID=Europe/Berlin:20260102T090000\nDTEND;TZID=Europe/Berlin:20260102T180000';
    const head = rotation.split('\r\n').slice(1, -1);
    const text = calendar(
      [`SUMMARY:Asha\n${nights}\nRRULE:FREQ=DAILY`, `SUMMARY:Ben\n${days}\nRRULE:FREQ=DAILY`],
      head,
    );
    for (const change of ['2026-03-29', '2026-10-25']) {
      const summer = change === '2026-03-29';
      const nine = at(`${change}T${summer ? '07' : '08'}:00:00Z`);
      for (let time = nine - 14 * hour; time < nine; time += hour / 2)
        assert.deepEqual(onDuty(text, new Date(time).toISOString()), ['asha'], new Date(time).toISOString());
      assert.deepEqual(onDuty(text, new Date(nine).toISOString()), ['U0BEN']);
    }
  });
});

suite('events', () => {
  const now = at('2026-01-05T12:00:00Z');
  const noon = '2026-01-05T12:00:00Z';
  const read = (events: string[]) => expandCalendar(calendar(events), around(now));

  test('an event without an end puts nobody on duty, and is named', () => {
    const { shifts, problems } = read([`SUMMARY:Asha\nDTSTART:${stamp(now)}`]);
    assert.deepEqual(shifts, []);
    assert.deepEqual(problems, ['“Asha”: has no end: nobody is on duty by it']);
  });

  test('one broken event does not cost the others; a calendar that is none is refused', () => {
    const broken = `SUMMARY:Broken\nDTSTART:${stamp(now)}\nDTEND:${stamp(now + hour)}\nRRULE:FREQ=DAILY;BYYEARDAY=3`;
    const { shifts, problems } = read([broken, shift('Asha', now, now + hour)]);
    assert.ok(shifts.some(({ title }) => title === 'Asha'));
    assert.match(problems.join(), /“Broken”/);
    for (const [text, why] of [
      ['<!DOCTYPE html><html>Sign in</html>', /web page/],
      ['{"error": 1}', /is no calendar/],
      ['', /is no calendar/],
      ['BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR', /broken/],
    ] as const)
      assert.throws(
        () => expandCalendar(text, around(now)),
        (error: unknown) => error instanceof CalendarFault && why.test(error.message),
      );
  });

  test('what is said about a broken calendar contains no number', () => {
    const number = '+91 85632 14120';
    const { problems } = read([`SUMMARY:Asha ${number}\nDTSTART:${stamp(now)}`]);
    assert.match(problems.join(), /Asha \*\*\*4120/);
    assert.throws(
      () => expandCalendar(`BEGIN:VCALENDAR\r\nSUMMARY Asha ${number}`, around(now)),
      (error: unknown) => error instanceof CalendarFault && /Asha \*\*\*4120/.test(error.message),
    );
  });

  test('a later version of an event counts, an exception moved here from far away, a change of all that follows', () => {
    const uid = 'UID:same@example.com';
    assert.deepEqual(
      onDuty(
        calendar([
          `${uid}\n${shift('Asha', now - hour, now + hour)}\nSEQUENCE:1`,
          `${uid}\n${shift('Ben', now - hour, now + hour)}\nSEQUENCE:2`,
        ]),
        noon,
      ),
      ['U0BEN'],
    );
    const weekly = `${uid}\n${shift('Asha', now - 70 * day, now - 69 * day)}\nRRULE:FREQ=WEEKLY`;
    const moved = `${uid}\n${shift('Ben', now - hour, now + hour)}\nRECURRENCE-ID:${stamp(now + 70 * day)}`;
    assert.deepEqual(onDuty(calendar([weekly, moved]), noon), ['U0BEN', 'asha']);
    const cancelled = `${uid}\n${shift('Asha', now, now + day)}\nRECURRENCE-ID:${stamp(now)}\nSTATUS:CANCELLED`;
    assert.deepEqual(onDuty(calendar([weekly, cancelled]), noon), []);
    const range = `${uid}\n${shift('Ben', now - 7 * day + hour, now - 6 * day + hour)}\nRECURRENCE-ID;RANGE=THISANDFUTURE:${stamp(now - 7 * day)}`;
    assert.deepEqual(onDuty(calendar([weekly, range]), noon), []);
    assert.deepEqual(onDuty(calendar([weekly, range]), '2026-01-05T13:00:00Z'), ['U0BEN']);
  });

  test('names are whole words, capitals or not; a mail is looked up in Slack', () => {
    for (const [title, who] of [
      ['DB: asha (primary)', ['asha']],
      ['Ashara on call', []],
      ['mashasha', []],
      ['ASHA/BEN', ['U0BEN', 'asha']],
      ['+91 85632 99999', []],
    ] as const)
      assert.deepEqual(onDuty(calendar([shift(title, now, now + hour)]), noon), who, title);
    const zoe = calendar([shift('On call', now, now + hour, ['ATTENDEE:mailto:Zoe@Example.com'])]);
    assert.deepEqual(onDuty(zoe, noon), []);
    assert.deepEqual(onDuty(zoe, noon, { 'zoe@example.com': 'U0ZOE' }), ['U0ZOE']);
    assert.deepEqual(onDuty(zoe, noon, { 'zoe@example.com': null }), []);
  });

  test('a title with controls and a lone surrogate is cleaned', () => {
    const { shifts } = read([shift(`As\u0000ha \ud800 ${'x'.repeat(500)}`, now, now + hour)]);
    assert.ok(shifts[0]?.title.startsWith('Asha \ufffd'));
    assert.ok((shifts[0]?.title.length ?? 999) <= 200);
  });
});

suite('what a calendar can do to a reader', () => {
  const now = at('2026-01-05T12:00:00Z');
  const monsters = {
    'begins a thousand years ago': 'DTSTART:10260105T000000Z\nDTEND:10260106T000000Z\nRRULE:FREQ=DAILY',
    'goes on for a thousand years': `DTSTART:${stamp(now - hour)}\nDTEND:${stamp(now + hour)}\nRRULE:FREQ=HOURLY;UNTIL=30260101T000000Z`,
    'repeats every second': `DTSTART:${stamp(now - day)}\nDTEND:${stamp(now)}\nRRULE:FREQ=SECONDLY`,
    'never comes, and is looked for at every hour': `DTSTART:${stamp(now - day)}\nDURATION:PT1H\nRRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=31`,
  };
  for (const [what, event] of Object.entries(monsters)) {
    test(`an event that ${what} holds nothing else up`, async () => {
      let read: Awaited<ReturnType<typeof readCalendar>> | undefined;
      await isQuick('one turn of the event loop', 500, () =>
        longestBlock(async () => {
          read = await readCalendar(calendar([`SUMMARY:Asha\n${event}`]), around(now), 3_000);
        }),
      );
      assert.ok(read);
      if (what.startsWith('never'))
        assert.deepEqual(read, { fault: 'it takes too long to read the calendar' });
      else if (what.includes('second')) assert.match(JSON.stringify(read), /repeats too often/);
      else
        assert.ok('calendar' in read && read.calendar.shifts.length > 30, JSON.stringify(read).slice(0, 200));
    });
  }

  test('skipping what is long past finds the same shifts as going through all of it', () => {
    const rule = fc.record({
      freq: fc.constantFrom('HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY'),
      // Every seventh day is always the same day: with another one named, the library never ends.
      interval: fc.integer({ min: 1, max: 6 }),
      daysAgo: fc.integer({ min: 0, max: 400 }),
      hours: fc.integer({ min: 1, max: 60 }),
      byday: fc.option(fc.constantFrom('MO', 'TU,FR', 'SA,SU')),
    });
    fc.assert(
      fc.property(rule, ({ freq, interval, daysAgo, hours, byday }) => {
        const start = now - daysAgo * day;
        const event = (more: string) =>
          calendar([
            `${shift('Asha', start, start + hours * hour)}\nRRULE:FREQ=${freq};INTERVAL=${interval}${byday === null ? '' : `;BYDAY=${byday}`}${more}`,
          ]);
        const span = { fromAt: now - day, toAt: now + 7 * day };
        const starts = (text: string) => expandCalendar(text, span).shifts.map(({ fromAt }) => fromAt);
        // A rule that counts is never skipped into.
        assert.deepEqual(starts(event('')), starts(event(';COUNT=40000')));
      }),
      { numRuns: 40 },
    );
  });
});

test('thousands of events at the same time are looked at a few times each', () => {
  let looks = 0;
  let titles = 0;
  const now = 1_000_000;
  const shifts = Array.from({ length: 5_000 }, (_, index) => ({
    fromAt: now - 1,
    get toAt() {
      looks += 1;
      return now + 1 + index;
    },
    get title() {
      titles += 1;
      return `Somebody else ${index}`;
    },
    mails: [],
  }));
  const calendar = { shifts, mails: {}, readAt: now, problem: null };
  const duty = dutyAt('db', { roster, config: { lists: {} }, calendar }, now);
  assert.equal(duty.why, 'unknown');
  assert.ok(duty.unknown.length > 0);
  assert.ok(looks < 100_000, `${looks} looks at events`);
  assert.ok(titles < 20_000, `${titles} looks at titles`);
});

test('whatever the shifts are: who is on duty is who has an event then, and until is the first change', () => {
  const now = 1_000_000;
  const names = ['Asha', 'Ben', 'Nobody'];
  const shifts = fc.array(
    fc.record({
      from: fc.integer({ min: -20, max: 20 }),
      long: fc.integer({ min: 1, max: 20 }),
      who: fc.constantFrom(...names),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(shifts, (given) => {
      const all: Shift[] = given
        .map(({ from, long, who }) => ({
          fromAt: now + from,
          toAt: now + from + long,
          title: who,
          mails: [],
        }))
        .sort((a, b) => a.fromAt - b.fromAt);
      const dutyOf = (time: number) =>
        dutyAt(
          'db',
          { roster, config: { lists: {} }, calendar: { shifts: all, mails: {}, readAt: 1, problem: null } },
          time,
        );
      const who = (time: number) =>
        [
          ...new Set(
            all
              .filter((each) => each.fromAt <= time && time < each.toAt && each.title !== 'Nobody')
              .map(({ title }) => title),
          ),
        ].sort();
      const duty = dutyOf(now);
      const nameOf = ({ name }: { name: string | null }) => name ?? 'Ben';
      assert.deepEqual(duty.people.map(nameOf).sort(), who(now));
      const change = Array.from({ length: 50 }, (_, ahead) => now + ahead).find(
        (time) => who(time).join() !== who(now).join(),
      );
      assert.equal(duty.untilAt, change ?? null);
      if (change !== undefined) assert.deepEqual(duty.next?.map(nameOf).sort(), who(change));
      assert.deepEqual(
        duty.entries,
        duty.why === null ? duty.people.map(({ entry }) => entry) : roster.fallback,
      );
    }),
  );
});
