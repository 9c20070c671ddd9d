import { countryOf } from './numbering-plan.ts';
import type { Callee } from './types.ts';

/** The code for an unknown country. */
const unknownCountry = '??';

interface CountryCount {
  country: string;
  callees: number;
}

/** The countries of the numbers and their counts, largest first. "??": unknown. */
export function countCountries(callees: readonly Pick<Callee, 'callee'>[]): CountryCount[] {
  return withCountriesOf([], callees);
}

/** The counts after more callees were added. */
export function withCountriesOf(
  before: readonly CountryCount[],
  callees: readonly Pick<Callee, 'callee'>[],
): CountryCount[] {
  const counts = new Map(before.map((each) => [each.country, each.callees]));
  for (const { callee } of callees) {
    const country = countryOf(callee) ?? unknownCountry;
    counts.set(country, (counts.get(country) ?? 0) + 1);
  }
  return [...counts]
    .map(([country, count]) => ({ country, callees: count }))
    .sort((a, b) => b.callees - a.callees || a.country.localeCompare(b.country));
}
