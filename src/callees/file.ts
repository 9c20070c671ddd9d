import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Options, parse } from 'csv-parse';
import { inSlices } from '../slices.ts';
import { cleanName, readNumberAndName } from './named-number.ts';
import { isNumberText, normalizeTyped } from './number.ts';
import {
  type CalleeFault,
  type CalleeOptions,
  doubtSentence,
  faultSentence,
  mergeCallees,
  readCallees,
  tooMuch,
} from './parse.ts';
import type { Callee } from './types.ts';

export interface CalleeFile {
  /** A sentence that says why the whole file cannot be used. Null if it was read. */
  refusal: string | null;
  callees: Callee[];
  /** Slack users, groups and lists; a plain text file may name them. */
  people: string[];
  groups: string[];
  lists: string[];
  duplicates: number;
  /** At most twenty. */
  faults: CalleeFault[];
  faultCount: number;
  /** At most twenty. */
  doubts: string[];
  doubtCount: number;
  /** True if reading stopped early, because there are more callees, faults or repeats than a request may have. */
  stopped: boolean;
}

export const MAX_FILE_BYTES = 10 * 1024 * 1024;
const MAX_SHOWN = 20;
const SAMPLE = 200;
/** A table with more columns is not a list of callees. */
const maxColumns = 200;
const maxRowBytes = 64 * 1024;
/** How much is parsed before looking at the clock: a few milliseconds of work. */
const sliceBytes = 2 * 1024;
const NUMBER_HEADERS = /phone|mobile|cell|tel|number|msisdn|callee/i;
const NAME_HEADERS = /name|callee_name|person|who|contact/i;

interface Row {
  cells: string[];
  line: number;
}

/**
 * Reads a CSV or text file of callees: separated by commas, semicolons or tabs, with or without a header, with a
 * column of numbers and names beside it. Faults name their line. A large file is read in slices, so that other work
 * can run in between. Never throws: a file that cannot be read gives a `refusal`.
 */
export async function parseCalleeFile(bytes: Uint8Array, options: CalleeOptions): Promise<CalleeFile> {
  if (bytes.length > MAX_FILE_BYTES)
    return refused('The file is larger than 10 MB. Split it, or leave out what is not needed.');
  const text = await decode(bytes);
  if (text === null)
    return refused(
      'The file is not plain text in UTF-8. Save it as "CSV UTF-8" (not as a workbook) and add it again.',
    );
  if (!/\S/.test(text)) return refused('The file is empty.');
  const delimiter = findDelimiter(text);
  return delimiter === null ? await fromText(text, options) : await fromTable(text, delimiter, options);
}

/** The sentences about a file's faults: the first twenty, then the number of the others. */
export function fileFaultSentences(file: CalleeFile): string[] {
  const sentences = file.faults.map(faultSentence);
  const more = file.faultCount - sentences.length;
  if (more <= 0) return sentences;
  return [...sentences, file.stopped ? `and ${more} more, as far as it was read` : `and ${more} more`];
}

/** The file's text. Null if it is not text. Decoded in slices, because ten megabytes take a while. */
async function decode(bytes: Uint8Array): Promise<string | null> {
  // Excel's "Unicode text" is UTF-16 with this byte order mark.
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  const decoder = new TextDecoder(encoding, { fatal: true });
  const parts: string[] = [];
  try {
    for (let from = 0; from < bytes.length; from += 1024 * 1024) {
      const part = decoder.decode(bytes.subarray(from, from + 1024 * 1024), { stream: true });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what tells a binary file.
      if (/[\u0000-\u0008\u000e-\u001a]/.test(part)) return null;
      parts.push(part);
      await nextTurn();
    }
    parts.push(decoder.decode());
  } catch {
    return null;
  }
  return parts.join('');
}

