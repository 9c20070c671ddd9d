import type { RequestState } from '../../calls/request/types.ts';
import { answer, type RenderedMessage } from '../kit/blocks.ts';
import { date, foreign } from '../kit/text.ts';
import { createWho } from './request-words.ts';

/** "Too late: already approved by … at …", from the facts of VoicecallError already_decided. */
export function decidedWords(facts: Record<string, string>): string {
  const at = Number(facts.at);
  return alreadyAnswer(facts.state ?? 'decided', facts.by ?? '', Number.isFinite(at) && at > 0 ? at : null)
    .text;
}

/** For whoever came second. `by` empty: no person did it. */
export function alreadyAnswer(state: RequestState | string, by: string, at: number | null): RenderedMessage {
  const who = by === '' ? '' : ` by ${createWho()(by)}`;
  const time = at === null ? '' : ` ${date(at)}`;
  const words = state === 'sent' ? 'sent' : state.replaceAll('_', ' ');
  return answer(`Too late: already ${foreign(words, 60)}${who}${time}. Your press changed nothing.`);
}
