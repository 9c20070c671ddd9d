import type { App } from '@slack/bolt';
import { registerReject } from './approval/reject.ts';
import { registerSubmissions } from './asking/submit.ts';
import { registerActions } from './buttons.ts';
import { registerCommands } from './command.ts';
import type { SlackDeps } from './context/deps.ts';
import { registerHome } from './lookup/home.ts';
import { registerShortcuts } from './shortcut.ts';

/** Registers every listener of the app. */
export function registerListeners(app: App, deps: SlackDeps): void {
  registerCommands(app, deps);
  registerShortcuts(app, deps);
  registerSubmissions(app, deps);
  registerReject(app, deps);
  registerActions(app, deps);
  registerHome(app, deps);
}
