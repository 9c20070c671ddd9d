import type { Callee } from '../callees/types.ts';
import type { ReadyStep } from '../calls/reaching/steps.ts';
import type { Audio, RosterNote } from '../calls/request/types.ts';
import type { Rule } from '../config/types.ts';
import { post } from '../outbox/outbox.ts';
import type { Tx } from '../store/types.ts';
import type { Place } from './alert-posts.ts';
import type { AlertEpisode } from './episodes.ts';

/** A rule that matches an alert, with its callees and audio: everything that needed a look-up. */
export interface ReadyRule {
  rule: Rule;
  callees: Callee[];
  duplicates: number;
  audio: Audio;
  /** Who could not be called and why, in words. Shown once under the alert. */
  problems: string[];
  /** The rosters that the rule uses. Absent: none. */
  rosters?: RosterNote[];
  /** The rosters to look up again before a later call, and the callees that only they name. */
  lists?: { names: string[]; only: string[] } | null;
  /** If `callees` is empty: the further steps up to the first that can call somebody now. Absent or empty: none can. */
  laterSteps?: ReadyStep[];
  /** Everybody whom its steps call now. Absent: the rule needs no approval, or has one step. */
  ofAllSteps?: Callee[];
}

export interface RuleAlert {
  alert: AlertEpisode;
  teamId: string;
  /** Where the alert is shown. The rule's request goes to the first place. Empty: not in Slack. */
  places: Place[];
  /** The display name under which the alerting tool posts. */
  source: string | null;
  now: number;
}

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

/** Says in the thread that a rule calls again after its cooldown (at `at`, ms). Once for each episode. */
export async function sayCallsAgain(tx: Tx, about: RuleAlert, rule: Rule, at: number): Promise<void> {
  const place = about.places[0];
  if (place === undefined) return;
  const { id, episodeAt } = about.alert;
  const words = {
    kind: 'words' as const,
    plain: `Calls again at {time} if it still fires (rule ${rule.name}).`,
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
