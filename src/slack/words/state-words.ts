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
  ['accepted', callWords.accepted],
  ['answered', callWords.answered],
  ['confirmed', { emoji: '🙋', words: 'confirmed' }],
  ['not_answered', callWords.not_answered],
  ['refused', callWords.refused],
  ['unknown', callWords.unknown],
  ['held', callWords.held],
  ['cancelled', callWords.cancelled],
  ['failed', callWords.failed],
  ['waiting', callWords.ready],
];

/** Counts above zero: "📞 30 accepted", "✅ 12 answered", …. */
export function countWords(counts: Counts): string[] {
  return shown
    .filter(([key]) => counts[key] > 0)
    .map(([key, state]) => `${state.emoji} ${count(counts[key])} ${state.words}`);
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
