import type { CountryCode } from 'libphonenumber-js';
import type { ForbiddenCause } from '../../callees/forbidden.ts';
import { readNumberAndName } from '../../callees/named-number.ts';
import { maskNumber } from '../../callees/numbering-plan.ts';
import type { CallCause, CallView, LimitCause, TerminationKind } from '../../calls/request/types.ts';
import { judgeTermination, type TerminationFacts } from '../../calls/results/terminations.ts';
import { isMemberId } from '../../slack-ids.ts';
import { describeCode, documentedCodes } from '../../voice/codes.ts';
import { capital, duration, foreign, mentionAny, oneLine, utc } from '../kit/text.ts';
import { callWords } from './state-words.ts';

/** Words for our own causes: why a call was not placed, or what a person said about it. */
const ownReasons: { [Cause in CallCause]?: string } = {
  per_callee: 'held back: called as often as the limit for one number allows',
  calls_per_hour: 'held back: the limit of calls an hour is reached',
  rule_limit: "held back: the rule's own limit of calls is reached",
  settled_called: 'a person marked it as rung',
  settled_not_called: 'a person marked it as not rung',
  left_list: 'held back: no longer on the list, or no longer on duty, when the call was due',
  enough_reached: 'enough people were reached before it was sent',
};

/**
 * Returns "held back: called as often as the limit for one number allows; next possible: …". `nextAt` is in ms.
 * `time` writes it: `date` where Slack shows the reader's own time.
 */
export function heldWords(cause: LimitCause, nextAt: number, time: (at: number) => string = utc): string {
  return `${ownReasons[cause]}; next possible: ${time(nextAt)}`;
}

/** The key of voicecall.yaml that forbids a call. The call itself holds the reason in words. */
const forbiddenBy: Record<ForbiddenCause, string> = {
  denied: 'limits.deny',
  country: 'limits.countries',
  display_num: 'voice.displayNums',
  callees_per_request: 'limits.calleesPerRequest',
};

/**
 * The name or number of a callee as a screen shows it. Masked: the name from its list, or the masked number; a name
 * that looks like a phone number is left out too. Not escaped.
 */
export function calleeLabel(call: Pick<CallView, 'callee' | 'name'>, masked = true): string {
  const name = safeName(call.name, masked);
  const number = masked || call.callee === '' ? maskNumber(call.callee) : `+${call.callee}`;
  if (name === null) return number;
  return masked ? name : `${name} ${number}`;
}

/**
 * The name on one line. Null if there is none, or if numbers are masked and the name has enough digits to be a phone
 * number.
 */
export function safeName(name: string | null, masked: boolean): string | null {
  const line = oneLine(name ?? '');
  if (line === '') return null;
  return masked && (line.match(/\p{Nd}/gu) ?? []).length >= 7 ? null : line;
}

/**
 * An entry of a list or a rule: the name of a list, or a mention of a Slack user or user group. A number is masked;
 * `country` is the one of numbers without a country code.
 */
export function entryWords(entry: string, country?: CountryCode | undefined): string {
  if (isMemberId(entry)) return mentionAny(entry);
  const read = readNumberAndName(entry, { country });
  return foreign('callee' in read ? calleeLabel(read) : (safeName(entry, true) ?? '…'), 60);
}

/** Words for the ends of calls that were not answered. */
const endings: Record<Exclude<TerminationKind, 'answered'>, string> = {
  busy: 'busy',
  no_answer: 'no answer',
  rejected: 'declined',
  unreachable: 'unreachable',
  invalid_number: 'number not valid',
  voicemail: 'voicemail',
  other: 'not answered',
};

/**
 * A call's end in short: "answered, 13 s, pressed 1", "busy", "failed (499)". Codes and keys are foreign text: escape
 * it.
 */
