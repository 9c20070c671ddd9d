import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AppStatus } from './state.ts';

export interface ChildOptions {
  /** The TypeScript file to run. */
  readonly program: string;
  /** The app's whole environment besides PATH and HOME. Nothing of the caller's environment is passed on. */
  readonly env: Record<string, string>;
  /** The app's working directory. It has no `.env`, so that no real secret is read. */
  readonly folder: string;
  readonly port: number;
  readonly changed: () => void;
}

export interface Child {
  status(): AppStatus;
  /** Resolves when the app is ready. Rejects with its last words if it ended instead. */
  ready(): Promise<void>;
  /** Ends the app by SIGTERM, and after five seconds by SIGKILL. */
  stop(): Promise<void>;
}

const starter = fileURLToPath(new URL('../../src/run.mjs', import.meta.url));

/** Starts the app as a separate process. Its output is passed on to ours. */
export function startApp(options: ChildOptions): Child {
  let status: AppStatus = { state: 'starting', detail: '' };
  let stopping = false;
  let last = '';
  const { PATH = '', HOME = '' } = process.env;
  const child: ChildProcess = spawn(process.execPath, [starter, options.program], {
    cwd: options.folder,
    env: { PATH, HOME, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

  function become(next: AppStatus): void {
    status = next;
    options.changed();
  }

  child.stdout?.on('data', (chunk: Buffer) => process.stdout.write(chunk));
  child.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk));
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      last = (last + chunk.toString('utf8')).slice(-4000);
    });
  }
  child.on('error', (error) => become({ state: 'dead', detail: error.message }));
  // `close` comes after the last output; `exit` may come before it.
  child.on('close', (code, signal) => {
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    if (!stopping)
      console.error(`The app has stopped (${how}). Its last words are above; the page stays up.`);
    become({ state: 'dead', detail: `${how}\n${last.trim().split('\n').slice(-30).join('\n')}` });
  });

  async function watchStart(): Promise<AppStatus> {
    while (status.state === 'starting') {
      await wait(100);
      const answer = await fetch(`http://127.0.0.1:${options.port}/readyz`).catch(() => null);
      if (answer?.ok === true && status.state === 'starting') become({ state: 'running', detail: '' });
    }
    return status;
  }
  const started = watchStart();

  return {
    status: () => status,
    async ready() {
      const { state, detail } = await started;
      if (state === 'dead') throw new Error(`The app did not start: ${detail}`);
    },
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), 5000);
      await closed;
      clearTimeout(force);
    },
  };
}
