import type { DatabaseKind } from '../../support/store.ts';
import type { WorldOptions } from '../../support/world.ts';
import { type Flow, startFlow } from '../flow.ts';

export const callee = '918563214120';
export const tokens = {
  SOURCE_PROMETHEUS_TOKEN: 'prometheus-token-0001',
  SOURCE_GRAFANA_TOKEN: 'grafana-token-000001',
  SOURCE_OLD_PAGER_TOKEN: 'old-pager-token-0001',
  SOURCE_ANYTHING_TOKEN: 'anything-token-00001',
};
type SourceName = 'prometheus' | 'grafana' | 'old-pager' | 'anything';

export const tokenOf = (source: SourceName): string =>
  tokens[`SOURCE_${source.toUpperCase().replace('-', '_')}_TOKEN` as keyof typeof tokens];

export const sourcesConfig = `
voice: { submit: { concurrency: 1, perSecond: 200 } }
lists: { oncall: ["+91 85632 14120"] }
sources:
  prometheus: { format: alertmanager, channel: C0ALERTS }
  grafana: { format: grafana, channel: C0ALERTS }
  old-pager: { format: events }
  anything: { format: slack, channel: C0ALERTS }
rules:
  - { name: pager, sources: [prometheus, grafana, old-pager, anything], match: { severity: [critical, null] }, call: [oncall], say: "Alert. {title}." }
`;

export async function startSources(
  database: DatabaseKind,
  { env = {}, ...options }: WorldOptions = {},
): Promise<Flow> {
  return await startFlow({ database, config: sourcesConfig, env: { ...tokens, ...env }, ...options });
}

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
}

/** What a tool does: a POST with its token. */
export async function postTo(
  port: number,
  source: SourceName,
  body: unknown,
  headers: Record<string, string> = { authorization: `Bearer ${tokenOf(source)}` },
  path = `/alerts/${source}`,
): Promise<Answered> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

type Labels = Record<string, string>;

/** Alertmanager's webhook, version 4, as a real one sends it. */
export function webhook(
  alertname: string,
  {
    status = 'firing',
    labels = {},
    annotations = {},
    startsAt = '2026-01-05T09:00:00Z',
    endsAt = '0001-01-01T00:00:00Z',
  }: {
    status?: 'firing' | 'resolved';
    labels?: Labels;
    annotations?: Labels;
    startsAt?: string;
    endsAt?: string;
  } = {},
) {
  const all = { alertname, severity: 'critical', ...labels };
  return {
    version: '4',
    groupKey: `{}:{alertname="${alertname}"}`,
    truncatedAlerts: 0,
    status,
    receiver: 'voicecall',
    groupLabels: { alertname },
    commonLabels: all,
    commonAnnotations: annotations,
    externalURL: 'http://am:9093',
    alerts: [
      {
        ...{ status, labels: all, annotations, startsAt, endsAt, generatorURL: 'http://prom:9090/graph' },
        fingerprint: `f${alertname}`,
      },
    ],
  };
}

export function grafana(
  fingerprint: string,
  {
    status = 'firing',
    title = 'CPU',
    severity = 'critical',
  }: { status?: string; title?: string; severity?: string } = {},
) {
  return {
    ...webhook(title),
    ...{ status, orgId: 1, title: `[FIRING:1] ${title}`, state: 'alerting', message: 'x' },
    alerts: [
      {
        ...{ status, fingerprint, labels: { alertname: title, severity }, annotations: {} },
        ...{ startsAt: '2026-01-05T09:00:00Z', endsAt: '2026-01-05T10:00:00Z' },
        ...{ silenceURL: 'http://g/silence', dashboardURL: 'http://g/d/1', panelURL: 'http://g/d/1?p=2' },
        values: { A: 1 },
      },
    ],
  };
}

export function event(
  event_action: 'trigger' | 'acknowledge' | 'resolve',
  dedup_key: string | undefined,
  summary = 'Queue is stuck',
  severity = 'critical',
) {
  return {
    routing_key: tokens.SOURCE_OLD_PAGER_TOKEN,
    ...{ event_action, ...(dedup_key === undefined ? {} : { dedup_key }) },
    ...(event_action === 'trigger' ? { payload: { summary, source: 'mq-1', severity } } : {}),
  };
}
