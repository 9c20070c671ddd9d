import type { ForbiddenCause } from '../../callees/forbidden.ts';
import { maskNumber } from '../../callees/numbering-plan.ts';
import type { CallCause, CallView, LimitCause } from '../../calls/request/types.ts';
import { terminationWords } from '../../calls/results/terminations.ts';
import { describeCode, documentedCodes } from '../../voice/codes.ts';
import { oneLine, utc } from '../kit/text.ts';
import { callWords } from './state-words.ts';

/** Codes of ours that tell why a call was not dialled, or who said what became of it. */
const ownReasons: { [Cause in CallCause]?: string } = {
  per_callee: 'held back: this number was rung as often as the limit allows',
  calls_per_hour: 'held back: the limit of calls an hour is reached',
  rule_limit: "held back: the rule's own limit of calls is reached",
  settled_rang: 'a person said that it rang',
  settled_silent: 'a person said that it did not ring',
  left_list: 'held back: not on the list any more when the call was due',
  restored:
    'held back: the database was put back from a backup, and whether this was called since is not known',
  enough_reached: 'enough people were reached before it was sent',
};

/** "held back: this number was rung as often as the limit allows; next possible at …": a limit that lets it later. */
export function heldWords(cause: LimitCause, nextAt: number): string {
  return `${ownReasons[cause]}; next possible at ${utc(nextAt)}`;
}

/** Why the configuration forbids a call: the key of voicecall.yaml that says so. The call has the reason itself. */
const forbiddenBy: Record<ForbiddenCause, string> = {
  denied: 'limits.deny',
  country: 'limits.countries',
  display_num: 'voice.displayNums',
  callees_per_request: 'limits.calleesPerRequest',
};

/**
 * How a callee is shown where others read it: the name from its list, or the masked number. A name that is itself a
 * number is no way around the mask. Not escaped.
 */
export function calleeLabel(call: Pick<CallView, 'callee' | 'name'>, masked = true): string {
  const name = safeName(call.name, masked);
  const number = masked || call.callee === '' ? maskNumber(call.callee) : `+${call.callee}`;
  if (name === null) return number;
  return masked ? name : `${name} ${number}`;
}

/** The name, or null where it has so many digits that it could be a phone number and numbers are masked. */
export function safeName(name: string | null, masked: boolean): string | null {
  const line = oneLine(name ?? '');
  if (line === '') return null;
  return masked && (line.match(/\p{Nd}/gu) ?? []).length >= 7 ? null : line;
}

/** Whether a call needs a person's attention: it was not taken, or nobody knows. */
export function isTrouble(call: CallView): boolean {
  return (
    call.state === 'refused' || call.state === 'unknown' || call.state === 'failed' || call.state === 'held'
  );
}

/** The state in words; never a colour or an emoji alone. */
export function outcomeWords(call: CallView): string {
  const words = call.confirmed ? 'confirmed' : callWords[call.state].words;
  const which = call.attempt > 1 || call.step > 1 ? ` (${whichCall(call)})` : '';
  return `${words}${which}${call.superseded ? ', called again' : ''}`;
}

/** "attempt 2", "step 3", "step 3, attempt 2": which call to the callee it is. */
function whichCall({ attempt, step }: Pick<CallView, 'attempt' | 'step'>): string {
  return [...(step > 1 ? [`step ${step}`] : []), ...(attempt > 1 ? [`attempt ${attempt}`] : [])].join(', ');
}

/** The code that says most: the report's, else the submission's where it is the platform's own. */
export function codeOf(call: CallView): string {
  if (call.terminationCode !== null && call.terminationCode !== '') return call.terminationCode;
  if (call.submitCode !== null) return call.submitCode;
  const { cause } = call;
  return cause === null || ownReasons[cause] !== undefined || isForbidden(cause) ? '' : cause;
}

function isForbidden(cause: CallCause): cause is ForbiddenCause {
  return Object.hasOwn(forbiddenBy, cause);
}

/** Why, in words; empty where there is nothing to say. From outside in parts and not escaped. */
export function reasonWords(call: CallView): string {
  if (call.state === 'answered' || call.state === 'not_answered') return terminationWords(call);
  const { submitCode, submitReason, cause, heldUntil } = call;
  if (cause !== null && isForbidden(cause)) {
    return `not called: ${submitReason ?? 'forbidden'} (${forbiddenBy[cause]}); trying again does not help while the configuration says so`;
  }
  const own = cause === null ? undefined : ownReasons[cause];
  if (own !== undefined) return `${own}${heldUntil === null ? '' : `; next possible at ${utc(heldUntil)}`}`;
  if (call.state === 'unknown') {
    const code = submitCode === '0' ? null : (submitCode ?? cause);
    return code === null
      ? 'the answer did not mention this callee: it may or may not have rung'
      : `may or may not have rung: ${describeCode(code).meaning}`;
  }
  if (call.state === 'refused') {
    if (submitCode !== null && documentedCodes.includes(submitCode)) return describeCode(submitCode).meaning;
    return oneLine(submitReason ?? '') || 'refused without a reason';
  }
  if (call.state === 'failed') {
    const code = submitCode ?? cause;
    return code === null ? 'never sent' : describeCode(code).meaning;
  }
  return call.state === 'cancelled' ? 'stopped before it was sent' : '';
}
