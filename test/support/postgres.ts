import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { holdPort } from '../../sandbox/voice/hold-port.ts';

const run = promisify(execFile);

export interface TestPostgres {
  /** The administrator's URL, for TEST_DATABASE_URL. */
  url: string;
  start(): Promise<void>;
  /** Stops it at once and cuts every connection (pg_ctl's fast mode). */
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** SIGKILL, as if the machine ran out of memory. `start` then recovers from the log. */
  kill(): Promise<void>;
  /** Stops it and deletes its directory. */
  remove(): Promise<void>;
}

/** The directory of Debian's newest PostgreSQL programs. Undefined if none is installed. */
export function postgresPrograms(): string | undefined {
  const number = (path: string) => Number(path.split('/').at(-2));
  return globSync('/usr/lib/postgresql/*/bin')
    .filter((path) => existsSync(join(path, 'initdb')))
    .sort((one, other) => number(other) - number(one))[0];
}

/** Starts a new PostgreSQL in a temporary directory, on a free port of loopback. */
export async function startPostgres(): Promise<TestPostgres> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('No PostgreSQL here: apt-get install postgresql.');
  const directory = await mkdtemp(join(tmpdir(), 'voicecall-pg-'));
  // PostgreSQL refuses to run as root. Debian's package has a user for it.
  const asRoot = process.getuid?.() === 0;
  const command = (program: string, parameters: string[]): [string, string[]] => {
    const path = join(programs, program);
    return asRoot ? ['runuser', ['-u', 'postgres', '--', path, ...parameters]] : [path, parameters];
  };
  if (asRoot) await run('chown', ['postgres', directory]);
  else chmodSync(directory, 0o700);
  const data = join(directory, 'data');
  const initParameters = [
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=trust',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '-N',
  ];
  await run(...command('initdb', initParameters), { cwd: '/' });
  const { port, release } = await holdPort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let server: ChildProcess | undefined;

  const start = async () => {
    const settings = ['listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${directory}`];
    // It survives a SIGKILL without these two, which only the end of the machine needs.
    const quick = ['fsync=off', 'full_page_writes=off'];
    const tuning = ['max_connections=200', 'shared_buffers=32MB', ...quick];
    const parameters = ['-D', data, ...[...settings, ...tuning].flatMap((setting) => ['-c', setting])];
    const giveUpAt = performance.now() + 60_000;
    for (;;) {
      // A new process group: runuser is between us and the server, and signals must reach the server.
      const child = spawn(...command('postgres', parameters), { cwd: '/', stdio: 'ignore', detached: true });
      server = child;
      const exited = () => child.exitCode !== null || child.signalCode !== null;
      while (!exited() && performance.now() < giveUpAt) {
        if (await answers(url)) return;
        await sleep(50);
      }
      if (performance.now() > giveUpAt) throw new Error('PostgreSQL did not start within 60 s.');
      // After a kill the old server's children hold its memory for a moment; until then a new one refuses to start.
      await sleep(100);
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    const child = server;
    server = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    process.kill(-child.pid, signal);
    await exited;
    await untilItIsGone(url);
  };

  await start();
  return {
    url,
    start,
    stop: () => end('SIGINT'),
    restart: async () => {
      await end('SIGINT');
      await start();
    },
    kill: () => end('SIGKILL'),
    remove: async () => {
      await end('SIGINT');
      release();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function untilItIsGone(url: string): Promise<void> {
  const until = performance.now() + 60_000;
  while (await answers(url)) {
    if (performance.now() > until) throw new Error('PostgreSQL did not stop within 60 s.');
    await sleep(20);
  }
}

// `node test/support/postgres.ts COMMAND …` runs the command with TEST_DATABASE_URL set, and then stops PostgreSQL.
if (import.meta.main) {
  const [program, ...parameters] = process.argv.slice(2);
  if (program === undefined) throw new Error('Usage: node test/support/postgres.ts COMMAND [ARGUMENTS]');
  const postgres = await startPostgres();
  const child = spawn(program, parameters, {
    stdio: 'inherit',
    env: { ...process.env, TEST_DATABASE_URL: postgres.url },
  });
  const [code] = await once(child, 'exit');
  await postgres.remove();
  process.exit(typeof code === 'number' ? code : 1);
}
