import { hash } from 'node:crypto';
import type { AlertSeverity, AlertStatus } from '../config/types.ts';
import { headsOf, titleOf } from './headlines.ts';
import { type Identity, identify } from './identity.ts';
import { labelsOf, statesOf } from './labels.ts';
import { mainLink } from './link.ts';
import type { Flattened } from './pieces.ts';
import { readSeverity } from './severity.ts';
import { endsBelow, readAcknowledged, readStatus } from './status.ts';
import { inEnglish } from './words/other-languages.ts';
import { isTransition } from './words/phrases.ts';
import { isLifecycle } from './words/vocabulary.ts';

export interface UnderstandContext {
  channel: string | undefined;
  botId: string;
  /** The display name of the bot. Its words are not part of an alert's name. */
  botName: string | undefined;
}

/** What a monitoring tool's message says. */
export interface Understood {
  status: AlertStatus;
  severity: AlertSeverity | null;
  title: string;
  link: string | null;
  /** The same for every message of one alert, as far as a single message can tell. 24 hex digits. */
  key: string;
  /** Finds the alert that a resolve ends if the key alone does not. */
  identity: Identity;
  /** True for an "info" that ends a failure with the same key, if one fires: a passed build. */
  endsFailure: boolean;
  /**
   * True if a line next to the title says that it is over. An edit with such a line ends the alert, whatever its
   * title says.
   */
  endsBelow: boolean;
  /** Who acknowledged the alert, according to the message. '': it names nobody. Null: it does not say that. */
  acknowledgedBy: string | null;
  /** All words of the message, for rules. */
  text: string;
}

/** Reads status, severity, title, link and key from a flattened message. Pure; never throws. */
export function understand(flat: Flattened, context: UnderstandContext): Understood {
  const heads = headsOf(flat);
  const labels = labelsOf(flat);
  const states = [
    ...statesOf(labels),
    ...loneStates(flat),
    ...flat.pieces
      .flatMap((piece) => piece.lines.slice(0, 3))
      .slice(0, 12)
      .filter(isTransition),
  ];
  const title = titleOf(heads, context.botName);
  const lines = heads.map((head) => inEnglish(head.line));
  const severity = readSeverity({
    labels,
    heads: lines,
    fallbacks: flat.fallbacks,
    states,
    isAzure: /\bazure\b/i.test(flat.text.slice(0, 4_000)) || /azure/i.test(context.botName ?? ''),
  });
  const identity = identify(flat, heads, labels, title, context.botName);
  const structured = severity !== null || states.length > 0 || identity.subjects.length > 0;
  const { status, endsFailure } = readStatus({
    heads: lines,
    states,
    colors: flat.colors,
    bodies: flat.pieces
      .filter((piece) => piece.kind === 'body')
      .flatMap((piece) => piece.lines.slice(0, 1).map(inEnglish)),
    structured,
    severe: severity === 'critical' || severity === 'warning',
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

/** "Resolved • Source: Grafana": a part of a small line that is one word of a state, and nothing else. */
function loneStates(flat: Flattened): string[] {
  return flat.pieces
    .filter((piece) => piece.kind === 'context')
    .flatMap((piece) => piece.lines.slice(0, 2))
    .filter((line) => line.length <= 160)
    .flatMap((line) => line.split(/ ?[•·|] ?/))
    .map((part) => part.replace(/^(?::[\w+-]{1,40}:|[^\p{L}\p{N}])+/u, ''))
    .filter((part) => isLifecycle(part));
}

/** One short string made of channel, bot and what the message is about. */
export function keyOf(identity: Identity, context: { channel: string | undefined; botId: string }): string {
  const about = identity.incident ?? JSON.stringify([identity.strict, identity.things, identity.subjects]);
  return hash('sha256', JSON.stringify([context.channel ?? '', context.botId, about])).slice(0, 24);
}
