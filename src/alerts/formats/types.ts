import type { AlertSeverity } from '../../config/types.ts';
import type { JsonObject } from '../json.ts';

/** One alert from a tool's own payload. JSON-safe, limited in size, and without characters that cannot be stored. */
export interface PostedAlert {
  kind: 'alert';
  action: 'trigger' | 'acknowledge' | 'resolve';
  /** The tool's own key: the same for all its messages about one alert. */
  key: string;
  title: string;
  severity: AlertSeverity | null;
  link: string | null;
  /** For showing, and for rules. */
  labels: [name: string, value: string][];
  /** All its words, for rules. */
  text: string;
  /** The first line of the tool's usual Slack message, so that the same alert is recognised there. */
  headline: string;
  /** The tool's own time of this news (ms), to distinguish old from new. Null: its arrival counts. */
  at: number | null;
  /** Who acknowledged it. '' if it names nobody. */
  by: string;
}

/** A message in the format of a Slack incoming webhook, read like one in a channel. */
export interface PostedMessage {
  kind: 'message';
  message: JsonObject;
}

export type Posted = PostedAlert | PostedMessage;

/** The content of a body, or in words why it is not a payload of that format. */
export type ReadPayload = { posted: Posted[] } | { problem: string };
