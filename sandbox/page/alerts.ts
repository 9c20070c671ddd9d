// Sample alerts as well-known tools post them: by webhook or modern bot; with the content in attachments, blocks or
// text; resolved by a new message or by an edit of the first one.
import { createExplainer } from '../../src/alerts/explain/explain.ts';
import type { Rule } from '../../src/config/types.ts';
import type { JsonObject, Poster, SandboxSlack } from '../slack/types.ts';
import type { Fields } from './fields.ts';

interface Sample {
  readonly id: string;
  /** The tool's bot_id: the sandbox's rules name it in `from`. */
  readonly bot: string;
  readonly tool: string;
  readonly title: string;
  /** True if the tool edits its first message when the alert is over. */
  readonly edits: boolean;
  readonly post: (resolved: boolean) => JsonObject;
}

/** The samples, in the order of their buttons. */
export const samples: readonly Sample[] = [
  {
    id: 'alertmanager',
    bot: 'B0ALERTMGR',
    tool: 'Alertmanager',
    title: 'replica lag, critical',
    edits: false,
    post: (resolved) => {
      const state = resolved ? '[RESOLVED]' : '[FIRING:1]';
      const title = `${state} Replica lag above 30 s (db-3 critical)`;
      const link = 'https://alerts.example.org/#/alerts?receiver=slack';
      return {
        text: '',
        attachments: [
          { color: resolved ? 'good' : 'danger', title, title_link: link, fallback: `${title} | ${link}` },
        ],
      };
    },
  },
  {
    id: 'grafana',
    bot: 'B0GRAFANA',
    tool: 'Grafana',
    title: 'disk almost full, warning',
    edits: false,
    post: (resolved) => ({
      text: '',
      attachments: [
        {
          color: resolved ? '#36a64f' : '#D63232',
          title: `${resolved ? '[RESOLVED]' : '[FIRING:1]'} Disk almost full (warning)`,
          title_link: 'https://grafana.example.org/alerting/grafana/dsk01a/view',
          text: `**${resolved ? 'Resolved' : 'Firing'}**\n\nValue: A=${resolved ? 61 : 94}\nLabels:\n - alertname = Disk almost full\n - severity = warning\nAnnotations:\n - summary = /var on web-2`,
          footer: 'Grafana v12.1',
        },
      ],
    }),
  },
  {
    id: 'datadog',
    bot: 'B0DATADOG',
    tool: 'Datadog',
    title: 'checkout errors',
    edits: false,
    post: (resolved) => ({
      text: '',
      attachments: [
        {
          color: resolved ? '2eb886' : 'a30200',
          title: `${resolved ? 'Recovered' : 'Triggered'}: Checkout error rate above 5 %`,
          title_link: `https://app.datadoghq.com/monitors/48112?group=service%3Acheckout&event_id=${resolved ? 7002 : 7001}`,
          text: 'service:checkout over the last 5 minutes\nSeverity: critical',
        },
      ],
    }),
  },
  {
    id: 'zabbix',
    bot: 'B0ZABBIX',
    tool: 'Zabbix',
    title: 'host unreachable (edits its message)',
    edits: true,
    post: (resolved) => {
      const title = resolved ? 'Resolved in 4m 12s: Host unreachable' : 'Problem: Host unreachable';
      return {
        text: '',
        attachments: [
          {
            color: resolved ? '#009900' : '#E45959',
            title,
            fallback: title,
            title_link: 'https://zabbix.example.org/tr_events.php?triggerid=20931&eventid=88214',
            fields: [
              { title: 'Host', value: 'edge-7', short: true },
              { title: 'Severity', value: 'High', short: true },
            ],
          },
        ],
      };
    },
  },
  {
    id: 'kuma',
    bot: 'B0KUMA',
    tool: 'Uptime Kuma',
    title: 'shop down',
    edits: false,
    post: (resolved) => ({
      text: `Uptime Kuma Alert\n[Shop] [${resolved ? '✅ Up] 200 - OK' : '🔴 Down] connect ECONNREFUSED'}`,
      attachments: [
        {
          color: resolved ? '#2eb886' : '#e01e5a',
          blocks: [
            { type: 'header', text: { type: 'plain_text', text: 'Uptime Kuma Alert' } },
            {
              type: 'section',
              fields: [
                { type: 'mrkdwn', text: `*Message*\n[Shop] ${resolved ? 'is up again' : 'is down'}` },
                { type: 'mrkdwn', text: '*Time (UTC)*\n2026-01-05 09:31' },
              ],
            },
          ],
        },
      ],
    }),
  },
  {
    id: 'night',
    bot: 'B0OPSGENIE',
    tool: 'Opsgenie',
    title: 'payments down, at night: three steps until somebody has it',
    edits: false,
    post: (resolved) => ({
      text: '',
      attachments: [
        {
          color: resolved ? 'good' : 'danger',
          title: `${resolved ? '[RESOLVED]' : '[FIRING:1]'} Payments are down (critical)`,
          fallback: 'Payments are down',
        },
      ],
    }),
  },
  {
    id: 'hostile',
    bot: 'B0NASTY',
    tool: 'A nasty one',
    title: 'mentions and a number in its text',
    edits: false,
    post: (resolved) => ({
      text: '',
      attachments: [
        {
          color: resolved ? 'good' : 'danger',
          title: `${resolved ? '[RESOLVED]' : '[FIRING:1]'} Replica lag &lt;!channel&gt; call +91 98765 43210 now (critical)`,
          fallback: 'call +91 98765 43210 now',
        },
      ],
    }),
  },
];

interface Sender {
  readonly poster: Poster;
  last: string | null;
}

/** What the rules would do with a firing sample: which rule calls, or that none does. */
export function consequence(sample: Sample, channel: string, rules: Rule[], now: number): string {
  const explain = createExplainer(rules, now);
  const { rule, why } = explain({
    type: 'message',
    subtype: 'bot_message',
    channel,
    bot_id: sample.bot,
    ts: (now / 1000).toFixed(6),
    ...sample.post(false),
  });
  const found = rules.find(({ name }) => name === rule);
  return found === undefined ? `calls nobody: ${why ?? 'no rule matches'}` : `calls ${found.call.join(', ')}`;
}

/** Posts samples into `channel`. Each tool has its own webhook, made on first use. */
export function createAlertPoster(slack: SandboxSlack, channel: string) {
  const senders = new Map<string, Sender>();

  function senderOf(sample: Sample): Sender {
    const known = senders.get(sample.id);
    if (known !== undefined) return known;
    const { botId } = slack.createWebhook(channel, sample.tool, sample.bot);
    const sender: Sender = { poster: { webhook: botId }, last: null };
    senders.set(sample.id, sender);
    return sender;
  }

  /** Posts the sample as firing or resolved. Throws for an unknown id. */
  return function postAlert(id: string, resolved: boolean): void {
    const sample = samples.find((candidate) => candidate.id === id);
    if (sample === undefined) throw new Error(`There is no sample alert “${id}”.`);
    const sender = senderOf(sample);
    const message: Fields = sample.post(resolved);
    if (resolved && sample.edits && sender.last !== null) {
      slack.editAs(sender.poster, channel, sender.last, { ...message });
      sender.last = null;
      return;
    }
    sender.last = slack.postAs(sender.poster, channel, { ...message }).ts;
  };
}
