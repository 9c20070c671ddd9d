import type { AuditAction, AuditEvent } from '../../calls/request/audit.ts';
import { date, foreign, plural } from '../kit/text.ts';
import { createWho, type NameOf } from './request-words.ts';

type Detail = Record<string, unknown>;

/** The actions whose words `whatHappened` makes, or that are words already. */
type Other = 'press refused' | `step ${number} started` | `stopped calling: ${string}`;

/** Words for the actions of the audit trail. An action of an older version without words is shown by its own name. */
const words: Record<Exclude<AuditAction, Other>, (detail: Detail) => string> = {
  asked: (detail) => `asked to call ${plural(numberIn(detail, 'callees'), 'person', 'people')}`,
  'asked for an approval': (detail) =>
    `asked the approvers before calling anybody${because([detail.reasons].flat().join('; '))}`,
  // The platform may have refused them, or its answer was lost.
  sent: () => 'finished sending the calls',
  done: () => 'has all results',
  failed: () => 'could not place any call',
  cancelled: (detail) => `cancelled${stopped(detail)}`,
  stopped: (detail) => `stopped the calls${stopped(detail)}`,
  resolved: (detail) => `stopped the calls, because the alert is over${stopped(detail)}`,
  acknowledged: () => 'has got it',
  unknown: () => "does not know whether some phones rang: the platform's answer was lost",
  approved: (detail) => `approved${detail['at any hour'] === true ? ', at any hour' : ''}`,
  rejected: (detail) => `rejected${quoted(detail.reason)}`,
  'called again': (detail) => `called ${plural(numberIn(detail, 'callees'), 'person', 'people')} again`,
  'gave up waiting for reports': () => 'stopped waiting: some calls have no result',
  'not started': (detail) => `did not start it${because(detail.why)}`,
  'made approvals void': (detail) =>
    `dropped ${plural(numberIn(detail, 'approvals'), 'approval')}: other people would be called`,
  'restored from a backup': () => 'was restored from a backup: some calls are not known',
  'sent again': () => 'called again the people whose outcome was unknown',
  'settled: it rang': (detail) => `marked ${plural(numberIn(detail, 'calls'), 'call')} as rung`,
  'settled: it did not ring': (detail) => `marked ${plural(numberIn(detail, 'calls'), 'call')} as not rung`,
  'the time has come': (detail) => `started the scheduled calls${listChanges(detail)}`,
  'found other people on duty': (detail) =>
    `found other people on duty: ${numberIn(detail, 'left')} left, ${numberIn(detail, 'came')} came`,
  expired: () => 'closed it: nobody decided in time',
};

/** One event of a request's audit trail as a line of mrkdwn. `detail` may come from outside, so it is escaped. */
export function eventLine(event: AuditEvent, nameOf?: NameOf): string {
  const named = nameOf?.(event.actor) ?? null;
  const actor = named === null ? createWho()(event.actor) : foreign(named, 80);
  return `${date(event.at)} ${actor} ${whatHappened(event)}`;
}

function whatHappened({ action, detail }: AuditEvent): string {
  if (action === 'press refused') {
    return `tried to ${foreign(String(detail.pressed ?? 'press'), 40)}: ${foreign(String(detail.why ?? 'not allowed'), 200)}`;
  }
  const step = /^step (\d{1,4}) started$/.exec(action)?.[1];
  if (step !== undefined) {
    const crowd = plural(numberIn(detail, 'callees'), 'person', 'people');
    return `started step ${step}: ${crowd}${because(detail.problem)}`;
  }
  if (action.startsWith('stopped calling: '))
    return `${foreign(action, 120)}${stopped(detail).replace(':', ';')}`;
  return hasWords(action) ? words[action](detail) : `${foreign(action, 120)}${otherDetail(detail)}`;
}

function hasWords(action: string): action is keyof typeof words {
  return Object.hasOwn(words, action);
}

function otherDetail(detail: Detail): string {
  const shown = Object.entries(detail)
    .map(([key, value]): [string, unknown] => [key, Array.isArray(value) ? value.join('; ') : value])
    .filter(
      ([, value]) => ['string', 'number', 'boolean'].includes(typeof value) && value !== 0 && value !== '',
    )
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ');
  return shown === '' ? '' : ` (${foreign(shown, 300)})`;
}

/** `why` may hold text from outside, so it is escaped. */
function because(why: unknown): string {
  return typeof why === 'string' && why !== '' ? `: ${foreign(why, 300)}` : '';
}

function quoted(reason: unknown): string {
  return typeof reason === 'string' && reason !== '' ? `: “${foreign(reason, 300)}”` : '';
}

function stopped(detail: Detail): string {
  const calls = numberIn(detail, 'stopped');
  return calls === 0 ? '' : `: ${plural(calls, 'person', 'people')} not called`;
}

/** How its lists changed since a scheduled request was made. */
function listChanges(detail: Detail): string {
  const left = numberIn(detail, 'left');
  const joined = numberIn(detail, 'joined');
  const notCalled = numberIn(detail, 'notCalled');
  const changes = [
    ...(left > 0 ? [`${plural(left, 'person', 'people')} left its lists`] : []),
    ...(joined > 0 ? [`${plural(joined, 'person', 'people')} joined`] : []),
    ...(notCalled > 0
      ? [`${plural(notCalled, 'person who joined is', 'people who joined are')} not called`]
      : []),
  ];
  return changes.length === 0 ? '' : `: ${changes.join('; ')}`;
}

function numberIn(detail: Detail, key: string): number {
  const value = Number(detail[key]);
  return Number.isFinite(value) ? value : 0;
}
