import { setTimeout as wait } from 'node:timers/promises';
import { schedulePolling } from './calls/results/poll.ts';
import { wakeLanes } from './calls/sending/lanes.ts';
import { type Clock, systemClock, within } from './clock.ts';
import type { Config, Environment } from './config/types.ts';
import { alertsPath, createAlertsRoute } from './http/alerts.ts';
import { createReadiness } from './http/health.ts';
import { createReportsHandler, isReportsPath } from './http/reports.ts';
import { createHttpServer, type Route } from './http/server.ts';
import { createSlackEventsHandler, slackEventsPath } from './http/slack-events.ts';
import { newId } from './ids.ts';
import type { Log } from './log.ts';
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
import { databaseClock } from './store/clock.ts';
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

/** Constructs and connects all parts. Nothing runs before `start`. */
export async function createApp(settings: AppSettings): Promise<VoicecallApp> {
  const { environment, config, log } = settings;
  const systemTime = settings.clock ?? systemClock;
  const store = await openStore({
    databaseUrl: environment.databaseUrl,
    dataDir: environment.dataDir,
    clock: systemTime,
    log,
  });
  const letOthersIn =
    store.dialect === 'sqlite' ? await becomeOnlyProcess(environment.dataDir, log) : () => {};
  const clock = await databaseClock(store, systemTime, log);
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
  const events = createEventWatch(clock);
  const metrics = await openMetrics({ environment, store, clock, log, events });
  const clients = createSlackClients({
    token: environment.slackBotToken,
    apiUrl: environment.slackApiUrl,
    logger: slackLogger(log),
    fetch: metrics?.slackFetch,
  });
  const deps: SlackDeps = {
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
  const bolt = createBolt({
    environment,
    log,
    identity: deps.identity,
    intake: createAlertIntake(deps),
    onError: (args, error) => answerFailure(deps, args, error),
  });
  const impatient: Store = {
    ...store,
    transaction: (run) => store.transaction(run, { patienceMs: listenerPatienceMs }),
  };
  registerListeners(bolt.app, { ...deps, store: impatient });
  const worker = createWorker({
    store,
    clock,
    log,
    instance: deps.instance,
    alone: store.dialect === 'sqlite',
    handlers: taskHandlers(deps),
    ...(settings.leaseMs === undefined ? {} : { leaseMs: settings.leaseMs }),
  });
  let socketIsUp = false;
  const checks = {
    database: () => canWrite(store, environment.dataDir, clock.now()),
    slack: async () => (bolt.socket === null || socketIsUp) && (await tokenIsGood(deps)),
    // Connected, but no event arrives.
    slack_events: async () => !events.isSilent(),
  };
  // Tools post to us so that people are called while Slack is down: a load balancer must still let the posts through.
  const worksWithout = (name: string) => name === 'slack' && Object.keys(deps.config().sources).length > 0;
  const readiness = createReadiness(clock, checks, worksWithout);
  const reports = createReportsHandler(deps);
  const alerts = createAlertsRoute({ ...deps, sourceTokens: environment.sourceTokens });
  const { http: receiver } = bolt;
  const slackEvents =
    receiver === null
      ? null
      : createSlackEventsHandler({
          ready: () => identity.teamId !== '',
          receive: (request, response) => receiver.requestListener(request, response),
        });
  const http = createHttpServer({
    host: environment.host,
    port: environment.port,
    log,
    names: { host: 'HOST', port: 'PORT' },
    route(path): Route | undefined {
      if (path === '/healthz') return { GET: readiness.healthz };
      if (path === '/readyz') return { GET: readiness.readyz };
      if (isReportsPath(path, environment.voiceReportToken)) return { POST: reports };
      if (path.startsWith(alertsPath)) return alerts(path);
      if (path === slackEventsPath && slackEvents !== null) return { POST: slackEvents };
      return undefined;
    },
  });
  let stopping = false;

  let started = false;

  async function start(): Promise<void> {
    await http.start();
    await metrics?.server.start();
    log.info({ port: http.port() }, 'listening');
    await store.transaction(async (tx) => {
      await wakeLanes(tx, deps, clock.now());
      await schedulePolling(tx, clock.now());
      await scheduleRetention(tx, clock.now());
      await scheduleLearning(tx, clock.now());
      await scheduleRosters(tx, clock.now());
    });
    // If Slack is down: approved calls are made, alerts and reports are accepted, and Slack gets everything later.
    const { promise: waiting, resolve: goOn } = Promise.withResolvers<'away'>();
    const cancel = clock.after(slackPatienceMs, () => goOn('away'));
    const meeting = meetSlack(() => goOn('away'));
    const met = await Promise.race([meeting, waiting]).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
    cancel();
    if (stopping) return;
    worker.start();
    void deps.recordings.learn();
    readiness.started();
    if (met === 'met') return await withSlack();
    log.warn(
      {},
      'Slack does not answer: calls are made without it, and Slack gets everything when it is back',
    );
    meeting
      .then(withSlack)
      .catch((error: unknown) =>
        log.error({ err: error }, 'Slack is back but refuses us: nothing can be shown there'),
      );
  }

  /** Learns who we are in Slack, and connects in Socket Mode. Waits while Slack is down. */
  async function meetSlack(onWaiting: () => void): Promise<'met'> {
    await checkIdentity(deps, () => stopping, onWaiting);
    if (!stopping && bolt.socket !== null) {
      await startSocket(bolt.socket);
      socketIsUp = true;
    }
    return 'met';
  }

  async function withSlack(): Promise<void> {
    if (stopping) return;
    started = true;
    await askForMissed(deps);
    void prepareForAlerts(deps);
    log.info({ mode: bolt.socket === null ? 'HTTP' : 'Socket Mode', database: store.dialect }, 'ready');
  }

  /** Each new connection reads what was missed before it. A silent connection is replaced. */
  async function startSocket({ client }: NonNullable<Bolt['socket']>): Promise<void> {
    client.on('connected', () => {
      events.connected();
      if (started)
        askForMissed(deps).catch((error: unknown) =>
          log.error(
            { err: error },
            'missed messages could not be read yet; they are read within five minutes',
          ),
        );
    });
    events.reconnect = async () => {
      if (stopping) return;
      // A dead connection may never report its end.
      await within(clock, socketPatienceMs, client.disconnect(), undefined);
      await within(clock, socketPatienceMs, client.start(), undefined);
    };
    await bolt.app.start();
  }

  async function stop(): Promise<void> {
    stopping = true;
    readiness.stopping();
    // At once, so that nothing more is taken or sent while we wait for running answers.
    const working = worker.stop();
    if (socketIsUp) await bolt.app.stop();
    await http.stop();
    while (bolt.running() > 0) await wait(10);
    await working;
    await metrics?.server.stop();
    clock.stop();
    await voice.close();
    await store.close();
    letOthersIn();
  }

  return { start, stop, port: () => http.port() };
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
