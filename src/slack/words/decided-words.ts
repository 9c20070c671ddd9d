import { alreadyAnswer } from '../lookup/answers.ts';

/** "Too late: already approved by … at …", from the facts of VoicecallError already_decided. */
export function decidedWords(facts: Record<string, string>): string {
  const at = Number(facts.at);
  return alreadyAnswer(facts.state ?? 'decided', facts.by ?? '', Number.isFinite(at) && at > 0 ? at : null)
    .text;
}
