import { z } from 'zod';
import { alertSchema, alertTitle, newsAt } from './alertmanager.ts';
import type { PostedAlert, ReadPayload } from './types.ts';
import { labelPairs, linkOf, problemOf, severityOf, textOf, titleOf } from './words.ts';

const grafanaAlert = alertSchema.extend({
  fingerprint: z.string().min(1).max(1_000),
  valueString: z.string().nullish(),
  panelURL: z.string().nullish(),
  dashboardURL: z.string().nullish(),
  silenceURL: z.string().nullish(),
});

/** https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/ */
const schema = z.looseObject({
  status: z.enum(['firing', 'resolved']).nullish(),
  externalURL: z.string().nullish(),
  alerts: z.array(grafanaAlert).min(1),
});

/** Grafana's webhook: each of its alerts, by its fingerprint. */
export function readGrafana(body: unknown): ReadPayload {
  const read = schema.safeParse(body);
  if (!read.success) return { problem: problemOf('a webhook of Grafana', read.error) };
  return { posted: read.data.alerts.map((alert) => posted(alert, read.data.externalURL)) };
}

function posted(alert: z.output<typeof grafanaAlert>, externalURL: string | null | undefined): PostedAlert {
  const { labels, annotations } = alert;
  const fires = alert.status === 'firing';
  const name = labels.rulename === undefined ? labels.alertname : `${labels.alertname} ${labels.rulename}`;
  return {
    kind: 'alert',
    action: fires ? 'trigger' : 'resolve',
    key: alert.fingerprint,
    // "DatasourceNoData" says what happened; the rule's name is in another label.
    title: titleOf(alertTitle(name === undefined ? labels : { ...labels, alertname: name }, annotations)),
    severity: severityOf(labels),
    link: linkOf(alert.panelURL, alert.dashboardURL, alert.generatorURL, externalURL),
    labels: labelPairs(labels),
    text: textOf([...labelPairs(labels), ...labelPairs(annotations), alert.valueString ?? '']),
    at: newsAt(alert),
    headline: titleOf(
      `[${fires ? 'FIRING:1' : 'RESOLVED'}] ${name ?? 'Alert'} ${labels.grafana_folder ?? ''}`,
    ),
    by: '',
  };
}
