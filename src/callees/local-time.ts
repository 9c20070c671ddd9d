// The time of day where a callee is.

const zonesByCountry = new Map<string, string[]>();

/** The time zones of a country by its code (IANA names, from Intl). Empty if Intl knows none. */
export function timeZonesOf(country: string): string[] {
  const known = zonesByCountry.get(country);
  if (known !== undefined) return known;
  const zones = readTimeZones(country);
  zonesByCountry.set(country, zones);
  return zones;
}

function readTimeZones(country: string): string[] {
  // Ascension, Tristan da Cunha and Kosovo have codes that only libphonenumber uses. Intl throws for them, and for "??".
  try {
    const locale: Intl.Locale & { getTimeZones?: () => string[] | undefined } = new Intl.Locale(
      `und-${country}`,
    );
    return locale.getTimeZones?.() ?? [];
  } catch {
    return [];
  }
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Minutes after midnight in `timeZone` (IANA name) at `at` (epoch ms). */
export function minuteOfDay(timeZone: string, at: number): number {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formatters.set(timeZone, formatter);
  }
  const [hours = '0', minutes = '0'] = formatter.format(at).split(':');
  return Number(hours) * 60 + Number(minutes);
}

/** True if `minute` is in the window: the start is included, the end is not. A window may go past midnight. */
export function isWithin(window: { fromMinute: number; toMinute: number }, minute: number): boolean {
  if (window.fromMinute <= window.toMinute) return minute >= window.fromMinute && minute < window.toMinute;
  return minute >= window.fromMinute || minute < window.toMinute;
}

/**
 * True if it is within the window in this country's local time, at `at` (epoch ms). A country with several time zones
 * is within it if any zone is. "unknown": no known zones.
 */
export function isBetweenIn(
  country: string,
  window: { fromMinute: number; toMinute: number },
  at: number,
): 'yes' | 'no' | 'unknown' {
  const zones = timeZonesOf(country);
  if (zones.length === 0) return 'unknown';
  return zones.some((zone) => isWithin(window, minuteOfDay(zone, at))) ? 'yes' : 'no';
}
