import { createServer } from 'node:http';
import { createControl, parseBehaviour } from './control.ts';
import { createEndpoints } from './endpoints.ts';
import { sendPlain } from './exchange.ts';
import { createFaults, type Faults } from './faults.ts';
import { type HeldPort, holdPort } from './hold-port.ts';
import { act, DEFAULT_BEHAVIOUR, DEFAULT_PHONES } from './phones.ts';
import { createReportSender, parseReportUrl } from './reports.ts';
import type {
  Behaviour,
  Call,
  Change,
  Limits,
  LoggedRequest,
  PushedReport,
  Recording,
  World,
} from './types.ts';

/** The documentation's sample key and secret. Valid in the sandbox only. */
export const SAMPLE_KEY = 'bDqJFiq9';
export const SAMPLE_SECRET = '7bz1lzh9';
export const SAMPLE_APP_ID = 'Ab3dE5gH';
export const SAMPLE_RECORDINGS: Recording[] = [
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

export interface VoicePlatform {
  /** For VOICE_API_URL; ends in /voice. */
  url: string;
  /** For VOICE_BALANCE_URL. */
  balanceUrl: string;
  /** The base of /control/…. */
  origin: string;
  credentials: { apiKey: string; apiSecret: string; appId: string };
  requests: LoggedRequest[];
  /** Every call, in order. */
  calls: Call[];
  reports: PushedReport[];
  recordings: Recording[];
  /** What a correct client never does, in words. */
  violations: string[];
  faults: Faults;
  behaviour: Behaviour;
  /** Answers the phone. The call lasts `seconds` (at most maxDuration); `key` is pressed in it. */
  answer: (voiceId: string, how?: { seconds?: number; key?: string }) => void;
  decline: (voiceId: string) => void;
  /** Rings until its maxRingingTime is over. */
  leaveRinging: (voiceId: string) => void;
  busy: (voiceId: string) => void;
  hangUp: (voiceId: string) => void;
  /** Presses a key, after answering a phone that still rings. The last key is reported. */
  press: (voiceId: string, key: string) => void;
  onChange: (listener: (change: Change) => void) => () => void;
  /** Resolves when `isTrue` is true; checked after each change. Rejects after `timeoutMs` (default 5000). */
  until: (isTrue: () => boolean, timeoutMs?: number) => Promise<void>;
  /** Only URLs of this machine. Null: reports are not pushed. */
  setReportUrl: (url: string | null) => void;
  /** Changes the given fields and keeps the rest. Adds `phones` to the existing ones. */
  setBehaviour: (behaviour: Partial<Behaviour>) => void;
  /** Resolves when every report that is due has been pushed. */
  reportsSettled: () => Promise<void>;
  /** Closes the port and every connection and keeps everything else. Connections are refused until comeBack(). */
  goDown: () => Promise<void>;
  comeBack: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Starts a voice platform on 127.0.0.1. Rejects if the port is taken or an option is invalid. */
export async function startVoicePlatform(options: VoicePlatformOptions = {}): Promise<VoicePlatform> {
  const { port, apiKey, apiSecret, appId, now = Date.now, reportUrl, recordings, limits, ...given } = options;
  const listeners = new Set<(change: Change) => void>();
  const cancels = new Set<() => void>();
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
      world.changed({ kind: 'violation', text });
    },
    changed: (change) => {
      for (const listener of [...listeners]) listener(change);
    },
    later: (delayMs, run) => {
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
    reportEnd: (call) => sender.ended(call),
  };
  world.behaviour.phones = { ...DEFAULT_PHONES, ...given.phones };
  const sender = createReportSender(world);
  const faults = createFaults();

  function setBehaviour(change: Partial<Behaviour>): void {
    const phones = { ...world.behaviour.phones, ...change.phones };
    Object.assign(world.behaviour, parseBehaviour(change), { phones });
  }
  function setReportUrl(url: string | null): void {
    world.reportUrl = parseReportUrl(url);
  }

  const endpoints = createEndpoints(world, faults);
  const control = createControl(world, { faults, setBehaviour, setReportUrl });
  const server = createServer((request, response) => {
    const handle = request.url?.startsWith('/control/') ? control : endpoints;
    handle(request, response).catch((error: unknown) => {
      // A fault of the sandbox itself must fail the test, and must not look like a fault of the platform.
      world.violate(`the sandbox failed: ${error instanceof Error ? error.stack : String(error)}`);
      if (!response.headersSent) sendPlain(world, response, 500, 'the sandbox failed');
    });
  });

  const listen = (at: number) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, '127.0.0.1', () => {
        server.off('error', reject);
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : at);
      });
    });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });

  const listening = await listen(port ?? 0);
  /** Set while the platform is down. */
  let held: HeldPort | undefined;
  const origin = `http://127.0.0.1:${listening}`;
  return {
    url: `${origin}/voice`,
    balanceUrl: `${origin}/sms/getBalance`,
    origin,
    credentials: world.credentials,
    requests: world.requests,
    calls: world.calls,
    reports: world.reports,
    recordings: world.recordings,
    violations: world.violations,
    faults,
    behaviour: world.behaviour,
    answer: (voiceId, how) => act(world, voiceId, 'answer', how),
    decline: (voiceId) => act(world, voiceId, 'decline'),
    leaveRinging: (voiceId) => act(world, voiceId, 'ignore'),
    busy: (voiceId) => act(world, voiceId, 'busy'),
    hangUp: (voiceId) => act(world, voiceId, 'hangup'),
    press: (voiceId, key) => act(world, voiceId, 'key', { key }),
    onChange: (listener) => {
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
    setReportUrl,
    setBehaviour,
    reportsSettled: sender.settled,
    goDown: async () => {
      await close();
      held = await holdPort(listening);
    },
    comeBack: async () => {
      held?.release();
      held = undefined;
      await listen(listening);
    },
    stop: async () => {
      for (const cancel of [...cancels]) cancel();
      sender.stop();
      held?.release();
      if (server.listening) await close();
    },
  };
}
