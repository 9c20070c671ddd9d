import { maskNumber } from '../callees/numbering-plan.ts';
import type { Callee } from '../callees/types.ts';
import type { Audio } from '../calls/request/types.ts';
import type { Rule } from '../config/types.ts';
import { post } from '../outbox/outbox.ts';
import type { Tx } from '../store/types.ts';
import type { Place } from './alert-posts.ts';
import type { RingingAlert } from './episodes.ts';

/** A rule that an alert matches, with whom it rings and what they hear: everything that needed looking up. */
export interface ReadyRule {
  rule: Rule;
  callees: Callee[];
  duplicates: number;
  message: Audio;
  /** What could not be rung, in words: shown once under the alert. */
  problems: string[];
}

export interface RuleAlert {
  alert: RingingAlert;
  teamId: string;
  /** Where it is shown; a rule's request goes to the first. None: nowhere in Slack. */
  places: Place[];
  /** The name that the alerting tool posts under. */
  source: string | null;
  now: number;
}

/** Plain words under the alert, escaped where they are rendered; of one `slot` there is one message for ever. */
export async function rulesReply(tx: Tx, about: RuleAlert, plain: string, slot?: string): Promise<void> {
  for (const [index, place] of about.places.entries()) {
    const once = slot === undefined ? {} : { once: index === 0 ? slot : `${slot}:${place.channelId}` };
    await post(tx, about.now, { requestId: null, post: { kind: 'words', plain, ...once }, place });
  }
}

/** Nobody is called for a message that arrives too late: its thread says so, once for each episode of the alert. */
export async function sayLate(
  tx: Tx,
  about: RuleAlert,
  { late, ageMs }: { late: readonly Rule[]; ageMs: number },
): Promise<void> {
  if (late.length === 0) return;
  const rules = late.map((rule) => `${rule.name} (maxAge ${spanInWords(rule.maxAgeMs)})`);
  const { id, episodeAt } = about.alert;
  await rulesReply(
    tx,
    about,
    `Not called: ${spanInWords(ageMs)} old. ${late.length === 1 ? 'Rule' : 'Rules'}: ${rules.join(', ')}.`,
    `late:${id}:${episodeAt}`,
  );
}

/** "40 s", "16 min", "2 h", "3 d": the largest unit that says it. */
export function spanInWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 48 * 3_600 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

const named = 10;

/** "2 people: Asha, +91 …4120", as a channel may read it. */
export function crowdInWords(callees: readonly Callee[]): string {
  const crowd = callees.length === 1 ? '1 person' : `${callees.length} people`;
  const names = callees.slice(0, named).map(({ callee, name }) => {
    const digits = (name ?? '').match(/\p{Nd}/gu) ?? [];
    return name === null || name.trim() === '' || digits.length >= 7 ? maskNumber(callee) : name;
  });
  const more = callees.length - names.length;
  return `${crowd}: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
