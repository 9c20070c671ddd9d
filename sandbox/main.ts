import { startSandbox } from './page/sandbox.ts';

/** The page's port if SANDBOX_PORT is not set. */
const usualPort = 3939;
const wanted = process.env.SANDBOX_PORT ?? String(usualPort);
const port = Number(wanted);
if (!/^\d{1,5}$/.test(wanted) || port > 65_535) {
  console.error(`SANDBOX_PORT is ${JSON.stringify(wanted)}: give a port from 0 (any free one) to 65535.`);
  process.exit(1);
}
const sandbox = await startSandbox({ port, logLevel: 'info' });

async function end(): Promise<void> {
  await sandbox.stop();
  process.exit(0);
}
process.on('SIGINT', end);
process.on('SIGTERM', end);

// Printed after the app's first lines, so that it is the last line on the screen.
await sandbox.ready().catch(() => {});
if (port !== 0 && !sandbox.url.endsWith(`:${port}/`))
  console.log(`\nPort ${port} is taken: the sandbox took another one. SANDBOX_PORT chooses one.`);
console.log(`\nThe sandbox is open: ${sandbox.url}   (Ctrl-C ends it)\n`);
