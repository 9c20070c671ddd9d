/** What a code says about the callees: nobody was called (`no`), unknown, or each row says it. */
export type Submitted = 'no' | 'unknown' | 'rows';

export type CodeKind =
  | 'ok'
  | 'credentials'
  | 'account'
  | 'balance'
  | 'destination'
  | 'input'
  | 'rate'
  | 'clock'
  | 'exists'
  | 'not_found'
  | 'limit'
  | 'platform'
  | 'network';

export interface CodeInfo {
  kind: CodeKind;
  submitted: Submitted;
  /** What it means: a sentence for people. */
  meaning: string;
  /** What to do about it: a sentence for people. */
  remedy: string;
}

const checkRequest = 'Check what was asked for, change it and ask again.';
const wait = 'Wait a while, then ask again.';
const askManager = "Ask the voice platform's account manager.";
const doNotResend =
  'The calls may have been placed: Voicecall looks them up in the records. Do not call again before that is known.';
const checkConsole = "Look at the account in the voice platform's console, or ask its account manager.";
const askAdministrator = 'Trying again does not help: ask the person who runs Voicecall.';
const allowList = "Add this machine's public address to the allow-list in the voice platform's console.";
const noSuchThing = 'Check the id; it may have been removed, or not be visible yet.';

const info = (kind: CodeKind, submitted: Submitted, meaning: string, remedy: string): CodeInfo => ({
  kind,
  submitted,
  meaning,
  remedy,
});

/**
 * The codes of the voice product, from the provider's pages for voice calls and its platform-wide tables. Other
 * products use the same numbers with other meanings. On those pages, 997 to 999 come from the vendor's own client and
 * never from the platform; in an answer they mean nothing, like any code that is not listed here.
 */
const platformCodes: Record<string, CodeInfo> = {
  '0': info('ok', 'rows', 'The voice platform took it.', 'Nothing to do.'),
  '-1': info(
    'credentials',
    'no',
    'The voice platform does not accept the API key or its signature.',
    'Check VOICE_API_KEY and VOICE_API_SECRET, then restart.',
  ),
  '-2': info('account', 'no', "The voice platform does not allow this machine's address.", allowList),
  '-3': info('input', 'no', 'The voice platform does not accept the content.', checkRequest),
  '-4': info('input', 'no', 'The voice platform does not accept the content.', checkRequest),
  '-5': info('input', 'no', 'The voice platform does not accept the content.', checkRequest),
  '-6': info('input', 'no', 'The voice platform does not accept the content.', checkRequest),
  '-7': info(
    'input',
    'no',
    'Too many people in one request to the platform.',
    'Lower voice.limits.callees to 200.',
  ),
  '-8': info('input', 'no', 'No number was given.', checkRequest),
  '-9': info(
    'destination',
    'no',
    'A number is not acceptable: no country code, a 0 after it, or a country or range the account does not cover.',
    'Check the number and its country code; for a new country ask the account manager.',
  ),
  '-10': info('balance', 'no', 'The balance is used up.', 'Top up the account, then call again.'),
  '-11': info(
    'input',
    'no',
    'A time has the wrong format.',
    'This is a fault of Voicecall: please report it.',
  ),
  '-12': info('platform', 'unknown', 'The voice platform failed while it took the calls.', doNotResend),
  '-13': info('account', 'no', 'The account is locked.', checkConsole),
  '-14': info('not_found', 'no', 'A field is empty, or an id is not known.', noSuchThing),
  '-15': info('rate', 'no', 'The voice platform was asked too often.', 'Wait a minute, then ask again.'),
  '-16': info(
    'clock',
    'no',
    "The voice platform does not accept this machine's time.",
    'Set the clock of this machine (switch on NTP).',
  ),
  '-17': info('input', 'no', 'The template is empty.', checkRequest),
  '-18': info('platform', 'unknown', 'The voice platform had an internal error.', doNotResend),
  '-19': info('account', 'no', 'The account has no prices yet, or is not verified.', askManager),
  '-20': info('exists', 'no', 'There is already something of this name.', 'Use it, or choose another name.'),
  '-21': info('input', 'no', 'The voice platform does not accept the data.', 'Check the format of the file.'),
  '-22': info('input', 'no', 'A parameter is wrong.', 'Check fileId, displayNum and VOICE_APP_ID.'),
  '-23': info('limit', 'no', 'A limit of the account is reached.', askManager),
  '-24': info('not_found', 'no', 'What was asked for does not exist.', noSuchThing),
  '-25': info(
    'input',
    'no',
    'The time is out of range.',
    'Ask for at most 31 days within the last two months.',
  ),
  '-26': info('destination', 'no', 'The account has no price for this destination.', askManager),
  '-27': info('limit', 'no', 'The number of calls for this period is used up.', wait),
  '-28': info('limit', 'no', 'This number has been called as often as the platform allows for now.', wait),
  '-29': info('account', 'no', 'The workspace of the account is disabled.', checkConsole),
  '-30': info('credentials', 'no', 'The API key is disabled.', checkConsole),
  '-31': info('account', 'no', "This machine's address is not in the account's allow-list.", allowList),
  '-32': info(
    'credentials',
    'no',
    'The API key may not use this application.',
    'Check VOICE_APP_ID, and which applications the key may use.',
  ),
  '-54': info('input', 'no', 'The voice platform does not accept the request.', checkRequest),
};

