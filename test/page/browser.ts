// The sandbox and a headless Chromium for the page's tests.
import { existsSync, mkdirSync } from 'node:fs';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type Sandbox, startSandbox } from '../../sandbox/page/sandbox.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why the tests are skipped, or false. */
export const skip = existsSync(executablePath)
  ? false
  : `no browser at ${executablePath} (set CHROMIUM to its path)`;

/** The folder for screenshots, with a final slash. */
export const artifacts = fileURLToPath(new URL('../artifacts/', import.meta.url));

/** Headless, without any request to the internet. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Starts both before the file's tests and ends them after. Returns a function that opens the page as a person. */
export function browserForTests(): (
  me?: string,
  channel?: string,
) => Promise<{ page: Page; errors: string[] }> {
  let sandbox: Sandbox;
  let browser: Browser;
  before(async () => {
    if (skip) return;
    mkdirSync(artifacts, { recursive: true });
    sandbox = await startSandbox({ port: 0, logLevel: 'warn' });
    await sandbox.ready();
    browser = await launchBrowser();
  });
  after(async () => {
    if (skip) return;
    await browser?.close();
    await sandbox?.stop();
  });
  return async (me = 'U0ASHA', channel = 'C0OPS') => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.setDefaultTimeout(60_000);
    await page.goto(`${sandbox.url}#me=${me}&channel=${channel}`);
    await page.locator(`#channel-${channel}[aria-current]`).waitFor();
    return { page, errors };
  };
}
