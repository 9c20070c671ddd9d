import ICAL from 'ical.js';

/** A calendar's time zone: one that the file defines, or one of the machine's by name. */
export type Zone = ICAL.Timezone | string;

/** The fields of a wall clock. */
type Wall = Pick<ICAL.Time, 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'>;

/** The moment at which a wall clock in the zone shows this time, ms. A time that DST skips is moved forward. */
export function wallToMs(wall: Wall, zone: Zone): number {
  const { year, month, day, hour, minute, second } = wall;
  if (typeof zone !== 'string') {
    const time = new ICAL.Time({ year, month, day, hour, minute, second, isDate: false }, zone);
    return time.toUnixTime() * 1000;
  }
  const asUtc = new Date(0);
  asUtc.setUTCFullYear(year, month - 1, day);
  asUtc.setUTCHours(hour, minute, second);
  const at = asUtc.getTime();
  // Twice, because the offset before a change of DST may differ from the one after it.
  const guess = at - offsetAt(zone, at);
  return at - offsetAt(zone, guess);
}

/** The machine's name of a zone. Null if it does not know the zone. */
export function knownZone(name: string): string | null {
  try {
    formatOf(name);
    return name;
  } catch {
    return null;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const made =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  formats.set(zone, made);
  return made;
}

/** The zone's time minus UTC, ms. */
function offsetAt(zone: string, at: number): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}
