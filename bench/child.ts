// A measured process: started as on a server, and observed from outside by /proc.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../sandbox/free-port.ts';

export interface Measured {
  pid: number;
  port: number;
  /** From spawn to the first 200 of /readyz, ms. */
  startMs: number;
  /** Processor time so far, user and system, s. */
  cpuSeconds(): number;
  /** Resident memory now, bytes. */
  memory(): number;
  /** The highest resident memory since the last `forgetPeak`, bytes. */
  peakMemory(): number;
  forgetPeak(): void;
  stop(): Promise<void>;
}

/** Linux counts processor time in hundredths of a second: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const ticksPerSecond = 100;

/** The programs to measure. */
export const voicecall = 'src/main.ts';
export const bareBolt = 'bench/bare-bolt.ts';

const giveUpAfterMs = 30_000;

/**
 * Starts a program of this repository with its own environment (Voicecall like `npm start`, others with plain node),
 * and waits until its /readyz answers 200. For a profile, set BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=…".
 */
export async function startMeasured(
  program: string,
  env: Record<string, string>,
  cwd: string,
): Promise<Measured> {
  const port = await freePort();
  const { PATH = '', HOME = '', BENCH_NODE_OPTIONS = '' } = process.env;
  const path = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));
  const parameters = program === voicecall ? [...nodeOptions(), path('src/run.mjs')] : [];
  const spawnedAt = performance.now();
  const child = spawn(
    process.execPath,
    [...BENCH_NODE_OPTIONS.split(' ').filter(Boolean), ...parameters, path(program)],
    {
      cwd,
      env: { PATH, HOME, HOST: '127.0.0.1', PORT: String(port), ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString('utf8')).slice(-4000);
  });
  while (!(await isReady(port))) {
    if (child.exitCode !== null) throw new Error(`${program} ended at its start: ${words}`);
    if (performance.now() - spawnedAt > giveUpAfterMs)
      throw new Error(`${program} did not become ready: ${words}`);
    await wait(3);
  }
  const startMs = performance.now() - spawnedAt;
  const pid = child.pid ?? 0;
  return {
    pid,
    port,
    startMs,
    cpuSeconds: () => cpuSeconds(pid),
    memory: () => memoryField(pid, 'VmRSS'),
    peakMemory: () => memoryField(pid, 'VmHWM'),
    // "5" resets the peak: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
    forgetPeak: () => writeFileSync(`/proc/${pid}/clear_refs`, '5'),
    stop: () => stop(child),
  };
}

/** The options of `npm start` for node. */
function nodeOptions(): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const command: unknown = scripts.start;
  return String(command)
    .split(' ')
    .filter((word) => word.startsWith('--'));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await closed;
  clearTimeout(force);
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}

function cpuSeconds(pid: number): number {
  // The name in brackets may contain spaces, so fields are counted after it. utime and stime are the 14th and 15th of
  // all.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function memoryField(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1]) * 1024;
}
