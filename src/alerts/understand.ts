import { createHash } from 'node:crypto';
import type { AlertSeverity, AlertStatus } from '../config/types.ts';
import { headsOf, titleOf } from './headlines.ts';
import { type Identity, identify } from './identity.ts';
import { labelsOf, statesOf } from './labels.ts';
import { mainLink } from './link.ts';
import type { Flattened } from './pieces.ts';
import { readSeverity } from './severity.ts';
import { endsBelow, readAcknowledged, readStatus } from './status.ts';

export interface UnderstandContext {
  channel: string | undefined;
  botId: string;
  /** The name the bot posts under; its words name no alert. */
  botName: string | undefined;
}

/** What a monitoring tool's message says. */
export interface Understood {
  status: AlertStatus;
  severity: AlertSeverity | null;
  title: string;
  link: string | null;
  /** The same for every message of one alert, as far as one message alone can tell; 24 hex digits. */
  key: string;
  /** For finding the alert that a resolve ends where the key alone does not. */
  identity: Identity;
  /** An "info" that ends a failure of the same key, if one is open: a build that passed. */
  endsFailure: boolean;
  /** A line beside the title says that it is over: an edit that says so ends the alert, whatever its title says. */
  endsBelow: boolean;
  /** Who acknowledged the alert, as the message says: '' where it names nobody; null: it says no such thing. */
  acknowledgedBy: string | null;
  /** All of the message's words, for rules. */
  text: string;
}

/** Reads status, severity, title, link and key from a flattened message. Pure; never throws. */
export function understand(flat: Flattened, context: UnderstandContext): Understood {
  const heads = headsOf(flat);
  const labels = labelsOf(flat);
  const states = statesOf(labels);
  const title = titleOf(heads, context.botName);
  const severity = readSeverity({
    labels,
    heads: heads.map((head) => head.line),
    fallbacks: flat.fallbacks,
    states,
    isAzure: /\bazure\b/i.test(flat.text.slice(0, 4_000)) || /azure/i.test(context.botName ?? ''),
  });
  const identity = identify(flat, heads, labels, title, context.botName);
  const structured = severity !== null || states.length > 0 || identity.subjects.length > 0;
  const { status, endsFailure } = readStatus({
    heads: heads.map((head) => head.line),
    states,
    colors: flat.colors,
    structured,
  });
  return {
    status,
    severity,
    title,
    link: mainLink(flat),
    key: keyOf(identity, context),
    identity,
    endsFailure,
    endsBelow: endsBelow(flat),
    acknowledgedBy: readAcknowledged(flat),
    text: flat.text,
  };
}

/** Channel, sender and what the message is about, as one short string. */
export function keyOf(identity: Identity, context: { channel: string | undefined; botId: string }): string {
  const about = identity.incident ?? JSON.stringify([identity.strict, identity.things, identity.subjects]);
  return createHash('sha256')
    .update(JSON.stringify([context.channel ?? '', context.botId, about]))
    .digest('hex')
    .slice(0, 24);
}
