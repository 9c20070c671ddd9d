import { startSandbox } from './page/sandbox.ts';

const sandbox = await startSandbox({ port: Number(process.env.SANDBOX_PORT ?? 3939), logLevel: 'info' });

async function end(): Promise<void> {
  await sandbox.stop();
  process.exit(0);
}
process.on('SIGINT', end);
process.on('SIGTERM', end);

// Said once the app's own first lines are out, so that it is the last line on the screen.
await sandbox.ready().catch(() => {});
console.log(`\nThe sandbox is open: ${sandbox.url}   (Ctrl-C ends it)\n`);
