import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { config as loadDotenv } from 'dotenv';
import { treatUnsentAsUnknown } from '../calls/sending/after-restore.ts';
import { systemClock } from '../clock.ts';
import { VoicecallError } from '../errors.ts';
import { createLog } from '../log.ts';
import { databaseClock } from '../store/clock.ts';
import { becomeOnlyProcess } from '../store/only-process.ts';
import { openStore } from '../store/open.ts';
import { sqlitePath } from '../store/sqlite.ts';

const usage =
  'Usage: npm run restored   (after a backup was put back, before the start; it takes no arguments)\n' +
  'It changes the database that DATABASE_URL names, or the one in DATA_DIR: what waited to be sent is not sent.';
// Somebody who asks for help, or for a dry run, must not change the database.
try {
  parseArgs({ options: {} });
} catch {
  console.error(usage);
  process.exit(1);
}

loadDotenv({ quiet: true });
const databaseUrl = process.env.DATABASE_URL?.trim() || undefined;
const dataDir = process.env.DATA_DIR?.trim() || './data';
try {
  if (databaseUrl === undefined && !existsSync(sqlitePath(dataDir))) {
    throw new VoicecallError(
      'config',
      `There is no database at ${sqlitePath(dataDir)}. Put the backup there first, or set DATABASE_URL or DATA_DIR.`,
    );
  }
  // A running instance would find its waiting calls turned into unknown ones, and nobody would be called.
  const letOthersIn =
    databaseUrl !== undefined ? () => {} : await becomeOnlyProcess(dataDir, createLog('silent'), 0);
  const store = await openStore({ databaseUrl, dataDir, clock: systemClock, log: createLog('silent') });
  try {
    const clock = await databaseClock(store, systemClock, createLog('silent'));
    const calls = await store.transaction((tx) => treatUnsentAsUnknown(tx, clock.now()));
    clock.stop();
    console.log(
      calls === 0
        ? 'Nothing waited to be sent when the backup was made. Start Voicecall.'
        : `${calls} ${calls === 1 ? 'call' : 'calls'} waited to be sent when the backup was made and may have been sent since: ` +
            "they are shown as unknown and looked up in the platform's records, and are not sent again. Start Voicecall.",
    );
  } finally {
    await store.close();
    letOthersIn();
  }
} catch (error) {
  if (!(error instanceof VoicecallError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
