import { cleanText } from '../clean-text.ts';
import type { Flattened } from './pieces.ts';

/** An id in a link, with its kind: "incidents/PT4KHLK", "monitors/1234". */
export interface LinkId {
  name: string;
  /**
   * True for the id of one incident, which stays the same while the alert lives, whatever its title. False for a
   * rule, a check, a project.
   */
  isIncident: boolean;
}

const incidentNames = new Set([
  'incidents',
  'incident',
  'issues',
  'issue',
  'problems',
  'problem',
  'problemdetails',
  'violations',
]);

const thingNames = new Set(
  `monitors monitor checks check rules rule triggers trigger detectors detector policies policy conditions condition tests test sensors
   sensor alerts alert alarms alarm item items fault faults errors error watches watch slo slos heartbeats heartbeat services service hosts host
   applications application apps project projects environments environment environments-list datasets dataset board details detail groups pod
   namespaces namespace clusters cluster devices device nodes node streams alarm-details uptime job jobs websites site sites view alarmsv2
   alerting transactions device-group resource list-detail cases case`.split(/\s+/),
);

/** After these words a name may come before the id: "item/acme-web/412", "alerting/grafana/fe1ab2c3d4". */
const namedThings = new Set(
  'item items error errors fault faults alert alerts alarm alarms alerting'.split(' '),
);

/** Lists of runs. The id of a run belongs to one event only. */
const runNames = new Set(['runs', 'pipelines', 'builds', 'build', 'executions', 'workflows']);

const thingParameters = new Set(
  `host hostname service servicename monitor monitorid monitor_id check checkid check_id testid test_id sensor sensorid rule ruleid rule_id
   ruleuid policyid policy_id conditionid condition_id triggerid alertid alert_id alarmid alarmname group to_group project projectid namespace cluster
   device deviceid application app appid name site region hostid`.split(/\s+/),
);

const incidentParameters = new Set(
  'pid incidentid incident_id issueid issue_id problemid problem_id incident'.split(' '),
);

// Link trackers and pages for people: the same link is in every alert of a rule.
const elsewhere =
  /(?:^|\.)(?:atlassian\.net|notion\.so|(?:docs|drive|sites|meet|calendar)\.google\.com|confluence|wiki|docs|runbooks?)(?:\.|$)|runbook|playbook|\/wiki\//i;
const pagesBeside =
  /run ?book|playbook|silence|dashboard|graph|quer(?:y|ies)|logs?\b|docs?\b|wiki|snooze|\bmute|\backnowledge\b|\bresolve\b|unsubscribe|settings|preferences/i;

/**
 * True for the label of a link to another page: "Runbook", "View the dashboard". A longer label is the alert's own
 * title, and may name anything: "Slow queries on db-1".
 */
function leadsBeside(label: string): boolean {
  const words = label.replace(/:[\w+-]{1,40}:/g, ' ').trim();
  return words.length <= 30 && words.split(/\s+/).length <= 3 && pagesBeside.test(words);
}

/**
 * The link of the alert. The title's link, else the first of a heading line, else the first button's, else a field's,
 * else any.
 * @returns null if there is none
 */
export function mainLink(flat: Flattened): string | null {
  const from = (kinds: string[]): string | undefined =>
    flat.pieces.find((piece) => kinds.includes(piece.kind) && piece.links.some(isOpen))?.links.find(isOpen)
      ?.url;
  const firstLine = flat.pieces.find(
    (piece) => ['text', 'header', 'section', 'pretext'].includes(piece.kind) && piece.lines.length > 0,
  );
  return (
    from(['title']) ??
    firstLine?.links.find(isOpen)?.url ??
    from(['button']) ??
    from(['header', 'pretext', 'text', 'section']) ??
    from(['field', 'body', 'context', 'fallback']) ??
    null
  );
}

function isOpen(link: { url: string; label: string }): boolean {
  return link.url.length <= 3_000 && !/^(?:resolve|acknowledge|silence|mute)\b/i.test(link.label);
}

