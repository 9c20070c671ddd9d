import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/types.ts';
import { addDatabaseMetrics } from './database-metrics.ts';
import { createHttpServer, type Handler, type HttpServer } from './server.ts';

export interface Metrics {
  registry: Registry;
  /** Answers GET /metrics in Prometheus' text format. */
  handler: Handler;
  /** The `fetch` for every WebClient: counts calls and errors by method and changes nothing. */
  slackFetch: typeof fetch;
}

/**
 * The Prometheus metrics. There are two kinds; each help text says which. Of the database (requests, submissions,
 * calls, task lag): equal for all instances, so use `max`, not `sum`. Of this process (Slack calls, event loop,
 * memory, processor): one for each instance, so use `sum`. `slackApiUrl` ends in a slash; the method follows it in a
 * URL.
 */
export function createMetrics(deps: {
  store: Store;
  clock: Clock;
  log: Log;
  slackApiUrl: string;
  /** How often Slack delivered no events although its channels had new messages. */
  events?: { faults(): number };
}): Metrics {
  const registry = new Registry();
  // Its nodejs_eventloop_lag_* metrics are the event-loop delay since the last scrape.
  collectDefaultMetrics({ register: registry });
  addDatabaseMetrics(registry, deps);
  new Counter({
    name: 'voicecall_slack_silent_total',
    help: 'Times that Slack was connected and delivered no events although its channels had new messages, of this process',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(deps.events?.faults() ?? 0);
    },
  });
  const slackFetch = countingFetch(registry, deps.slackApiUrl);
  return {
    registry,
    slackFetch,
    async handler(_request, response) {
      const text = await registry.metrics();
      response.writeHead(200, {
        'content-type': registry.contentType,
        'content-length': Buffer.byteLength(text),
      });
      response.end(text);
    },
  };
}

/** The separate server for metrics: it answers only GET /metrics. */
export function createMetricsServer(
  metrics: Metrics,
  settings: { host: string; port: number; log: Log },
): HttpServer {
  return createHttpServer({
    ...settings,
    names: { host: 'METRICS_HOST', port: 'METRICS_PORT' },
    route: (path) => (path === '/metrics' ? { GET: metrics.handler } : undefined),
  });
}

/** Slack's error names are words like channel_not_found. Anything else must not become a label. */
const errorName = /^[a-z][a-z_]{1,60}$/;

function countingFetch(registry: Registry, slackApiUrl: string): typeof fetch {
  const registers = [registry];
  const calls = new Counter({
    name: 'voicecall_slack_calls_total',
    help: 'Calls of Slack Web API methods, of this process',
    labelNames: ['method'],
    registers,
  });
  const errors = new Counter({
    name: 'voicecall_slack_errors_total',
    help: "Calls of Slack Web API methods that failed, by Slack's error, ratelimited, http_<status> or network, of this process",
    labelNames: ['method', 'error'],
    registers,
  });
  return async (input, init) => {
    const method = methodOf(input, slackApiUrl);
    calls.inc({ method });
    try {
      const response = await fetch(input, init);
      const error = response.ok ? await slackError(response) : statusError(response.status);
      if (error !== null) errors.inc({ method, error });
      return response;
    } catch (error) {
      errors.inc({ method, error: 'network' });
      throw error;
    }
  };
}

function methodOf(input: Parameters<typeof fetch>[0], slackApiUrl: string): string {
  const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
  const method = url.startsWith(slackApiUrl) ? (url.slice(slackApiUrl.length).split('?')[0] ?? '') : '';
  return /^[A-Za-z.]{1,60}$/.test(method) ? method : 'other';
}

function statusError(status: number): string {
  return status === 429 ? 'ratelimited' : `http_${status}`;
}

/**
 * Slack answers refusals with status 200; the error is in the body. Reads a copy, so that the caller gets the whole
 * body.
 */
async function slackError(response: Response): Promise<string | null> {
  if (!response.headers.get('content-type')?.startsWith('application/json')) return null;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  if (typeof body !== 'object' || body === null || !('ok' in body) || body.ok !== false) return null;
  const name = 'error' in body ? String(body.error) : '';
  return errorName.test(name) ? name : 'other';
}
