import type { AlertSeverity } from '../../config/types.ts';
import type { JsonObject } from '../json.ts';

/** What one alert of a tool's own payload says; JSON-safe, bounded, and free of what cannot be stored. */
export interface PostedAlert {
  kind: 'alert';
  action: 'trigger' | 'acknowledge' | 'resolve';
  /** The tool's own key: the same for everything it says of one alert. */
  key: string;
  title: string;
  severity: AlertSeverity | null;
  link: string | null;
  /** As they are shown and as rules may look for them. */
  labels: [name: string, value: string][];
  /** All of its words, for rules. */
  text: string;
  /** As the tool's usual message in a Slack channel begins, so that the same alert is known there. */
  headline: string;
  /** The tool's own time of this news (ms), for telling old news from new; null: it is as new as its arrival. */
  at: number | null;
  /** Who acknowledged it; '' where nobody is named. */
  by: string;
}

/** A message as for a Slack incoming webhook: read by the flattener, as one in a channel is. */
export interface PostedMessage {
  kind: 'message';
  message: JsonObject;
}

export type Posted = PostedAlert | PostedMessage;

/** What a body holds, or in words why it is no payload of that format. */
export type ReadPayload = { posted: Posted[] } | { problem: string };
