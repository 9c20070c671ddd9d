import { namesOf } from '../../callees/label.ts';
import type { Callee } from '../../callees/types.ts';

/** People whom a list or a roster names now and who are not called. `why` follows a colon. */
export interface Apart {
  people: Callee[];
  why: string;
}

/** "1 person joined its lists since and will not be called: the approval does not cover them. Not called: Zoe." */
export function apartWords({ people, why }: Apart, came = 'joined its lists since'): string {
  const crowd = people.length === 1 ? '1 person' : `${people.length} people`;
  return `${crowd} ${came} and will not be called: ${why}. Not called: ${namesOf(people)}.`;
}

export function overLimit(calleesPerRequest: number): string {
  return `one request may call ${calleesPerRequest} people (limits.calleesPerRequest)`;
}

export function becauseOfThem(reasons: readonly string[]): string {
  return `with them an approval is needed (${reasons.join('; ')})`;
}
