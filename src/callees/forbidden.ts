import type { CallOptions, Config } from '../config/types.ts';
import { countryName, countryOf } from './numbering-plan.ts';

/** What the configuration forbids. Waiting does not help, so nothing is retried automatically. */
export type ForbiddenCause = 'denied' | 'country' | 'display_num' | 'callees_per_request';

export interface Forbidden {
  cause: ForbiddenCause;
  /** Follows the number or "it" in a sentence: "begins with +1900, which may not be called". */
  why: string;
}

type Limits = { [Key in 'deny' | 'countries']?: Config['limits'][Key] | undefined };

/** Why the configuration forbids calling a number. Null if it may be called. */
export function forbiddenNumber(callee: string, { deny, countries }: Limits): Forbidden | null {
  const denied = deny?.find((prefix) => callee.startsWith(prefix));
  if (denied !== undefined)
    return { cause: 'denied', why: `begins with +${denied}, which may not be called` };
  if (countries === undefined) return null;
  const country = countryOf(callee);
  if (country !== null && countries.includes(country)) return null;
  const where = country === null ? 'belongs to no country that is known' : `is in ${countryName(country)}`;
  return { cause: 'country', why: `${where}; only ${countries.map(countryName).join(', ')} may be called` };
}

/** Why the configuration forbids this caller number. Null if it is allowed, or not set. */
export function forbiddenDisplayNum({ displayNum }: CallOptions, { voice }: Config): Forbidden | null {
  const { displayNums } = voice;
  if (displayNum === undefined || displayNums === undefined || displayNums.includes(displayNum)) return null;
  const allowed = displayNums.length === 0 ? 'none' : displayNums.join(', ');
  return { cause: 'display_num', why: `${displayNum} may not be shown as caller; allowed: ${allowed}` };
}

/**
 * Everything that the current configuration forbids about one call of any origin. `place` is the callee's position in
 * its request; the first is 1.
 */
export function forbiddenCall(
  call: { callee: string; place: number; options: CallOptions },
  config: Config,
): Forbidden | null {
  const { calleesPerRequest } = config.limits;
  if (call.place > calleesPerRequest) {
    return {
      cause: 'callees_per_request',
      why: `is number ${call.place}; one request may call ${calleesPerRequest} people`,
    };
  }
  return forbiddenNumber(call.callee, config.limits) ?? forbiddenDisplayNum(call.options, config);
}
