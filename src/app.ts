import { setTimeout as wait } from 'node:timers/promises';
import { schedulePolling } from './calls/results/poll.ts';
import { wakeLanes } from './calls/sending/lanes.ts';
import { type Clock, systemClock, within } from './clock.ts';
import type { Config, Environment } from './config/types.ts';
import { alertsPath, createAlertsRoute } from './http/alerts.ts';
import { createReadiness, type Readiness } from './http/health.ts';
import { createReportsHandler, isReportsPath } from './http/reports.ts';
import { createHttpServer, type Route } from './http/server.ts';
import { createSlackEventsHandler, slackEventsPath } from './http/slack-events.ts';
import { newId } from './ids.ts';
import type { Log } from './log.ts';
import { leaveOutDowntime } from './paging/silence.ts';
import { createWorker } from './queue/worker.ts';
import { scheduleRetention } from './retention.ts';
import { scheduleRosters } from './rosters/keep.ts';
import { createAlertIntake } from './slack/alerts/intake.ts';
import { scheduleLearning } from './slack/alerts/learned-people.ts';
import { askForMissed } from './slack/alerts/missed.ts';
import { prepareForAlerts } from './slack/alerts/warm-up.ts';
import { type Bolt, createBolt, slackLogger } from './slack/client/bolt.ts';
import { createBalance } from './slack/context/balance.ts';
import { createSlackClients } from './slack/context/clients.ts';
import type { SlackDeps } from './slack/context/deps.ts';
import { createEventWatch, type EventWatch } from './slack/context/event-watch.ts';
import { checkIdentity, tokenIsGood } from './slack/context/identity.ts';
import { createPeople } from './slack/context/people.ts';
import { createRecordings } from './slack/context/recordings.ts';
import { registerListeners } from './slack/register.ts';
import { answerFailure } from './slack/replies/reply.ts';
import { canWrite } from './store/can-write.ts';
import { databaseClock, takeDowntime } from './store/clock.ts';
import { tokenSecret } from './store/meta.ts';
import { becomeOnlyProcess } from './store/only-process.ts';
import { openStore } from './store/open.ts';
import type { Store } from './store/types.ts';
import { taskHandlers } from './tasks.ts';
import { createVoiceClient } from './voice/client.ts';

export interface AppSettings {
  environment: Environment;
  /** The current configuration. The caller reloads the file. */
  config: () => Config;
  log: Log;
  clock?: Clock;
  /** How long a task of a dead instance stays leased, ms. Default: the worker's. */
  leaseMs?: number;
}

export interface VoicecallApp {
  /** Opens the database, listens, checks the token and starts work. Starts without Slack if Slack is down. */
  start(): Promise<void>;
  /**
   * Takes no more work, finishes the running POST and the running answers, and leaves the rest for the next start.
   */
  stop(): Promise<void>;
  /** The port it listens on. */
  port(): number;
}

/** Slack waits 3 s for an answer. If the database is slow, an error message must be sent before that. In ms. */
const listenerPatienceMs = 1_500;

/** How long a start waits for Slack before it continues without it, ms. */
const slackPatienceMs = 2_000;

/** How long ending and reopening a connection may take, ms. After that it continues in the background. */
const socketPatienceMs = 10_000;

type Events = ReturnType<typeof createEventWatch>;

/** How far the app is. */
interface Progress {
  /** Slack knows us, and missed messages were asked for. */
  withSlack: boolean;
  socketIsUp: boolean;
  stopping: boolean;
}

