// Plain JavaScript, because an old Node cannot parse TypeScript. Checks Node's version and explains a wrong one,
// then imports the program in the first argument.
import { enableCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  console.error(
    `Voicecall needs Node 24.12 or newer; this is Node ${process.versions.node}. ` +
      'Start it with npm (npm start, npm test, npm run sandbox): on Linux and Windows "npm ci" brings its own Node 24. ' +
      'On other systems install Node 24 from https://nodejs.org and try again.',
  );
  process.exit(1);
}

const program = process.argv[2];
if (program === undefined) {
  console.error('Usage: node src/run.mjs PROGRAM [ARGUMENTS]');
  process.exit(1);
}
// Caches compiled code between starts, which halves the time to load. The cache is beside the packages and not in the
// shared /tmp, because anyone who can write there could run code here. If it cannot be written, there is no cache.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/compiled'));
process.argv.splice(1, 2, resolve(program));
await import(pathToFileURL(resolve(program)).href);
