import type { Audio, RequestView, SubmissionView } from '../../calls/request/types.ts';
import type { CallOptions } from '../../config/types.ts';
import { describeCode } from '../../voice/codes.ts';
import {
  count,
  countryWords,
  date,
  duration,
  foreign,
  listWords,
  mention,
  people,
  times,
} from '../kit/text.ts';

/** The name of a Slack user, or null if it is not known. A mention is then shown instead. */
export type NameOf = (userId: string) => string | null;

export interface MessageFacts {
  now: number;
  /** The configuration's options. Boards leave out what is the same. */
  defaults?: CallOptions;
  nameOf?: NameOf;
}

/**
 * Returns a function that shows people in one message: first as a mention, which notifies them, after that as a name.
 * Ids that are not Slack's ("rule:db-critical", "tool:Asha (PagerDuty)", "voicecall") become words.
 */
export function createWho(
  nameOf: NameOf = () => null,
  mentioned: readonly string[] = [],
): (id: string) => string {
  const seen = new Set(mentioned);
  return (id) => {
    if (id.startsWith('rule:')) return `rule ${foreign(id.slice(5), 80)}`;
    if (id.startsWith('tool:')) return foreign(id.slice(5), 80);
    if (id.startsWith('callee:')) return foreign(id.slice(7), 80);
    if (id === 'voicecall') return 'Voicecall';
    if (!seen.has(id)) {
      seen.add(id);
      return mention(id);
    }
    const name = nameOf(id);
    return name === null ? 'the same person' : foreign(name, 80);
  };
}

/** A person, group or channel by name, which notifies nobody. If the name is not known, `otherwise` shows it. */
export function named(id: string, nameOf: NameOf | undefined, otherwise: (id: string) => string): string {
  const name = nameOf?.(id) ?? null;
  return name === null ? otherwise(id) : foreign(name, 80);
}

/** The language that the form and the rules use by default. */
const usualLanguage = 'EN';

/** Returns "fire-drill" or "the text “Alerte.” (FR)", escaped for mrkdwn. */
export function audioWords(audio: Audio, max = 300): string {
  if (audio.kind === 'recording') return foreign(audio.name ?? audio.fileId, max);
  const language = audio.language === usualLanguage ? '' : ` (${foreign(audio.language, 20)})`;
  return `the text “${foreign(audio.text, max)}”${language}`;
}

/** Returns "fire-drill" or "fire-drill, played twice". How often it is played is left out if `defaults` says the same. */
export function playedWords(
  audio: Audio,
  options: CallOptions,
  max = 300,
  defaults: CallOptions = {},
): string {
  const { loopCount = 1 } = options;
  const usual = loopCount === (defaults.loopCount ?? 1);
  return `${audioWords(audio, max)}${usual ? '' : `, played ${times(loopCount)}`}`;
}

/**
 * How long a call may last and ring, and the caller number. Values that are the same in `defaults` are left out, as
 * nobody chose them for this request.
 */
export function optionWords(options: CallOptions, defaults: CallOptions = {}): string[] {
  const { maxDuration, maxRingingTime, displayNum } = options;
  const chosen = (key: 'maxDuration' | 'maxRingingTime' | 'displayNum') => options[key] !== defaults[key];
  return [
    ...(maxDuration !== undefined && chosen('maxDuration')
      ? [`a call lasts ${duration(maxDuration)} at most`]
      : []),
    ...(maxRingingTime !== undefined && chosen('maxRingingTime')
      ? [`rings for ${duration(maxRingingTime)} at most`]
      : []),
    ...(displayNum !== undefined && chosen('displayNum') ? [`caller number ${foreign(displayNum, 20)}`] : []),
  ];
}

/** Returns "37 people in 3 countries" or "1 person in Singapore". */
export function crowdWords(callees: number, countries: RequestView['countries']): string {
  const only = countries.length === 1 ? countries[0] : undefined;
  if (only !== undefined) return `${people(callees)} in ${countryWords(only.country)}`;
  return countries.length === 0
    ? people(callees)
    : `${people(callees)} in ${count(countries.length)} countries`;
}

/** Returns "India 30, Singapore 5 and 2 more". */
export function countriesWords(countries: RequestView['countries'], max = 8): string {
  return listWords(
    countries.map((each) => `${countryWords(each.country)} ${count(each.callees)}`),
    max,
  );
}

/** Returns "group 2 of 50 (200 people)". If the request has a single submission, only "200 people". */
export function submissionName(submission: SubmissionView, total: number): string {
  if (total < 2) return people(submission.callees);
  return `group ${count(submission.ordinal)} of ${count(total)} (${people(submission.callees)})`;
}

/** The same for the unknown calls of a submission: "3 of 200 people". */
export function unknownName(submission: SubmissionView, total: number): string {
  const { unknown, callees, ordinal } = submission;
  if (unknown === 0 || unknown >= callees) return submissionName(submission, total);
  return total < 2
    ? `${count(unknown)} of ${people(callees)}`
    : `${count(unknown)} of ${people(callees)} in group ${count(ordinal)} of ${count(total)}`;
}

/** Why the calls are unknown, as a sentence. */
function unknownWhy({ code, unknown, callees }: SubmissionView): string {
  if (code !== null && code !== '0') return describeCode(code).meaning;
  return unknown > 0 && unknown < callees
    ? 'The voice platform answered for the other calls, but not for these.'
    : 'The voice platform reported success, but said nothing about these calls.';
}

/** Tells a person about unknown calls: what we know, and what happens next. */
export function unknownWords(submission: SubmissionView, total: number, willBeResent = false): string {
  const { sendingAt, checkedAt, callees } = submission;
  const sent = sendingAt === null ? '' : ` Sent ${date(sendingAt)}.`;
  const checked =
    checkedAt === null
      ? "We are looking through the platform's records."
      : `The platform's records did not show these calls by ${date(checkedAt)}, which proves nothing yet.`;
  const next = willBeResent
    ? 'If they are not found within a minute, they are placed once more, unless somebody has got the alert by then.'
    : 'Nobody is called again automatically.';
  const whose = total < 2 && callees === 1 ? 'the phone' : 'the phones';
  return [
    `❓ *Did ${whose} of ${unknownName(submission, total)} ring?* If you know, mark it here. Marking calls nobody.`,
    `${unknownWhy(submission)}${sent} ${checked} ${next}`,
  ].join('\n');
}

/** Why a submission was refused, and what to do, as sentences. */
export function refusalWords(code: string | null): string {
  if (code === null) return 'The voice platform gave no reason. Ask it why.';
  // Code 0 means that the platform took the submission as a whole. Here it refused each number in its row.
  if (code === '0') return 'Each number was refused separately. *Details* has the reasons.';
  const { meaning, remedy } = describeCode(code);
  return `${meaning} ${remedy}`;
}
