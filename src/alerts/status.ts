import type { AlertStatus } from '../config/types.ts';
import type { Flattened } from './pieces.ts';
import { chatterIn, namesFault, namesRun, tellsOfCall } from './words/chatter.ts';
import type { HeadReading } from './words/state-words.ts';
import { readHead } from './words/state-words.ts';
import type { EmojiColor } from './words/vocabulary.ts';

export interface StatusEvidence {
  /** The first lines of headline-like parts, in reading order, with the titles. */
  heads: string[];
  /** The values of fields such as "State" or "Alarm state". */
  states: string[];
  /** The colours of attachments, unchanged. */
  colors: string[];
  /** The first line of each attachment's text below a title. It counts only where heads, fields and colours say nothing. */
  bodies: string[];
  /** True if the message has the parts of an alert: a stated severity, a host, a threshold. */
  structured: boolean;
  /** True if it states a severity of warning or worse. */
  severe: boolean;
}

export interface StatusReading {
  status: AlertStatus;
  /** True for an "info" that reports success: it ends a failure with the same key, if one fires. */
  endsFailure: boolean;
}

/**
 * Decides whether an alert began, ended, or neither. Words count more than colours. The order: lifecycle words in the
 * heads, then in state fields; state words in the heads, then in the fields; strong signs; colours; weak words.
 */
export function readStatus(evidence: StatusEvidence): StatusReading {
  const heads = evidence.heads.map(readHead);
  const fields = evidence.states.map((value) => readHead(`${value.slice(0, 80)}`));
  const decided = (status: AlertStatus): StatusReading => ({ status, endsFailure: false });

  if (evidence.heads.slice(0, 2).some(tellsOfCall)) return { status: 'info', endsFailure: false };
  const counts = evidence.heads.some((line) => countsInBracket(line) !== undefined);
  if (!counts && isChatter(evidence, heads)) return { status: 'info', endsFailure: false };
  for (const [line, reading] of zip(evidence.heads, heads)) {
    const grouped = countsInBracket(line);
    if (grouped !== undefined) return decided(grouped);
    const first = reading.said.find(
      (said) => said.class === 'fires' || said.class === 'resolves' || said.class === 'neutral',
    );
    if (first === undefined) continue;
    // "Started" alone is a run. An alert that started is named.
    if (first.word === 'started' && reading.tokens.length === 1)
      return { status: 'info', endsFailure: false };
    if (first.class === 'neutral') {
      if (!isDecisive(first, reading, evidence)) continue;
      return { status: 'info', endsFailure: isSuccess(first.word) };
    }
    return decided(first.class === 'fires' ? 'firing' : 'resolved');
  }
  const field = lifecycleOfFields(fields, evidence);
  if (field !== undefined) return field;
  for (const reading of [...heads, ...fields]) {
    const first = reading.said.find((said) => said.class === 'bad' || said.class === 'good');
    if (first === undefined) continue;
    // "✅ Monitor failure: nightly": the sign is the news; the word is part of the alert's name.
    const signedOff = reading.emoji?.color === 'green' && !/^fail(?!ing$|ure$)/.test(first.word);
    const colors = evidence.colors.map(colorOf);
    // "payments failing" in green, above "Resolved by Asha": the title is a name.
    const endsInGreen = colors.includes('green') && evidence.bodies.some(isEnd);
    const isOver = (signedOff || endsInGreen) && !colors.includes('red');
    return decided(first.class === 'bad' && !isOver ? 'firing' : 'resolved');
  }
  return byColour(heads, evidence);
}

/**
 * True for other bot messages. The title of a report does not silence another line that states a state, if the colour
 * agrees: "Consul monitoring report" in red, below "dc1 is CRITICAL".
 */
