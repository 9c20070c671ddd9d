import {
  alertNouns,
  copulas,
  type EmojiColor,
  emojiColors,
  nounNeeded,
  phrasalVerbs,
  skippable,
  type WordClass,
  weakRed,
  wordClasses,
} from './vocabulary.ts';

// Titles are short; what stands behind this is prose.
const headLength = 400;

export interface Token {
  text: string;
  lower: string;
  kind: 'word' | 'mark' | 'emoji';
  /** Inside of [..], (..) or {..}. */
  bracketed: boolean;
  /** Set for words that say how the alert is, where they stand as such. */
  said?: WordClass;
}

/** What one line says about an alert, as far as its words stand where a state stands. */
export interface HeadReading {
  tokens: Token[];
  /** In order: each word that says something, and whether it stands at the very start. */
  said: { class: WordClass; word: string; lead: boolean }[];
  emoji: { color: EmojiColor; weak: boolean } | undefined;
  /** An alert word stands somewhere, not as a state. */
  weak: boolean;
}

const bad =
  'ok|okay|up|normal|healthy|clear|resolved|recovered|available|reachable|online|operational|responding|working|passing|completed|complete|finished|succeeded|ready|cleared|closed|fixed|successful';
const worse =
  'critical|down|firing|active|alerting|failing|failed|triggered|warning|degraded|unhealthy|breaching|breached|unreachable|in alarm|above|below|exceeding|offline|detected|unavailable|high|violated|violating|present|occurring|late|met|true';