/** Constructs and connects all parts. Nothing runs before `start`. */
export async function createApp(settings: AppSettings): Promise<VoicecallApp> {
  const { environment, config, log } = settings;
  const { databaseUrl, dataDir } = environment;
  const systemTime = settings.clock ?? systemClock;
  const store = await openStore({ databaseUrl, dataDir, clock: systemTime, log });
  const letOthersIn = store.dialect === 'sqlite' ? await becomeOnlyProcess(dataDir, log) : () => {};
  const clock = await databaseClock(store, systemTime, log);
  const events = createEventWatch(clock);
  const metrics = await openMetrics({ environment, store, clock, log, events });
  const deps = await createDeps({ environment, config, log, store, clock, events }, metrics?.slackFetch);
  const bolt = createListeners(deps, environment);
  const worker = createWorker({
    store,
    clock,
    log,
    instance: deps.instance,
    alone: store.dialect === 'sqlite',
    handlers: taskHandlers(deps),
    ...(settings.leaseMs === undefined ? {} : { leaseMs: settings.leaseMs }),
  });
  const progress: Progress = { withSlack: false, socketIsUp: false, stopping: false };
  const readiness = createAppReadiness(deps, environment, () => bolt.socket === null || progress.socketIsUp);
  const http = createHttpServer({
    host: environment.host,
    port: environment.port,
    log,
    names: { host: 'HOST', port: 'PORT' },
    route: createRoutes(deps, environment, bolt, readiness),
  });

  async function start(): Promise<void> {
    await http.start();
    await metrics?.server.start();
    log.info({ port: http.port() }, 'listening');
    await scheduleWork(deps);
    // If Slack is down: approved calls are made, alerts and reports are accepted, and Slack gets everything later.
    const { promise: waiting, resolve: goOn } = Promise.withResolvers<'away'>();
    const cancel = clock.after(slackPatienceMs, () => goOn('away'));
    const meeting = meetSlack(deps, bolt, events, progress, () => goOn('away'));
    const met = await Promise.race([meeting, waiting]).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
    cancel();
    if (progress.stopping) return;
    worker.start();
    void deps.recordings.learn();
    readiness.started();
    if (met === 'met') return await beginWithSlack(deps, bolt, progress);
    log.warn(
      {},
      'Slack does not answer: calls are made without it, and Slack gets everything when it is back',
    );
    meeting
      .then(() => beginWithSlack(deps, bolt, progress))
      .catch((error: unknown) =>
        log.error({ err: error }, 'Slack is back but refuses us: nothing can be shown there'),
      );
  }

  async function stop(): Promise<void> {
    progress.stopping = true;
    readiness.stopping();
    // At once, so that nothing more is taken or sent while we wait for running answers.
    const working = worker.stop();
    if (progress.socketIsUp) await bolt.app.stop();
    await http.stop();
    while (bolt.running() > 0) await wait(10);
    await working;
    await metrics?.server.stop();
    clock.stop();
    await deps.voice.close();
    await store.close();
    letOthersIn();
  }

  return { start, stop, port: () => http.port() };
}

/** What every room gets. `identity` is filled in once Slack has said who we are. */
async function createDeps(
  parts: Pick<AppSettings, 'environment' | 'config' | 'log'> & { store: Store; clock: Clock; events: Events },
  slackFetch: typeof fetch | undefined,
): Promise<SlackDeps> {
  const { environment, config, log, store, clock, events } = parts;
  const voice = createVoiceClient(
    {
      apiUrl: environment.voiceApiUrl,
      balanceUrl: environment.voiceBalanceUrl,
      apiKey: environment.voiceApiKey,
      apiSecret: environment.voiceApiSecret,
      appId: environment.voiceAppId,
    },
    { clock, log },
  );
  const identity = { teamId: '', botUserId: '', botId: '' };
  const clients = createSlackClients({
    token: environment.slackBotToken,
    apiUrl: environment.slackApiUrl,
    logger: slackLogger(log),
    fetch: slackFetch,
  });
  return {
    clock,
    log,
    store,
    voice,
    config,
    instance: newId('i'),
    tokenSecret: await tokenSecret(store),
    reportsExpected: environment.voiceReportToken !== undefined,
    identity,
    people: createPeople({ clock, log, identity, urgent: clients.urgent }),
    recordings: createRecordings({ clock, log, voice, store, config }),
    balance: createBalance({ clock, log, voice }),
    events,
    slackApiUrl: environment.slackApiUrl,
    slackBotToken: environment.slackBotToken,
    ...clients,
  };
}

/** Slack's commands, buttons, views and events, each with the function that answers it. */
function createListeners(deps: SlackDeps, environment: Environment): Bolt {
  const { log, identity, store } = deps;
  const bolt = createBolt({
    environment,
    log,
    identity,
    intake: createAlertIntake(deps),
    onError: (args, error) => answerFailure(deps, args, error),
  });
  const impatient: Store = {
    ...store,
    transaction: (run) => store.transaction(run, { patienceMs: listenerPatienceMs }),
  };
  registerListeners(bolt.app, { ...deps, store: impatient });
  return bolt;
}

