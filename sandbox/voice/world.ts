import { parseBehaviour } from './control.ts';
import { DEFAULT_BEHAVIOUR, DEFAULT_PHONES } from './phones.ts';
import { parseReportUrl } from './reports.ts';
import type { Behaviour, Change, Limits, Recording, World } from './types.ts';

/** The documentation's sample key and secret. Valid in the sandbox only. */
const SAMPLE_KEY = 'bDqJFiq9';
const SAMPLE_SECRET = '7bz1lzh9';
const SAMPLE_APP_ID = 'Ab3dE5gH';
const SAMPLE_RECORDINGS: Recording[] = [
  { fileId: '12022022570cc2484c59d4f8b9745d34226285b1e.mp3', fileName: 'fire-drill.mp3' },
  { fileId: '1202601050123456789abcdef0123456789abcdef.mp3', fileName: 'wake-up.mp3' },
];

const DEFAULT_LIMITS: Limits = { callees: 200, loopCount: 3, textLength: 299, languages: ['EN'] };

export interface VoicePlatformOptions extends Partial<Behaviour> {
  /** Default 0: any free port. */
  port?: number;
  apiKey?: string;
  apiSecret?: string;
  appId?: string;
  /** Epoch ms. The platform's clock is this plus `clockOffsetMs`. Timers still run by the machine's clock. */
  now?: () => number;
  reportUrl?: string | null;
  recordings?: Recording[];
  limits?: Partial<Limits>;
}

/** The state of a platform at its start. Throws if an option is invalid. */
export function createWorld(
  options: VoicePlatformOptions,
  { changed, reportEnd }: Pick<World, 'changed' | 'reportEnd'>,
): { world: World; cancelTimers: () => void } {
  const { port, apiKey, apiSecret, appId, now = Date.now, reportUrl, recordings, limits, ...given } = options;
  const { later, cancelTimers } = createTimers();
  const world: World = {
    credentials: {
      apiKey: apiKey ?? SAMPLE_KEY,
      apiSecret: apiSecret ?? SAMPLE_SECRET,
      appId: appId ?? SAMPLE_APP_ID,
    },
    limits: { ...DEFAULT_LIMITS, ...limits },
    behaviour: { ...DEFAULT_BEHAVIOUR, ...parseBehaviour(given) },
    reportUrl: parseReportUrl(reportUrl ?? null),
    recordings: structuredClone(recordings ?? SAMPLE_RECORDINGS),
    requests: [],
    calls: [],
    callsById: new Map(),
    reports: [],
    violations: [],
    lastQueryAt: null,
    called: new Set(),
    timers: new Map(),
    now: () => now() + world.behaviour.clockOffsetMs,
    violate: (text) => {
      world.violations.push(text);
      changed({ kind: 'violation', text });
    },
    changed,
    later,
    reportEnd,
  };
  world.behaviour.phones = { ...DEFAULT_PHONES, ...given.phones };
  return { world, cancelTimers };
}

function createTimers(): { later: World['later']; cancelTimers: () => void } {
  const cancels = new Set<() => void>();
  return {
    later(delayMs, run) {
      const timer = setTimeout(() => {
        cancels.delete(cancel);
        run();
      }, delayMs);
      const cancel = () => {
        cancels.delete(cancel);
        clearTimeout(timer);
      };
      cancels.add(cancel);
      return cancel;
    },
    cancelTimers() {
      for (const cancel of [...cancels]) cancel();
    },
  };
}

/** Passes each change to all listeners. */
export interface Changes {
  emit: (change: Change) => void;
  /** Returns a function that removes the listener. */
  onChange: (listener: (change: Change) => void) => () => void;
  /** Resolves when `isTrue` is true; checked after each change. Rejects after `timeoutMs`. */
  until: (isTrue: () => boolean, timeoutMs?: number) => Promise<void>;
}

export function createChanges(): Changes {
  const listeners = new Set<(change: Change) => void>();
  return {
    emit(change) {
      for (const listener of [...listeners]) listener(change);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    until: (isTrue, timeoutMs = 60_000) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!isTrue()) return;
          clearTimeout(timer);
          listeners.delete(look);
          resolve();
        };
        const timer = setTimeout(() => {
          listeners.delete(look);
          reject(new Error(`did not happen within ${timeoutMs} ms`));
        }, timeoutMs);
        listeners.add(look);
        look();
      }),
  };
}
