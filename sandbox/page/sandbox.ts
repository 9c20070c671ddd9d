// The whole sandbox in one process. Only the app runs as a separate process, as on a server.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readNumberAndName } from '../../src/callees/named-number.ts';
import { formatFaults } from '../../src/config/faults.ts';
import { readConfig } from '../../src/config/file.ts';
import type { Config } from '../../src/config/types.ts';
import { appEnvironment } from '../app-environment.ts';
import { freePort } from '../free-port.ts';
import { startSlack } from '../slack/slack.ts';
import { startVoicePlatform } from '../voice/server.ts';
import { startApp } from './child.ts';
import { phonesOf } from './platform.ts';
import { createAlertmanager } from './posted.ts';
import { startRoster, writtenAddress } from './roster.ts';
import { startPage } from './server.ts';

/** The channel for sample alerts; the sandbox's rule listens there. */
const alertChannel = 'C0ALERTS';

export interface SandboxOptions {
  /** The page's port. If it is taken, a free one is used; 0 is any free one. */
  readonly port: number;
  /** The app's LOG_LEVEL. */
  readonly logLevel: string;
  /** The app's program. Default: the real one. */
  readonly program?: string;
}

export interface Sandbox {
  /** The page's URL. */
  readonly url: string;
  /** Resolves when the app is ready. Rejects with its last words if it ended instead. */
  ready(): Promise<void>;
  /** Ends the app and everything else, and deletes the app's data. */
  stop(): Promise<void>;
}

/** The people whom the configuration's lists name, by number. */
function namesIn({ lists, country }: Config): Map<string, string> {
  const names = new Map<string, string>();
  for (const entry of Object.values(lists).flat()) {
    const read = readNumberAndName(entry, { country });
    if ('callee' in read && read.name !== null) names.set(read.callee, read.name);
  }
  return names;
}

/** Starts the sandbox's Slack, voice platform, page and app, all on loopback and without any credentials. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'voicecall-sandbox-'));
  const port = await freePort();
  const app = `http://127.0.0.1:${port}`;
  const reportToken = 'sandbox-report-token';
  const sourceToken = 'sandbox-source-token';
  const slack = await startSlack({ requestUrl: `${app}/slack/events` });
  const voice = await startVoicePlatform({
    apiKey: 'sandbox-key',
    apiSecret: 'sandbox-secret',
    reportUrl: `${app}/voice/reports/${reportToken}`,
    talkSeconds: 20,
  });
  const roster = await startRoster();
  const writtenPath = fileURLToPath(new URL('../voicecall.sandbox.yaml', import.meta.url));
  const written = (await readFile(writtenPath, 'utf8')).replaceAll(writtenAddress, roster.url);
  const { config, faults } = readConfig(written, writtenPath);
  if (config === undefined) throw new Error(formatFaults(faults));
  const configPath = join(folder, 'voicecall.yaml');
  await writeFile(configPath, written);
  const page = await startPage({
    rules: config.rules,
    slack,
    phones: phonesOf(voice, namesIn(config)),
    alertChannel,
    port: options.port,
    status: () => child.status(),
    post: createAlertmanager(app, sourceToken),
  });
  const child = startApp({
    program: options.program ?? fileURLToPath(new URL('../../src/main.ts', import.meta.url)),
    folder,
    port,
    changed: () => page.refresh(),
    env: {
      ...appEnvironment(slack, voice),
      VOICE_REPORT_TOKEN: reportToken,
      SOURCE_PROMETHEUS_TOKEN: sourceToken,
      VOICECALL_CONFIG: configPath,
      DATA_DIR: join(folder, 'data'),
      PORT: String(port),
      HOST: '127.0.0.1',
      LOG_LEVEL: options.logLevel,
    },
  });

  let stopped: Promise<void> | null = null;
  async function stopAll(): Promise<void> {
    await child.stop();
    await Promise.all([page.stop(), slack.stop(), voice.stop(), roster.stop()]);
    await rm(folder, { recursive: true, force: true });
  }

  return {
    url: page.url,
    ready: child.ready,
    stop() {
      stopped ??= stopAll();
      return stopped;
    },
  };
}
