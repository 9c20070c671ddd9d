import { plausibility } from '../../callees/numbering-plan.ts';
import type { Config } from '../../config/types.ts';

/** Every number of the configuration that callees may see as the caller. Empty if the platform chooses the number. */
export function callerNumbers({ voice, rules }: Pick<Config, 'voice' | 'rules'>): string[] {
  const all = [voice.displayNum, ...(voice.displayNums ?? []), ...rules.map((rule) => rule.displayNum)];
  return [...new Set(all.filter((each) => each !== undefined))];
}

/** A caller number as a phone shows it: with "+" if it can be a number with a country code. */
export function shownCaller(digits: string): string {
  return plausibility(digits) === 'doubtful' ? digits : `+${digits}`;
}