export function terminationWords(facts: TerminationFacts): string {
  const { kind } = judgeTermination(facts);
  const { callDuration, feedbackValue, sipCode, terminationCode } = facts;
  if (kind === 'other') {
    const code = [sipCode, terminationCode].find((each) => each !== null && each !== '' && each !== '0');
    return code ? `failed (${code.slice(0, 16)})` : endings.other;
  }
  if (kind !== 'answered') return endings[kind];
  const seconds = callDuration !== null && callDuration > 0 ? `, ${callDuration} s` : '';
  const key = feedbackValue !== null && feedbackValue !== '' ? `, pressed ${feedbackValue.slice(0, 8)}` : '';
  return `answered${seconds}${key}`;
}

/** What the words about a call depend on, besides the call. */
export interface CallFacts {
  /** The request is finished, so no more results will come. */
  over?: boolean;
  /** The request demands a key, so an answered call alone reaches nobody. */
  mustConfirm?: boolean;
}

/**
 * How a call ended, in a few words: "answered, 13 s", "busy", "no answer". The details and the CSV also show the
 * platform's codes and reasons.
 */
export function resultWords(call: CallView, { over = false, mustConfirm = false }: CallFacts = {}): string {
  switch (call.state) {
    case 'answered': {
      const { callDuration } = call;
      const seconds = callDuration !== null && callDuration > 0 ? `, ${duration(callDuration)}` : '';
      return `${answeredWords(call, mustConfirm)}${seconds}`;
    }
    case 'not_answered': {
      const { kind } = judgeTermination(call);
      return kind === 'answered' ? 'not answered' : endings[kind];
    }
    case 'accepted':
      if (call.cause === 'settled_called') return 'marked as rung';
      return over ? 'no result' : 'calling';
    case 'failed':
      return call.cause === 'settled_not_called' ? 'marked as not rung' : 'not called';
    case 'held':
      if (call.heldUntil !== null) return `held back until ${utc(call.heldUntil)}`;
      return call.cause === 'left_list' ? 'not called: not on the list any more' : 'not called: forbidden';
    case 'refused':
      return 'refused by the platform';
    case 'unknown':
      return 'may have rung';
    case 'cancelled':
      return 'not called';
    case 'ready':
      return call.attempt > 1 ? 'not called again yet' : 'not called yet';
    case 'sending':
      return 'calling';
  }
}

/** Unless the request demands a key, a pressed one is an answer. */
function answeredWords({ confirmed }: CallView, mustConfirm: boolean): string {
  if (!mustConfirm) return 'answered';
  return confirmed ? 'confirmed' : 'answered, not confirmed';
}

/** Shown only together with the words. A call that was answered without the demanded key has no tick. */
export function callEmoji(call: CallView, { mustConfirm = false }: CallFacts = {}): string {
  return call.state === 'answered' && mustConfirm && !call.confirmed ? '⚠️' : callWords[call.state].emoji;
}

/** How a group of calls ended, for the counts of a large request. Null: how they ended is not stored. */
export function endingWords(ending: TerminationKind | null): string {
  return ending === null || ending === 'answered' ? endings.other : endings[ending];
}

/** The key that was pressed; empty if none was. It comes from outside: escape it. */
export function keyWords({ feedbackValue }: Pick<CallView, 'feedbackValue'>): string {
  const key = oneLine(feedbackValue ?? '');
  return key === '-1' ? '' : key.slice(0, 8);
}

/**
 * One call for each callee, in the order of the request: the confirmed or answered call if there is one, else the
 * latest; but not a further call that was stopped before it was placed, as its callee was called before.
 */
export function latestCalls(calls: readonly CallView[]): CallView[] {
  const best = new Map<string, CallView>();
  for (const call of calls) {
    // Erased numbers are all empty, so the position identifies the callee.
    const key = call.callee === '' ? `#${call.position}` : call.callee;
    const known = best.get(key);
    if (known === undefined || rank(call) >= rank(known)) best.set(key, call);
  }
  return [...best.values()];
}

