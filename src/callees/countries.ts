import { countryOf } from './numbering-plan.ts';
import type { Callee } from './types.ts';

/** The code for an unknown country. */
export const unknownCountry = '??';

/** The countries of the numbers and their counts, largest first. "??": unknown. */
export function countCountries(callees: readonly Callee[]): { country: string; callees: number }[] {
  const counts = new Map<string, number>();
  for (const { callee } of callees) {
    const country = countryOf(callee) ?? unknownCountry;
    counts.set(country, (counts.get(country) ?? 0) + 1);
  }
  return [...counts]
    .map(([country, count]) => ({ country, callees: count }))
    .sort((a, b) => b.callees - a.callees || a.country.localeCompare(b.country));
}
