import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { holdPort } from '../../sandbox/voice/hold-port.ts';
import { patienceMs } from '../support/world.ts';

/** Where Debian's package (or another one) has installed it. Undefined if it is not installed. */
export function alertmanagerProgram(): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter);
  return ['prometheus-alertmanager', 'alertmanager']
    .flatMap((name) => directories.map((directory) => join(directory, name)))
    .find((path) => existsSync(path));
}

export interface Alertmanager {
  /** Tells it which alerts fire or, with `endsAt` in the past, have ended. */
  push(alerts: { labels: Record<string, string>; endsAt?: string }[]): Promise<void>;
  stop(): Promise<void>;
}

/** Alertmanager's own integration for a Slack webhook. */
export function slackReceiver(webhookUrl: string): string {
  return `slack_configs: [{ api_url: "${webhookUrl}", channel: "#alerts", send_resolved: true }]`;
}

/** Starts an Alertmanager on a free port of loopback, which sends groups by alertname to one receiver. */
export async function startAlertmanager(program: string, receiver: string): Promise<Alertmanager> {
  const directory = await mkdtemp(join(tmpdir(), 'voicecall-alertmanager-'));
  const config = join(directory, 'alertmanager.yml');
  await writeFile(
    config,
    `
route: { receiver: tested, group_by: [alertname], group_wait: 300ms, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: tested
    ${receiver}
`,
  );
  const { port, release } = await holdPort();
  const origin = `http://127.0.0.1:${port}`;
  const child = spawn(
    program,
    [
      `--config.file=${config}`,
      `--storage.path=${directory}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const stop = async () => {
    await ended(child);
    release();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await ready(origin, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    async push(alerts) {
      const response = await fetch(`${origin}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts),
      });
      if (!response.ok) throw new Error(`Alertmanager answered ${response.status}: ${await response.text()}`);
    },
    stop,
  };
}

async function ready(origin: string, child: ChildProcess): Promise<void> {
  for (const until = Date.now() + patienceMs; Date.now() < until; ) {
    if (child.exitCode !== null) break;
    const answers = await fetch(`${origin}/-/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (answers) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Alertmanager does not start (exit code ${child.exitCode}).`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
