import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type GatedMessage, gate } from '../../src/alerts/filter.ts';
import { flatten } from '../../src/alerts/flatten.ts';
import { type Understood, understand } from '../../src/alerts/understand.ts';
import type { AlertMatch, Rule } from '../../src/config/types.ts';

const fixtureSchema = z.object({
  tool: z.string(),
  messages: z.array(
    z.object({
      /** Messages of one alert have the same letter: their keys must be equal, and all others different. */
      alert: z.string(),
      status: z.enum(['firing', 'resolved', 'info', 'not-an-alert']),
      /** What the reader says today, although `status` is what a person on call says. */
      known: z.enum(['firing', 'resolved', 'info']).optional(),
      /** Where the tool's template or the message was found. Names and figures are made up. */
      source: z.string().optional(),
      severity: z.enum(['critical', 'warning', 'info']).nullable().optional(),
      event: z.record(z.string(), z.unknown()),
    }),
  ),
});

export type Fixture = z.infer<typeof fixtureSchema>;

export function fixtures(): Fixture[] {
  const folder = fileURLToPath(new URL('./fixtures/', import.meta.url));
  return readdirSync(folder).map((name) =>
    fixtureSchema.parse(JSON.parse(readFileSync(`${folder}${name}`, 'utf8'))),
  );
}

export function gated(event: unknown): GatedMessage {
  const result = gate(event);
  if (!('alert' in result)) throw new Error(`not an alert: ${result.reason}`);
  return result.alert;
}

/** The understood content of a bot's message with these parts. */
export function read(parts: Record<string, unknown>): Understood {
  const alert = gated({ type: 'message', channel: 'C1', bot_id: 'B1', ts: '1714550000.000100', ...parts });
  return understand(flatten(alert.message), alert);
}

export const anything: AlertMatch = {
  status: undefined,
  severity: undefined,
  title: undefined,
  text: undefined,
  from: undefined,
};
/** A rule of channel C1 that matches every firing alert. */
export const rule = (name: string, match: Partial<AlertMatch> = {}, more: Partial<Rule> = {}): Rule => ({
  name,
  channels: ['C1'],
  sources: [],
  channel: undefined,
  match: { ...anything, ...match },
  not: undefined,
  call: ['x'],
  say: 'x',
  language: undefined,
  recording: undefined,
  cooldownMs: 0,
  expireAfterMs: 0,
  silentForMs: undefined,
  maxAgeMs: 900_000,
  between: undefined,
  days: undefined,
  timeZone: undefined,
  approval: 'never',
  onUnknown: 'again',
  until: 'answered',
  attempts: 1,
  everyMs: 300_000,
  enough: undefined,
  furtherSteps: [],
  repeat: 0,
  mode: 'live',
  stop: false,
  limits: undefined,
  ...more,
});
