import { nearest } from './did-you-mean.ts';
import { maxCalleeLength, normalizeTyped, readNumber } from './number.ts';
import { separator } from './separators.ts';
import { readLink } from './slack-link.ts';

/** One entry in a text of callees. */
export interface Entry {
  /** The first line is 1. */
  line: number;
  text: string;
  /**
   * `text`: a number, a name beside it, or neither. `link`: in angle brackets. `name`: a known name. `tooLong`: not a
   * callee.
   */
  kind: 'text' | 'link' | 'name' | 'tooLong';
}

/** The names in the configuration. */
export interface KnownNames {
  /** From the name in lower case to its spelling in the configuration. */
  lists: Map<string, string>;
  recordings: Map<string, string>;
  /** The number of words in the longest name. */
  longest: number;
}

// No person writes a longer line, so no pattern is tried on it.
const maxLineLength = 20_000;

export function knownNames(lists: readonly string[], recordings: readonly string[]): KnownNames {
  const spelled = (names: readonly string[]) => new Map(names.map((name) => [name.toLowerCase(), name]));
  return {
    lists: spelled(lists),
    recordings: spelled(recordings),
    longest: [...lists, ...recordings].reduce((most, name) => Math.max(most, name.split(' ').length), 0),
  };
}

/** True for a word that was probably meant to be a known name. */
export function isNearKnownName(text: string, names: KnownNames): boolean {
  return nearest(text.toLowerCase(), [...names.lists.keys(), ...names.recordings.keys()]) !== undefined;
}

/**
 * All entries of a text, in order. Null for a part without an entry. Reads line by line, so the caller may pause or
 * stop anywhere.
 */
export function* entries(text: string, names: KnownNames): Generator<Entry | null> {
  let line = 0;
  for (const raw of rawLines(text)) {
    if (raw.trim() === '') {
      line += 1;
      yield null;
      continue;
    }
    if (raw.length > maxLineLength) {
      line += 1;
      yield { line, text: raw, kind: 'tooLong' };
      continue;
    }
    for (const each of normalizeTyped(decodeEntities(raw)).split('\n')) {
      line += 1;
      yield* entriesOfLine(each, line, names);
      yield null;
    }
  }
}

function* rawLines(text: string): Generator<string> {
  let from = 0;
  for (const end of text.matchAll(/\r\n?|\n/g)) {
    yield text.slice(from, end.index);
    from = end.index + end[0].length;
  }
  yield text.slice(from);
}

/** Slack escapes these three characters in text that people typed. */
export function decodeEntities(text: string): string {
  return text.replace(
    /&(lt|gt|amp|nbsp);/g,
    (_, name: string) => ({ lt: '<', gt: '>', amp: '&' })[name] ?? ' ',
  );
}

function* entriesOfLine(source: string, line: number, names: KnownNames): Generator<Entry> {
  let before = '';
  let from = 0;
  // Links first, because the comma in "<@U1|Doe, Asha>" is no separator.
  for (const link of source.matchAll(/<([^<>]*)>/g)) {
    before += source.slice(from, link.index);
    from = link.index + link[0].length;
    const read = readLink(link[1] ?? '');
    if ('text' in read) {
      before += `<${read.text}>`;
      continue;
    }
    yield* entriesOfText(before, line, names);
    yield { line, text: link[0], kind: 'link' };
    before = '';
  }
  yield* entriesOfText(before + source.slice(from), line, names);
}

function* entriesOfText(text: string, line: number, names: KnownNames): Generator<Entry> {
  const row = spreadsheetRow(text, names);
  const parts = row === null ? text.split(separator) : [row];
  for (const part of parts) {
    // "Asha <+91 …> Ben <+65 …>" and "+91 … +65 …" are several callees.
    for (const piece of part.match(/[^>]+>|[^>]+$/g) ?? []) {
      for (const each of piece.split(/(?<=[0-9])\s+(?=\(?\+)/)) yield* entriesOfWords(each, line, names);
    }
  }
}

/**
 * Two cells of a spreadsheet, one with a name and one with a number, as "Name <number>". Null for everything else. A
 * word close to a list's name is not taken as a person's name.
 */
function spreadsheetRow(text: string, names: KnownNames): string | null {
  if (text.length > maxCalleeLength) return null;
  const cells = text.split('\t').map((cell) => cell.trim());
  const [first = '', second = ''] = cells;
  if (cells.length !== 2) return null;
  const isName = (cell: string) => /^\p{L}[\p{L}\p{M} .'-]*$/u.test(cell) && !isNearKnownName(cell, names);
  const isNumber = (cell: string) => 'callee' in readNumber(cell, {});
  if (isName(first) && isNumber(second)) return `${first} <${second}>`;
  if (isName(second) && isNumber(first)) return `${second} <${first}>`;
  return null;
}

/** Finds known names among words separated by spaces. The words between two of them are one entry. */
function* entriesOfWords(text: string, line: number, names: KnownNames): Generator<Entry> {
  const words = text.split(/\s+/).filter((word) => word !== '');
  let from = 0;
  const between = (to: number): Entry[] => {
    const entry = words.slice(from, to).join(' ');
    if (entry === '') return [];
    return [{ line, text: entry, kind: entry.length > maxCalleeLength ? 'tooLong' : 'text' }];
  };
  for (let at = 0; at < words.length; at += 1) {
    const length = knownNameAt(words, at, names);
    if (length === 0) continue;
    yield* between(at);
    yield { line, text: words.slice(at, at + length).join(' '), kind: 'name' };
    from = at + length;
    at = from - 1;
  }
  yield* between(words.length);
}

/** How many words, from `at` on, form one known name. 0: none. */
function knownNameAt(words: readonly string[], at: number, names: KnownNames): number {
  for (let length = Math.min(names.longest, words.length - at); length > 0; length -= 1) {
    const name = words
      .slice(at, at + length)
      .join(' ')
      .toLowerCase();
    if (names.lists.has(name) || names.recordings.has(name)) return length;
  }
  return /^[\w.-]{5,200}\.(mp3|wav|m4a)$/i.test(words[at] ?? '') ? 1 : 0;
}
