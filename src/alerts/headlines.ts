import { generic, normalizeTitle } from './normalize-title.ts';
import type { Flattened, PieceKind } from './pieces.ts';

/** The first line of a headline-like part of a message. */
export interface Head {
  kind: PieceKind;
  line: string;
}

const maximumHeads = 8;

/**
 * The first line of each headline-like part, in reading order: the text, headers, the first section, pretexts and
 * titles; an attachment's text only if it has no title.
 */
export function headsOf(flat: Flattened): Head[] {
  const heads: Head[] = [];
  const counts = new Map<PieceKind, number>();
  const limits: Partial<Record<PieceKind, number>> = {
    text: 1,
    header: 2,
    section: 1,
    pretext: 2,
    title: 2,
    body: 1,
    fallback: 1,
  };
  for (const piece of flat.pieces) {
    const line = piece.kind === 'text' ? (listed(piece.lines) ?? piece.lines[0]) : piece.lines[0];
    const count = counts.get(piece.kind) ?? 0;
    if (line === undefined || count >= (limits[piece.kind] ?? 0)) continue;
    const titled = heads.some((head) => head.kind === 'title' || head.kind === 'header');
    // Text under a title is the message's body, unless the title only names the tool.
    if (
      (piece.kind === 'section' || piece.kind === 'body') &&
      titled &&
      !heads.every((head) => isBanner(head.line, undefined))
    )
      continue;
    counts.set(piece.kind, count + 1);
    heads.push({ kind: piece.kind, line: line.slice(0, 1_200) });
    const second = piece.lines[1];
    if (second !== undefined && isBanner(line, undefined))
      heads.push({ kind: piece.kind, line: second.slice(0, 1_200) });
    if (heads.length >= maximumHeads) break;
  }
  if (heads.length === 0) {
    const any = flat.pieces.find((piece) => piece.kind !== 'button' && piece.lines.length > 0);
    if (any?.lines[0] !== undefined) heads.push({ kind: any.kind, line: any.lines[0].slice(0, 1_200) });
  }
  return heads;
}

/** The first item under a heading near the top: "NAS-2", "New alerts:", "* Pool tank is DEGRADED". */
function listed(lines: string[]): string | undefined {
  for (const [index, line] of lines.slice(0, 3).entries()) {
    const heading =
      /^(?:the following )?(new|cleared) alerts?:$|^the following alerts? (?:has|have) been (cleared):$/i.exec(
        line.trim(),
      );
    const item = lines[index + 1];
    if (heading === null || item === undefined) continue;
    const began = /^new$/i.test(heading[1] ?? '');
    return `${began ? 'Alert' : 'Cleared'}: ${item.replace(/^[^\p{L}\p{N}]{0,6}/u, '')}`;
  }
  return undefined;
}

const toolWords = new Set(
  `alertmanager prometheus grafana datadog newrelic relic dynatrace nagios icinga icinga2 checkmk zabbix prtg sentry pagerduty opsgenie
   victorops splunk betterstack better stack uptime pingdom uptimerobot robot statuscake site24x7 honeycomb lightstep elastic
   kibana elasticsearch opensearch graylog cloudwatch aws amazon azure gcp google cloud healthchecks healthchecks.io cronitor checkly
   rollbar bugsnag jenkins github gitlab argocd argo robusta botkube netdata monit wazuh logicmonitor appdynamics instana solarwinds
   kapacitor influxdb thousandeyes incident.io firehydrant rootly squadcast statuspage kuma monitoring monitor system service report bot
   webhook on-call oncall notifier update message team production-alerts from via your we app the health check
   exception trace`.split(/\s+/),
);

/**
 * True for a line that only names the tool or says that there is an alert: "Uptime Kuma Alert", "Incident triggered",
 * "CRITICAL".
 */
export function isBanner(line: string, botName: string | undefined): boolean {
  const own = new Set((botName ?? '').toLowerCase().split(/[^\p{L}\p{N}.]+/u));
  const words = normalizeTitle(line.slice(0, 200))
    .strict.split(' ')
    .filter((word) => word !== '');
  if (words.length <= 4 && /^[\p{L} -]{1,60}\b(?:notification|event)$/iu.test(line.trim())) return true;
  return words.every(
    (word) => toolWords.has(word) || generic.has(word) || own.has(word) || /^(?:high|medium|low)$/.test(word),
  );
}

/** The title: the first attachment title that names something, else a header, else the first line. Never empty. */
export function titleOf(heads: Head[], botName: string | undefined): string {
  const order: PieceKind[] = [
    'title',
    'header',
    'text',
    'pretext',
    'section',
    'body',
    'fallback',
    'field',
    'context',
  ];
  const sorted = [...heads].sort((left, right) => order.indexOf(left.kind) - order.indexOf(right.kind));
  const chosen = sorted.find((head) => !isBanner(head.line, botName)) ?? sorted[0];
  const line = (chosen?.line ?? '').replace(/(?<![\w:]):[a-z][a-z0-9_+-]{0,40}:/g, ' ');
  const title = line.replace(/\s+/g, ' ').trim().slice(0, 300).trim();
  return title === '' ? (botName?.slice(0, 80) ?? 'Alert') : title;
}