const ambiguous = (meaning: string) => info('network', 'unknown', meaning, doNotResend);
const notSent = (meaning: string, remedy: string) => info('network', 'no', meaning, remedy);

/** What Voicecall says about a submission for which the platform gave no code. */
const ownCodes: Record<string, CodeInfo> = {
  timeout: ambiguous('The voice platform did not answer in time.'),
  connection_lost: ambiguous('The connection broke before the voice platform had confirmed the calls.'),
  http_status: ambiguous('Something answered, but not as the voice platform does (HTTP status).'),
  not_json: ambiguous('The answer could not be read.'),
  no_code: ambiguous('The answer does not say what became of the calls.'),
  platform_code: ambiguous('The voice platform answered with a code that proves nothing.'),
  too_large: ambiguous('The answer was too long to be read.'),
  dns: notSent(
    "The voice platform's name could not be resolved.",
    'Check VOICE_API_URL, and whether this machine can resolve names (DNS).',
  ),
  connect_refused: notSent('The voice platform refused the connection.', 'Check VOICE_API_URL; try later.'),
  connect_timeout: notSent(
    'The voice platform could not be reached in time.',
    'Check the network; try later.',
  ),
  tls: notSent(
    "The voice platform's certificate was not accepted.",
    'Check VOICE_API_URL, and whether there is a proxy in between.',
  ),
  connect_failed: notSent('The connection to the voice platform failed.', 'Check the network; try later.'),
  no_rows: ambiguous('The answer names none of the numbers.'),
  interrupted: ambiguous('Voicecall was stopped while it placed the calls.'),
  per_callee: info(
    'limit',
    'no',
    'This number has been called as often as limits.perCallee allows.',
    'Call again when the time is over.',
  ),
  calls_per_hour: info(
    'limit',
    'no',
    'The calls of this hour (limits.callsPerHour) are used up.',
    'Call again later.',
  ),
  rule_limit: info(
    'limit',
    'no',
    'The calls that the rule may make in its time are used up.',
    'Call again later, or raise the limit of the rule.',
  ),
  denied: info('limit', 'no', 'The configuration denies this number (limits.deny).', askAdministrator),
  country: info(
    'limit',
    'no',
    'The configuration does not allow this country (limits.countries).',
    askAdministrator,
  ),
  display_num: info(
    'limit',
    'no',
    'The configuration does not allow this caller number (voice.displayNums).',
    'Ask again with an allowed caller number.',
  ),
  callees_per_request: info(
    'limit',
    'no',
    'These are more people than one request may call (limits.calleesPerRequest).',
    'Ask for the others in a further request.',
  ),
  stopped: notSent('It was stopped before anything was sent.', 'Nothing to do.'),
};

const unknownCode = info(
  'platform',
  'unknown',
  'The voice platform answered with a code that is not documented.',
  doNotResend,
);

/** What a code of the platform means. An undocumented code is ambiguous. */
export function codeInfo(code: string): CodeInfo {
  return Object.hasOwn(platformCodes, code) ? (platformCodes[code] ?? unknownCode) : unknownCode;
}

/** The meaning of a code of the platform or of ours (`timeout`, `dns`, …). For showing only, never for deciding. */
export function describeCode(code: string): CodeInfo {
  return Object.hasOwn(ownCodes, code) ? (ownCodes[code] ?? unknownCode) : codeInfo(code);
}

/** Every documented code; for tests and documentation. */
export const documentedCodes: readonly string[] = Object.keys(platformCodes);
