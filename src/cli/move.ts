import { parseArgs } from 'node:util';
import { config as loadDotenv } from 'dotenv';
import { VoicecallError } from '../errors.ts';
import { createLog } from '../log.ts';
import { moveStore } from './move-tables.ts';

const usage =
  'Usage: npm run move -- --to postgres://user:password@host:5432/database   (from SQLite in DATA_DIR)\n' +
  'or set DATABASE_URL and leave --to out: others on this machine can read a command line, and the password in it.';

/** Ends the program with one sentence. */
function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}

/** The address of the target, and where it was given. */
function readTarget(): { databaseUrl: string; urlGivenBy: string } {
  let to: string | undefined;
  try {
    to = parseArgs({ options: { to: { type: 'string' } } }).values.to;
  } catch {
    fail(usage);
  }
  const databaseUrl = to ?? process.env.DATABASE_URL?.trim();
  if (databaseUrl === undefined || !/^postgres(ql)?:\/\/./i.test(databaseUrl)) fail(usage);
  return { databaseUrl, urlGivenBy: to === undefined ? 'DATABASE_URL' : '--to' };
}

loadDotenv({ quiet: true });
const target = readTarget();
const dataDir = process.env.DATA_DIR?.trim() || './data';
try {
  const counts = await moveStore({ dataDir, ...target, log: createLog('silent') });
  const width = Math.max(...counts.map(({ table }) => table.length));
  for (const { table, rows } of counts) console.log(`${table.padEnd(width)}  ${rows}`);
  const rows = counts.reduce((sum, each) => sum + each.rows, 0);
  console.log(
    `Moved: ${rows} rows, counted on both sides. Now set DATABASE_URL and start Voicecall. ${dataDir} was left as it is: ` +
      'keep it until you are sure, and do not start an instance on it again.',
  );
} catch (error) {
  if (!(error instanceof VoicecallError)) {
    const why = error instanceof Error ? error.message : String(error);
    fail(
      `Not moved: PostgreSQL refused a row (${why}). The target is still empty, and the source is unchanged.`,
    );
  }
  // The cause says what is wrong on the other side, for example a wrong password.
  const why = error.cause instanceof Error ? error.cause.message : '';
  const cause = why === '' || error.message.includes(why) ? '' : ` (${why})`;
  const again =
    error.code === 'store_unavailable'
      ? ' Move again once it can: should the target then be called not empty, everything had arrived.'
      : '';
  fail(`Not moved. ${error.message}${cause}${again}`);
}
