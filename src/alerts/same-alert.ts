import type { AlertStatus } from '../config/types.ts';
import type { Identity } from './identity.ts';
import type { Understood } from './understand.ts';

/** fired: rules may call. refreshed: it fires again. resolved: it ended. none: nothing changed. */
export type News = 'fired' | 'refreshed' | 'resolved' | 'none';

/** True if a reply is about the alert of its thread. False if it clearly fires for something else. */
export function isSameAlert(understood: Understood, parent: { identity: Identity }): boolean {
  if (understood.status !== 'firing') return true;
  const mine = understood.identity.incident;
  const theirs = parent.identity.incident;
  if (mine !== null && theirs !== null) return mine === theirs;
  return !conflicts(understood.identity, parent.identity);
}

/** The one firing alert that a resolve with another key ends. Undefined if none or several fit. */
export function findEnded<Alert extends { identity: Identity; title?: string }>(
  identity: Identity,
  firing: readonly Alert[],
  title = '',
): Alert | undefined {
  const found = fitting(identity, firing);
  const named = found.length > 0 ? found : firing.filter((alert) => quotesSame({ identity, title }, alert));
  return named.length === 1 ? named[0] : undefined;
}

/**
 * True if both quote the same name of several words, and all other names in them are equal: Asha closed alert "Payments
 * queue is stuck".
 */
function quotesSame(
  left: { identity: Identity; title?: string },
  right: { identity: Identity; title?: string },
): boolean {
  const quoted = quotedName(left.title ?? '');
  if (quoted === undefined || quotedName(right.title ?? '') !== quoted) return false;
  if (conflicts(left.identity, right.identity)) return false;
  return namedThings(left.identity) === namedThings(right.identity);
}

function quotedName(title: string): string | undefined {
  return /(?<![\p{L}\p{N}])["“]([^"“”]{1,100} [^"“”]{1,100})["”](?![\p{L}\p{N}])/u
    .exec(title)?.[1]
    ?.toLowerCase();
}

/** The words of a title that name a thing: "web-1", "shop.example.com". */
function namedThings({ loose }: Identity): string {
  return loose
    .split(' ')
    .filter((word) => /\d|[\p{L}\p{N}][._/@-][\p{L}\p{N}]/u.test(word) && !/^p\d$/.test(word))
    .join(' ');
}

/**
 * The same alert, which arrived the other way. If several fit, the first: a tool may write one message into the channel
 * for a group, and post each alert of the group to us.
 */
export function findTwin<Alert extends { identity: Identity }>(
  identity: Identity,
  firing: readonly Alert[],
): Alert | undefined {
  return fitting(identity, firing)[0];
}

/** The alerts that fit best, by the first round in which any does. */
function fitting<Alert extends { identity: Identity }>(
  identity: Identity,
  firing: readonly Alert[],
): Alert[] {
  const rounds = [
    (other: Identity) => identity.strict !== '' && other.strict === identity.strict,
    (other: Identity) =>
      identity.loose !== '' && other.loose === identity.loose && !namesOthers(identity, other),
    (other: Identity) =>
      identity.loose === '' &&
      identity.strict === '' &&
      identity.subjects.length > 0 &&
      sameSubjects(identity, other),
  ];
  for (const fits of rounds) {
    const found = firing.filter((alert) => fits(alert.identity) && !conflicts(identity, alert.identity));
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * True if the lines below the title name different things: "shop/api" and "shop/web" below "update resource", or two
 * faults below "prod.example.com". A title that names a thing and more needs no line below.
 */
function namesOthers(left: Identity, right: Identity): boolean {
  if (/ /.test(left.loose) && /\d|[\p{L}\p{N}][._/@-][\p{L}\p{N}]/u.test(left.loose)) return false;
  const [mine, theirs] = [namesBelow(left), namesBelow(right)];
  return mine.length > 0 && theirs.length > 0 && !mine.some((name) => theirs.includes(name));
}

/** The lines below the title, without those that repeat it. */
function namesBelow({ strict }: Identity): string[] {
  const [title = '', ...below] = strict.split('\n');
  return below.filter((line) => !line.split(' ').includes(title));
}

function sameSubjects(left: Identity, right: Identity): boolean {
  return left.subjects.every((subject) => right.subjects.includes(subject));
}

/** True if both name the same kind of thing but different things: another host, another monitor, another incident. */
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

/**
 * What a message changes. @param previous the stored alert; @param message the stored version of the same Slack
 * message
 */
export function newsOf(
  status: AlertStatus,
  isEdit: boolean,
  editedTs: string | undefined,
  previous: AlertStatus | undefined,
  message: { status: AlertStatus; editedTs: string | undefined } | undefined,
): News {
  if (message !== undefined) {
    // An original after its edit, the same version again, or an older edit after a newer one: nothing new.
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
