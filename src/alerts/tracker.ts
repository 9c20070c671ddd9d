import type { AlertStatus } from '../config/types.ts';
import type { GatedMessage } from './filter.ts';
import type { Identity } from './identity.ts';
import type { Understood } from './understand.ts';

/** What is remembered of an alert; small and JSON-safe. */
export interface TrackedAlert {
  key: string;
  channel: string;
  botId: string;
  status: AlertStatus;
  identity: Identity;
}

/** What is remembered of one Slack message. */
export interface TrackedMessage {
  key: string;
  status: AlertStatus;
  /** True once an edit of it was seen: an original that comes later is older news. */
  edited: boolean;
  /** Slack's time of the newest edit seen. */
  editedTs: string | undefined;
}

/** fired: may ring. refreshed: fires again. resolved: ends it. none: nothing changed. */
export type News = 'fired' | 'refreshed' | 'resolved' | 'none';

export interface Tracked {
  key: string;
  status: AlertStatus;
  news: News;
}

/** What is known when a message comes: looked up in a map here, in tables elsewhere. */
export interface Known {
  /** By channel and the message's own ts. */
  message: TrackedMessage | undefined;
  /** The alert of the first message of its thread. */
  parent: TrackedAlert | undefined;
  /** By the key that understand() gave. */
  sameKey: TrackedAlert | undefined;
  /** Alerts of the same channel and bot that fire now; asked only for a resolve that nothing else places. */
  firing: () => TrackedAlert[];
}

/** The key of the alert that a message belongs to: its own earlier version's, its thread's, its own, or the one alert that its resolve fits. */
export function placeMessage(understood: Understood, known: Known): string {
  if (known.message !== undefined) return known.message.key;
  const { parent, sameKey } = known;
  if (parent !== undefined && parent.status !== 'info' && belongsToThread(understood, parent))
    return parent.key;
  if (sameKey !== undefined) return sameKey.key;
  const ends = understood.status === 'resolved' || understood.endsFailure;
  return (ends ? findEnded(understood.identity, known.firing()) : undefined)?.key ?? understood.key;
}

/** A reply tells of its thread's alert, unless it clearly fires for something else. */
function belongsToThread(understood: Understood, parent: TrackedAlert): boolean {
  if (understood.status !== 'firing') return true;
  const mine = understood.identity.incident;
  const theirs = parent.identity.incident;
  if (mine !== null && theirs !== null) return mine === theirs;
  return !conflicts(understood.identity, parent.identity);
}

/** The one firing alert that a resolve with another key ends; undefined where none or several fit. */
export function findEnded(identity: Identity, firing: TrackedAlert[]): TrackedAlert | undefined {
  const rounds = [
    (other: Identity) => identity.strict !== '' && other.strict === identity.strict,
    (other: Identity) => identity.loose !== '' && other.loose === identity.loose,
    (other: Identity) =>
      identity.loose === '' &&
      identity.strict === '' &&
      identity.subjects.length > 0 &&
      sameSubjects(identity, other),
  ];
  for (const fits of rounds) {
    const found = firing.filter((alert) => fits(alert.identity) && !conflicts(identity, alert.identity));
    if (found.length > 0) return found.length === 1 ? found[0] : undefined;
  }
  return undefined;
}

function sameSubjects(left: Identity, right: Identity): boolean {
  return left.subjects.every((subject) => right.subjects.includes(subject));
}

/** True where both name the same kind of thing and name it differently: another host, another monitor, another incident. */
export function conflicts(left: Identity, right: Identity): boolean {
  if (left.incident !== null && right.incident !== null && left.incident !== right.incident) {
    if (kindOf(left.incident) === kindOf(right.incident)) return true;
  }
  return differ(left.subjects, right.subjects, '=') || differ(left.things, right.things, undefined);
}

function differ(left: string[], right: string[], separator: string | undefined): boolean {
  const nameOf = (item: string) =>
    separator === undefined ? kindOf(item) : (item.split(separator)[0] ?? item);
  for (const item of left) {
    const others = right.filter((other) => nameOf(other) === nameOf(item));
    if (others.length > 0 && !others.includes(item)) return true;
  }
  return false;
}

function kindOf(id: string): string {
  return id.split(/[/=]/)[0] ?? id;
}

/** What a message changes. @param previous the alert as it was known; @param message the same Slack message as it was known */
export function newsOf(
  status: AlertStatus,
  isEdit: boolean,
  editedTs: string | undefined,
  previous: AlertStatus | undefined,
  message: TrackedMessage | undefined,
): News {
  if (message !== undefined) {
    // An original behind its own edit, the same message again, or an older edit behind a newer one: nothing new.
    if (!isEdit || isOlder(editedTs, message.editedTs)) return 'none';
    if (message.status === status || status === 'info') return 'none';
  }
  if (status === 'info') return 'none';
  if (status === 'resolved') return previous === 'resolved' ? 'none' : 'resolved';
  return previous === 'firing' ? 'refreshed' : 'fired';
}

function isOlder(mine: string | undefined, newest: string | undefined): boolean {
  return mine !== undefined && newest !== undefined && Number(mine) < Number(newest);
}

/** A sequence of messages in memory; the same decisions over tables are made elsewhere. */
export interface TrackerState {
  alerts: Map<string, TrackedAlert>;
  /** By channel and ts. */
  messages: Map<string, TrackedMessage>;
}

export function createTracker(): TrackerState {
  return { alerts: new Map(), messages: new Map() };
}

/** Takes the next message of a sequence; remembers it in `state` and says which alert it belongs to and what is new. */
export function track(state: TrackerState, gated: GatedMessage, understood: Understood): Tracked {
  const channel = gated.channel ?? '';
  const place = `${channel}\n${gated.ts}`;
  const message = gated.ts === '' ? undefined : state.messages.get(place);
  const parentMessage =
    gated.threadTs === undefined ? undefined : state.messages.get(`${channel}\n${gated.threadTs}`);
  const key = placeMessage(understood, {
    message,
    parent: parentMessage === undefined ? undefined : state.alerts.get(parentMessage.key),
    sameKey: state.alerts.get(understood.key),
    firing: () =>
      [...state.alerts.values()].filter(
        (alert) => alert.status === 'firing' && alert.channel === channel && alert.botId === gated.botId,
      ),
  });
  const known = state.alerts.get(key);
  const endsNow = understood.endsFailure && known?.status === 'firing';
  const status = endsNow ? 'resolved' : understood.status;
  const news = newsOf(status, gated.isEdit, gated.editedTs, known?.status, message);
  if (known === undefined) {
    state.alerts.set(key, { key, channel, botId: gated.botId, status, identity: understood.identity });
  } else if (news !== 'none') {
    known.status = status;
  }
  const isNewest = message === undefined || (gated.isEdit && !isOlder(gated.editedTs, message.editedTs));
  if (gated.ts !== '' && isNewest) {
    const edited = gated.isEdit || message?.edited === true;
    state.messages.set(place, { key, status, edited, editedTs: gated.editedTs ?? message?.editedTs });
  }
  return { key, status, news };
}
