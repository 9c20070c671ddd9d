import type { Field, Flattened } from './pieces.ts';
import { inEnglish, labelInEnglish } from './words/other-languages.ts';

// An alert names its subject near the top. Further down come samples or a stack trace.
const maximumLines = 60;
const maximumLabels = 80;

/** A label and its value, from a field or from a line such as "Host: web-1" or " - instance = web-1". */
export interface Label {
  /** In lower case, with single blanks. */
  name: string;
  value: string;
  /** Undefined: a field. Otherwise the number of its line in the text. */
  line: number | undefined;
}

const pairPattern = /^[^\p{L}\p{N}]{0,6}([\p{L}][\p{L}\p{N} _./()-]{0,34}?)\s?(?::|=|：)\s*(\S.{0,300})$/u;

/** An item of a list of labels without a mark between: "● pod api-1". */
const itemPattern =
  /^[●•▪] ?(pod|container|deployment|namespace|node|host|instance|service|job|cluster|container name) ([^\s:=]{1,120})$/;

/** All labels of a message: those of its fields first, then those of its lines. */
export function labelsOf(flat: Flattened): Label[] {
  const labels: Label[] = flat.fields.map((field: Field) => ({
    name: labelName(field.label),
    value: inEnglish(field.value.slice(0, 300)),
    line: undefined,
  }));
  let number = 0;
  for (const piece of flat.pieces) {
    if (piece.kind === 'field' || piece.kind === 'fallback') continue;
    for (const line of piece.lines) {
      if (++number > maximumLines || labels.length > maximumLabels) return labels;
      if (line.length > 600) continue;
      for (const part of line.split(/ [|•·] | (?=[A-Z]{3,20}: )/)) {
        const pair = pairPattern.exec(part) ?? itemPattern.exec(part);
        if (pair?.[1] === undefined || pair[2] === undefined || pair[2].startsWith('//')) continue;
        labels.push({ name: labelName(pair[1]), value: inEnglish(pair[2].trim()), line: number });
      }
    }
  }
  return labels;
}

function labelName(raw: string): string {
  const name = raw
    .slice(0, 60)
    .replace(/:[a-z0-9_+-]{1,40}:/g, ' ')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .toLowerCase();
  return labelInEnglish(name);
}

/** Labels that say the alert's state. "Old state" and "HTTP status" do not. */
const stateLabels =
  /^(?:(?:(?:new|current|resolution|monitor|check|event|service|host|trigger|health|condition|level|alert|alarm|incident|issue|problem) )?(?:state|status)|(?:state|status) change|monitor condition|(?:event|notification|alert|message) type|alerttype|transition|health|alarm|result|action)$/;

/** The values of fields that say the alert's state, in order. */
export function statesOf(labels: Label[]): string[] {
  return labels
    .filter(
      (label) =>
        stateLabels.test(label.name) &&
        // "Action: alert" says what the tool does, not the state.
        !(label.name === 'action' && /^\W*(?:alert|alarm|page|warn|notify)\W*$/i.test(label.value)) &&
        (label.line === undefined || (label.line <= 12 && isShort(label.value))),
    )
    .map((label) => label.value);
}

/** True if the value is one to three words and not prose. */
export function isShort(value: string): boolean {
  return value.length <= 60 && value.split(/\s+/).length <= 5;
}

/** What an alert can be about. For each kind, the labels that name it. */
const subjects: Record<string, string> = {
  host: 'host, hostname, host name, node, node name, server, server name, machine, device, device name, agent, agent name, computer, vm, hosts, host s, affected host, displayname, group, groups, tags group, scope',
  instance: 'instance, instance id, instanceid, instances',
  target: 'target, endpoint, url, site, website, address, domain, check url, monitor url, uri, web check',
  service:
    'service, service name, servicename, application, app, app name, application name, microservice, impacted service, services, affected service, affected services, impacted services, component, impacted entity, impacted entities, entity, entity name, affected entity, affected entities, root cause entity, affected component',
  check:
    'check, check name, monitor, monitor name, sensor, sensor name, probe, test, test name, heartbeat, alarm name, alert name, alertname, alert rule, rule, rule name, policy, policy name, condition name, trigger, trigger name, detector, job name, datasource, chart, metric, metric name, event definition, alert definition, datapoint, dataset, item, item name, slo, query name, alert',
  resource:
    'resource, resource name, resource id, affected resource, target resource, object, queue, queue name, topic, database, db, database name, table, bucket, function, function name, volume, disk, mount, mountpoint, mount point, interface, filesystem, file system, partition, drive, drive letter, port, process, consumer group, connector, shard, index, path, dimension, dimensions, load balancer, targetgroup, display name',
  pod: 'pod, pod name, container, container name, deployment, statefulset, daemonset, workload, daemon, namespace, kubernetes namespace, kind, name, cronjob, pvc, persistentvolumeclaim, source',
  cluster:
    'cluster, cluster name, environment, env, project, project name, subscription, region, zone, datacenter, account, account id, aws account, tenant, team, stage, organization, repository, repo, branch, job, pipeline, workflow, customer, workspace, stream',
};

const subjectOf = new Map<string, string>(
  Object.entries(subjects).flatMap(([kind, names]) =>
    names.split(', ').map((name): [string, string] => [name.trim(), `${kind}:${name.trim()}`]),
  ),
);

/**
 * What the message says it is about, by label. A label with several values is left out: such a message lists several
 * alerts, and the list changes from message to message.
 */
export function subjectsOf(labels: Label[], fieldsOnly: boolean): Map<string, string> {
  const found = new Map<string, string>();
  const several = new Set<string>();
  for (const label of labels) {
    const name = subjectOf.get(label.name);
    if (name === undefined || (fieldsOnly && label.line !== undefined)) continue;
    // "Alert: web-1 is down" in the text is the title itself; only a field of that name names a check.
    if (label.line !== undefined && (label.value.length > 120 || label.name === 'alert')) continue;
    const value = label.value.toLowerCase().trim();
    const known = found.get(name);
    if (known !== undefined && known !== value) several.add(name);
    found.set(name, known ?? value);
  }
  for (const name of several) found.delete(name);
  return found;
}