function rank(call: CallView): number {
  if (call.confirmed) return 5;
  if (call.state === 'answered') return 4;
  if (!call.superseded) return call.state === 'cancelled' ? 1 : 3;
  return ['accepted', 'not_answered', 'unknown'].includes(call.state) ? 2 : 0;
}

/** True if the call was not answered, or if we do not know. Lists show these first. */
export function isUnanswered(call: CallView): boolean {
  return call.state !== 'answered';
}

/** The state of a call in words, because an emoji or a colour alone is not readable for everybody. */
export function outcomeWords(call: CallView, { mustConfirm = false }: CallFacts = {}): string {
  const words = call.state === 'answered' ? answeredWords(call, mustConfirm) : callWords[call.state].words;
  const which = call.attempt > 1 || call.step > 1 ? ` (${whichCall(call)})` : '';
  return `${words}${which}${call.superseded ? ', called again' : ''}`;
}

/** Which call to the callee it is: "attempt 2", "step 3", "step 3, attempt 2". */
function whichCall({ attempt, step }: Pick<CallView, 'attempt' | 'step'>): string {
  return [...(step > 1 ? [`step ${step}`] : []), ...(attempt > 1 ? [`attempt ${attempt}`] : [])].join(', ');
}

/**
 * The code from the report, else the platform's code from the submission. Empty for our own causes, which are no
 * codes.
 */
export function codeOf(call: CallView): string {
  if (call.terminationCode !== null && call.terminationCode !== '') return call.terminationCode;
  if (call.submitCode !== null) return call.submitCode;
  const { cause } = call;
  return cause === null || ownReasons[cause] !== undefined || isForbidden(cause) ? '' : cause;
}

function isForbidden(cause: CallCause): cause is ForbiddenCause {
  return Object.hasOwn(forbiddenBy, cause);
}

/** Lines of mrkdwn: why the configuration forbids calls. Each reason appears once, at most `max` of them. */
export function forbiddenWords(calls: readonly CallView[], max = 3): string[] {
  const forbidden = calls.filter(
    ({ state, cause }) => state === 'held' && cause !== null && isForbidden(cause),
  );
  const reasons = new Set(forbidden.map((call) => foreign(reasonWords(call), 300)));
  return [...reasons].slice(0, max).map((reason) => `✋ ${capital(reason)}.`);
}

/**
 * Why a call ended as it did, in words; empty if there is nothing to say. Parts come from outside and are not
 * escaped.
 */
export function reasonWords(call: CallView): string {
  if (call.state === 'answered' || call.state === 'not_answered') return terminationWords(call);
  const { submitCode, submitReason, cause, heldUntil } = call;
  if (cause !== null && isForbidden(cause)) {
    return `not called: ${submitReason ?? 'forbidden'} (${forbiddenBy[cause]}); calling again does not help while the configuration says so`;
  }
  const own = cause === null ? undefined : ownReasons[cause];
  if (own !== undefined) return `${own}${heldUntil === null ? '' : `; next possible: ${utc(heldUntil)}`}`;
  if (call.state === 'unknown') {
    const code = submitCode === '0' ? null : (submitCode ?? cause);
    return code === null
      ? 'the answer did not mention this number: the phone may have rung'
      : `the phone may have rung: ${describeCode(code).meaning}`;
  }
  if (call.state === 'refused') {
    if (submitCode !== null && documentedCodes.includes(submitCode)) return describeCode(submitCode).meaning;
    return oneLine(submitReason ?? '') || 'refused without a reason';
  }
  if (call.state === 'failed') {
    const code = submitCode ?? cause;
    return code === null ? 'never called' : describeCode(code).meaning;
  }
  return call.state === 'cancelled' ? 'stopped before the call' : '';
}

/** The platform's own words about a refused or unknown call. Empty if `reasonWords` returns the same. Not escaped. */
export function saidWords(call: CallView): string {
  const said = oneLine(call.submitReason ?? '');
  if (said === '' || (call.state !== 'refused' && call.state !== 'unknown')) return '';
  return reasonWords(call) === said ? '' : `the platform says “${said}”`;
}