/** Phrases of several words, made one word each. They are bounded and start at a word: linear. */
const phrases: [RegExp, string][] = [
  [/\bno[ _-]?data\b/gi, 'NODATA'],
  [/\binsufficient[ _]data\b/gi, 'INSUFFICIENTDATA'],
  [/\bout of sync\b/gi, 'outofsync'],
  [/\b(?:timed|timing) out\b/gi, 'timedout'],
  [
    new RegExp(`\\b(?:is |are |has |have |was )?no longer (?:in )?(?:a |an |been )?(?:${worse})\\b`, 'gi'),
    'recovered',
  ],
  [
    new RegExp(
      `\\b(?:not|never|isn['’]t|aren['’]t|wasn['’]t|hasn['’]t|partially|partly)[ _-](?:yet )?(?:been )?(?:fully )?(?:${bad})\\b`,
      'gi',
    ),
    'unresolved',
  ],
  [
    new RegExp(
      `\\b(?:not|never|without|isn['’]t|aren['’]t) (?:a |an |in )?(?:${worse}|error|errors|alert|alerts)\\b`,
      'gi',
    ),
    ' ',
  ],
  [
    /\b(?:could not|cannot|can['’]t|failed to|unable to|did not|didn['’]t) (?:be )?(?:resolve|recover|close|clear|fix)(?:e?d)?\b/gi,
    'unresolved',
  ],
  [
    /\b(?:is |are )?(?:back|returned?|returning) (?:to|in|within) (?:an? )?(?:normal|ok|okay|green|healthy|good)(?: (?:state|levels?|range|status))?\b/gi,
    'recovered',
  ],
  [/\b(?:is |are )?back (?:up|online|again|alive)\b/gi, 'recovered'],
  [/\ball clear\b/gi, 'recovered'],
  [/\bdoes(?: not|n['’]t) exist\b/gi, 'unavailable'],
  [/\b(?:needs|requires) attention\b/gi, 'warning'],
  [
    /\b(?:just )?entered (?:an? |the )?(?:alert|alarm|critical|warning|error|trigger(?:ed)?)(?: (?:state|status))?\b/gi,
    'firing',
  ],
  [/\b(?:in|into) (?:an? |the )?(?:alarm|alert) state\b/gi, 'firing'],
  [/\bin alarm\b/gi, 'firing'],
  [/\b0 (?:failed|failures|failing|errors?|critical|warnings?|down)\b/gi, ' '],
];

const arrow = '(?:-+>|=+>|→|➜|➔|⇒|»|to|>)';
const states =
  'ok|okay|up|down|alarm|alert|critical|crit|warning|warn|unknown|normal|healthy|unhealthy|degraded|error|resolved|closed|open|pending|insufficientdata|nodata|green|red|yellow|recovered|firing|failed|passing|success|clear|undefined|uninitialized|info|minor|major|alerting|online|offline|unreachable|investigating|identified|monitoring|acknowledged|triggered|active|inactive|fixing|closed|failing|new|unavailable|available|progressing|suspended|missing';
const transition = new RegExp(
  `(?:\\b(?:changed|transitioned|moved|went|switched|status|state)\\b ?:? ?)?(?:\\bfrom )?[\`'"\\[(]?\\b(${states})\\b[\`'"\\])]? ?${arrow} ?[\`'"\\[(]?\\b(${states})\\b[\`'"\\])]?`,
  'gi',
);

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

/** Splits a line into words, marks and emoji, and finds which words say how the alert is. */
export function readHead(line: string): HeadReading {
  let text = line.slice(0, headLength).replace(/\ufe0f/g, '');
  for (const [pattern, word] of phrases) text = text.replace(pattern, word);
  // Only where a state changed into another does the new one count: "OK → CRITICAL", "ALARM to OK".
  text = text.replace(transition, (_, _from: string, to: string) => ` [${to === 'open' ? 'opened' : to}] `);
  const tokens = tokenize(text);
  const reading: HeadReading = { tokens, said: [], emoji: undefined, weak: false };
  const hasNoun = tokens.some((token) => alertNouns.has(token.lower));
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
    if (kind !== undefined && standsAsState(tokens, index, kind, lead, hasNoun)) {
      token.said = kind;
      reading.said.push({ class: kind, word: token.lower, lead });
    } else if (kind === 'bad' || kind === 'fires' || kind === 'noun') {
      reading.weak = true;
    }
    const transparent = token.bracketed || skippable.has(token.lower) || /^\d+$/.test(token.text);
    if (!transparent && token.said === undefined) started = true;
  }
  return reading;
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
    // "DOWN/CRITICAL" stays one word, "P1/critical" too: nobody needs them apart.
    tokens.push({ text: found, lower: found.toLowerCase(), kind, bracketed: depth > 0 });
    if (closers.includes(found) && depth > 0) depth--;
  }
  return tokens;
}

function standsAsState(
  tokens: Token[],
  index: number,
  kind: WordClass,
  lead: boolean,
  hasNoun: boolean,
): boolean {
  const token = tokens[index];
  if (token === undefined) return false;
  const before = tokens[index - 1];
  const after = tokens[index + 1];
  const word = token.lower;
  const endsHere =
    after === undefined || after.kind === 'emoji' || separators.has(after.text) || isBracket(after.text);
  const startsHere =
    before === undefined || before.kind === 'emoji' || separators.has(before.text) || isBracket(before.text);
  const isCaps = token.text.length > 1 && token.text === token.text.toUpperCase();
  const afterCopula = before !== undefined && copulas.has(before.lower);
  if (kind === 'noun') return false;
  // "Prometheus closed alert #12"
  const newsOfAlert = /^(?:fires|resolves|neutral)$/.test(kind) && alertNouns.has(after?.lower ?? '');
  if (newsOfAlert && word !== 'active' && word !== 'test') return true;
  if (before?.text === '=' || after?.text === '=') return false;
  if (token.bracketed)
    return startsHere && (endsHere || kind === 'fires' || kind === 'resolves' || isPreposition(after));
  if (startsHere && endsHere && after?.text !== "'") return !(word === 'test' || word === 'new');
  if (nounNeeded.has(word))
    return hasNoun && (lead || afterCopula || alertNouns.has(before?.lower ?? '') || endsHere);
  if (word === 'triggered')
    return lead || (hasNoun && (endsHere || afterCopula)) || alertNouns.has(before?.lower ?? '');
  if (word === 'alert' || word === 'alarm' || word === 'problem') {
    return (lead && isCaps && startsHere) || (afterCopula && endsHere);
  }
  if (kind === 'fires' || kind === 'resolves') {
    // "via Grafana Alerting" tells who speaks.
    if (word === 'alerting' && /^(?:via|by|from)$/.test(tokens[index - 2]?.lower ?? '')) return false;
    if (word === 'firing' || word === 'alerting') return true;
    return (
      lead ||
      afterCopula ||
      endsHere ||
      alertNouns.has(before?.lower ?? '') ||
      /^(?:in|after|by|for|on|at|from|with)$/.test(after?.lower ?? '')
    );
  }
  if (/^(?:passed|succeeded|success|successful|successfully|completed|finished)$/.test(word)) {
    const isMeasure = /^(?:rates?|ratio|percent|percentage|count|threshold|%)$/.test(after?.lower ?? '');
    return !isMeasure && !/^(?:threshold|deadline|limit|tests?)$/.test(before?.lower ?? '');
  }
  if (word === 'downtime' || word === 'maintenance' || word === 'test') return lead && startsHere;
  if (kind === 'neutral') {
    const isHeld = /^(?:ack|snooz|silenced|muted|suppressed|flapping|downtime)/.test(word);
    if (isHeld) return lead || afterCopula || endsHere || alertNouns.has(before?.lower ?? '');
    return endsHere || /^(?:to|by)$/.test(after?.lower ?? '') || alertNouns.has(before?.lower ?? '');
  }
  if (/^(?:up|down)$/.test(word)) {
    const amount = /^[\d~]/.test(after?.text ?? '') || /^(?:by|from|to)$/.test(after?.lower ?? '');
    if (amount || phrasalVerbs.has(before?.lower ?? '')) return false;
    return (
      isCaps ||
      afterCopula ||
      (lead && startsHere && endsHere) ||
      (endsHere && word === 'down') ||
      /^(?:for|on|at|in)$/.test(after?.lower ?? '')
    );
  }
  if (kind === 'good') return isCaps || afterCopula || (startsHere && endsHere);
  // Words that name a fault wherever they stand in a title: "Backup failed for db-1".
  if (
    /^(?:failed|failing|crashed|crashing|crashloopbackoff|oomkilled|unreachable|unhealthy|offline|degraded|timedout|nodata|unresponsive|exceeded|exceeds|overdue|unavailable|missed|inaccessible|stalled|outofsync|outage)$/.test(
      word,
    )
  ) {
    return true;
  }
  if (/^(?:critical|down|warning)$/.test(word) && /^(?:on|in|at)$/.test(after?.lower ?? '')) return true;
  if (isCaps && (lead || afterCopula || endsHere)) return true;
  if (word === 'unknown' || word === 'minor' || word === 'major' || word === 'info')
    return isCaps || (afterCopula && endsHere);
  return (
    (lead &&
      startsHere &&
      (endsHere || /^(?:in|on|for|at)$/.test(after?.lower ?? '') || alertNouns.has(after?.lower ?? ''))) ||
    afterCopula ||
    endsHere
  );
}

function isPreposition(token: Token | undefined): boolean {
  return token !== undefined && /^(?:on|in|at|for)$/.test(token.lower);
}

function isBracket(text: string): boolean {
  return openers.includes(text) || closers.includes(text);
}
