import { maskNumber } from './numbering-plan.ts';
import type { Callee } from './types.ts';

const named = 10;

/** "2 people: Asha, +91 …4120", with masked numbers for channels. */
export function crowdInWords(callees: readonly Callee[]): string {
  const crowd = callees.length === 1 ? '1 person' : `${callees.length} people`;
  return `${crowd}: ${namesOf(callees)}`;
}

/** "Asha, +91 …4120 and 3 more", with masked numbers for channels. */
export function namesOf(callees: readonly Callee[]): string {
  const names = callees.slice(0, named).map(labelOf);
  const more = callees.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A callee's name for a channel. The masked number if there is no name, or one that could be a phone number. */
export function labelOf({ callee, name }: Pick<Callee, 'callee' | 'name'>): string {
  const digits = (name ?? '').match(/\p{Nd}/gu) ?? [];
  return name === null || name.trim() === '' || digits.length >= 7 ? maskNumber(callee) : name;
}
