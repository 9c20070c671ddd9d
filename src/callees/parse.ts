import { nearest } from './did-you-mean.ts';
import { readNumberAndName } from './named-number.ts';
import { type NumberOptions, plainText, readNumber } from './number.ts';
import { readLink } from './slack-link.ts';
import type { Callee } from './types.ts';

export interface CalleeOptions extends NumberOptions {
  /** Name to numbers as typed, Slack users (U…) and user groups (S…). */
  lists: Record<string, string[]>;
  /** Names of recordings that may stand among the callees, as in `/voicecall db-oncall fire-drill`. */
  recordings?: string[];
  /** False: the lists' own callees are left out, and only `lists` names them. */
  expandLists?: boolean;
}

/** Why an entry cannot be rung. `line` counts from 1. */
export interface CalleeFault {
  line: number;
  text: string;
  why: string;
}

export interface ParsedCallees {
  /** Each number once, in the order of the text. */
  callees: Callee[];
  /** Slack users, U… or W…. */
  people: string[];
  /** Slack user groups, S…. */
  groups: string[];
  /** Lists named, as the configuration spells them. */
  lists: string[];
  /** Recordings named, as the configuration spells them, and texts that look like a fileId. */
  recordings: string[];
  /** How many repeats were dropped, those across lists included. */
  duplicates: number;
  faults: CalleeFault[];
  /** Sentences about numbers that will be rung although the numbering plans doubt them. */
  doubts: string[];
  /** What is neither list, person, group nor recording, one entry a line: what the callee field shows. */
  rest: string;
}

const MAX_SHOWN = 40;

/** "line 3: 9185 has 4 digits, a number has 7 to 15". Not escaped: the text is as somebody typed it. */
export function faultSentence(fault: CalleeFault): string {
  return `line ${fault.line}: ${fault.text} ${fault.why}`;
}

/** "+91…" one a line, with the name before it where there is one: what parseCallees reads back as the same. */
export function formatCallees(callees: Callee[]): string {
  return callees
    .map(({ callee, name }) =>
      name === null ? `+${callee}` : `${name.replace(/[,;<>\s]+/g, ' ')} <+${callee}>`,
    )
    .join('\n');
}

/** Puts the callees of several sources together: each number once, the first name that it has, and how many repeats went. */
export function mergeCallees(sources: Callee[][]): { callees: Callee[]; duplicates: number } {
  const byNumber = new Map<string, Callee>();
  let all = 0;
  for (const callee of sources.flat()) {
    all += 1;
    const known = byNumber.get(callee.callee);
    if (known === undefined) byNumber.set(callee.callee, callee);
    else if (known.name === null && callee.name !== null) byNumber.set(callee.callee, callee);
  }
  return { callees: [...byNumber.values()], duplicates: all - byNumber.size };
}

/**
 * Reads callees as people type and paste them: numbers, "Name <number>", Slack's own links and mentions, names of
 * lists and recordings, separated by new lines, commas, semicolons or tabs. Never throws and never guesses: what
 * could be read in two ways is a fault that says so.
 */
export function parseCallees(text: string, options: CalleeOptions): ParsedCallees {
  const reader = createReader(options);
  const lines = plainText(decodeEntities(text)).split('\n');
  for (const [index, line] of lines.entries()) reader.readLine(line, index + 1);
  return reader.result();
}

/** The callees, people and groups of some lists; unknown names are faults. */
export function expandLists(names: string[], options: CalleeOptions): ParsedCallees {
  const reader = createReader({ ...options, expandLists: true });
  for (const [index, name] of names.entries()) reader.readList(name, index + 1);
  return reader.result();
}

// Slack escapes these three wherever it hands over what somebody typed.
function decodeEntities(text: string): string {
  return text.replace(
    /&(lt|gt|amp|nbsp);/g,
    (_, name: string) => ({ lt: '<', gt: '>', amp: '&' })[name] ?? ' ',
  );
}

