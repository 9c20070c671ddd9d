import { classify, classifyListed, type Meaning, noListWords } from './classify.ts';
import { type Entry, entries, type KnownNames, knownNames } from './entries.ts';
import type { NumberOptions, Trouble } from './number.ts';
import type { Callee } from './types.ts';

export interface CalleeOptions extends NumberOptions {
  /** From a list's name to its entries: numbers as typed, Slack users (U…), user groups (S…). */
  lists: Record<string, string[]>;
  /** Names of recordings that a person may type among the callees, as in `/voicecall db-oncall fire-drill`. */
  recordings?: string[];
  /** False: do not read the lists' callees; only return the lists' names. */
  expandLists?: boolean;
  /** Stop reading after this many different callees. Absent: read all. */
  atMost?: number;
}

/** Why an entry cannot be called, and what to do about it. The first `line` is 1. */
export interface CalleeFault extends Trouble {
  line: number;
  text: string;
}

export interface ParsedCallees {
  /** Each number once, in the order of the text. */
  callees: Callee[];
  /** Slack users, U… or W…. */
  people: string[];
  /** Slack user groups, S…. */
  groups: string[];
  /** The lists that were named, in the configuration's spelling. */
  lists: string[];
  /** The recordings that were named, in the configuration's spelling, and texts that look like a fileId. */
  recordings: string[];
  /** How many repeated numbers were dropped, including repeats across lists. */
  duplicates: number;
  faults: CalleeFault[];
  /** Sentences about numbers that will be called although the numbering plans doubt them. */
  doubts: string[];
  /** Entries that are not a list, person, group or recording, one on each line, for the callee field. */
  rest: string;
  /** True if reading stopped early because there is too much. */
  stopped: boolean;
}

const maxShown = 40;

/** How many callees above the limit are still counted. */
const counted = 1_000;

/** A text with more faults than this is not a text of callees. */
const maxFaults = 1_000;

/** "“91856321412” does not look like a number of India (IN) (line 2)." */
export function doubtSentence(text: string, doubt: string, line: number): string {
  return `“${text.slice(0, maxShown)}” ${doubt} (line ${line}).`;
}

/** "Check the number: “9185” has 4 digits, a number has 7 to 15 (line 3)." Not escaped: it contains the text as typed. */
export function faultSentence(fault: CalleeFault): string {
  return `${fixFirst(fault, `“${fault.text}”`)} (line ${fault.line}).`;
}

/** "Check the number: “9185” has 4 digits, a number has 7 to 15" */
export function fixFirst({ fix, why }: Trouble, what: string): string {
  return `${fix}${fix.endsWith('?') ? '' : ':'} ${what} ${why}`;
}

/**
 * Merges callees of several sources. Returns each number once, with the first name found, and how many repeats were
 * dropped.
 */
export function mergeCallees(sources: Callee[][]): { callees: Callee[]; duplicates: number } {
  const byNumber = new Map<string, Callee>();
  for (const callee of sources.flat()) addCallee(byNumber, callee);
  const all = sources.reduce((sum, source) => sum + source.length, 0);
  return { callees: [...byNumber.values()], duplicates: all - byNumber.size };
}

/**
 * Reads callees as people type and paste them: numbers, "Name <number>", Slack links and mentions, names of lists and
 * recordings; separated by new lines, commas, semicolons or tabs. Never throws.
 */
export function parseCallees(text: string, options: CalleeOptions): ParsedCallees {
  return toTheEnd(readCallees(text, options));
}

/** The same in steps, for texts that may be long: the caller may pause between steps. */
export function* readCallees(text: string, options: CalleeOptions): Generator<void, ParsedCallees> {
  const names = knownNames(Object.keys(options.lists), options.recordings ?? []);
  const sum = createSum();
  for (const entry of entries(text, names)) {
    sum.seen += 1;
    if (entry !== null) yield* addEntry(sum, entry, classify(entry, names, options), options);
    if (isTooMuch(sum, options)) break;
    yield;
  }
  return result(sum);
}

/** The callees, people and groups of some lists. Unknown names are faults. */
export function expandLists(listNames: string[], options: CalleeOptions): ParsedCallees {
  return toTheEnd(readLists(listNames, options));
}

/** The same in steps. */
export function* readLists(listNames: string[], options: CalleeOptions): Generator<void, ParsedCallees> {
  const names = knownNames(Object.keys(options.lists), []);
  const sum = createSum();
  for (const [index, name] of listNames.entries()) {
    const entry: Entry = { line: index + 1, text: name, kind: 'name' };
    yield* addEntry(sum, entry, meaningOfListName(name, names), { ...options, expandLists: true });
  }
  return result(sum);
}

function meaningOfListName(name: string, names: KnownNames): Meaning {
  const list = names.lists.get(name.toLowerCase());
  return list === undefined ? { kind: 'fault', ...noListWords(name, names) } : { kind: 'list', name: list };
}

