import { z } from 'zod';
import type { PostedAlert, ReadPayload } from './types.ts';
import { labelPairs, linkOf, problemOf, severityOf, textOf, timeOf, titleOf, worst } from './words.ts';

/** Labels as text. Scripts that send this format write null for "none", and numbers: no reason to lose a page. */
const labels = z.record(z.string(), z.unknown()).nullish().transform(asTexts);

export const alertSchema = z.looseObject({
  status: z.enum(['firing', 'resolved']),
  labels,
  annotations: labels,
  startsAt: z.string().nullish(),
  endsAt: z.string().nullish(),
  generatorURL: z.string().nullish(),
  fingerprint: z.string().nullish(),
});

export type ToolAlert = z.output<typeof alertSchema>;

/** Version 4: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
const schema = z.looseObject({
  groupKey: z.string().min(1).max(100_000),
  status: z.enum(['firing', 'resolved']),
  externalURL: z.string().nullish(),
  groupLabels: labels,
  commonLabels: labels,
  commonAnnotations: labels,
  alerts: z.array(alertSchema).min(1),
});

function asTexts(given: Record<string, unknown> | null | undefined): Record<string, string> {
  const texts: [string, string][] = [];
  for (const [name, value] of Object.entries(given ?? {})) {
    if (value === null || value === undefined) continue;
    texts.push([name, typeof value === 'string' ? value : JSON.stringify(value)]);
  }
  return Object.fromEntries(texts);
}

/** How many alerts of a group are read for their text. */
const readOfGroup = 100;

/**
 * Alertmanager's webhook: a group is one alert, as in Alertmanager's own messages and incidents. It fires while any
 * of its alerts fires. A further alert only refreshes it, and may raise its severity.
 */
export function readAlertmanager(body: unknown): ReadPayload {
  const read = schema.safeParse(body);
  if (!read.success) return { problem: problemOf('a webhook of Alertmanager (version 4)', read.error) };
  const group = read.data;
  const firing = group.alerts.filter((alert) => alert.status === 'firing');
  const fires = group.status === 'firing' && firing.length > 0;
  const told = (fires ? firing : group.alerts).slice(0, readOfGroup);
  const shown: PostedAlert = {
    kind: 'alert',
    action: fires ? 'trigger' : 'resolve',
    key: group.groupKey,
    title: titleOf(groupTitle(group)),
    severity: worst([
      severityOf(group.commonLabels),
      ...(fires ? firing : group.alerts).map((alert) => severityOf(alert.labels)),
    ]),
    link: linkOf(told[0]?.generatorURL, group.externalURL),
    labels: labelPairs({
      ...group.commonLabels,
      ...(told.length > 1 ? { alerts: String(told.length) } : {}),
    }),
    text: textOf([
      ...labelPairs(group.commonLabels),
      ...labelPairs(group.commonAnnotations),
      ...told.flatMap((alert) => [...labelPairs(alert.labels), ...labelPairs(alert.annotations)]),
    ]),
    at: latest((fires ? firing : group.alerts).map((alert) => newsAt(alert))),
    headline: titleOf(slackHeadline(group, firing.length)),
    by: '',
  };
  return { posted: [shown] };
}

function latest(times: (number | null)[]): number | null {
  const known = times.filter((at) => at !== null);
  return known.length === 0 ? null : known.reduce((one, other) => Math.max(one, other));
}

/** When it began to fire, or when it ended. The end is never before the beginning, whatever the tool's clock says. */
export function newsAt({ status, startsAt, endsAt }: ToolAlert): number | null {
  const began = timeOf(startsAt);
  return status === 'firing' ? began : latest([began, timeOf(endsAt)]);
}

function groupTitle(group: z.output<typeof schema>): string {
  const [first] = group.alerts;
  const common = { ...group.groupLabels, ...group.commonLabels };
  return alertTitle(
    group.alerts.length === 1 && first !== undefined ? { ...common, ...first.labels } : common,
    group.alerts.length === 1 && first !== undefined
      ? { ...group.commonAnnotations, ...first.annotations }
      : group.commonAnnotations,
    group.groupLabels,
  );
}

/** As in template/default.tmpl of Alertmanager: https://github.com/prometheus/alertmanager/blob/main/template/default.tmpl */
function slackHeadline({ groupLabels, commonLabels }: z.output<typeof schema>, firing: number): string {
  const others = Object.entries(commonLabels).filter(([name]) => groupLabels[name] === undefined);
  const values = (pairs: [string, string][]) =>
    pairs
      .sort(
        ([one], [other]) =>
          Number(other === 'alertname') - Number(one === 'alertname') || (one < other ? -1 : 1),
      )
      .map(([, value]) => value)
      .join(' ');
  const state = firing > 0 ? `FIRING:${firing}` : 'RESOLVED';
  const rest = others.length === 0 ? '' : ` (${values(others)})`;
  return `[${state}] ${values(Object.entries(groupLabels))}${rest}`;
}

/** Labels that name the place, in this order, for a title without a summary. */
const places = ['instance', 'host', 'node', 'pod', 'service', 'namespace', 'cluster'];

/** "DiskFull: 91 % of /var on db-1 is used", or "DiskFull (db-1)" if no annotation has a summary. */
export function alertTitle(
  labels: Record<string, string>,
  annotations: Record<string, string>,
  groupLabels: Record<string, string> = {},
): string {
  const grouped = Object.entries(groupLabels)
    .filter(([name]) => name !== 'alertname')
    .map(([, value]) => value);
  const name = labels.alertname ?? (grouped.length > 0 ? grouped.join(' ') : 'Alert');
  const summary = annotations.summary ?? annotations.message ?? annotations.description;
  if (summary !== undefined && summary.trim() !== '') return `${name}: ${summary}`;
  const where = [...new Set([...grouped, ...places.map((place) => labels[place] ?? '')])].filter(
    (value) => value !== '' && !name.includes(value),
  );
  return where.length === 0 ? name : `${name} (${where.slice(0, 4).join(' ')})`;
}
