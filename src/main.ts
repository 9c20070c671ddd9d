import { readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { config as loadDotenv } from 'dotenv';
import { Agent, install, setGlobalDispatcher } from 'undici';
import { createApp } from './app.ts';
import { formatFaults } from './config/faults.ts';
import { loadSettings, reloadConfig } from './config/load.ts';
import { VoicecallError } from './errors.ts';
import { createLog } from './log.ts';

/**
 * A running POST may take 5 s to connect and 30 s to be answered. See
 * https://docs.docker.com/reference/compose-file/services/#stop_grace_period
 */
const stopWithinMs = 35_000;

loadDotenv({ quiet: true });
// Bolt and the voice client load undici anyway; Node's own fetch would load a second copy (8 MB, 60 ms). With a
// configured proxy Node's fetch is kept; it too uses HTTP/1.1.
if (process.env.NODE_USE_ENV_PROXY === undefined) {
  install();
  setGlobalDispatcher(new Agent({ allowH2: false }));
}
const sources = {
  env: process.env,
  readFile: (path: string) => readFileSync(path, 'utf8'),
  cwd: process.cwd(),
};
const { settings, faults, notices } = loadSettings(sources);
if (settings === undefined || faults.length > 0) {
  console.error(formatFaults(faults));
  console.error(
    '.env.example and voicecall.example.yaml explain each setting. npm run doctor checks all of them.',
  );
  process.exit(1);
}
const { environment } = settings;
const log = createLog(logLevel(environment.logLevel), { pretty: process.stdout.isTTY });
for (const notice of notices) log.warn({}, notice);

let config = settings.config;
process.on('SIGHUP', () => {
  const again = reloadConfig(sources);
  if (again.config === undefined || again.faults.length > 0) {
    log.error(
      { faults: formatFaults(again.faults) },
      'voicecall.yaml has faults: the configuration stays as it was',
    );
    return;
  }
  config = again.config;
  for (const notice of again.notices) log.warn({}, notice);
  log.info({}, 'voicecall.yaml was reloaded');
});

try {
  const app = await createApp({ environment, config: () => config, log });
  // Written before work comes in, because it blocks for a second, but only on the first start of a version.
  flushCompileCache();
  const stop = (signal: string) => {
    log.info({ signal }, 'stopping: taking no more work, finishing what is running');
    // A POST that is still running then becomes unknown at the next start; nothing is sent twice.
    setTimeout(() => process.exit(1), stopWithinMs - 1_000).unref();
    app.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
  await app.start();
} catch (error) {
  if (error instanceof VoicecallError) log.error({ code: error.code, ...error.facts }, error.message);
  else log.error({ err: error }, 'Voicecall could not start');
  process.exit(1);
}

function logLevel(level: typeof environment.logLevel): Parameters<typeof createLog>[0] {
  if (level === 'trace') return 'debug';
  return level === 'fatal' ? 'error' : level;
}
