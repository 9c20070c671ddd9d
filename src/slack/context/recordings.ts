import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/types.ts';
import { VoicecallError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type AddedRecording, addedRecordings, recordingUses } from '../../recordings/stored.ts';
import type { Store } from '../../store/types.ts';
import type { Recording, VoiceClient } from '../../voice/types.ts';

export interface RecordingChoice {
  fileId: string;
  name: string;
  /** named: from voicecall.yaml, or added by a person. library: only in the platform's list. */
  from: 'named' | 'library';
}

export interface RecordingList {
  choices: RecordingChoice[];
  /** False: the platform's list could not be loaded. */
  complete: boolean;
  /** Why it could not be loaded and what to do, in plain words. */
  problem?: string;
}

export interface Recordings {
  /** The list if it was loaded recently, else null. */
  known(): RecordingList | null;
  /** Loads the list from the platform. Never throws. Callers at the same time share one answer. */
  load(): Promise<RecordingList>;
  /** The name of a fileId, or null. */
  nameOf(fileId: string): string | null;
  /** The fileId of a name from the configuration or from a person, in any case of letters. Null if there is none. */
  fileIdOf(name: string): string | null;
  /** All names from the configuration and from people. */
  names(): string[];
  /** Reads the recordings that people added, without asking the platform. Never throws. */
  learn(): Promise<void>;
  /** Call after a person added or removed a recording: the list is then loaded again. */
  forget(): void;
}

const freshForMs = 5 * 60_000;

interface RecordingsDeps {
  clock: Clock;
  log: Log;
  voice: Pick<VoiceClient, 'fileQuery'>;
  store: Pick<Store, 'read'>;
  config: () => Config;
}

interface Loaded {
  /** The platform's list; null if it never answered. */
  library: Recording[] | null;
  added: AddedRecording[];
  uses: Map<string, number>;
}

/**
 * The recordings to choose from, cached for five minutes. First come those with a name (from the configuration, or
 * added by a person), most used first; then the rest of the platform's list.
 */
export function createRecordings(deps: RecordingsDeps): Recordings {
  let loaded: Loaded = { library: null, added: [], uses: new Map() };
  let freshUntil = 0;
  let asking: Promise<RecordingList> | null = null;

  function list(problem: string | null): RecordingList {
    const choices = choicesOf(loaded, deps.config());
    return problem === null ? { choices, complete: true } : { choices, complete: false, problem };
  }

  const named = () => list(null).choices.filter((choice) => choice.from === 'named');

  async function ask(): Promise<RecordingList> {
    const until = deps.clock.now() + freshForMs;
    freshUntil = until;
    const [library, added] = await Promise.all([askPlatform(deps), readAdded(deps)]);
    loaded = { ...loaded, ...added, ...('problem' in library ? {} : { library: library.recordings }) };
    if (!('problem' in library)) return list(null);
    freshUntil = 0;
    return list(library.problem);
  }

  return {
    known: () => (asking === null && freshUntil > deps.clock.now() ? list(null) : null),
    load() {
      asking ??= ask().finally(() => {
        asking = null;
      });
      return asking;
    },
    nameOf: (fileId) => list(null).choices.find((choice) => choice.fileId === fileId)?.name ?? null,
    fileIdOf: (name) =>
      named().find((choice) => choice.name.toLowerCase() === name.toLowerCase())?.fileId ?? null,
    names: () => named().map((choice) => choice.name),
    async learn() {
      const added = await readAdded(deps);
      loaded = { ...loaded, ...added };
    },
    forget() {
      freshUntil = 0;
    },
  };
}

async function askPlatform({
  voice,
  log,
}: RecordingsDeps): Promise<{ recordings: Recording[] } | { problem: string }> {
  try {
    return { recordings: await voice.fileQuery() };
  } catch (error) {
    log.warn({ err: error }, 'the list of recordings could not be fetched');
    return { problem: problemWords(error) };
  }
}

/** Nothing if the database does not answer. */
async function readAdded({ store, log }: RecordingsDeps): Promise<Partial<Pick<Loaded, 'added' | 'uses'>>> {
  try {
    return { added: await addedRecordings(store.read), uses: await recordingUses(store.read) };
  } catch (error) {
    log.warn({ err: error }, 'the added recordings could not be read');
    return {};
  }
}

/** What can be chosen now. Pure. */
function choicesOf({ library, added, uses }: Loaded, { recordings }: Config): RecordingChoice[] {
  const configured = Object.entries(recordings).map(([name, fileId]) => ({ fileId, name }));
  const inConfiguration = new Set(configured.map(({ fileId }) => fileId));
  const listed = library === null ? null : new Set(library.map(({ fileId }) => fileId));
  const canBeChosen = added.filter((each) => each.state === 'ready' && each.removed_at === null);
  const byPeople = canBeChosen.flatMap(({ name, file_id: fileId }) =>
    fileId === null || inConfiguration.has(fileId) || listed?.has(fileId) === false ? [] : [{ fileId, name }],
  );
  const usesOf = ({ fileId }: { fileId: string }) => uses.get(fileId) ?? 0;
  const named = [...configured, ...byPeople].sort((a, b) => usesOf(b) - usesOf(a));
  const taken = new Set(named.map(({ fileId }) => fileId));
  // Recordings that were removed or are not ready are still in the platform's list, under generated names. They are
  // left out.
  const hidden = new Set(added.flatMap((each) => [each.file_id, each.file_name]));
  const others = (library ?? [])
    .filter(({ fileId, fileName }) => !taken.has(fileId) && !hidden.has(fileId) && !hidden.has(fileName))
    .map(({ fileId, fileName }) => ({ fileId, name: fileName }))
    .sort((a, b) => usesOf(b) - usesOf(a));
  return [
    ...named.map((each): RecordingChoice => ({ ...each, from: 'named' })),
    ...others.map((each): RecordingChoice => ({ ...each, from: 'library' })),
  ];
}

/**
 * Words about a failed load: the platform's code, or that it did not answer. The error's facts come from
 * src/voice/reads.ts.
 */
function problemWords(error: unknown): string {
  if (!(error instanceof VoicecallError)) return 'The list of recordings could not be loaded.';
  const { code = '', meaning = '', remedy = '' } = error.facts;
  const said = `${meaning} (${code}) ${remedy}`;
  return error.code === 'voice_refused'
    ? `The voice platform refused to list its recordings: ${said}`
    : `The voice platform did not answer as it should when asked for its recordings: ${said}`;
}
