import { parse } from 'csv-parse/sync';
import { cleanName, readNumberAndName } from './named-number.ts';
import { isNumberText, type NumberOptions, plainText } from './number.ts';
import { type CalleeFault, type CalleeOptions, faultSentence, mergeCallees, parseCallees } from './parse.ts';
import type { Callee } from './types.ts';

export interface CalleeFile {
  /** Why the file as a whole cannot be used, as a sentence; null where it was read. */
  refusal: string | null;
  callees: Callee[];
  /** Slack users, groups and lists, which a plain text file may name. */
  people: string[];
  groups: string[];
  lists: string[];
  duplicates: number;
  /** The first twenty. */
  faults: CalleeFault[];
  faultCount: number;
  /** The first twenty. */
  doubts: string[];
  doubtCount: number;
}

export const MAX_FILE_BYTES = 10 * 1024 * 1024;
const MAX_SHOWN = 20;
const SAMPLE = 200;
const NUMBER_HEADERS = /phone|mobile|cell|tel|number|msisdn|callee/i;
const NAME_HEADERS = /name|callee_name|person|who|contact/i;

interface Row {
  cells: string[];
  line: number;
}

/**
 * Reads a CSV or text file of callees: commas, semicolons or tabs, a header or none, the column that holds numbers,
 * a name beside it. Faults are told by line. Never throws; what is no such file gives a `refusal`.
 */