function isChatter(evidence: StatusEvidence, heads: HeadReading[]): boolean {
  const found = evidence.heads.slice(0, 3).map(chatterIn);
  if (found.every((chatter) => chatter === undefined)) return false;
  if (found.includes('people')) return true;
  const colors = evidence.colors.map(colorOf);
  return !heads.some((reading, index) => {
    const said = found[index] === undefined ? reading.said[0]?.class : undefined;
    if (said === 'bad' || said === 'fires') return colors.includes('red') || colors.includes('yellow');
    return (said === 'good' || said === 'resolves') && colors.includes('green');
  });
}

function byColour(heads: HeadReading[], evidence: StatusEvidence): StatusReading {
  const emoji = heads.find((reading) => reading.emoji !== undefined)?.emoji;
  const weak = heads.some((reading) => reading.weak);
  const colors = evidence.colors.map(colorOf).filter((color) => color !== undefined);
  const decided = (status: AlertStatus): StatusReading => ({ status, endsFailure: false });
  if (emoji?.color === 'red' && !emoji.weak) return decided('firing');
  if (emoji?.color === 'green') return decided('resolved');
  if (colors.includes('red')) return decided('firing');
  if (colors.includes('green')) return decided('resolved');
  // "Uptime alert" above "The site is back up.": the title is a name, and only the text says what happened.
  if (emoji === undefined && evidence.bodies.some(isEnd)) return decided('resolved');
  const supported = weak || evidence.structured;
  if (emoji !== undefined && (supported || emoji.color === 'yellow')) return decided('firing');
  if (colors.includes('yellow') && supported) return decided('firing');
  if (weak && evidence.structured) return decided('firing');
  if (evidence.severe && heads.some((reading) => reading.noun)) return decided('firing');
  if (evidence.heads.slice(0, 2).some(namesFault)) return decided('firing');
  return decided('info');
}

/** True for one short sentence that says that it is over, and nothing else. */
function isEnd(line: string): boolean {
  if (line.length > 120 || /[.!?] \S/.test(line)) return false;
  const [first, ...more] = readHead(line).said;
  return (
    first?.class === 'resolves' && more.every((said) => said.class === 'good' || said.class === 'resolves')
  );
}

function lifecycleOfFields(fields: HeadReading[], evidence: StatusEvidence): StatusReading | undefined {
  for (const [value, reading] of zip(evidence.states, fields)) {
    const first = reading.said.find(
      (said) => said.class === 'fires' || said.class === 'resolves' || said.class === 'neutral',
    );
    // "Status: Started" of a job is no alert.
    if (first?.word === 'started' && evidence.heads.some(namesRun))
      return { status: 'info', endsFailure: false };
    if (first?.class === 'fires') return { status: 'firing', endsFailure: false };
    if (first?.class === 'resolves') return { status: 'resolved', endsFailure: false };
    if (first?.class === 'neutral') return { status: 'info', endsFailure: isSuccess(first.word) };
    if (/^\W*(?:active|open|ongoing|new)\b/i.test(value) && evidence.structured)
      return { status: 'firing', endsFailure: false };
  }
  return undefined;
}

/** "[FIRING:1, RESOLVED:2]": one firing alert counts more than any number of resolved ones. */
function countsInBracket(line: string): AlertStatus | undefined {
  const bracket = /^[^[\]]{0,60}\[([^[\]]{1,60})\]/.exec(line)?.[1];
  if (bracket === undefined) return undefined;
  const firing = /\b(?:firing|alerting|triggered)\b(?:\s*[:x×]?\s*(\d+))?/i.exec(bracket);
  if (firing !== null && firing[1] !== '0') return 'firing';
  return /\b(?:resolved|recovered)\b/i.test(bracket) ? 'resolved' : undefined;
}

/**
 * "Acknowledged" always decides. "scheduled", "passed" or "paused" do not if the line also names a fault or the
 * colour is red.
 */