/** Runs all steps of a reader at once, for short texts. */
function toTheEnd(reader: Generator<void, ParsedCallees>): ParsedCallees {
  let step = reader.next();
  while (!step.done) step = reader.next();
  return step.value;
}

/** What has been read so far. */
interface Sum {
  byNumber: Map<string, Callee>;
  /** Repeats included. */
  numbers: number;
  /** Entries and lines, including empty ones. */
  seen: number;
  people: Set<string>;
  groups: Set<string>;
  lists: Set<string>;
  recordings: Set<string>;
  faults: CalleeFault[];
  doubts: string[];
  rest: string[];
  stopped: boolean;
}

function createSum(): Sum {
  return {
    byNumber: new Map(),
    numbers: 0,
    seen: 0,
    people: new Set(),
    groups: new Set(),
    lists: new Set(),
    recordings: new Set(),
    faults: [],
    doubts: [],
    rest: [],
    stopped: false,
  };
}

/** Adds the meaning of an entry. Each entry of a list is another step. */
function* addEntry(sum: Sum, entry: Entry, meaning: Meaning, options: CalleeOptions): Generator<void, void> {
  const { line, text } = entry;
  switch (meaning.kind) {
    case 'fault':
      sum.faults.push({ line, text: shown(text), why: meaning.why, fix: meaning.fix });
      sum.rest.push(text);
      break;
    case 'numbers':
      addNumbers(sum, meaning.numbers, entry);
      sum.rest.push(
        ...(meaning.numbers.length > 1 ? meaning.numbers.map(({ callee }) => `+${callee}`) : [text]),
      );
      break;
    case 'list':
      if (sum.lists.has(meaning.name)) break;
      sum.lists.add(meaning.name);
      if (options.expandLists !== false) yield* addList(sum, meaning.name, line, options);
      break;
    default:
      addId(sum, meaning);
  }
}

function* addList(sum: Sum, list: string, line: number, options: CalleeOptions): Generator<void, void> {
  for (const entry of options.lists[list] ?? []) {
    const meaning = classifyListed(entry, options);
    if (meaning.kind === 'fault')
      sum.faults.push({
        ...{ line, text: entry.slice(0, maxShown) },
        ...{ why: `${meaning.why} (in the list ${list})`, fix: meaning.fix },
      });
    else if (meaning.kind === 'numbers') addNumbers(sum, meaning.numbers, { line, text: entry });
    else addId(sum, meaning);
    yield;
  }
}

function addId(sum: Sum, meaning: Meaning): void {
  if (meaning.kind === 'person') sum.people.add(meaning.id);
  else if (meaning.kind === 'group') sum.groups.add(meaning.id);
  else if (meaning.kind === 'recording') sum.recordings.add(meaning.name);
}

function addNumbers(
  sum: Sum,
  numbers: readonly (Callee & { doubt: string | null })[],
  { line, text }: Pick<Entry, 'line' | 'text'>,
): void {
  for (const { callee, name, doubt } of numbers) {
    sum.numbers += 1;
    addCallee(sum.byNumber, { callee, name });
    if (doubt !== null) sum.doubts.push(doubtSentence(text, doubt, line));
  }
}

function addCallee(byNumber: Map<string, Callee>, callee: Callee): void {
  const known = byNumber.get(callee.callee);
  if (known === undefined) byNumber.set(callee.callee, callee);
  else if (known.name === null || known.timeZone === undefined) {
    const timeZone = known.timeZone ?? callee.timeZone;
    const name = known.name ?? callee.name;
    byNumber.set(callee.callee, {
      callee: known.callee,
      name,
      ...(timeZone === undefined ? {} : { timeZone }),
    });
  }
}

function shown(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

/**
 * True if reading must stop: there are many more callees than allowed, or more faults, repeats or empty lines than a
 * person writes.
 */
function isTooMuch(sum: Sum, { atMost }: CalleeOptions): boolean {
  if (atMost === undefined) return false;
  const { byNumber, seen, faults } = sum;
  sum.stopped = tooMuch(atMost, { different: byNumber.size, all: seen / 2, faults: faults.length });
  return sum.stopped;
}

/**
 * When to stop reading if `atMost` callees are wanted: a little after that, so that a few too many are counted
 * exactly.
 */
export function tooMuch(atMost: number, read: { different: number; all: number; faults: number }): boolean {
  return (
    read.different > atMost + counted || read.faults >= maxFaults || read.all > Math.max(5_000, 3 * atMost)
  );
}

function result(sum: Sum): ParsedCallees {
  return {
    callees: [...sum.byNumber.values()],
    people: [...sum.people],
    groups: [...sum.groups],
    lists: [...sum.lists],
    recordings: [...sum.recordings],
    duplicates: sum.numbers - sum.byNumber.size,
    faults: sum.faults,
    doubts: sum.doubts,
    rest: sum.rest.join('\n'),
    stopped: sum.stopped,
  };
}
