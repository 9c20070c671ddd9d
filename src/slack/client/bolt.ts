import {
  type AnyMiddlewareArgs,
  App,
  HTTPReceiver,
  type Logger,
  LogLevel,
  type Receiver,
  SocketModeReceiver,
} from '@slack/bolt';
import type { Environment } from '../../config/types.ts';
import type { Log } from '../../log.ts';
import { type Intake, withIntake } from './intake.ts';

export interface Bolt {
  app: App;
  /** Null in Socket Mode. */
  http: HTTPReceiver | null;
  socket: SocketModeReceiver | null;
  /** How many listeners are running. Bolt does not wait for them when it stops. */
  running(): number;
}

/**
 * A logger for Bolt that writes to ours. Levels below "warn" are dropped, because the Slack libraries log whole
 * bodies there.
 */
export function slackLogger(log: Log): Logger {
  const line = (parts: unknown[]) => parts.map(String).join(' ').slice(0, 2_000);
  return {
    debug: () => {},
    info: () => {},
    warn: (...parts) => log.warn({ from: 'slack library' }, line(parts)),
    error: (...parts) => log.error({ from: 'slack library' }, line(parts)),
    setLevel: () => {},
    getLevel: () => LogLevel.WARN,
    setName: () => {},
  };
}

/**
 * Creates the Bolt app for HTTP, or for Socket Mode if there is an app-level token. Our ids come from `identity` and
 * Bolt does not ask Slack for them, so that the app can start while Slack is down.
 */
export function createBolt(settings: {
  environment: Environment;
  log: Log;
  identity: { teamId: string; botUserId: string; botId: string };
  intake: Intake;
  onError: (args: AnyMiddlewareArgs, error: unknown) => Promise<void>;
}): Bolt {
  const { environment, identity, log } = settings;
  const logger = slackLogger(log);
  const clientOptions = {
    slackApiUrl: environment.slackApiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: 2_500,
  };
  const http =
    environment.slackAppToken === undefined
      ? new HTTPReceiver({ signingSecret: environment.slackSigningSecret ?? '', logger })
      : null;
  const socket =
    environment.slackAppToken === undefined
      ? null
      : new SocketModeReceiver({
          appToken: environment.slackAppToken,
          logger,
          // How long the library waits before it connects again after Slack has ended a connection, which happens
          // every few hours. Until then Slack tells people that the app does not respond. The default is 5 s.
          clientPingTimeout: 2_000,
          installerOptions: { clientOptions: { slackApiUrl: environment.slackApiUrl } },
        });
  const receiver: Receiver | null = http ?? socket;
  if (receiver === null) throw new Error('no receiver');
  let running = 0;
  const app = new App({
    receiver: withIntake(receiver, settings.intake),
    authorize: async () => ({
      botToken: environment.slackBotToken,
      botId: identity.botId,
      botUserId: identity.botUserId,
      teamId: identity.teamId,
    }),
    logger,
    clientOptions,
    convoStore: false,
  });
  app.use(async (args) => {
    running++;
    try {
      await args.next();
    } catch (error) {
      await settings.onError(args, error);
    } finally {
      running--;
    }
  });
  app.error(async (error) => {
    log.error({ err: error }, 'Slack sent something that could not be handled');
  });
  return { app, http, socket, running: () => running };
}
