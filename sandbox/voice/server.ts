import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listen } from '../listen.ts';
import { createControl, parseBehaviour } from './control.ts';
import { createEndpoints } from './endpoints.ts';
import { sendPlain } from './exchange.ts';
import { createFaults, type Faults } from './faults.ts';
import { type HeldPort, holdPort } from './hold-port.ts';
import { act } from './phones.ts';
import { createReportSender, parseReportUrl } from './reports.ts';
import type { Behaviour, Call, Change, LoggedRequest, PushedReport, Recording, World } from './types.ts';
import { createChanges, createWorld, type VoicePlatformOptions } from './world.ts';

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
  /** Resolves when `isTrue` is true; checked after each change. Rejects after `timeoutMs` (default 60,000). */
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
  const { emit, onChange, until } = createChanges();
  const reportEnd = (call: Call) => sender.ended(call);
  const { world, cancelTimers } = createWorld(options, { changed: emit, reportEnd });
  const sender = createReportSender(world);
  const faults = createFaults();

  function setBehaviour(change: Partial<Behaviour>): void {
    const phones = { ...world.behaviour.phones, ...change.phones };
    Object.assign(world.behaviour, parseBehaviour(change), { phones });
  }
  function setReportUrl(url: string | null): void {
    world.reportUrl = parseReportUrl(url);
  }

  const control = createControl(world, { faults, setBehaviour, setReportUrl });
  const server = createServer(answerWith(world, control, createEndpoints(world, faults)));
  const port = await listen(server, options.port ?? 0);
  const power = createPower(server, port);
  const origin = `http://127.0.0.1:${port}`;
  const { credentials, requests, calls, reports, recordings, violations, behaviour } = world;
  return {
    url: `${origin}/voice`,
    balanceUrl: `${origin}/sms/getBalance`,
    origin,
    ...{ credentials, requests, calls, reports, recordings, violations, faults, behaviour },
    answer: (voiceId, how) => act(world, voiceId, 'answer', how),
    decline: (voiceId) => act(world, voiceId, 'decline'),
    leaveRinging: (voiceId) => act(world, voiceId, 'ignore'),
    busy: (voiceId) => act(world, voiceId, 'busy'),
    hangUp: (voiceId) => act(world, voiceId, 'hangup'),
    press: (voiceId, key) => act(world, voiceId, 'key', { key }),
    onChange,
    until,
    setReportUrl,
    setBehaviour,
    reportsSettled: sender.settled,
    goDown: power.goDown,
    comeBack: power.comeBack,
    stop: async () => {
      cancelTimers();
      sender.stop();
      await power.stop();
    },
  };
}

type Answering = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function answerWith(world: World, control: Answering, endpoints: Answering) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const handle = request.url?.startsWith('/control/') ? control : endpoints;
    handle(request, response).catch((error: unknown) => {
      // A fault of the sandbox itself must fail the test, and must not look like a fault of the platform.
      world.violate(`the sandbox failed: ${error instanceof Error ? error.stack : String(error)}`);
      if (!response.headersSent) sendPlain(world, response, 500, 'the sandbox failed');
    });
  };
}

/** Closes the server and opens it again on the same port, which nobody else can take meanwhile. */
function createPower(
  server: Server,
  port: number,
): Pick<VoicePlatform, 'goDown' | 'comeBack'> & { stop: () => Promise<void> } {
  /** Set while the platform is down. */
  let held: HeldPort | undefined;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    async goDown() {
      await close();
      held = await holdPort(port);
    },
    async comeBack() {
      held?.release();
      held = undefined;
      await listen(server, port);
    },
    async stop() {
      held?.release();
      if (server.listening) await close();
    },
  };
}