function createReader(options: CalleeOptions) {
  const found: Callee[] = [];
  const people = new Set<string>();
  const groups = new Set<string>();
  const lists = new Set<string>();
  const recordings = new Set<string>();
  const faults: CalleeFault[] = [];
  const doubts: string[] = [];
  const rest: string[] = [];
  const listNames = new Map(Object.keys(options.lists).map((name) => [name.toLowerCase(), name]));
  const recordingNames = new Map((options.recordings ?? []).map((name) => [name.toLowerCase(), name]));
  const knownNames = [...listNames.keys(), ...recordingNames.keys()];
  const longestName = Math.max(0, ...knownNames.map((name) => name.split(' ').length));

  function fault(line: number, entry: string, why: string): void {
    const shown = entry.length > MAX_SHOWN ? `${entry.slice(0, MAX_SHOWN)}…` : entry;
    faults.push({ line, text: shown, why });
    rest.push(entry);
  }

  function readLine(source: string, line: number): void {
    const entries: string[] = [];
    let from = 0;
    let kept = '';
    for (const link of source.matchAll(/<([^<>]*)>/g)) {
      kept += source.slice(from, link.index);
      from = link.index + link[0].length;
      kept += takeLink(link[1] ?? '', link[0], line);
    }
    kept += source.slice(from);
    const cells = kept.split('\t').map((cell) => cell.trim());
    const [first = '', second = ''] = cells;
    const row = cells.length === 2 ? nameBesideCell(first, second) : null;
    if (row !== null) entries.push(row);
    else entries.push(...kept.split(/[\t,;\uff0c\uff1b\u3001\u060c\u061b]/));
    for (const entry of entries) readEntry(entry.trim(), line);
  }

  /** Two cells of a spreadsheet, one a name and one a number, become "Name <number>". A near miss of a list stays a fault. */
  function nameBesideCell(first: string, second: string): string | null {
    const isName = (cell: string) => /^\p{L}[\p{L}\p{M} .'-]*$/u.test(cell) && !isNearKnownName(cell);
    const isNumber = (cell: string) => 'callee' in readNumber(cell, {});
    if (isName(first) && isNumber(second)) return `${first} <${second}>`;
    if (isName(second) && isNumber(first)) return `${second} <${first}>`;
    return null;
  }

  function isNearKnownName(text: string): boolean {
    return nearest(text.toLowerCase(), knownNames) !== undefined;
  }

  /** Takes what a link means out of the text; what remains to be read is given back. */
  function takeLink(inside: string, whole: string, line: number): string {
    const link = readLink(inside);
    if ('text' in link) return `<${link.text}>`;
    if ('person' in link) people.add(link.person);
    else if ('group' in link) groups.add(link.group);
    else fault(line, whole, link.why);
    return ',';
  }

  function readEntry(entry: string, line: number): void {
    if (entry === '') return;
    // "Asha <+91 …> Ben <+65 …>" and "+91 … +65 …" are told apart by what stands between.
    const parts = entry.match(/[^>]+>|[^>]+$/g) ?? [entry];
    for (const part of parts.flatMap((text) => text.split(/(?<=[0-9])\s+(?=\(?\+)/)))
      readWords(part.trim(), line);
  }

  /** Takes known names out of words separated by spaces; what stands between them is read as a number. */
  function readWords(text: string, line: number): void {
    const words = text.split(/\s+/).filter((word) => word !== '');
    let pending: string[] = [];
    const flush = () => {
      if (pending.length > 0) readOne(pending.join(' '), line);
      pending = [];
    };
    for (let at = 0; at < words.length; at += 1) {
      const length = knownNameAt(words, at);
      if (length === 0) {
        pending.push(words[at] ?? '');
        continue;
      }
      flush();
      takeName(words.slice(at, at + length).join(' '), line);
      at += length - 1;
    }
    flush();
  }

  function knownNameAt(words: string[], at: number): number {
    for (let length = Math.min(longestName, words.length - at); length > 0; length -= 1) {
      const name = words
        .slice(at, at + length)
        .join(' ')
        .toLowerCase();
      if (listNames.has(name) || recordingNames.has(name)) return length;
    }
    return /^[\w.-]{5,}\.(mp3|wav|m4a)$/i.test(words[at] ?? '') ? 1 : 0;
  }

  function takeName(name: string, line: number): void {
    if (listNames.has(name.toLowerCase())) readList(name, line);
    else recordings.add(recordingNames.get(name.toLowerCase()) ?? name);
  }

  function readList(name: string, line: number): void {
    const list = listNames.get(name.toLowerCase());
    if (list === undefined) {
      fault(line, name, noListWords(name));
      return;
    }
    if (lists.has(list)) return;
    lists.add(list);
    if (options.expandLists === false) return;
    for (const entry of options.lists[list] ?? []) readListEntry(entry, list, line);
  }

  function readListEntry(entry: string, list: string, line: number): void {
    const plain = plainText(decodeEntities(entry)).trim();
    if (takeId(plain, /^[UW][A-Z0-9]{2,}$/, /^S[A-Z0-9]{2,}$/)) return;
    const read = readNumberAndName(plain, options);
    if ('why' in read)
      faults.push({ line, text: plain.slice(0, MAX_SHOWN), why: `${read.why} (in the list ${list})` });
    else take(read, plain, line);
  }

  function takeId(text: string, user: RegExp, group: RegExp): boolean {
    if (user.test(text)) people.add(text);
    else if (group.test(text)) groups.add(text);
    else return false;
    return true;
  }

  function take(read: Callee & { doubt: string | null }, text: string, line: number): void {
    found.push({ callee: read.callee, name: read.name });
    if (read.doubt !== null) doubts.push(`line ${line}: ${text.slice(0, MAX_SHOWN)} ${read.doubt}`);
  }

  function readOne(entry: string, line: number): void {
    // A word in capitals is an id only with a digit in it: "USA" is none.
    if (takeId(entry, /^[UW](?=[A-Z]*[0-9])[A-Z0-9]{4,}$/, /^S(?=[A-Z]*[0-9])[A-Z0-9]{4,}$/)) return;
    const read = readNumberAndName(entry, options);
    const why =
      'why' in read ? (read.noNumber ? noListWords(entry) : read.why) : nameTrouble(read.name, read.marked);
    if ('why' in read || why !== null) {
      fault(line, entry, why ?? 'is no number');
      return;
    }
    take(read, entry, line);
    rest.push(entry);
  }

  /** Why a name beside a number may be meant for a list or a recording; null if it is a name. */
  function nameTrouble(name: string | null, marked: boolean): string | null {
    if (name === null) return null;
    const label = name.toLowerCase();
    if (listNames.has(label) || recordingNames.has(label)) {
      return 'has the name of a list or recording beside a number; separate them by a comma';
    }
    return !marked && isNearKnownName(label) ? noListWords(name) : null;
  }

  function noListWords(word: string): string {
    if (word.startsWith('@')) return 'was not made a person by Slack; choose them under People';
    const near = nearest(word.toLowerCase(), [...listNames.keys()]);
    const known = near === undefined ? undefined : listNames.get(near);
    return known === undefined
      ? 'is no number and no list'
      : `is no number and no list; did you mean ${known}?`;
  }

  return {
    readLine,
    readList,
    result(): ParsedCallees {
      const { callees, duplicates } = mergeCallees([found]);
      return {
        callees,
        people: [...people],
        groups: [...groups],
        lists: [...lists],
        recordings: [...recordings],
        duplicates,
        faults,
        doubts,
        rest: rest.join('\n'),
      };
    },
  };
}
