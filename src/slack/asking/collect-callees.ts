import { type CalleeFile, fileFaultSentences, MAX_FILE_BYTES, parseCalleeFile } from '../../callees/file.ts';
import { readNumber } from '../../callees/number.ts';
import { maskNumber } from '../../callees/numbering-plan.ts';
import {
  type CalleeOptions,
  faultSentence,
  fixFirst,
  mergeCallees,
  readCallees,
  readLists,
} from '../../callees/parse.ts';
import type { Callee } from '../../callees/types.ts';
import type { Config } from '../../config/types.ts';
import { maskNumbers } from '../../mask-numbers.ts';
import type { RosterNote } from '../../rosters/types.ts';
import { inSlices } from '../../slices.ts';
import { type FetchedFile, fetchSlackFile } from '../client/files.ts';
import type { SlackDeps } from '../context/deps.ts';
import { calleesOnDuty } from './callees-on-duty.ts';
import { numbersOfPeople } from './numbers-of-people.ts';

export interface CalleeSources {
  /** The text of the callee field. */
  text: string;
  /** False: lists that the text names are left out. */
  listsInText?: boolean;
  /** Names of lists and rosters. */
  lists: string[];
  /** False: rosters are left out, chosen or named. */
  rosters?: boolean;
  /** Ids of Slack users. */
  people: string[];
  fileUrl: string | null;
}

export interface CollectedCallees {
  callees: Callee[];
  /** Numbers that the person typed or uploaded. This person may see them in full. */
  own: ReadonlySet<string>;
  duplicates: number;
  /** By block_id: sentences about what cannot be called, and what to do. */
  faults: Record<string, string[]>;
  /** Sentences about numbers that will be called although the numbering plan says they may be wrong. */
  doubts: string[];
  /** The lists and rosters that were chosen or named. */
  lists: string[];
  /** For each roster, who is on duty. */
  rosters: RosterNote[];
  /** Sentences about people of rosters who cannot be called although others can. Numbers are masked. */
  notOnPhone: string[];
  /** Sentences about who is not called although nothing is wrong with the others. */
  leftOut: string[];
  /** True if reading stopped early because there is too much. */
  stopped: boolean;
}

/** Slack waits 3 s for the answer. The file must arrive early enough to be read within that time. */
const fetchTimeoutMs = 1_500;

/** How many sentences are shown under one field. */
const shownFaults = 12;

/** How numbers are read and which are forbidden, as the configuration says. */
export function calleeOptions(config: Config): CalleeOptions {
  return {
    country: config.country,
    deny: config.limits.deny,
    countries: config.limits.countries,
    // A roster is empty here: the people on duty are looked up when they are called.
    lists: { ...config.lists, ...Object.fromEntries(Object.keys(config.rosters).map((name) => [name, []])) },
    recordings: Object.keys(config.recordings),
    atMost: config.limits.calleesPerRequest,
  };
}

/**
 * Collects all callees of a submitted modal: typed, from lists, rosters, Slack profiles and a file. Each number
 * appears once.
 */
export async function collectCallees(deps: SlackDeps, sources: CalleeSources): Promise<CollectedCallees> {
  const config = deps.config();
  const options = calleeOptions(config);
  // The text and the file only name lists here; the lists are read below. A person may name a list without seeing its
  // numbers.
  const unlisted = { ...options, expandLists: false };
  const typed = await inSlices(readCallees(sources.text, unlisted));
  const file = await calleesOfFile(deps, sources.fileUrl, unlisted);
  const named = sources.listsInText === false ? [] : [...typed.lists, ...file.lists];
  const lists = [...new Set([...sources.lists, ...named])];
  const listed = await inSlices(readLists(lists, options));
  const faults: Record<string, string[]> = {};
  const add = (field: string, sentences: readonly string[]) => {
    if (sentences.length > 0) faults[field] = [...(faults[field] ?? []), ...sentences];
  };
  add('callee', [...typed.faults.map(faultSentence), ...typed.recordings.map(recordingAmongCallees)]);
  // Masked, because a person who names a list must not see its numbers, not even wrong ones.
  add(
    'lists',
    listed.faults.map((fault) => masked(`${fixFirst(fault, `“${fault.text}”`)}.`)),
  );

  const fromPeople = await numbersOfPeople(deps.people, [typed, listed, file], sources.people, options);
  add(sources.people.length > 0 ? 'people' : lists.length > 0 ? 'lists' : 'callee', fromPeople.faults);
  const rosters =
    sources.rosters === false ? [] : listed.lists.filter((name) => Object.hasOwn(config.rosters, name));
  const duty = await calleesOnDuty(deps, rosters, options);
  const notOnPhone = duty.problems.map(masked);
  if (duty.callees.length === 0)
    add(rosters.some((name) => sources.lists.includes(name)) ? 'lists' : 'callee', notOnPhone);
  add('file', file.faults);

  const { callees, duplicates } = mergeCallees([
    typed.callees,
    file.callees,
    listed.callees,
    fromPeople.callees,
    duty.callees,
  ]);
  return {
    callees,
    own: new Set([...typed.callees, ...file.callees].map(({ callee }) => callee)),
    duplicates: duplicates + typed.duplicates + listed.duplicates + file.duplicates,
    faults,
    doubts: [
      ...typed.doubts,
      ...[...listed.doubts, ...fromPeople.doubts, ...duty.doubts].map(masked),
      ...file.doubts,
    ],
    lists: listed.lists,
    rosters: duty.notes,
    notOnPhone: duty.callees.length === 0 ? [] : notOnPhone,
    leftOut: [...fromPeople.leftOut, ...duty.leftOut],
    stopped: typed.stopped || listed.stopped || file.stopped,
  };
}

