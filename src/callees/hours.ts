import { isWithin, minuteOfDay, timeZonesOf } from './local-time.ts';
import { countriesOf } from './numbering-plan.ts';
import type { Callee } from './types.ts';

/** A window of the day, in minutes after midnight. It may go past midnight. */
export interface DayWindow {
  fromMinute: number;
  toMinute: number;
}

const minuteMs = 60_000;
const dayMinutes = 24 * 60;
/** The largest change of a clock in one step (daylight saving), in minutes. */
const mostShift = 180;
const quarter = 15;

/**
 * The next moment after `at` (ms) at which the window opens in a time zone. `later`: how many more days to try if a day
 * has no such hour.
 */
export function nextOpening(zone: string, window: DayWindow, at: number, later = 2): number {
  const from = Math.floor(at / minuteMs) * minuteMs;
  const ahead = (window.fromMinute - minuteOfDay(zone, from) + dayMinutes) % dayMinutes;
  const usual = from + (ahead === 0 ? dayMinutes : ahead) * minuteMs;
  if (minuteOfDay(zone, usual) === window.fromMinute) return usual;
  // The clocks change before that, so the window opens earlier or later than `usual`. It may also open at the change
  // itself, because the hour in which it begins is skipped or comes twice. Clocks change by, and at, multiples of 15 minutes.
  const isOpening = (time: number) =>
    time > at &&
    isWithin(window, minuteOfDay(zone, time)) &&
    !isWithin(window, minuteOfDay(zone, time - minuteMs));
  const candidates: number[] = [];
  for (let shift = -mostShift; shift <= mostShift; shift += quarter)
    candidates.push(usual + shift * minuteMs);
  const quarterMs = quarter * minuteMs;
  const last = usual + mostShift * minuteMs;
  for (let time = Math.ceil(at / quarterMs) * quarterMs; time <= last; time += quarterMs)
    candidates.push(time);
  const openings = candidates.filter(isOpening);
  if (openings.length > 0) return Math.min(...openings);
  // This day has no such hour at all.
  return later > 0 ? nextOpening(zone, window, usual, later - 1) : usual;
}

/**
 * When a person in one of these time zones may be called: `at` itself (ms) if it is within the window in all of them,
 * else the next such moment. If a country's zones are too far apart for that, most of them count. Without a known
 * zone: at once.
 */
export function opensAt(zones: readonly string[], window: DayWindow, at: number): number {
  const openIn = (time: number) => zones.filter((zone) => isWithin(window, minuteOfDay(zone, time))).length;
  const openNow = openIn(at);
  if (openNow === zones.length) return at;
  // More zones can only become open when a window opens.
  const openings = zones.flatMap((zone) => {
    const first = nextOpening(zone, window, at);
    // When clocks are set back, a window can open twice in a day.
    const second = nextOpening(zone, window, first);
    return second - at <= dayMinutes * minuteMs ? [first, second] : [first];
  });
  const most = Math.max(openNow, ...openings.map(openIn));
  if (openNow === most) return at;
  return Math.min(...openings.filter((time) => openIn(time) === most));
}

/**
 * The time zones in which a callee may be: the profile's, else all zones of the number's country or possible
 * countries.
 */
function zonesOf({ callee, timeZone }: Pick<Callee, 'callee' | 'timeZone'>): readonly string[] {
  if (timeZone !== undefined && isTimeZone(timeZone)) return [timeZone];
  return countriesOf(callee).flatMap(timeZonesOf);
}

function isTimeZone(name: string): boolean {
  try {
    minuteOfDay(name, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns a function that gives, for each callee, when the window opens (ms), seen from `at`. `at` itself: it is
 * open. Ten thousand callees have few zones.
 */
export function createOpening(window: DayWindow, at: number): (callee: Omit<Callee, 'name'>) => number {
  const known = new Map<string, number>();
  return (callee) => {
    const zones = zonesOf(callee);
    const key = zones.join(' ');
    const time = known.get(key) ?? opensAt(zones, window, at);
    known.set(key, time);
    return time;
  };
}

/** "08:00" */
export function clockTime(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
