import { isBetweenIn, minuteOfDay, timeZonesOf } from '../../callees/local-time.ts';
import type { RequestView } from '../../calls/request/types.ts';
import { count, countryWords, listWords } from '../kit/text.ts';

type Countries = RequestView['countries'];

/** When most people sleep, in minutes after midnight. */
const night = { fromMinute: 22 * 60, toMinute: 7 * 60 };

/**
 * Returns "It is night for all 3 (01:30 in India)". `at` is the wall clock's time of the calls (ms); `later`: they
 * are not placed now. Null if it is not known to be night for anybody.
 */
export function nightWords(countries: Countries, at: number, later: boolean): string | null {
  const asleep = countries.filter(({ country }) => isBetweenIn(country, night, at) === 'yes');
  if (asleep.length === 0) return null;
  const all = sum(countries);
  const some = sum(asleep);
  const who =
    some < all
      ? `${count(some)} of ${count(all)}`
      : all === 1
        ? '1 person'
        : all === 2
          ? 'both'
          : `all ${count(all)}`;
  const places = asleep.map(({ country }) => `${localTime(country, at)}${countryWords(country)}`);
  return `🌙 It ${later ? 'will be' : 'is'} night for *${who}* (${listWords(places, 8)}).`;
}

function sum(countries: Countries): number {
  return countries.reduce((callees, each) => callees + each.callees, 0);
}

/** Returns "01:30 in ", or nothing if the country has several times of day. */
function localTime(country: string, at: number): string {
  const [minute, ...others] = new Set(timeZonesOf(country).map((zone) => minuteOfDay(zone, at)));
  if (minute === undefined || others.length > 0) return '';
  const digits = (value: number) => String(value).padStart(2, '0');
  return `${digits(Math.floor(minute / 60))}:${digits(minute % 60)} in `;
}
