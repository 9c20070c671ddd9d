import { z } from 'zod';

const alertShape = z.object({
  kind: z.literal('alert'),
  action: z.enum(['trigger', 'acknowledge', 'resolve']),
  /** The tool's own key: the same for all its messages about one alert. */
  key: z.string(),
  title: z.string(),
  severity: z.enum(['critical', 'warning', 'info']).nullable(),
  link: z.string().nullable(),
  /** For showing, and for rules. */
  labels: z.array(z.tuple([z.string(), z.string()])),
  /** All its words, for rules. */
  text: z.string(),
  /** The first line of the tool's usual Slack message, so that the same alert is recognised there. */
  headline: z.string(),
  /** The tool's own time of this news (ms), to distinguish old from new. Null: its arrival counts. */
  at: z.number().nullable(),
  /** Who acknowledged it. '' if it names nobody. */
  by: z.string(),
});

/** A message in the format of a Slack incoming webhook, read like one in a channel. */
const messageShape = z.object({ kind: z.literal('message'), message: z.record(z.string(), z.unknown()) });

/** What `alert_events.body` holds for an alert that a tool posted. */
export const postedShape = z.discriminatedUnion('kind', [alertShape, messageShape]);

/** One alert from a tool's own payload. JSON-safe, limited in size, and without characters that cannot be stored. */
export type PostedAlert = z.infer<typeof alertShape>;

export type Posted = z.infer<typeof postedShape>;

/** The content of a body, or in words why it is not a payload of that format. */
export type ReadPayload = { posted: Posted[] } | { problem: string };