function createAppReadiness(
  deps: SlackDeps,
  environment: Environment,
  isConnected: () => boolean,
): Readiness {
  const { store, clock, events } = deps;
  const checks = {
    database: () => canWrite(store, environment.dataDir, clock.now()),
    slack: async () => isConnected() && (await tokenIsGood(deps)),
    // Connected, but no event arrives.
    slack_events: async () => !events.isSilent(),
  };
  // Tools post to us so that people are called while Slack is down: a load balancer must still let the posts through.
  const worksWithout = (name: string) => name === 'slack' && Object.keys(deps.config().sources).length > 0;
  return createReadiness(clock, checks, worksWithout);
}

function createRoutes(
  deps: SlackDeps,
  environment: Environment,
  { http: receiver }: Bolt,
  readiness: Readiness,
): (path: string) => Route | undefined {
  const reports = createReportsHandler(deps);
  const alerts = createAlertsRoute({ ...deps, sourceTokens: environment.sourceTokens });
  const slackEvents =
    receiver === null
      ? null
      : createSlackEventsHandler({
          ready: () => deps.identity.teamId !== '',
          receive: (request, response) => receiver.requestListener(request, response),
        });
  return (path) => {
    if (path === '/healthz') return { GET: readiness.healthz };
    if (path === '/readyz') return { GET: readiness.readyz };
    if (isReportsPath(path, environment.voiceReportToken)) return { POST: reports };
    if (path.startsWith(alertsPath)) return alerts(path);
    if (path === slackEventsPath && slackEvents !== null) return { POST: slackEvents };
    return undefined;
  };
}

/** Makes sure that every task exists that must always exist. */
async function scheduleWork(deps: SlackDeps): Promise<void> {
  const { store, clock } = deps;
  await store.transaction(async (tx) => {
    await leaveOutDowntime(tx, await takeDowntime(tx, clock.now()), clock.now());
    await wakeLanes(tx, deps, clock.now());
    await schedulePolling(tx, clock.now());
    await scheduleRetention(tx, clock.now());
    await scheduleLearning(tx, clock.now());
    await scheduleRosters(tx, clock.now());
  });
}

/**
 * Learns who we are in Slack, and connects in Socket Mode. Waits while Slack is down.
 * @param onWaiting called when Slack is found to be down
 */
async function meetSlack(
  deps: SlackDeps,
  bolt: Bolt,
  events: Events,
  progress: Progress,
  onWaiting: () => void,
): Promise<'met'> {
  await checkIdentity(deps, () => progress.stopping, onWaiting);
  if (!progress.stopping && bolt.socket !== null) {
    watchSocket(deps, bolt.socket, events, progress);
    await bolt.app.start();
    progress.socketIsUp = true;
  }
  return 'met';
}

/** Each new connection reads what was missed before it. A silent connection is replaced. */
function watchSocket(
  deps: SlackDeps,
  { client }: NonNullable<Bolt['socket']>,
  events: Events,
  progress: Progress,
): void {
  const { clock, log } = deps;
  client.on('connected', () => {
    events.connected();
    if (progress.withSlack)
      askForMissed(deps).catch((error: unknown) =>
        log.error({ err: error }, 'missed messages could not be read yet; they are read within five minutes'),
      );
  });
  events.reconnect = async () => {
    if (progress.stopping) return;
    // A dead connection may never report its end.
    await within(clock, socketPatienceMs, client.disconnect(), undefined);
    await within(clock, socketPatienceMs, client.start(), undefined);
  };
}

/** What begins once Slack has answered. */
async function beginWithSlack(deps: SlackDeps, bolt: Bolt, progress: Progress): Promise<void> {
  if (progress.stopping) return;
  progress.withSlack = true;
  await askForMissed(deps);
  void prepareForAlerts(deps);
  deps.log.info(
    { mode: bolt.socket === null ? 'HTTP' : 'Socket Mode', database: deps.store.dialect },
    'ready',
  );
}

/** Undefined without METRICS_PORT; then the library is not loaded. */
async function openMetrics(deps: {
  environment: Environment;
  store: Store;
  clock: Clock;
  log: Log;
  events: EventWatch;
}) {
  const { environment, log } = deps;
  if (environment.metricsPort === undefined) return undefined;
  const { createMetrics, createMetricsServer } = await import('./http/metrics.ts');
  const metrics = createMetrics({ ...deps, slackApiUrl: environment.slackApiUrl });
  const server = createMetricsServer(metrics, {
    host: environment.metricsHost,
    port: environment.metricsPort,
    log,
  });
  return { slackFetch: metrics.slackFetch, server };
}