function isDecisive(
  neutral: { word: string; lead: boolean },
  reading: HeadReading,
  evidence: StatusEvidence,
): boolean {
  if (
    /^(?:ack|acked|acknowledg|snooz|silenced|muted|suppressed|downtime|flapping|insufficientdata)/.test(
      neutral.word,
    )
  )
    return true;
  if (reading.said.some((said) => said.class === 'bad')) return false;
  return (
    neutral.lead || isSuccess(neutral.word) || !evidence.colors.some((color) => colorOf(color) === 'red')
  );
}

function isSuccess(word: string): boolean {
  return /^(?:succeeded|success|successful|successfully|passed|completed|finished|deployed|synced)$/.test(
    word,
  );
}

/**
 * Lines that say that an alert is acknowledged. Group 1, if present: by whom. All are anchored or short, so matching
 * is linear.
 */
const acknowledgements = [
  /^(?::[\w+-]{1,40}:|[^\p{L}\p{N}]){0,8}(?:(?:current )?(?:status|state) ?[:=-] {0,2})?ack(?:ed|nowledged)(?: on (?:[\w-]{1,30}))?[:,]? by\b:?(.{0,120})$/iu,
  /^(?::[\w+-]{1,40}:|[^\p{L}\p{N}]){0,8}(?:(?:current )?(?:status|state) ?[:=-] {0,2})?ack(?:ed|nowledged)[^\p{L}\p{N}]{0,12}$/iu,
  /^[^\p{L}\p{N}]{0,12}\[ack(?:ed|nowledged)?\] /iu,
  /^[^\p{L}\p{N}]{0,12}(?:is )?acknowledged ?: (?:yes|true)\b/iu,
  /\b(?:was|is|has been|been) acknowledged by\b:?(.{0,120})$/iu,
  /^[^\p{L}\p{N}]{0,12}([^\s:][^:]{0,40}?) (?:has )?acknowledged (?:this|the) (?:alert|incident|alarm|problem|issue)\b/iu,
];

