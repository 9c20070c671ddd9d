import { isWithin } from '../alerts/match-rules.ts';
import type { Rule } from '../config/types.ts';
import { post } from '../outbox/outbox.ts';
import type { Tx } from '../store/types.ts';
import type { RuleAlert } from './types.ts';

/**
 * Posts plain words under the alert; they are escaped when rendered. There is only ever one post with the same
 * `slot`.
 */
export async function rulesReply(tx: Tx, about: RuleAlert, plain: string, slot?: string): Promise<void> {
  for (const [index, place] of about.places.entries()) {
    const once = slot === undefined ? {} : { once: index === 0 ? slot : `${slot}:${place.channelId}` };
    await post(tx, about.now, { requestId: null, post: { kind: 'words', plain, ...once }, place });
  }
}

/**
 * Says in the thread that a rule calls again after its cooldown (at `at`, ms), or when its hours begin. Once for each
 * episode.
 */
export async function sayCallsAgain(
  tx: Tx,
  about: RuleAlert,
  rule: Rule,
  { at, wallAt }: { at: number; wallAt: number },
): Promise<void> {
  const place = about.places[0];
  if (place === undefined) return;
  const { id, episodeAt } = about.alert;
  const words = {
    kind: 'words' as const,
    plain: `Calls again ${isWithin(rule, wallAt) ? 'at {time}' : 'when the rule’s hours begin'} if it still fires (rule ${rule.name}).`,
    at,
    once: `again:${rule.name}:${id}:${episodeAt}`,
  };
  await post(tx, about.now, { requestId: null, post: words, place });
}

/** Says in the thread that nobody is called, because the message arrived too late. Once for each episode. */
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

/** "40 s", "16 min", "2 h", "3 d": a span in its largest unit. */
export function spanInWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 48 * 3_600 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** The title of a resolve without the word that says so: "[RESOLVED] …", "Resolved in 4m 12s: …", "Recovered: …". */
export function withoutEndWord(title: string): string {
  return title.replace(/^\W{0,5}(?:resolved|recovered)(?: in [\w ]{1,20})?(?::\d{1,6})?(?:\]|:)\s*/i, '');
}
