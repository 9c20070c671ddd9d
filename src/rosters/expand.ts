import ICAL from 'ical.js';
import { cleanText } from '../clean-text.ts';
import { maskNumbers } from '../mask-numbers.ts';
import { isMail } from './mail.ts';
import type { Calendar, Shift, Span } from './types.ts';
import { knownZone, wallToMs, type Zone } from './zone.ts';

/** An event with more occurrences than this is no shift that people work. */
const mostOccurrences = 50_000;
/** For all events together. */
const mostSteps = 200_000;
/** An event that repeats more often than this (ms) is no shift either. */
const shortestPeriodMs = 10 * 60_000;
const dayMs = 86_400_000;
const mostShifts = 5_000;
const mostMails = 20;
const titleLength = 200;
const mostProblems = 10;

/** The text is no calendar, or a broken one. `message` is for people. */
export class CalendarFault extends Error {}

/**
 * The events of a calendar (RFC 5545) within a span of time, in the time zones that the file defines. The text
 * decides how long this takes: see read-calendar.ts. Throws CalendarFault.
 */
export function expandCalendar(text: string, span: Span): Calendar {
  const calendars = parse(text);
  const reading: Reading = { span, shifts: [], problems: [], left: 0, steps: mostSteps };
  for (const calendar of calendars) {
    const zone = zoneOf(calendar);
    for (const group of groups(calendar, zone)) readGroup(reading, group, zone);
  }
  const shifts = reading.shifts.toSorted((a, b) => a.fromAt - b.fromAt || a.toAt - b.toAt);
  const problems = reading.problems;
  if (reading.left > 0) problems.push(`and ${reading.left} more events that cannot be read`);
  if (shifts.length > mostShifts)
    problems.push(`there are ${shifts.length} events in some weeks: the first ${mostShifts} are used`);
  return { shifts: shifts.slice(0, mostShifts), problems };
}

interface Reading {
  span: Span;
  shifts: Shift[];
  problems: string[];
  /** How many more problems there are besides those in `problems`. */
  left: number;
  /** How many more occurrences may be read. */
  steps: number;
}

/** An event with the changes to its single occurrences. */
interface Group {
  masters: ICAL.Component[];
  /** By the time that they replace, ms. */
  exceptions: Map<number, ICAL.Component>;
  /** Changes to all later occurrences, by the time from which they apply, ms. */
  ranges: [number, ICAL.Component][];
}

