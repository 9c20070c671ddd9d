import type { App } from '@slack/bolt';
import { registerActions } from './actions/register.ts';
import { registerCommands } from './commands/register.ts';
import type { SlackDeps } from './deps.ts';
import { registerHome } from './events/home.ts';
import { registerShortcuts } from './shortcuts.ts';
import { registerSubmissions } from './submissions/register.ts';

/** Every listener of the app, one function a surface. */
export function registerListeners(app: App, deps: SlackDeps): void {
  registerCommands(app, deps);
  registerShortcuts(app, deps);
  registerSubmissions(app, deps);
  registerActions(app, deps);
  registerHome(app, deps);
}
