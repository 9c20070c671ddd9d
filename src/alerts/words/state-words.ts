import { memoize } from './memoize.ts';
import { phrases, transition } from './phrases.ts';
import {
  alertNouns,
  copulas,
  type EmojiColor,
  emojiColors,
  faultNouns,
  nounNeeded,
  phrasalVerbs,
  skippable,
  type WordClass,
  weakRed,
  wordClasses,
} from './vocabulary.ts';

// Titles are short; after so many characters comes prose.
const headLength = 400;

export interface Token {
  text: string;
  lower: string;
  kind: 'word' | 'mark' | 'emoji';
  /** True inside [..], (..) or {..}. */
  bracketed: boolean;
  /** For words that say the alert's state. */
  said?: WordClass;
}

/** What one line says about an alert, from words in the place of a state. */
export interface HeadReading {
  tokens: Token[];
  /** Each word that says something, in order, and whether it is at the very start. */
  said: { class: WordClass; word: string; lead: boolean }[];
  emoji: { color: EmojiColor; weak: boolean } | undefined;
  /** The line has an alert word, but not as a state. */
  weak: boolean;
  /** The line has a word such as "notification" or "check", which an alert needs more signs beside. */
  noun: boolean;
}

const tokenPattern =
  /:[a-z0-9_+-]{1,40}:(?=\s|$|[^\w])|\p{Extended_Pictographic}|[\p{L}\p{N}](?:[\p{L}\p{N}_'’./@+%-]*[\p{L}\p{N}%])?|-+>|=>|\S/gu;
const openers = '[({【';
const closers = '])}】';
const separators = new Set([
  ':',
  '|',
  '-',
  '–',
  '—',
  '»',
  '·',
  '•',
  '!',
  ';',
  ',',
  '.',
  '/',
  '→',
  '->',
  '=>',
  '#',
  '"',
  "'",
  '‘',
  '’',
  '“',
  '”',
]);

/** Splits a line into words, marks and emoji, and finds the words that say the alert's state. */
export const readHead = memoize(readLine);

function readLine(line: string): HeadReading {
  let text = line.slice(0, headLength).replace(/\ufe0f/g, '');
  for (const [pattern, word] of phrases) text = text.replace(pattern, word);
  // If one state changed into another, only the new one counts: "OK → CRITICAL", "ALARM to OK".
  text = text.replace(transition, (_, _from: string, to: string) => ` [${oneWord(to)}] `);
  const tokens = tokenize(text);
  const reading: HeadReading = { tokens, said: [], emoji: undefined, weak: false, noun: false };
  const hasNoun = tokens.some(
    (token) => alertNouns.has(token.lower) || /^(?:p|sev-?)[0-5]$/.test(token.lower),
  );
  let started = false;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === undefined) continue;
    if (token.kind === 'emoji') {
      const color = emojiColors.get(token.lower);
      if (color === undefined) continue;
      if (!started || token.bracketed) reading.emoji ??= { color, weak: weakRed.has(token.lower) };
      continue;
    }
    if (token.kind === 'mark') continue;
    const kind = wordClasses.get(token.lower);
    const lead = !started;
    if (kind !== undefined && standsAsState(lookAround(tokens, index, token, { kind, lead, hasNoun }))) {
      token.said = kind;
      reading.said.push({ class: kind, word: token.lower, lead });
    } else if (kind === 'bad' || kind === 'fires' || (kind === 'noun' && faultNouns.has(token.lower))) {
      reading.weak = true;
    } else if (kind === 'noun') {
      reading.noun = true;
    }
    const transparent = token.bracketed || skippable.has(token.lower) || /^\d+$/.test(token.text);
    if (!transparent && token.said === undefined) started = true;
  }
  return reading;
}

/** A state of several words as one: "Major outage" is an outage. */
function oneWord(state: string): string {
  if (state === 'open') return 'opened';
  if (/ outage$/i.test(state)) return 'outage';
  return /^degraded /i.test(state) ? 'degraded' : state;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (const [found] of text.matchAll(tokenPattern)) {
    if (openers.includes(found)) depth++;
    const isEmoji =
      (found.length > 2 && found.startsWith(':') && found.endsWith(':')) || emojiColors.has(found);
    const kind =
      isEmoji || /^\p{Extended_Pictographic}$/u.test(found)
        ? 'emoji'
        : /^[\p{L}\p{N}]/u.test(found)
          ? 'word'
          : 'mark';
    // "DOWN/CRITICAL" and "P1/critical" stay one word; nothing needs their parts.
    tokens.push({ text: found, lower: found.toLowerCase(), kind, bracketed: depth > 0 });
    if (closers.includes(found) && depth > 0) depth--;
  }
  return tokens;
}

