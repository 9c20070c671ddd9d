import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { appEnvironment } from '../../sandbox/app-environment.ts';
import { startSlack } from '../../sandbox/slack/slack.ts';
import type { SandboxOptions, SandboxSlack } from '../../sandbox/slack/types.ts';
import { startVoicePlatform, type VoicePlatform } from '../../sandbox/voice/server.ts';
import type { VoicePlatformOptions } from '../../sandbox/voice/world.ts';
import { createTestDatabase, type DatabaseKind, type TestDatabase } from './store.ts';
import { patienceMs, reportToken, usualConfig } from './world.ts';

const root = resolve(import.meta.dirname, '../..');

/** The app as a separate process, started like `npm start`. */
export interface ChildApp {
  port: number;
  /** False: it gets no requests, as if a load balancer had found it not ready. */
  inFront: boolean;
  /** Its log: one parsed JSON object for each line. */
  logs: Record<string, unknown>[];
  running(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL. Resolves when the process has ended. */
  kill(): Promise<void>;
  /** SIGTERM. Resolves with the exit code (null: a signal killed it) and the time it took, ms. */
  stop(): Promise<{ code: number | null; tookMs: number }>;
  /** True if GET /readyz answers 200 now. */
  isReady(): Promise<boolean>;
}

export interface StageOptions {
  database?: DatabaseKind;
  config?: string;
  slack?: SandboxOptions;
  voice?: VoicePlatformOptions;
  /** Slack talks to the app over Socket Mode. */
  socketMode?: boolean;
}

/** Sandbox Slack, sandbox voice platform and a database in this process, with any number of app processes. */
export interface Stage {
  slack: SandboxSlack;
  voice: VoicePlatform;
  database: TestDatabase;
  apps: ChildApp[];
  /** Starts another app process, and waits until it is ready and gets requests. */
  start(env?: Record<string, string>): Promise<ChildApp>;
  writeConfig(text: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const database = await createTestDatabase(options.database ?? 'sqlite');
  // A busy machine takes long to start a process and to answer. Tests of one process check Slack's own 3 s.
  const slack = await startSlack({ ackTimeoutMs: 20_000, triggerLifeMs: 20_000, ...options.slack });
  const voice = await startVoicePlatform({
    ringAfterMs: 5,
    autoAnswerMs: 10,
    secondMs: 1,
    queueMs: 0,
    ...options.voice,
  });
  const apps: ChildApp[] = [];
  const front = await startFront(() =>
    apps.filter((app) => app.running() && app.inFront).map((app) => app.port),
  );
  if (options.socketMode !== true) slack.setRequestUrl(`${front.url}/slack/events`);
  voice.setReportUrl(`${front.url}/voice/reports/${reportToken}`);
  const configFile = join(database.dataDir, 'voicecall.yaml');
  const writeConfig = (text: string) => writeFile(configFile, text);
  await writeConfig(options.config ?? usualConfig);
  const environment: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    ...appEnvironment(slack, voice, options.socketMode === true ? 'socket' : 'http'),
    VOICE_REPORT_TOKEN: reportToken,
    VOICECALL_CONFIG: configFile,
    DATA_DIR: database.dataDir,
    PORT: '0',
    HOST: '127.0.0.1',
    ...(database.databaseUrl === undefined ? {} : { DATABASE_URL: database.databaseUrl }),
  };

  return {
    slack,
    voice,
    database,
    apps,
    async start(env = {}) {
      // In its data directory, so that it does not find a developer's .env.
      const app = await startChild({ ...environment, ...env }, database.dataDir);
      apps.push(app);
      return app;
    },
    writeConfig,
    async stop() {
      for (const app of apps) await app.kill();
      front.close();
      await slack.stop();
      await voice.stop();
      await database.remove();
    },
  };
}

async function startChild(env: Record<string, string>, cwd: string): Promise<ChildApp> {
  const child = spawn(process.execPath, [join(root, 'src/run.mjs'), join(root, 'src/main.ts')], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const logs: Record<string, unknown>[] = [];
  let said = '';
  readLines(child, (line) => {
    said = `${said}${line}\n`.slice(-4000);
    if (line.startsWith('{')) logs.push(JSON.parse(line) as Record<string, unknown>);
  });
  const running = () => child.exitCode === null && child.signalCode === null;
  const gone = async () => {
    if (running()) await once(child, 'exit');
  };
  const app: ChildApp = {
    port: 0,
    inFront: true,
    logs,
    running,
    signal: (signal) => void child.kill(signal),
    async kill() {
      child.kill('SIGKILL');
      await gone();
    },
    async stop() {
      const startedAt = performance.now();
      child.kill('SIGTERM');
      await gone();
      return { code: child.exitCode, tookMs: performance.now() - startedAt };
    },
    async isReady() {
      const answer = await fetch(`http://127.0.0.1:${app.port}/readyz`).catch(() => undefined);
      return answer?.status === 200;
    },
  };
  const until = performance.now() + patienceMs;
  while (app.port === 0 || !(await app.isReady())) {
    if (!running()) throw new Error(`The app ended at its start:\n${said}`);
    if (performance.now() > until) throw new Error(`The app was not ready within ${patienceMs} ms:\n${said}`);
    await sleep(20);
    app.port = Number(logs.find((line) => line.msg === 'listening')?.port ?? 0);
  }
  return app;
}

function readLines(child: ChildProcess, take: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.on('data', (bytes: Buffer) => {
      const lines = `${rest}${bytes.toString('utf8')}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
  }
}

/** One URL for all running apps: each request goes to the next app in turn, as with a load balancer. */
async function startFront(ports: () => number[]): Promise<{ url: string; close: () => void }> {
  let turn = 0;
  const server = createServer((incoming, answer) => {
    const body: Buffer[] = [];
    incoming.on('data', (bytes: Buffer) => body.push(bytes));
    incoming.on('end', () => {
      const all = ports();
      const first = turn++;
      const order = all.map((_, index) => all[(first + index) % all.length] ?? 0);
      pass(incoming, Buffer.concat(body), answer, order);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function pass(incoming: IncomingMessage, body: Buffer, answer: ServerResponse, order: number[]): void {
  const [port, ...others] = order;
  if (port === undefined) {
    answer.writeHead(502).end();
    return;
  }
  const { method, url, headers } = incoming;
  const outgoing = request({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (from) => {
    answer.writeHead(from.statusCode ?? 502, from.headers);
    from.pipe(answer);
    from.on('error', () => answer.destroy());
  });
  outgoing.on('error', (error) => {
    // Only a connection that was never open may be tried elsewhere. Otherwise the other app would get a second
    // delivery.
    if ('code' in error && error.code === 'ECONNREFUSED') pass(incoming, body, answer, others);
    else answer.destroy();
  });
  outgoing.end(body);
}
