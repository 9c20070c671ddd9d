import type { KnownBlock } from '@slack/types';
import type { AlertSeverity, AlertStatus } from '../../config/types.ts';
import { context, type RenderedMessage, section } from '../kit/blocks.ts';
import { date, foreign, mention } from '../kit/text.ts';

/** An alert that a tool posted to us, as shown in Slack. All of its text comes from outside and is escaped here. */
export interface ShownAlert {
  status: AlertStatus;
  severity: AlertSeverity | null;
  title: string;
  link: string | null;
  labels: readonly (readonly [name: string, value: string])[];
  source: string;
  ackedBy: string | null;
  since: number;
}

const shownLabels = 12;
const states: Record<AlertStatus, string> = {
  firing: ':rotating_light: Firing',
  resolved: ':white_check_mark: Resolved',
  info: ':information_source: Info',
};

export function renderPostedAlert(alert: ShownAlert): RenderedMessage {
  const { status, severity, labels, source, ackedBy, since } = alert;
  const title = foreign(alert.title === '' ? 'Alert' : alert.title, 300);
  const linked =
    alert.link === null ? `*${title}*` : `*<${safeUrl(alert.link)}|${title.replaceAll('|', '¦')}>*`;
  const rated = severity === null ? '' : ` · ${severity}`;
  const shown = labels
    .filter(([name, value]) => !isSaid(name, value, alert))
    .slice(0, shownLabels)
    .map(([name, value]) => `${foreign(name, 60)}: ${foreign(value, 120)}`)
    .join('\n');
  const by = ackedBy === null ? '' : ` · ${acknowledger(ackedBy)} has got it`;
  const blocks: KnownBlock[] = [
    section(`${states[status]}${rated}\n${linked}`),
    ...(shown === '' ? [] : [section(shown)]),
    context(`Posted to Voicecall by ${foreign(source, 60)} · since ${date(since)}${by}`),
  ];
  const word = status === 'firing' ? 'Firing' : status === 'resolved' ? 'Resolved' : 'Info';
  return { text: `${word}: ${title}`, blocks };
}

/** True for a label that repeats the severity or the title above it. */
function isSaid(name: string, value: string, { severity, title }: ShownAlert): boolean {
  return (name === 'severity' && value === severity) || (name === 'alertname' && title.includes(value));
}

/** `by` is a person's id, or "tool:" followed by a name from the tool. */
function acknowledger(by: string): string {
  return by.startsWith('tool:') ? foreign(by.slice('tool:'.length), 80) : mention(by);
}

/** Encodes the characters that would end Slack's link markup. */
function safeUrl(url: string): string {
  return url.replace(/[<>|&]/g, (character) => (character === '&' ? '&amp;' : encodeURIComponent(character)));
}
