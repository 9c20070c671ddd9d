import { type ErrorCode, VoicecallError } from '../../errors.ts';
import { describeCode } from '../../voice/codes.ts';
import { date, foreign } from '../kit/text.ts';
import { createWho } from './request-words.ts';

type Facts = Record<string, string>;

interface ErrorWords {
  what: string;
  why: string;
  next: string;
}

/** The one table of words for what can go wrong; mrkdwn, facts escaped. */
const table: Record<ErrorCode, (facts: Facts) => ErrorWords> = {
  config: () => ({
    what: 'This is not set up as it must be.',
    why: 'The configuration of Voicecall has a fault.',
    next: 'Ask whoever runs Voicecall to look at its log and run `npm run doctor`.',
  }),
  not_found: () => ({
    what: 'There is no such request.',
    why: 'Its id is wrong, or it is older than what is kept.',
    next: 'Look it up with `/voicecall history`.',
  }),
  not_allowed: (facts) => ({
    what: 'You may not do that.',
    why: notAllowedWhy[facts.why ?? ''] ?? 'The configuration gives this to other people.',
    next: 'Nothing was changed. Ask one of those who may.',
  }),
  already_decided: (facts) => ({
    what: `Too late: it is already ${decidedWords(facts.state)}${byWords(facts)}.`,
    why: 'Somebody was faster, or its time was over.',
    next: 'Nothing was changed by your press.',
  }),
  changed: () => ({
    what: 'The request is not what you saw any more.',
    why: 'Something of it changed after the message was drawn.',
    next: 'Nothing was decided. Look at the new message and press again.',
  }),
  bad_transition: (facts) => ({
    what: 'That is not possible now.',
    why: `It is ${decidedWords(facts.from)} and cannot become ${decidedWords(facts.to)}.`,
    next: 'Look at the current state with `/voicecall status`.',
  }),
  store_newer: () => ({
    what: 'The database is newer than this program.',
    why: 'A newer version of Voicecall has used it.',
    next: 'Ask whoever runs Voicecall to start the newer version.',
  }),
  store_unavailable: (facts) =>
    facts.stored === 'unknown'
      ? {
          what: 'This may have been saved.',
          why: 'The connection to the database broke while it was being saved.',
          next: 'Look at `/voicecall status` before you try again: phones may be ringing. If it happens again, tell the person who runs Voicecall.',
        }
      : {
          what: 'This could not be saved.',
          why: storeWhy[facts.problem ?? ''] ?? 'The database does not answer or does not take anything.',
          next: 'Nothing was rung by it. Try again in a minute; if it stays, tell whoever runs Voicecall.',
        },
  slack_unavailable: () => ({
    what: 'Slack did not answer.',
    why: 'It was not reachable or refused the request.',
    next: 'Try again in a minute.',
  }),
  voice_unavailable: (facts) => ({
    what: 'The voice platform did not answer as it should.',
    why: voiceWords(facts)?.meaning ?? 'It was not reachable, or its answer could not be read.',
    next: 'Try again in a minute; if it stays, tell whoever runs Voicecall.',
  }),
  voice_refused: (facts) => ({
    what: 'The voice platform refused it.',
    why: voiceWords(facts)?.meaning ?? 'It did not say why.',
    next: voiceWords(facts)?.remedy ?? 'Tell whoever runs Voicecall.',
  }),
  internal: () => ({
    what: 'Something went wrong in Voicecall.',
    why: 'It is a fault of the program, not of what you did.',
    next: 'Look at `/voicecall status` before you try again, and tell whoever runs Voicecall.',
  }),
};

const notAllowedWhy: Record<string, string> = {
  own: 'Nobody approves their own request here.',
  twice: 'You have decided on this request already; another person has to.',
};

const storeWhy: Record<string, string> = {
  locked: 'The database is locked by another process.',
  read_only: 'The database cannot be written to.',
  full: 'The disk of the database is full.',
  connection: 'The database cannot be reached.',
};

function voiceWords({ code }: Facts): { meaning: string; remedy: string } | null {
  return code === undefined ? null : describeCode(code);
}

/**
 * Words for people about any error: what failed, why, what to do next, and the reference under which the log has it.
 * Mrkdwn, safe to post; errors that are not ours show nothing of their own text.
 */
export function wordsFor(error: unknown, reference: string): string {
  const { what, why, next } =
    error instanceof VoicecallError ? table[error.code](error.facts) : table.internal({});
  return `*${what}* ${why} ${next} (Reference: \`${foreign(reference, 60)}\`)`;
}

function decidedWords(state: string | undefined): string {
  return state === undefined || state === '' ? 'decided' : foreign(state.replaceAll('_', ' '), 40);
}

function byWords({ by, at }: Facts): string {
  const who = by === undefined || by === '' ? '' : ` by ${createWho()(by)}`;
  const time = Number(at);
  return Number.isSafeInteger(time) && time > 0 ? `${who} ${date(time)}` : who;
}
