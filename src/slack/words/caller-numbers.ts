import { plausibility } from '../../callees/numbering-plan.ts';
import type { Config } from '../../config/types.ts';

/** Every number that a callee may see as the caller, by the configuration; none where the platform chooses. */
export function callerNumbers({ voice, rules }: Pick<Config, 'voice' | 'rules'>): string[] {
  const all = [voice.displayNum, ...(voice.displayNums ?? []), ...rules.map((rule) => rule.displayNum)];
  return [...new Set(all.filter((each) => each !== undefined))];
}

/** As a phone shows it: with "+" where the digits can be a number with its country code. */
export function shownCaller(digits: string): string {
  return plausibility(digits) === 'doubtful' ? digits : `+${digits}`;
}