/** The separator that most lines have outside quotes. Null if no line has one, or only lines of prose do. */
function findDelimiter(text: string): string | null {
  const lines = text
    .slice(0, 100_000)
    .split(/\r\n?|\n/)
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

/** Reads a table row by row. The first rows decide which columns hold numbers and names. */
async function fromTable(text: string, delimiter: string, options: CalleeOptions): Promise<CalleeFile> {
  const first: Row[] = [];
  let plan: Plan | undefined;
  const reading = createReading(options);
  const take = (row: Row) => {
    if (plan === undefined) {
      first.push(row);
      if (first.length <= SAMPLE) return;
      plan = planOf(first);
      for (const each of first) addRow(reading, plan, each);
    } else addRow(reading, plan, row);
  };
  const problem = await readRows(text, delimiter, take, () => reading.stopped || isDead(plan));
  if (problem !== null) return refused(problem);
  if (plan === undefined) {
    plan = planOf(first);
    for (const each of first) addRow(reading, plan, each);
  }
  if ('refusal' in plan) return refused(plan.refusal);
  if (plan.column === null) return await fromText(text, options);
  return resultOf(reading);
}

/** Passes each row to `take` until `enough`. Returns why the file is not a table; null if it was read. */
async function readRows(
  text: string,
  delimiter: string,
  take: (row: Row) => void,
  enough: () => boolean,
): Promise<string | null> {
  const settings: Options = {
    bom: true,
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: maxRowBytes,
    trim: delimiter !== '\t',
    on_record: (cells: string[], { lines }) => {
      if (!enough()) take({ cells: cells.slice(0, maxColumns + 1).map(cleanCell), line: lines });
      return null;
    },
  };
  const bytes = Buffer.from(text);
  const parser = parse(settings);
  let failure: Error | undefined;
  parser.on('error', (error) => {
    failure = error;
  });
  parser.resume();
  const done = new Promise<void>((resolve) => parser.on('close', resolve));
  for (let from = 0; from < bytes.length && !enough() && failure === undefined; from += sliceBytes) {
    parser.write(bytes.subarray(from, from + sliceBytes));
    await nextTurn();
  }
  if (failure === undefined && !enough()) parser.end();
  else parser.destroy();
  await done;
  return failure === undefined ? null : tableProblem(failure);
}

function tableProblem(error: Error): string {
  const line = /line (\d+)/.exec(error.message)?.[1];
  return `The file cannot be read as CSV${line === undefined ? '' : `: see line ${line}`}; a quote is open or out of place.`;
}

/** Spreadsheets mark a number as text with ="…" or a leading apostrophe. */
function cleanCell(cell: string): string {
  const plain = normalizeTyped(cell).replace(/\s+/g, ' ').trim();
  const kept = /^="?([0-9+ ()-]+)"?$/.exec(plain) ?? /^'([0-9+ ()-]+)$/.exec(plain);
  return kept?.[1] ?? plain;
}

/** Which columns of a table hold numbers and names. `column` null: no column has numbers. */
type Plan = { refusal: string } | { column: number | null; names: number[]; hasHeader: boolean };

function isDead(plan: Plan | undefined): boolean {
  return plan !== undefined && ('refusal' in plan || plan.column === null);
}

function planOf(rows: Row[]): Plan {
  const width = rows.reduce((most, row) => Math.max(most, row.cells.length), 0);
  if (width > maxColumns)
    return { refusal: `The file has more than ${maxColumns} columns. Leave the numbers and the names.` };
  const columns = Array.from({ length: width }, (_, column) => column);
  const header = hasHeader(rows) ? rows[0]?.cells : undefined;
  const sample = (header === undefined ? rows : rows.slice(1)).slice(0, SAMPLE);
  const share = (column: number) =>
    sample.filter((row) => looksLikeNumber(row.cells[column] ?? '')).length / Math.max(1, sample.length);
  const candidates = columns.filter((column) => share(column) >= 0.5);
  const headed = columns.filter((column) => NUMBER_HEADERS.test(header?.[column] ?? '') && share(column) > 0);
  const exact = headed.filter((column) => /^callee$/i.test(header?.[column] ?? ''));
  const chosen = exact.length === 1 ? exact : headed.length === 1 ? headed : candidates;
  if (chosen.length > 1) {
    const places = chosen.slice(0, 5).map((column) => header?.[column]?.slice(0, 40) || String(column + 1));
    const more = chosen.length > places.length ? ', …' : '';
    return {
      refusal: `More than one column could hold the numbers (${places.join(', ')}${more}). Leave one, or put "callee" above it alone.`,
    };
  }
  const column = chosen[0] ?? bestColumn(columns, share) ?? null;
  const names = column === null ? [] : nameColumns(columns, column, header, sample);
  return { column, names, hasHeader: header !== undefined };
}

/** True if the first row has nothing like a number and rows below it do. */
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

/** What has been read of a table so far. */
interface Reading {
  options: CalleeOptions;
  rows: number;
  found: Callee[];
  different: Set<string>;
  faults: CalleeFault[];
  doubts: string[];
  stopped: boolean;
}

function createReading(options: CalleeOptions): Reading {
  return { options, rows: 0, found: [], different: new Set(), faults: [], doubts: [], stopped: false };
}

function addRow(reading: Reading, plan: Plan, { cells, line }: Row): void {
  if ('refusal' in plan || plan.column === null) return;
  reading.rows += 1;
  if (reading.rows === 1 && plan.hasHeader) return;
  addCells(reading, plan.column, plan.names, cells, line);
  const { different, faults, rows, options } = reading;
  const read = { different: different.size, all: rows, faults: faults.length };
  reading.stopped = options.atMost !== undefined && tooMuch(options.atMost, read);
}

function addCells(
  { faults, found, doubts, different, options }: Reading,
  column: number,
  names: readonly number[],
  cells: readonly string[],
  line: number,
): void {
  const cell = cells[column] ?? '';
  if (cell === '') {
    const other = cells.find((each) => each !== '');
    if (other === undefined) return;
    faults.push({ line, text: other.slice(0, 40), why: 'has no number beside it', fix: 'Add the number' });
  } else {
    const read = readNumberAndName(cell, options);
    if ('why' in read) faults.push({ line, text: cell.slice(0, 40), why: read.why, fix: read.fix });
    else {
      const beside = cleanName(names.map((each) => (cells[each] ?? '').slice(0, 200)).join(' '));
      found.push({ callee: read.callee, name: beside ?? read.name });
      different.add(read.callee);
      if (read.doubt !== null) doubts.push(doubtSentence(cell, read.doubt, line));
    }
  }
}

function resultOf({ found, faults, doubts, stopped }: Reading): CalleeFile {
  const { callees, duplicates } = mergeCallees([found]);
  return summary({ callees, duplicates, people: [], groups: [], lists: [], faults, doubts, stopped });
}

async function fromText(text: string, options: CalleeOptions): Promise<CalleeFile> {
  const plain = text.replace(/^\ufeff/, '');
  const [first = ''] = plain.slice(0, 1_000).split(/\r\n?|\n/, 1);
  // A heading above a single column. Its line is left empty, so that the other lines keep their numbers.
  const isHeading =
    /\p{L}/u.test(first) &&
    !/[0-9<]/.test(first) &&
    NUMBER_HEADERS.test(first) &&
    first.length < plain.length;
  const isList = Object.keys(options.lists).some((name) => name.toLowerCase() === first.trim().toLowerCase());
  const body = isHeading && !isList && first.length < 1_000 ? plain.slice(first.length) : plain;
  return summary(await inSlices(readCallees(body, options)));
}

function looksLikeNumber(cell: string): boolean {
  if (!isNumberText(cell)) return false;
  const digits = cell.replace(/[^0-9]/g, '').length;
  return digits >= 7 && digits <= 17 && !/^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(cell);
}

function refused(refusal: string): CalleeFile {
  const nothing = { callees: [], people: [], groups: [], lists: [], faults: [], doubts: [] };
  return { ...summary({ ...nothing, duplicates: 0, stopped: false }), refusal };
}

function summary(
  all: Pick<
    CalleeFile,
    'callees' | 'duplicates' | 'people' | 'groups' | 'lists' | 'faults' | 'doubts' | 'stopped'
  >,
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
    stopped: all.stopped,
  };
}