/**
 * The callees that only a list or a roster names. A request that waits looks them up again, because lists and rosters
 * change. Null if there is none. `which` is "rosters" for a request that waits only for approval.
 */
export async function onlyListed(
  deps: SlackDeps,
  sources: CalleeSources,
  { callees, lists, rosters }: Pick<CollectedCallees, 'callees' | 'lists' | 'rosters'>,
  which: 'all' | 'rosters',
): Promise<{ names: string[]; only: string[] } | null> {
  const names = which === 'all' ? lists : rosters.map(({ roster }) => roster);
  if (names.length === 0) return null;
  const others = which === 'all' ? { lists: [], listsInText: false } : {};
  const named = await collectCallees(deps, { ...sources, ...others, rosters: false });
  const without = new Set(named.callees.map(({ callee }) => callee));
  const only = callees.map(({ callee }) => callee).filter((callee) => !without.has(callee));
  return { names, only };
}

/**
 * Reads numbers again: returns sentences about those that the configuration forbids now, and about doubtful ones.
 * Numbers are masked.
 */
export async function recheck(
  callees: readonly Callee[],
  config: Config,
): Promise<{ faults: string[]; doubts: string[] }> {
  const options = calleeOptions(config);
  return await inSlices(
    (function* () {
      const faults: string[] = [];
      const doubts: string[] = [];
      for (const { callee } of callees) {
        const read = readNumber(`+${callee}`, options);
        if ('why' in read) faults.push(masked(`${fixFirst(read, `+${callee}`)}.`));
        else if (read.doubt !== null) doubts.push(masked(`+${callee} ${read.doubt}`));
        yield;
      }
      return { faults, doubts };
    })(),
  );
}

/** Masks the numbers of a sentence, for readers who may not see them. */
export function masked(text: string): string {
  return maskNumbers(text, maskNumber);
}

function recordingAmongCallees(name: string): string {
  return `Choose “${name}” under Recording: it is a recording, not a person.`;
}

/**
 * Joins several faults into one text for a field, one on each line. The bullets separate them in clients that show no
 * line breaks.
 */
export function several(sentences: readonly string[]): string {
  const lines = firstFaults(sentences);
  return lines.length === 1 ? (lines[0] ?? '') : lines.map((each) => `• ${each}`).join('\n');
}

/** The first faults, and how many more there are. */
export function firstFaults(sentences: readonly string[]): string[] {
  const more = sentences.length - shownFaults;
  return [...sentences.slice(0, shownFaults), ...(more > 0 ? [`and ${more} more`] : [])];
}

function notFetchedWords(fetched: Exclude<FetchedFile, { bytes: Uint8Array }>): string {
  switch (fetched.why) {
    case 'elsewhere':
      return 'The file is not stored in Slack. Add it from your computer.';
    case 'refused':
      return `Slack did not return the file (HTTP ${fetched.status}). Add it again.`;
    case 'too_large':
      return 'The file is larger than 10 MB. Split it, or leave out what is not needed.';
    case 'late':
      return 'Slack did not return the file in time. Press the button again.';
  }
}

type CollectedFile = Pick<
  CalleeFile,
  'callees' | 'people' | 'groups' | 'lists' | 'duplicates' | 'doubts' | 'stopped'
> & { faults: string[] };

async function calleesOfFile(
  deps: SlackDeps,
  url: string | null,
  options: CalleeOptions,
): Promise<CollectedFile> {
  const nothing = {
    callees: [],
    people: [],
    groups: [],
    lists: [],
    duplicates: 0,
    doubts: [],
    stopped: false,
  };
  if (url === null) return { ...nothing, faults: [] };
  const fetched = await fetchSlackFile(deps, url, { maxBytes: MAX_FILE_BYTES, timeoutMs: fetchTimeoutMs });
  if ('why' in fetched) return { ...nothing, faults: [notFetchedWords(fetched)] };
  const file = await parseCalleeFile(fetched.bytes, options);
  if (file.refusal !== null) return { ...nothing, faults: [file.refusal] };
  return { ...file, faults: fileFaultSentences(file) };
}