export function parseCalleeFile(bytes: Uint8Array, options: CalleeOptions): CalleeFile {
  if (bytes.length > MAX_FILE_BYTES)
    return refused('The file is larger than 10 MB. Split it, or leave out what is not needed.');
  const text = decode(bytes);
  if (text === null)
    return refused(
      'The file is not plain text in UTF-8. Save it as "CSV UTF-8" (not as a workbook) and add it again.',
    );
  if (text.trim() === '') return refused('The file is empty.');
  const delimiter = findDelimiter(text);
  if (delimiter === null) return fromText(text, options);
  let rows: Row[];
  try {
    rows = readRows(text, delimiter);
  } catch (error) {
    const line = /line (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    return refused(
      `The file cannot be read as CSV${line === undefined ? '' : `: see line ${line}`}; a quote is open or out of place.`,
    );
  }
  return fromRows(rows, text, options);
}

/** The sentences of a file's faults: the first twenty, then how many more there are. */
export function fileFaultSentences(file: CalleeFile): string[] {
  const sentences = file.faults.map(faultSentence);
  const more = file.faultCount - sentences.length;
  return more > 0 ? [...sentences, `and ${more} more`] : sentences;
}

/** A text as a CSV cell that no spreadsheet takes for a formula (https://owasp.org/www-community/attacks/CSV_Injection). */
export function neutraliseFormula(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function decode(bytes: Uint8Array): string | null {
  // Excel's "Unicode text" is UTF-16 and begins with this mark.
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what tells a binary file.
  return /[\u0000-\u0008\u000e-\u001a]/.test(text) ? null : text.replace(/\r\n?/g, '\n');
}

/** The separator that most lines have outside quotes; null where no line has one, or only lines of free text do. */
function findDelimiter(text: string): string | null {
  const lines = text
    .slice(0, 100_000)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, SAMPLE)
    .map((line) => line.replace(/"[^"]*"/g, '""').replace(/<[^<>]*>/g, ''));
  let best: string | null = null;
  let most = 0;
  for (const candidate of ['\t', ';', ',']) {
    const having = lines.filter((line) => line.includes(candidate)).length;
    if (having > most) {
      best = candidate;
      most = having;
    }
  }
  if (best === null && lines.some((line) => line.includes('""'))) return ',';
  return most * 2 >= lines.length ? best : null;
}

function readRows(text: string, delimiter: string): Row[] {
  const rows: Row[] = [];
  parse(text, {
    bom: true,
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    trim: delimiter !== '\t',
    on_record: (cells: string[], { lines }) => {
      rows.push({ cells: cells.map(cleanCell), line: lines });
      return null;
    },
  });
  return rows;
}

/** Spreadsheets keep a number as text by ="…" or by an apostrophe before it. */
function cleanCell(cell: string): string {
  const plain = plainText(cell).replace(/\s+/g, ' ').trim();
  const kept = /^="?([0-9+ ()-]+)"?$/.exec(plain) ?? /^'([0-9+ ()-]+)$/.exec(plain);
  return kept?.[1] ?? plain;
}

function fromRows(rows: Row[], text: string, options: CalleeOptions): CalleeFile {
  const width = rows.slice(0, SAMPLE).reduce((most, row) => Math.max(most, row.cells.length), 0);
  const columns = Array.from({ length: width }, (_, column) => column);
  const header = hasHeader(rows) ? rows[0]?.cells : undefined;
  const body = header === undefined ? rows : rows.slice(1);
  const sample = body.slice(0, SAMPLE);
  const share = (column: number) =>
    sample.filter((row) => looksLikeNumber(row.cells[column] ?? '')).length / Math.max(1, sample.length);
  const candidates = columns.filter((column) => share(column) >= 0.5);
  const headed = columns.filter((column) => NUMBER_HEADERS.test(header?.[column] ?? '') && share(column) > 0);
  const exact = headed.filter((column) => /^callee$/i.test(header?.[column] ?? ''));
  const chosen = exact.length === 1 ? exact : headed.length === 1 ? headed : candidates;
  if (chosen.length > 1) {
    const places = chosen.map((column) => header?.[column] || String(column + 1)).join(', ');
    return refused(
      `More than one column could hold the numbers (${places}). Leave one, or put "callee" above it alone.`,
    );
  }
  const column = chosen[0] ?? bestColumn(columns, share);
  if (column === undefined) return fromText(text, options);
  return fromColumn(body, column, nameColumns(columns, column, header, sample), options);
}

/** A first row without anything like a number in it, above rows that have some. */
function hasHeader(rows: Row[]): boolean {
  const first = rows[0]?.cells ?? [];
  const someNumber = rows.slice(1, SAMPLE).some((row) => row.cells.some(looksLikeNumber));
  return someNumber && !first.some((cell) => /[0-9]{3}/.test(cell.replace(/[^0-9]/g, '')));
}

function bestColumn(columns: number[], share: (column: number) => number): number | undefined {
  const best = columns.toSorted((left, right) => share(right) - share(left))[0];
  return best !== undefined && share(best) > 0 ? best : undefined;
}

function nameColumns(
  columns: number[],
  chosen: number,
  header: string[] | undefined,
  sample: Row[],
): number[] {
  const others = columns.filter((column) => column !== chosen);
  const named = others.filter((column) => NAME_HEADERS.test(header?.[column] ?? ''));
  if (named.length > 0) return named.slice(0, 2);
  const lettered = others.find(
    (column) => sample.filter((row) => /\p{L}/u.test(row.cells[column] ?? '')).length * 2 >= sample.length,
  );
  return lettered === undefined ? [] : [lettered];
}

function fromColumn(rows: Row[], column: number, names: number[], options: NumberOptions): CalleeFile {
  const found: Callee[] = [];
  const faults: CalleeFault[] = [];
  const doubts: string[] = [];
  for (const { cells, line } of rows) {
    const cell = cells[column] ?? '';
    if (cells.every((each) => each === '')) continue;
    if (cell === '') {
      faults.push({
        line,
        text: cells.find((each) => each !== '')?.slice(0, 40) ?? '',
        why: 'has no number beside it',
      });
      continue;
    }
    const read = readNumberAndName(cell, options);
    if ('why' in read) {
      faults.push({ line, text: cell.slice(0, 40), why: read.why });
      continue;
    }
    const beside = cleanName(names.map((each) => cells[each] ?? '').join(' '));
    found.push({ callee: read.callee, name: beside ?? read.name });
    if (read.doubt !== null) doubts.push(`line ${line}: ${cell.slice(0, 40)} ${read.doubt}`);
  }
  const { callees, duplicates } = mergeCallees([found]);
  return summary({ callees, duplicates, people: [], groups: [], lists: [], faults, doubts });
}

function fromText(text: string, options: CalleeOptions): CalleeFile {
  const lines = text.replace(/^\ufeff/, '').split('\n');
  const first = lines[0] ?? '';
  // A heading above one column; its line stays, empty, so that the others keep their numbers.
  const isHeading =
    /\p{L}/u.test(first) && !/[0-9<]/.test(first) && NUMBER_HEADERS.test(first) && lines.length > 1;
  const isList = Object.keys(options.lists).some((name) => name.toLowerCase() === first.trim().toLowerCase());
  if (isHeading && !isList) lines[0] = '';
  return summary(parseCallees(lines.join('\n'), options));
}

function looksLikeNumber(cell: string): boolean {
  if (!isNumberText(cell)) return false;
  const digits = cell.replace(/[^0-9]/g, '').length;
  return digits >= 7 && digits <= 17 && !/^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(cell);
}

function refused(refusal: string): CalleeFile {
  const nothing = { callees: [], duplicates: 0, people: [], groups: [], lists: [], faults: [], doubts: [] };
  return { ...summary(nothing), refusal };
}

function summary(
  all: Pick<CalleeFile, 'callees' | 'duplicates' | 'people' | 'groups' | 'lists' | 'faults' | 'doubts'>,
): CalleeFile {
  return {
    refusal: null,
    callees: all.callees,
    people: all.people,
    groups: all.groups,
    lists: all.lists,
    duplicates: all.duplicates,
    faults: all.faults.slice(0, MAX_SHOWN),
    faultCount: all.faults.length,
    doubts: all.doubts.slice(0, MAX_SHOWN),
    doubtCount: all.doubts.length,
  };
}
