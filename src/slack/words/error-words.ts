import { type ErrorCode, VoicecallError } from '../../errors.ts';
import { describeCode } from '../../voice/codes.ts';
import { date, foreign } from '../kit/text.ts';
import { stateName } from './decided-words.ts';
import { createWho } from './request-words.ts';

type Facts = Record<string, string>;

/** Three sentences: what happened, whether phones are called, and what to do next. */
interface ErrorWords {
  what: string;
  phones: string;
  next: string;
}

const nobodyCalled = 'Nobody was called.';
const nothingChanged = 'Nothing was changed.';
const tellThem = 'tell the person who runs Voicecall';

/** The only table of words for errors. They are mrkdwn, with facts from outside escaped. */
const table: Record<ErrorCode, (facts: Facts) => ErrorWords> = {
  config: () => ({
    what: 'The configuration of Voicecall has a fault.',
    phones: nobodyCalled,
    next: 'Ask the person who runs Voicecall to read its log and to run `npm run doctor`.',
  }),
  not_found: () => ({
    what: 'There is no such request.',
    phones: nobodyCalled,
    next: 'Look up the request with `/voicecall history`.',
  }),
  not_allowed: (facts) => ({
    what:
      notAllowedWhat[facts.why ?? ''] ??
      'You may not do that: the configuration allows it only to other people.',
    phones: nothingChanged,
    next: notAllowedNext[facts.why ?? ''] ?? 'Ask somebody who may.',
  }),
  already_decided: (facts) => ({
    what: `Too late: it is already ${stateIn(facts.state)}${byWords(facts)}.`,
    phones: nothingChanged,
    next: 'The board shows the outcome.',
  }),
  changed: () => ({
    what: 'The request has changed since you saw it.',
    phones: 'Nothing was decided.',
    next: 'Look at the new message and press again.',
  }),
  bad_transition: (facts) => ({
    what: `That is not possible now: it is ${stateIn(facts.from)}.`,
    phones: nothingChanged,
    next: 'Look at the current state with `/voicecall status`.',
  }),
  store_newer: () => ({
    what: 'A newer version of Voicecall has used the database.',
    phones: nobodyCalled,
    next: 'Ask the person who runs Voicecall to start the newer version.',
  }),
  store_unavailable: (facts) =>
    facts.stored === 'unknown'
      ? {
          what: 'The connection to the database broke while this was being saved.',
          phones: 'It may have been saved, and calls may be under way.',
          next: `Look at \`/voicecall status\` before you try again. If it happens again, ${tellThem}.`,
        }
      : {
          what: `This could not be saved: ${storeWhy[facts.problem ?? ''] ?? 'the database does not answer'}.`,
          phones: nobodyCalled,
          next: `Try again in a minute. If that does not help, ${tellThem}.`,
        },
  slack_unavailable: slackWords,
  voice_unavailable: (facts) => ({
    what: `The voice platform did not answer as it should. ${voiceWords(facts)?.meaning ?? ''}`.trim(),
    phones: nobodyCalled,
    next: `Try again in a minute. If that does not help, ${tellThem}.`,
  }),
  voice_refused: (facts) => ({
    what: `The voice platform refused it. ${voiceWords(facts)?.meaning ?? ''}`.trim(),
    phones: nobodyCalled,
    next: voiceWords(facts)?.remedy ?? 'Tell the person who runs Voicecall.',
  }),
  internal: () => ({
    what: 'Something went wrong in Voicecall.',
    phones: 'We do not know whether this was done. Earlier requests go on.',
    next: `Look at \`/voicecall status\` before you try again, and ${tellThem}.`,
  }),
};

/** Errors of Slack itself. Neither Voicecall nor the person caused them. */
function slackWords({ error = '' }: Facts): ErrorWords {
  const phones = 'Earlier requests go on.';
  if (error === 'expired_trigger_id' || error === 'trigger_expired') {
    return {
      what: 'Slack took too long to open the window.',
      phones: nobodyCalled,
      next: 'Type the command or press the button again.',
    };
  }
  if (error === 'ratelimited') {
    return { what: 'Slack is asked too often at the moment.', phones, next: 'Try again in a minute.' };
  }
  if (
    /^HTTP 5\d\d$/.test(error) ||
    ['internal_error', 'fatal_error', 'service_unavailable'].includes(error)
  ) {
    return { what: 'Slack itself has a problem at the moment.', phones, next: 'Try again in a minute.' };
  }
  if (error === 'missing_scope') {
    const next = 'Ask the person who runs Voicecall to reinstall the app from its manifest.';
    return { what: 'Slack does not let the app do this: a scope is missing.', phones, next };
  }
  if (['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired'].includes(error)) {
    const next = 'Ask the person who runs Voicecall to run `npm run doctor`.';
    return { what: 'Slack does not accept the app any more.', phones, next };
  }
  return { what: 'Slack did not answer.', phones, next: 'Try again in a minute.' };
}

const notAllowedWhat: Record<string, string> = {
  own: 'You may not approve your own request.',
  twice: 'You have decided on this request already.',
};

const notAllowedNext: Record<string, string> = {
  own: 'Another approver has to decide.',
  twice: 'Another person has to decide.',
};

const storeWhy: Record<string, string> = {
  locked: 'the database is locked by another process',
  read_only: 'the database cannot be written to',
  full: 'the disk of the database is full',
  connection: 'the database cannot be reached',
};

function voiceWords({ code }: Facts): { meaning: string; remedy: string } | null {
  return code === undefined ? null : describeCode(code);
}

/**
 * Words for a person about any error, in mrkdwn: what happened, whether phones are called, what to do next, and the
 * reference that the log has too. Only a VoicecallError adds its own facts; other errors may hold text that must not
 * be shown.
 */
export function wordsFor(error: unknown, reference: string): string {
  const { what, phones, next } =
    error instanceof VoicecallError ? table[error.code](error.facts) : table.internal({});
  return `*${what}* ${phones} ${next} (Reference: \`${foreign(reference, 60)}\`)`;
}

function stateIn(state: string | undefined): string {
  return state === undefined || state === '' ? 'decided' : stateName(state);
}

function byWords({ by, at }: Facts): string {
  const who = by === undefined || by === '' ? '' : ` by ${createWho()(by)}`;
  const time = Number(at);
  return Number.isSafeInteger(time) && time > 0 ? `${who} ${date(time)}` : who;
}
