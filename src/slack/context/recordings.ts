import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/types.ts';
import { VoicecallError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Recording, VoiceClient } from '../../voice/types.ts';

export interface RecordingChoice {
  fileId: string;
  name: string;
  /** configured: named in voicecall.yaml; library: the platform's own list. */
  from: 'configured' | 'library';
}

export interface RecordingList {
  choices: RecordingChoice[];
  /** False: the platform's library could not be loaded. */
  complete: boolean;
  /** Why not, in plain words with what to do. */
  problem?: string;
}

export interface Recordings {
  /** What is known without waiting, or null where the platform has to be asked first. */
  known(): RecordingList | null;
  /** Asks the platform; never throws. Questions at the same time are one. */
  load(): Promise<RecordingList>;
  /** The name of a fileId, or null. */
  nameOf(fileId: string): string | null;
}

const freshForMs = 5 * 60_000;

/** The recordings to choose from: those named in the configuration, and the platform's library, kept for five minutes. */
export function createRecordings(deps: {
  clock: Clock;
  log: Log;
  voice: VoiceClient;
  config: () => Config;
}): Recordings {
  let library: { recordings: Recording[]; untilAt: number } | null = null;
  let asking: Promise<RecordingList> | null = null;

  function list(problem: string | null): RecordingList {
    const configured = Object.entries(deps.config().recordings).map(
      ([name, fileId]): RecordingChoice => ({ fileId, name, from: 'configured' }),
    );
    const named = new Set(configured.map((choice) => choice.fileId));
    const others = (library?.recordings ?? [])
      .filter((recording) => !named.has(recording.fileId))
      .map(
        (recording): RecordingChoice => ({
          fileId: recording.fileId,
          name: recording.fileName,
          from: 'library',
        }),
      );
    const choices = [...configured, ...others];
    return problem === null ? { choices, complete: true } : { choices, complete: false, problem };
  }

  async function ask(): Promise<RecordingList> {
    try {
      library = { recordings: await deps.voice.fileQuery(), untilAt: deps.clock.now() + freshForMs };
      return list(null);
    } catch (error) {
      deps.log.warn({ err: error }, 'the list of recordings could not be fetched');
      return list(problemWords(error));
    }
  }

  return {
    known: () => (library !== null && library.untilAt > deps.clock.now() ? list(null) : null),
    load() {
      asking ??= ask().finally(() => {
        asking = null;
      });
      return asking;
    },
    nameOf: (fileId) => list(null).choices.find((choice) => choice.fileId === fileId)?.name ?? null,
  };
}

/** What the platform said by its code, or that it said nothing; the error's facts are those of a read (src/voice/reads.ts). */
function problemWords(error: unknown): string {
  if (!(error instanceof VoicecallError)) return 'The list of recordings could not be had.';
  const { code = '', meaning = '', remedy = '' } = error.facts;
  const said = `${meaning} (${code}) ${remedy}`;
  return error.code === 'voice_refused'
    ? `The voice platform refused to list its recordings: ${said}`
    : `The voice platform did not answer as it should when asked for its recordings: ${said}`;
}
