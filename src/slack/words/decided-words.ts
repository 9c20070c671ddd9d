import type { RequestState } from '../../calls/request/types.ts';
import { answer, type RenderedMessage } from '../kit/blocks.ts';
import { date, foreign } from '../kit/text.ts';
import { createWho } from './request-words.ts';

/** Returns "Too late: already approved by … at …" from the facts of the VoicecallError already_decided. */
export function decidedWords(facts: Record<string, string>): string {
  const at = Number(facts.at);
  return alreadyAnswer(facts.state ?? 'decided', facts.by ?? '', Number.isFinite(at) && at > 0 ? at : null)
    .text;
}

const names: Partial<Record<string, string>> = {
  sending: 'calling',
  sent: 'called',
  done: 'finished',
  failed: 'over: nobody could be called',
  settled: 'marked',
};

/** A state in words, to follow "already"; escaped. */
export function stateName(state: string): string {
  return names[state] ?? foreign(state.replaceAll('_', ' '), 60);
}

/** The answer to a person whose press came too late. `by` is empty if no person acted first. */
export function alreadyAnswer(state: RequestState | string, by: string, at: number | null): RenderedMessage {
  const who = by === '' ? '' : ` by ${createWho()(by)}`;
  const time = at === null ? '' : ` ${date(at)}`;
  return answer(`Too late: already ${stateName(state)}${who}${time}. Nothing was changed.`);
}
