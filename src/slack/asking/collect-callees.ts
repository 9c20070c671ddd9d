import { type CalleeFile, fileFaultSentences, MAX_FILE_BYTES, parseCalleeFile } from '../../callees/file.ts';
import { readNumber } from '../../callees/number.ts';
import { maskNumber } from '../../callees/numbering-plan.ts';
import {
  type CalleeOptions,
  faultSentence,
  mergeCallees,
  readCallees,
  readLists,
} from '../../callees/parse.ts';
import { inSlices } from '../../callees/slices.ts';
import type { Callee } from '../../callees/types.ts';
import type { Config } from '../../config/types.ts';
import { maskNumbers } from '../../mask-numbers.ts';
import type { RosterNote } from '../../rosters/types.ts';
import { type FetchedFile, fetchSlackFile } from '../client/files.ts';
import type { SlackDeps } from '../context/deps.ts';
import { calleesOnDuty } from './callees-on-duty.ts';
import { numbersOfPeople } from './numbers-of-people.ts';

export interface CalleeSources {
  /** What was typed into the callee field. */
  text: string;
  /** False: lists that are named in the text are left out. */
  listsInText?: boolean;
  /** Names of lists and rosters. */
  lists: string[];
  /** False: rosters, chosen or named, are left out. */
  rosters?: boolean;
  /** Slack users. */
  people: string[];
  fileUrl: string | null;
}

export interface CollectedCallees {
  callees: Callee[];
  /** Numbers that the person typed, or has in a file: known to them in full. */
  own: ReadonlySet<string>;
  duplicates: number;
  /** By block_id: what cannot be called, and why, several at once. */
  errors: Record<string, string>;
  /** What will be called although the numbering plans doubt it. */
  doubts: string[];
  /** The lists and rosters that were chosen or named. */
  lists: string[];
  /** The rosters, with who is on duty by them. */
  rosters: RosterNote[];
  /** Who of the rosters cannot be called, where others can: in words, with numbers masked. */
  notOnPhone: string[];
  /** True where not all was read, because it is too much. */
  stopped: boolean;
}

/** The file must be there before Slack's 3 s are over, with time left to read it. */
const fetchTimeoutMs = 1_500;

/** Sentences shown under one field; Slack shows no more than some lines of it. */
const shownFaults = 12;

/** How numbers are read and what forbids them, by the configuration. */
export function calleeOptions(config: Config): CalleeOptions {
  return {
    country: config.country,
    deny: config.limits.deny,
    countries: config.limits.countries,
    // Who is on duty is looked up when somebody is called.
    lists: { ...config.lists, ...Object.fromEntries(Object.keys(config.rosters).map((name) => [name, []])) },
    recordings: Object.keys(config.recordings),
    atMost: config.limits.calleesPerRequest,
  };
}

/** Puts together all callees of a filled-in modal: typed, from lists, people's profiles and a file; each number once. */
export async function collectCallees(deps: SlackDeps, sources: CalleeSources): Promise<CollectedCallees> {
  const config = deps.config();
  const options = calleeOptions(config);
  // Lists are read apart from what names them: a person may name a list without knowing the numbers in it.
  const unlisted = { ...options, expandLists: false };
  const typed = await inSlices(readCallees(sources.text, unlisted));
  const file = await calleesOfFile(deps, sources.fileUrl, unlisted);
  const named = sources.listsInText === false ? [] : [...typed.lists, ...file.lists];
  const lists = [...new Set([...sources.lists, ...named])];
  const listed = await inSlices(readLists(lists, options));
  const errors: Record<string, string> = {};
  const problems = [...typed.faults.map(faultSentence), ...typed.recordings.map(recordingAmongCallees)];
  if (problems.length > 0) errors.callee = several(problems);
  // A person who names a list is not shown its numbers, not even the faulty ones.
  if (listed.faults.length > 0)
    errors.lists = several(listed.faults.map((fault) => masked(`${fault.text} ${fault.why}`)));

  const fromPeople = await numbersOfPeople(deps.people, [typed, listed, file], sources.people, options);
  if (fromPeople.faults.length > 0) {
    const field = sources.people.length > 0 ? 'people' : sources.lists.length > 0 ? 'lists' : 'callee';
    errors[field] = several([...(errors[field] === undefined ? [] : [errors[field]]), ...fromPeople.faults]);
  }
  const rosters =
    sources.rosters === false ? [] : listed.lists.filter((name) => Object.hasOwn(config.rosters, name));
  const duty = await calleesOnDuty(deps, rosters, options);
  const notOnPhone = duty.problems.map(masked);
  if (duty.callees.length === 0 && notOnPhone.length > 0) {
    const field = rosters.some((name) => sources.lists.includes(name)) ? 'lists' : 'callee';
    errors[field] = several([...(errors[field] === undefined ? [] : [errors[field]]), ...notOnPhone]);
  }
  if (file.error !== null) errors.file = file.error;

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
    errors,
    doubts: [
      ...typed.doubts,
      ...[...listed.doubts, ...fromPeople.doubts, ...duty.doubts].map(masked),
      ...file.doubts,
    ],
    lists: listed.lists,
    rosters: duty.notes,
    notOnPhone: duty.callees.length === 0 ? [] : notOnPhone,
    stopped: typed.stopped || listed.stopped || file.stopped,
  };
}

/**
 * Which callees nothing but a list or a roster names: for a request that waits, since people leave and join lists, and
 * duty changes hands. Null where there is none. `which`: rosters alone, for a request that waits for an approval only.
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

/** Reads numbers again that were read once: what the configuration forbids by now, and what is doubtful. Both masked. */
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
        if ('why' in read) faults.push(masked(`+${callee} ${read.why}`));
        else if (read.doubt !== null) doubts.push(masked(`+${callee} ${read.doubt}`));
        yield;
      }
      return { faults, doubts };
    })(),
  );
}

function masked(text: string): string {
  return maskNumbers(text, maskNumber);
}

function recordingAmongCallees(name: string): string {
  return `${name} is a recording, not somebody to call: choose it under Recording`;
}

/** Several faults as one text under a field. */
export function several(sentences: readonly string[]): string {
  const more = sentences.length - shownFaults;
  const shown = sentences.slice(0, shownFaults).join('\n');
  return more > 0 ? `${shown}\nand ${more} more` : shown;
}

function notFetchedWords(fetched: Exclude<FetchedFile, { bytes: Uint8Array }>): string {
  switch (fetched.why) {
    case 'elsewhere':
      return 'The file is not kept by Slack. Add it from your computer.';
    case 'refused':
      return `Slack did not hand over the file (HTTP ${fetched.status}). Add it again.`;
    case 'too_large':
      return 'The file is larger than 10 MB. Split it, or leave out what is not needed.';
    case 'late':
      return 'Slack did not hand over the file in time. Press the button again.';
  }
}

type CollectedFile = Pick<
  CalleeFile,
  'callees' | 'people' | 'groups' | 'lists' | 'duplicates' | 'doubts' | 'stopped'
> & { error: string | null };

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
  if (url === null) return { ...nothing, error: null };
  const fetched = await fetchSlackFile(deps, url, { maxBytes: MAX_FILE_BYTES, timeoutMs: fetchTimeoutMs });
  if ('why' in fetched) return { ...nothing, error: notFetchedWords(fetched) };
  const file = await parseCalleeFile(fetched.bytes, options);
  if (file.refusal !== null) return { ...nothing, error: file.refusal };
  const faults = fileFaultSentences(file);
  return { ...file, error: faults.length > 0 ? faults.join('\n') : null };
}