/** Ids in the links where tools put the link to the alert: its title, heading lines and buttons. */
export function linkIds(flat: Flattened): LinkId[] {
  const found: LinkId[] = [];
  const order = ['title', 'text', 'header', 'pretext', 'section', 'button', 'field'];
  const pieces = flat.pieces.filter((piece) => order.includes(piece.kind));
  pieces.sort((left, right) => order.indexOf(left.kind) - order.indexOf(right.kind));
  const links = pieces
    .flatMap((piece) => piece.links)
    .filter((link) => !leadsBeside(link.label))
    .slice(0, 12);
  for (const link of links) {
    const ids = idsOf(link.url);
    if (ids.length > 0) {
      found.push(...ids);
      // The first link that names something is the alert's. Later links go to graphs and settings.
      if (ids.some((id) => id.isIncident) || found.length > 0) return found;
    }
  }
  return found;
}

function idsOf(url: string): LinkId[] {
  if (url.length > 3_000 || !URL.canParse(url)) return [];
  const parsed = new URL(url);
  if (elsewhere.test(parsed.hostname) || elsewhere.test(parsed.pathname.slice(0, 300))) return [];
  const route = safeDecode(`${parsed.pathname}/${parsed.hash.replace(/^#!?/, '')}`).slice(0, 1_500);
  const segments = route
    .split(/[/;?&~]/)
    .filter((segment) => segment !== '')
    .slice(0, 40);
  const ids: LinkId[] = [];
  for (const [index, segment] of segments.entries()) {
    const name = segment.toLowerCase();
    const pair = /^([\w.-]{1,30})=(.{1,200})$/.exec(segment);
    if (pair?.[1] !== undefined && pair[2] !== undefined) addParameter(ids, pair[1], pair[2]);
    const next = segments[index + 1];
    // The run's number changes each time; the path before it says whose run it is.
    if (runNames.has(name) && index > 0 && next !== undefined && /\d/.test(next)) {
      ids.push({ name: `path=${segments.slice(0, index).join('/').toLowerCase()}`, isIncident: false });
      break;
    }
    if (next === undefined || next.includes('=')) continue;
    if (incidentNames.has(name) && isId(next))
      ids.push({ name: `${singular(name)}/${next}`, isIncident: true });
    else if (thingNames.has(name) && isThing(next)) {
      const behind = segments[index + 2] ?? '';
      const isNamed = namedThings.has(name) && !/\d/.test(next) && !behind.includes('=') && isId(behind);
      const thing = isNamed ? `${next}/${behind}` : next;
      ids.push({ name: `${singular(name)}/${thing.toLowerCase()}`, isIncident: false });
    }
  }
  for (const [name, value] of [...parsed.searchParams].slice(0, 30)) addParameter(ids, name, value);
  // "sensor.htm?id=2041": the script's name says the kind of the id.
  const script = /\/([a-z]{3,20})\.[a-z]{2,4}$/i.exec(parsed.pathname.slice(0, 300))?.[1]?.toLowerCase();
  const id = parsed.searchParams.get('id');
  if (script !== undefined && thingNames.has(script) && id !== null && isId(id))
    ids.push({ name: `${singular(script)}/${id.toLowerCase()}`, isIncident: false });
  const event = parsed.searchParams.get('eventid');
  if (event !== null && parsed.searchParams.has('triggerid'))
    ids.push({ name: `event/${event}`, isIncident: true });
  return ids;
}

function addParameter(ids: LinkId[], rawName: string, value: string): void {
  const name = rawName.toLowerCase();
  if (value === '' || value.length > 300) return;
  if (incidentParameters.has(name) && /\d/.test(value))
    ids.push({ name: `${name}/${value}`, isIncident: true });
  else if (thingParameters.has(name)) ids.push({ name: `${name}=${value.toLowerCase()}`, isIncident: false });
}

/** "list" and "new" are pages. "PT4KHLK", "1234" and "0.m2x" are ids. */
function isId(segment: string): boolean {
  return segment.length <= 200 && (/\d/.test(segment) || /^[A-Z]{6,}$/.test(segment));
}

const pages =
  /^(?:list|details?|new|all|index|home|edit|view|overview|summary|status|settings|alerts?|incidents?|problems?|show|open|events?|history|results?|groups?|rules?|find|search|dashboard|reports?|active|default|configure|notifications?|[\w-]+\.(?:php|html?|aspx|cgi|jsp|py))$/i;

function isThing(segment: string): boolean {
  return segment.length <= 200 && !pages.test(segment) && !thingNames.has(segment.toLowerCase());
}

function singular(name: string): string {
  return name
    .replace(/details$/, '')
    .replace(/s$/, '')
    .replace(/ie$/, 'y');
}

function safeDecode(text: string): string {
  try {
    return cleanText(decodeURIComponent(text));
  } catch {
    return text;
  }
}
