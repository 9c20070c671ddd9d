import { countriesOf, isWithin, minuteOfDay, timeZonesOf } from './numbering-plan.ts';
import type { Callee } from './types.ts';

/** A window of the day, minutes after midnight; it may run over midnight. */
export interface DayWindow {
  fromMinute: number;
  toMinute: number;
}

const minuteMs = 60_000;
const dayMinutes = 24 * 60;
/** Clocks are set by no more than this in one go, minutes. */
const mostShift = 180;

/** The next moment after `at` (ms) at which the window begins in a time zone. */
export function nextOpening(zone: string, window: DayWindow, at: number): number {
  const from = Math.floor(at / minuteMs) * minuteMs;
  const ahead = (window.fromMinute - minuteOfDay(zone, from) + dayMinutes) % dayMinutes;
  const usual = from + (ahead === 0 ? dayMinutes : ahead) * minuteMs;
  if (minuteOfDay(zone, usual) === window.fromMinute) return usual;
  // Clocks are set in between: the window begins sooner or later than that, or in an hour that this day does not have.
  const isOpen = (time: number) => isWithin(window, minuteOfDay(zone, time));
  for (let minute = -mostShift; minute <= mostShift; minute++) {
    const time = usual + minute * minuteMs;
    if (time > at && isOpen(time) && !isOpen(time - minuteMs)) return time;
  }
  return usual;
}

/**
 * When somebody in one of these time zones may be called: `at` itself (ms) where it is within the window in all of them,
 * else the next such moment. Where the zones of a country lie so far apart that there is none, most of them count. No
 * zone known: at once.
 */
export function opensAt(zones: readonly string[], window: DayWindow, at: number): number {
  const openIn = (time: number) => zones.filter((zone) => isWithin(window, minuteOfDay(zone, time))).length;
  const openNow = openIn(at);
  if (openNow === zones.length) return at;
  // Only when a window begins can more be open than before.
  const openings = zones.map((zone) => nextOpening(zone, window, at));
  const most = Math.max(openNow, ...openings.map(openIn));
  if (openNow === most) return at;
  return Math.min(...openings.filter((time) => openIn(time) === most));
}

/** The time zones in which a callee may be: that of the person's profile, else all of the number's country, or of all that it may be in. */
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

/** Says of each callee when the window opens (ms), seen at `at`; `at` itself: it is open. Ten thousand callees have few zones. */
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