function parse(text: string): ICAL.Component[] {
  const start = text
    .slice(0, 2_000)
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (/^<(!doctype|html|\?xml|head|body)/i.test(start))
    throw new CalendarFault(
      'the address answers with a web page, not with a calendar: use the address that ends in .ics, or the private one',
    );
  if (!/^BEGIN:VCALENDAR/i.test(start)) throw new CalendarFault('what the address answers is no calendar');
  try {
    const parsed: unknown[] = ICAL.parse(text.replace(/^\uFEFF/, ''));
    const roots = typeof parsed[0] === 'string' ? [parsed] : parsed;
    return roots.map((root) => new ICAL.Component(root as never));
  } catch (error) {
    throw new CalendarFault(`the calendar is broken: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  // The parser's words quote the calendar, and people write their numbers there.
  return maskNumbers(cleanText(error instanceof Error ? error.message : String(error))).slice(0, 120);
}

/** The time zone for an event without a time of day. */
function zoneOf(calendar: ICAL.Component): Zone {
  const named = calendar.getFirstPropertyValue('x-wr-timezone');
  const name = typeof named === 'string' ? named.trim() : '';
  const own = name === '' ? null : zoneInFile(calendar, name);
  if (own !== null) return own;
  const known = name === '' ? null : knownZone(name);
  if (known !== null) return known;
  const [only, ...more] = calendar.getAllSubcomponents('vtimezone');
  const id = only?.getFirstPropertyValue('tzid');
  return (more.length === 0 && typeof id === 'string' ? zoneInFile(calendar, id) : null) ?? 'UTC';
}

function zoneInFile(calendar: ICAL.Component, id: string): ICAL.Timezone | null {
  try {
    return calendar.getTimeZoneByID(id);
  } catch {
    return null;
  }
}

function groups(calendar: ICAL.Component, zone: Zone): Group[] {
  const byUid = Map.groupBy(calendar.getAllSubcomponents('vevent'), (event) => {
    const uid = event.getFirstPropertyValue('uid');
    // An event without an id is a separate event.
    return typeof uid === 'string' && uid !== '' ? uid : event;
  });
  return [...byUid.values()].map((events) => groupOf(events, zone));
}

function groupOf(events: ICAL.Component[], zone: Zone): Group {
  const group: Group = { masters: [], exceptions: new Map(), ranges: [] };
  // Later versions of an event come later, so that they win.
  const ordered = events.toSorted((a, b) => sequenceOf(a) - sequenceOf(b));
  const newest = Math.max(
    0,
    ...ordered.filter((event) => !event.hasProperty('recurrence-id')).map(sequenceOf),
  );
  for (const event of ordered) {
    const property = event.getFirstProperty('recurrence-id');
    if (property === null) {
      if (sequenceOf(event) === newest) group.masters.push(event);
      continue;
    }
    const replaced = timeOf(event, 'recurrence-id');
    if (replaced === null) continue;
    const at = msOf(replaced, ownZone(event, 'recurrence-id', zone));
    if (property.getFirstParameter('range')?.toUpperCase() === 'THISANDFUTURE')
      group.ranges.push([at, event]);
    else group.exceptions.set(at, event);
  }
  group.ranges.sort(([a], [b]) => a - b);
  return group;
}

function sequenceOf(event: ICAL.Component): number {
  const value = Number(event.getFirstPropertyValue('sequence') ?? 0);
  return Number.isFinite(value) ? value : 0;
}

function readGroup(reading: Reading, group: Group, zone: Zone): void {
  for (const master of group.masters)
    guarded(reading, master, () => readMaster(reading, master, group, zone));
  for (const exception of group.exceptions.values()) {
    guarded(reading, exception, () => {
      const start = timeOf(exception, 'dtstart');
      if (start !== null) addShift(reading, exception, start, ownZone(exception, 'dtstart', zone));
    });
  }
}

/** An event that cannot be read does not affect the others. */
function guarded(reading: Reading, event: ICAL.Component, read: () => void): void {
  try {
    read();
  } catch (error) {
    const why = error instanceof CalendarFault ? error.message : messageOf(error);
    if (reading.problems.length < mostProblems)
      reading.problems.push(`“${maskNumbers(titleOf(event))}”: ${why}`);
    else reading.left += 1;
  }
}

function readMaster(reading: Reading, master: ICAL.Component, group: Group, calendarZone: Zone): void {
  const zone = ownZone(master, 'dtstart', calendarZone);
  const start = timeOf(master, 'dtstart');
  if (start === null) throw new CalendarFault('has no beginning');
  if (!master.hasProperty('rrule') && !master.hasProperty('rdate')) {
    if (!group.exceptions.has(msOf(start, zone))) addShift(reading, master, start, zone);
    return;
  }
  const dropped = new Set(datesOf(master, 'exdate', zone).map(({ at }) => at));
  for (const { time, at } of occurrencesOf(reading, master, start, zone, group.ranges.length > 0)) {
    if (group.exceptions.has(at) || dropped.has(at)) continue;
    const range = group.ranges.findLast(([from]) => from <= at);
    if (range === undefined) addShift(reading, master, time, zone);
    else addMoved(reading, range[1], time, zone);
  }
}

interface Occurrence {
  time: ICAL.Time;
  at: number;
}

/** The first time, further dates and the dates of the rules, each once, up to the end of the span. */
function* occurrencesOf(
  reading: Reading,
  master: ICAL.Component,
  start: ICAL.Time,
  zone: Zone,
  mayMove: boolean,
): Generator<Occurrence> {
  // A change of all later occurrences may move them into the span from outside.
  const { fromAt, toAt } = reading.span;
  const span = mayMove ? { fromAt: fromAt - 31 * dayMs, toAt: toAt + 31 * dayMs } : reading.span;
  const seen = new Set<number>();
  for (const each of [{ time: start, at: msOf(start, zone) }, ...datesOf(master, 'rdate', zone)]) {
    if (each.at >= span.toAt || seen.has(each.at)) continue;
    seen.add(each.at);
    yield each;
  }
  const longestMs = Math.max(0, endOf(master, start, zone) - msOf(start, zone));
  for (const property of master.getAllProperties('rrule')) {
    const rule = property.getFirstValue();
    if (!(rule instanceof ICAL.Recur)) continue;
    const from = { start, at: msOf(start, zone) };
    for (const each of occurrencesOfRule(reading, rule, from, { ...span, longestMs }, zone)) {
      if (seen.has(each.at)) continue;
      seen.add(each.at);
      yield each;
    }
  }
}

const periods: Record<string, number> = {
  ...{ SECONDLY: 1_000, MINUTELY: 60_000, HOURLY: 3_600_000, DAILY: dayMs, WEEKLY: 7 * dayMs },
};

function* occurrencesOfRule(
  reading: Reading,
  rule: ICAL.Recur,
  from: { start: ICAL.Time; at: number },
  span: Span & { longestMs: number },
  zone: Zone,
): Generator<Occurrence> {
  const earliest = span.fromAt - span.longestMs - 2 * dayMs;
  if (rule.until && msOf(rule.until, zone) < earliest) return;
  const periodMs = (periods[rule.freq] ?? dayMs) * rule.interval;
  if (periodMs < shortestPeriodMs) throw new CalendarFault('repeats too often for a shift');
  const start = from.start.clone();
  // A rule with a count must be read from its beginning. Any other repeats after a whole period.
  if (!rule.count && periods[rule.freq] !== undefined && from.at < earliest) {
    const seconds = (Math.floor((earliest - from.at) / periodMs) * periodMs) / 1000;
    start.adjust(Math.floor(seconds / 86_400), 0, 0, seconds % 86_400);
  }
  const iterator = rule.iterator(start);
  for (let count = 0; ; count += 1) {
    reading.steps -= 1;
    if (count > mostOccurrences || reading.steps < 0)
      throw new CalendarFault('repeats too often to be read: let it begin later');
    const time = iterator.next();
    if (!time) return;
    const at = msOf(time, zone);
    if (at >= span.toAt) return;
    yield { time: time.clone(), at };
  }
}

/** Single dates: EXDATE and RDATE. */
function datesOf(event: ICAL.Component, name: 'exdate' | 'rdate', zone: Zone): Occurrence[] {
  return event.getAllProperties(name).flatMap((property) => {
    const id = property.getFirstParameter('tzid') ?? '';
    const own = (id === '' ? null : knownZone(id)) ?? zone;
    return property.getValues().flatMap((value: unknown) => {
      const time = value instanceof ICAL.Period ? value.start : value;
      return time instanceof ICAL.Time ? [{ time, at: msOf(time, own) }] : [];
    });
  });
}

function addMoved(reading: Reading, change: ICAL.Component, occurrence: ICAL.Time, zone: Zone): void {
  const from = timeOf(change, 'recurrence-id');
  const to = timeOf(change, 'dtstart');
  if (from === null || to === null) return;
  const moved = occurrence.clone();
  moved.addDuration(to.subtractDate(from));
  addShift(reading, change, moved, zone);
}

function addShift(reading: Reading, event: ICAL.Component, start: ICAL.Time, zone: Zone): void {
  if (String(event.getFirstPropertyValue('status') ?? '').toUpperCase() === 'CANCELLED') return;
  const fromAt = msOf(start, zone);
  if (fromAt >= reading.span.toAt) return;
  const toAt = endOf(event, start, zone);
  if (toAt <= fromAt) {
    if (fromAt >= reading.span.fromAt) throw new CalendarFault('has no end: nobody is on duty by it');
    return;
  }
  if (toAt <= reading.span.fromAt) return;
  const title = titleOf(event);
  reading.shifts.push({ fromAt, toAt, title, mails: mailsOf(event, title) });
}

/**
 * When an occurrence ends, ms. If an end was given, by the wall clock: a shift until nine ends at nine also in the
 * night when DST changes, as calendars show it, so that shifts follow each other without a gap.
 */
function endOf(event: ICAL.Component, start: ICAL.Time, zone: Zone): number {
  const first = timeOf(event, 'dtstart');
  const last = timeOf(event, 'dtend');
  if (last !== null && first !== null) {
    if (sameZone(event, first, last)) {
      const end = start.clone();
      end.addDuration(last.subtractDate(first));
      return msOf(end, zone);
    }
    return msOf(start, zone) + msOf(last, ownZone(event, 'dtend', zone)) - msOf(first, zone);
  }
  const duration = event.getFirstPropertyValue('duration');
  if (duration instanceof ICAL.Duration) {
    // Days count by the wall clock, hours by real time.
    const { weeks, days, isNegative } = duration;
    if (isNegative) return msOf(start, zone);
    const end = start.clone();
    end.addDuration(new ICAL.Duration({ weeks, days, isNegative: false }));
    return msOf(end, zone) + (duration.toSeconds() - (weeks * 7 + days) * 86_400) * 1000;
  }
  if (!start.isDate) return msOf(start, zone);
  const end = start.clone();
  end.addDuration(new ICAL.Duration({ days: 1 }));
  return msOf(end, zone);
}

function sameZone(event: ICAL.Component, first: ICAL.Time, last: ICAL.Time): boolean {
  return (
    first.isDate === last.isDate &&
    first.zone?.tzid === last.zone?.tzid &&
    zoneName(event, 'dtstart') === zoneName(event, 'dtend')
  );
}

function zoneName(event: ICAL.Component, property: string): string {
  return event.getFirstProperty(property)?.getFirstParameter('tzid') ?? '';
}

/** The zone of a time whose zone the file does not define: the machine's zone with that name, or the calendar's. */
function ownZone(event: ICAL.Component, property: string, zone: Zone): Zone {
  const name = zoneName(event, property);
  return (name === '' ? null : knownZone(name)) ?? zone;
}

function timeOf(event: ICAL.Component, property: string): ICAL.Time | null {
  const value = event.getFirstPropertyValue(property);
  return value instanceof ICAL.Time ? value : null;
}

/** `zone`: for a time whose zone the file does not define, and for the beginning of a day without a time. */
function msOf(time: ICAL.Time, zone: Zone): number {
  const isFloating = time.isDate || time.zone === undefined || time.zone === ICAL.Timezone.localTimezone;
  if (!isFloating) return time.toUnixTime() * 1000;
  return wallToMs(time.isDate ? midnightOf(time) : time, zone);
}

function midnightOf({ year, month, day }: ICAL.Time) {
  return { year, month, day, hour: 0, minute: 0, second: 0 };
}

function titleOf(event: ICAL.Component): string {
  const title = event.getFirstPropertyValue('summary');
  return cleanText(typeof title === 'string' ? title : '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, titleLength)
    .toWellFormed();
}

/**
 * Attendees who come, and mail addresses in the title, where some tools write them. Rooms and people who declined are
 * left out.
 */
function mailsOf(event: ICAL.Component, title: string): string[] {
  const attendees = event.getAllProperties('attendee').filter((attendee) => {
    const status = String(attendee.getFirstParameter('partstat') ?? '').toUpperCase();
    const type = String(attendee.getFirstParameter('cutype') ?? '').toUpperCase();
    return status !== 'DECLINED' && type !== 'ROOM' && type !== 'RESOURCE';
  });
  const written = attendees.flatMap((attendee) => [
    String(attendee.getFirstValue() ?? '').replace(/^mailto:/i, ''),
    String(attendee.getFirstParameter('email') ?? ''),
  ]);
  const inTitle = title.split(/[\s,;:()<>[\]"']+/);
  const mails = [...written, ...inTitle].map((each) => cleanText(each).trim().toLowerCase()).filter(isMail);
  return [...new Set(mails)].slice(0, mostMails);
}