/** A word that may say the alert's state, and its surroundings. */
export interface Around {
  token: Token;
  /** In lower case. */
  word: string;
  kind: WordClass;
  /** In lower case. Empty if there is none. */
  before: string;
  twoBefore: string;
  after: string;
  /** Only marks, brackets and empty words come before it. */
  lead: boolean;
  startsHere: boolean;
  endsHere: boolean;
  isCaps: boolean;
  afterCopula: boolean;
  /** A word such as "alert" is directly before it. */
  afterNoun: boolean;
  /** A word such as "alert" is anywhere in the line. */
  hasNoun: boolean;
}

/** One rule for some words. The first row that applies to a word decides; later rows are not evaluated. */
export interface StateRow {
  words: (around: Around) => boolean;
  stands: (around: Around) => boolean;
  /** A line in which this row decides about a word, and the decision. */
  example: [line: string, word: string, stands: boolean];
}

const oneOf = (words: string): ((around: Around) => boolean) => {
  const set = new Set(words.split(' '));
  return ({ word }) => set.has(word);
};
const always = (): boolean => true;
const never = (): boolean => false;
const isIn = (words: string): ((text: string) => boolean) => {
  const set = new Set(words.split(' '));
  return (text) => set.has(text);
};

const isPlace = isIn('on in at for');
const isAmountWord = isIn('by from to');
const isMeasure = isIn('rate rates ratio percent percentage count threshold %');
const beforeSuccess = isIn('threshold deadline limit test tests');
const followsNews = isIn('in after by for on at from with notification');
const isHeld = (word: string) => /^(?:ack|snooz|silenced|muted|suppressed|flapping|downtime)/.test(word);

