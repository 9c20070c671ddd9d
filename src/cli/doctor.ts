import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { config as loadDotenv } from 'dotenv';
import { systemClock } from '../clock.ts';
import { runChecks } from './doctor-check.ts';
import { doctorChecks } from './doctor-checks.ts';

/** Longer than any single time-out inside, so that the check itself can say what did not answer. In ms. */
const withinMs = 10_000;

try {
  parseArgs({ options: {} });
} catch {
  console.error('Usage: npm run doctor   (it takes no arguments)');
  process.exit(1);
}

loadDotenv({ quiet: true });
const { checks } = doctorChecks({
  env: process.env,
  readFile: (path) => readFileSync(path, 'utf8'),
  cwd: process.cwd(),
  clock: systemClock,
});
const { lines, good } = await runChecks(checks, withinMs);
for (const line of lines) console.log(line);
// Ends now, because a request that did not answer may still hold a connection.
process.exit(good ? 0 : 1);