/** "Will call again unless acknowledged by Asha": it is not acknowledged. */
const notYet =
  /\b(?:not|never|unless|until|till|if|once|when|whenever|before|please|must|should|can|could|may|will|to be|waiting|awaiting|needs?|reminder|auto(?:matically)?[ -]?ack\w*)\b|n['’]t\b/i;
const nobody =
  /^(?:nobody|no[- ]?one|none|n\/?a|null|nil|false|no|unknown|unassigned|anyone|anybody|someone|somebody|undefined|pending|\W*)$/i;

const label = '(?:(?:current |new |alert |incident |alarm |event |problem )?(?:state|status) ?[:=] {0,2})?';
const stateSign = '(?::[\\w+-]{1,40}:|[^\\p{L}\\p{N}]){0,8}';
const ended = 'resolved|closed|recovered|cleared|auto[- ]?resolved|auto[- ]?closed';
/** Lines next to the title that say that an alert is over. Group 1, if present: by whom. */
const ends = [
  new RegExp(
    `^${stateSign}(?:(?:current |new |alert |incident |alarm |event |problem )?(?:state|status) ?[:=] {0,2})${stateSign}(?:(?:[\\w ]{1,20}) ?(?:→|->|=>|to) ?)?${stateSign}(?:${ended}|ok|okay|fixed|done|inactive|ended|normal)${stateSign}(?:$|(?:by|at|on|after|in|since)\\b)`,
    'iu',
  ),
  new RegExp(`^${stateSign}${label}${stateSign}(?:${ended})(?: automatically)?:? by\\b:?(.{0,120})$`, 'iu'),
  new RegExp(
    `^${stateSign}${label}${stateSign}(?:${ended})(?: automatically)?:? (?:at|on|after|in)\\b:? ?[\\p{L}\\p{N}<]`,
    'iu',
  ),
  new RegExp(`^${stateSign}(?:${ended})${stateSign}$`, 'iu'),
];
/** Lines that say that it began, or began again. Of several, the last one counts. */
const begins =
  /^[^\p{L}\p{N}]{0,12}(?:re-?opened|re-?triggered|re-?fired|reactivated|triggered|firing|fired|opened|raised|started)\b.{0,12}\b(?:again|at|by|on|since)\b/iu;

/**
 * True if a line next to the title says that the alert is over ("State: *Resolved*", "Closed by Asha"). It only
 * counts in an edit, because many tools do not edit the title.
 */
export function endsBelow(flat: Flattened): boolean {
  let over = false;
  for (const piece of flat.pieces) {
    if (piece.kind === 'title' || piece.kind === 'header' || piece.kind === 'button') continue;
    for (const line of piece.lines.slice(0, 40)) {
      if (line.length > 160) continue;
      if (begins.test(line)) over = false;
      const found = ends.map((pattern) => pattern.exec(line)).find((match) => match !== null);
      if (found === undefined || notYet.test(line)) continue;
      const by = found[1];
      if (by !== undefined && (/by:\s*$/i.test(line) || (by.trim() !== '' && nobody.test(nameIn(by)))))
        continue;
      over = true;
    }
  }
  return over;
}

/**
 * Who acknowledged an alert. '': the message names nobody. Null: the message does not say that it is acknowledged.
 */
export function readAcknowledged(flat: Flattened): string | null {
  const said = new Set<string>(['text', 'header', 'section', 'context', 'pretext', 'title', 'body', 'field']);
  for (const piece of flat.pieces) {
    if (!said.has(piece.kind)) continue;
    for (const line of piece.lines.slice(0, 20)) {
      if (line.length > 200) continue;
      const found = acknowledgements.map((pattern) => pattern.exec(line)).find((match) => match !== null);
      if (found === undefined || notYet.test(line)) continue;
      const name = nameIn(found[1] ?? '');
      if (found[1] !== undefined && found[1].trim() !== '' && nobody.test(name)) continue;
      return name;
    }
  }
  return null;
}

/** Only the name from "Asha Rao at 10:02 UTC" or "@asha (via email) · 2 min". */
function nameIn(words: string): string {
  const name = words.split(/ (?:at|on|via|from|in|for|with)\b|[|·(,;\n]| [-–—] |\.(?: |$)| \d/)[0] ?? '';
  return name
    .replace(/^[\s:@]+/, '')
    .trim()
    .slice(0, 60);
}

/**
 * Red, yellow or green for a name or a hex colour ("good", "#36a64f", "a30200"). Undefined for blue, grey and invalid
 * values.
 */
export function colorOf(color: string): EmojiColor | undefined {
  const name = color.trim().toLowerCase();
  if (name === 'good' || name === 'green') return 'green';
  if (name === 'warning' || name === 'yellow' || name === 'orange') return 'yellow';
  if (name === 'danger' || name === 'red') return 'red';
  const hex =
    /^#?([0-9a-f]{6})$/.exec(name)?.[1] ?? /^#?([0-9a-f]{3})$/.exec(name)?.[1]?.replace(/./g, '$&$&');
  if (hex === undefined) return undefined;
  const number = Number.parseInt(hex, 16);
  const [r, g, b] = [number >> 16, (number >> 8) & 255, number & 255];
  const high = Math.max(r, g, b);
  const spread = high - Math.min(r, g, b);
  if (high < 50 || spread / high < 0.3) return undefined;
  let hue = 0;
  if (high === r) hue = (60 * (g - b)) / spread;
  else if (high === g) hue = 120 + (60 * (b - r)) / spread;
  else hue = 240 + (60 * (r - g)) / spread;
  if (hue < 0) hue += 360;
  if (hue < 18 || hue >= 335) return 'red';
  if (hue < 66) return 'yellow';
  return hue >= 75 && hue < 172 ? 'green' : undefined;
}

function zip<A, B>(left: A[], right: B[]): [A, B][] {
  const pairs: [A, B][] = [];
  for (const [index, value] of left.entries()) {
    const other = right[index];
    if (other !== undefined) pairs.push([value, other]);
  }
  return pairs;
}