/** Decides whether a word says the alert's state or is part of a name. The first row that applies decides. */
export const stateRows: StateRow[] = [
  {
    words: ({ kind }) => kind === 'noun',
    stands: never,
    example: ['Incident 12', 'incident', false],
  },
  {
    // What a person did with an alert.
    words: ({ kind, word, after }) =>
      (kind === 'fires' || kind === 'resolves' || kind === 'neutral') &&
      alertNouns.has(after) &&
      word !== 'active' &&
      word !== 'test',
    stands: always,
    example: ['Prometheus closed alert #12', 'closed', true],
  },
  {
    words: ({ before, after }) => before === '=' || after === '=',
    stands: never,
    example: ['state=critical', 'critical', false],
  },
  {
    // "Remove dead rules", "Asha is sick" and "unsealed by Ben" are not states of a service.
    words: oneOf('dead sick nok sealed unsealed'),
    stands: ({ token, startsHere, endsHere, isCaps, lead }) =>
      (startsHere && endsHere && !token.bracketed) || (isCaps && (lead || endsHere)),
    example: ['The dead letter queue of api', 'dead', false],
  },
  {
    words: ({ token }) => token.bracketed,
    stands: ({ kind, startsHere, endsHere, after }) =>
      startsHere && (endsHere || kind === 'fires' || kind === 'resolves' || isPlace(after)),
    example: ['[CRITICAL] disk', 'critical', true],
  },
  {
    // A word alone between two marks.
    words: ({ startsHere, endsHere, after }) => startsHere && endsHere && after !== "'",
    stands: ({ word }) => word !== 'test' && word !== 'new',
    example: ['api: down', 'down', true],
  },
  {
    // Doors and tickets are opened and closed too.
    words: ({ word }) => nounNeeded.has(word),
    stands: ({ hasNoun, lead, afterCopula, afterNoun, endsHere }) =>
      hasNoun && (lead || afterCopula || afterNoun || endsHere),
    example: ['The door was opened by Asha', 'opened', false],
  },
  {
    words: oneOf('alert alarm problem'),
    stands: ({ lead, isCaps, startsHere, afterCopula, endsHere }) =>
      (lead && isCaps && startsHere) || (afterCopula && endsHere),
    example: ['PROBLEM disk on web-1', 'problem', true],
  },
  {
    // The name of the tool.
    words: ({ word, twoBefore }) => word === 'alerting' && isIn('via by from')(twoBefore),
    stands: never,
    example: ['Disk full via Grafana Alerting', 'alerting', false],
  },
  {
    words: oneOf('firing alerting'),
    stands: always,
    example: ['Disk firing since noon', 'firing', true],
  },
  {
    words: ({ kind }) => kind === 'fires' || kind === 'resolves',
    stands: ({ lead, afterCopula, endsHere, afterNoun, after }) =>
      lead || afterCopula || endsHere || afterNoun || followsNews(after),
    example: ['Disk on web-1 is recovered now', 'recovered', true],
  },
  {
    // A run that ended well; not "success rate" or "deadline passed".
    words: oneOf('passed succeeded success successful successfully completed finished'),
    stands: ({ before, after }) => !isMeasure(after) && !beforeSuccess(before),
    example: ['Low success rate on api', 'success', false],
  },
  {
    words: oneOf('downtime maintenance test'),
    stands: ({ lead, startsHere }) => lead && startsHere,
    example: ['Maintenance of db-1', 'maintenance', true],
  },
  {
    words: ({ kind, word }) => kind === 'neutral' && isHeld(word),
    stands: ({ lead, afterCopula, endsHere, afterNoun }) => lead || afterCopula || endsHere || afterNoun,
    example: ['Acknowledged by Asha', 'acknowledged', true],
  },
  {
    words: ({ kind }) => kind === 'neutral',
    stands: ({ endsHere, after, afterNoun }) => endsHere || after === 'to' || after === 'by' || afterNoun,
    example: ['Sale scheduled by Asha', 'scheduled', true],
  },
  {
    // "Up 20 %" and "sign up" are not states.
    words: ({ word, before, after }) =>
      (word === 'up' || word === 'down') &&
      (/^[\d~]/.test(after) || isAmountWord(after) || phrasalVerbs.has(before)),
    stands: never,
    example: ['Traffic down by half', 'down', false],
  },
  {
    words: oneOf('up down'),
    stands: ({ word, isCaps, afterCopula, lead, startsHere, endsHere, after }) =>
      isCaps ||
      afterCopula ||
      (lead && startsHere && endsHere) ||
      (endsHere && word === 'down') ||
      isPlace(after) ||
      alertNouns.has(after),
    example: ['web-1 is down since noon', 'down', true],
  },
  {
    // An alert may be inactive. A service that is inactive is no good news.
    words: oneOf('inactive'),
    stands: ({ startsHere, endsHere }) => startsHere && endsHere,
    example: ['Replication slot a is inactive', 'inactive', false],
  },
  {
    words: ({ kind }) => kind === 'good',
    stands: ({ isCaps, afterCopula, startsHere, endsHere }) =>
      isCaps || afterCopula || (startsHere && endsHere),
    example: ['web-1 healthy again', 'healthy', false],
  },
  {
    // Words that name a fault anywhere in a title.
    words: oneOf(
      'failed failing crashed crashing crashloopbackoff oomkilled unreachable unhealthy offline degraded timedout nodata unresponsive exceeded exceeds overdue unavailable missed inaccessible stalled outofsync outage',
    ),
    stands: always,
    example: ['Backup failed for db-1', 'failed', true],
  },
  {
    words: ({ word, after }) =>
      (word === 'critical' || word === 'warning') && (after === 'on' || after === 'in' || after === 'at'),
    stands: always,
    example: ['Disk warning on web-1', 'warning', true],
  },
  {
    words: ({ isCaps, lead, afterCopula, endsHere }) => isCaps && (lead || afterCopula || endsHere),
    stands: always,
    example: ['Disk CRITICAL', 'critical', true],
  },
  {
    words: oneOf('unknown minor major info'),
    stands: ({ isCaps, afterCopula, endsHere }) => isCaps || (afterCopula && endsHere),
    example: ['Major upgrade of db-1', 'major', false],
  },
  {
    words: always,
    stands: ({ lead, startsHere, endsHere, after, afterCopula }) =>
      (lead && startsHere && (endsHere || isPlace(after) || alertNouns.has(after))) ||
      afterCopula ||
      endsHere,
    example: ['Error budget of api', 'error', false],
  },
];

function standsAsState(around: Around): boolean {
  return stateRows.find((row) => row.words(around))?.stands(around) ?? false;
}

export function lookAround(
  tokens: readonly Token[],
  index: number,
  token: Token,
  about: Pick<Around, 'kind' | 'lead' | 'hasNoun'>,
): Around {
  const before = tokens[index - 1];
  const after = tokens[index + 1];
  return {
    ...about,
    token,
    word: token.lower,
    before: before?.lower ?? '',
    twoBefore: tokens[index - 2]?.lower ?? '',
    after: after?.lower ?? '',
    startsHere: isEdge(before),
    endsHere: isEdge(after),
    isCaps: token.text.length > 1 && token.text === token.text.toUpperCase(),
    afterCopula: before !== undefined && copulas.has(before.lower),
    afterNoun: alertNouns.has(before?.lower ?? ''),
  };
}

/** True for nothing, a sign or a mark: the word beside it is not part of a longer name. */
function isEdge(token: Token | undefined): boolean {
  return token === undefined || token.kind === 'emoji' || separators.has(token.text) || isBracket(token.text);
}

function isBracket(text: string): boolean {
  return openers.includes(text) || closers.includes(text);
}
