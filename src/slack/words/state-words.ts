import type { CallState, Counts, RequestState } from '../../calls/request/types.ts';
import { count } from '../kit/text.ts';

export interface StateWords {
  /** Shown only together with the words. */
  emoji: string;
  words: string;
}

export const callWords: Record<CallState, StateWords> = {
  ready: { emoji: '⏳', words: 'not sent yet' },
  sending: { emoji: '📤', words: 'being sent' },
  accepted: { emoji: '📞', words: 'accepted' },
  refused: { emoji: '⛔', words: 'refused' },
  unknown: { emoji: '❓', words: 'unknown' },
  held: { emoji: '✋', words: 'held back' },
  cancelled: { emoji: '🛑', words: 'cancelled' },
  failed: { emoji: '❌', words: 'failed' },
  answered: { emoji: '✅', words: 'answered' },
  not_answered: { emoji: '📵', words: 'not answered' },
};

const shown: [keyof Counts, StateWords][] = [
  ['refused', callWords.refused],
  ['unknown', callWords.unknown],
  ['held', callWords.held],
  ['cancelled', callWords.cancelled],
  ['failed', callWords.failed],
  ['waiting', callWords.ready],
];

/**
 * Counts above zero: "📞 30 accepted (✅ 12 answered; 📵 9 not answered) · ⛔ 2 refused". The parts of accepted are in
 * brackets, so that the other numbers add up. `mustConfirm`: only a key reaches a person.
 */
export function countWords(counts: Counts, { mustConfirm }: { mustConfirm: boolean }): string {
  const confirmed = mustConfirm ? counts.confirmed : 0;
  const unconfirmed: StateWords = { emoji: '⚠️', words: 'answered, not confirmed' };
  const parts = [
    part(confirmed, { emoji: callWords.answered.emoji, words: 'confirmed' }),
    part(counts.answered - confirmed, mustConfirm ? unconfirmed : callWords.answered),
    part(counts.not_answered, callWords.not_answered),
  ].flat();
  const accepted = part(counts.accepted, callWords.accepted).map((words) =>
    parts.length === 0 ? words : `${words} (${parts.join('; ')})`,
  );
  return [...accepted, ...shown.flatMap(([key, state]) => part(counts[key], state))].join(' · ');
}

function part(n: number, { emoji, words }: StateWords): string[] {
  return n > 0 ? [`${emoji} ${count(n)} ${words}`] : [];
}

/**
 * The progress of a running request: first how many calls are sent, then how many have a result. Null if it does not
 * run.
 */
export function progress(state: RequestState, counts: Counts): string | null {
  const { callees, refused, held, cancelled, failed, answered, not_answered: notAnswered } = counts;
  if (callees === 0) return null;
  if (state === 'sending') return `${progressBar((callees - counts.waiting) / callees)} placed`;
  if (state !== 'sent') return null;
  const known = refused + held + cancelled + failed + answered + notAnswered;
  return `${progressBar(known / callees)} with a result`;
}

/** Returns "■■■□□□□□□□ 30%" for a part of 1. */
export function progressBar(part: number): string {
  const sure = Math.min(1, Math.max(0, part));
  const squares = Math.floor(sure * 10);
  return `${'■'.repeat(squares)}${'□'.repeat(10 - squares)} ${Math.floor(sure * 100)}%`;
}
