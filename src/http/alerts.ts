import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse as parseQuery } from 'node:querystring';
import { z } from 'zod';
import { readPayload } from '../alerts/formats/read.ts';
import type { Posted } from '../alerts/formats/types.ts';
import type { Clock } from '../clock.ts';
import { sourceTokenName } from '../config/env.ts';
import type { Config, Source, SourceFormat } from '../config/types.ts';
import { VoicecallError } from '../errors.ts';
import { parseForeignJson, TooManyParts } from '../foreign-json.ts';
import type { Log } from '../log.ts';
import { storePosted, waitingEvents } from '../paging/alert-events.ts';
import type { Store } from '../store/types.ts';
import { answer, type Handler, readBody } from './server.ts';

export const alertsPath = '/alerts/';

const bodyLimit = 1024 * 1024;
/** More than a body of alerts of that size has. */
const mostParts = 60_000;
/**
 * A tool waits about ten seconds for its answer and then retries, so tell it before that if we cannot store. In ms.
 */
const storeWithinMs = 3_000;
/** How many posts of one source are accepted at once, and how many more each second. */
const burst = 10_000;
const perSecond = 500;
/** With this many unprocessed events we accept no more: they would only be late. */
const mostWaiting = 20_000;
const waitingFreshMs = 1_000;
const toldEveryMs = 60_000;

export interface AlertsDeps {
  store: Store;
  clock: Clock;
  log: Log;
  config: () => Config;
  /** By variable; see `sourceTokenName`. */
  sourceTokens: Record<string, string>;
}

/** The answer, in the form that the format's clients expect. */
interface Answer {
  status: number;
  words: string;
  /** The dedup_key of an accepted event of the Events API. */
  key?: string | undefined;
  retryAfterS?: number;
}

/**
 * POST /alerts/<source>: accepts what a tool posts and answers 202 once it is on disk. The token comes as
 * `Authorization: Bearer`, as another path segment, or as an event's routing_key. Does not need Slack.
 */
export function createAlertsRoute(deps: AlertsDeps): (path: string) => { POST: Handler } | undefined {
  const guards: Guards = { waitFor: createAllowance(deps), tellWrongToken: createTokenWarning(deps) };
  return (path) => {
    const found = findSource(path, deps.config().sources);
    if (found === undefined) return undefined;
    return {
      async POST(request, response) {
        const result = await takeOrSayWhy(deps, guards, request, found);
        // Discards the unread body, so that the sender gets its answer.
        request.resume();
        answerAs(found.source.format, response, result);
      },
    };
  };
}

/** What is counted across posts. */
interface Guards {
  /** Seconds until the source may post again. 0: the post may come in. */
  waitFor(source: string): Promise<number>;
  tellWrongToken(source: string): void;
}

/** The source that a path names, with the token if the path has it. */
interface Target {
  name: string;
  source: Source;
  inPath: string | undefined;
}

/** Limits how much each source may post, and how much may wait altogether. */
function createAllowance({ store, clock }: AlertsDeps): Guards['waitFor'] {
  const allowance = new Map<string, { left: number; at: number }>();
  let waiting = { count: 0, untilAt: 0 };
  return async (source) => {
    const now = clock.now();
    const before = allowance.get(source) ?? { left: burst, at: now };
    const left = Math.min(burst, before.left + ((now - before.at) / 1000) * perSecond);
    allowance.set(source, { left: Math.max(0, left - 1), at: now });
    if (left < 1) return 2;
    if (waiting.untilAt <= now) {
      waiting = { count: waiting.count, untilAt: now + waitingFreshMs };
      waiting = { ...waiting, count: await waitingEvents(store.read, mostWaiting) };
    }
    return waiting.count >= mostWaiting ? 10 : 0;
  };
}

/** Logs wrong tokens from time to time only, not for each try. */
function createTokenWarning({ clock, log }: AlertsDeps): Guards['tellWrongToken'] {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (source) => {
    const now = clock.now();
    if (now - toldAt < toldEveryMs) return;
    toldAt = now;
    log.warn({ source }, 'a post with a wrong token was refused: nobody is called for its alerts');
  };
}

/** As `take`, and a post that cannot be stored gets an answer that makes the tool retry. */
async function takeOrSayWhy(
  deps: AlertsDeps,
  guards: Guards,
  request: IncomingMessage,
  target: Target,
): Promise<Answer> {
  try {
    return await take(deps, guards, request, target);
  } catch (error) {
    if (!(error instanceof VoicecallError) || error.code !== 'store_unavailable') throw error;
    const facts = { source: target.name, err: error };
    deps.log.error(facts, 'a post could not be stored: the tool is asked to retry');
    return { status: 503, words: 'cannot be stored now: try again', retryAfterS: 5 };
  }
}

/** Checks the token, reads the body and stores its alerts. */
async function take(
  deps: AlertsDeps,
  guards: Guards,
  request: IncomingMessage,
  { name, source, inPath }: Target,
): Promise<Answer> {
  const shown = inPath ?? tokenOf(request);
  const token = deps.sourceTokens[sourceTokenName(name)];
  const wrong = (): Answer => {
    guards.tellWrongToken(name);
    return { status: 401, words: 'wrong or missing token' };
  };
  if (shown !== undefined && !isSame(shown, token)) return wrong();
  // Only the Events API has its token in the body.
  if (shown === undefined && source.format !== 'events') return wrong();
  const body = await readBody(request, bodyLimit);
  if (body === 'too large') return { status: 413, words: 'more than 1 MiB: send fewer alerts at once' };
  if (body === 'busy') return { status: 429, words: 'too much at once', retryAfterS: 2 };
  const json = parseBody(source.format, request.headers['content-type'], body.toString());
  if (shown === undefined && !isSame(routingKey(json), token)) return wrong();
  const waitS = await guards.waitFor(name);
  if (waitS > 0) return { status: 429, words: 'too much at once', retryAfterS: waitS };
  if (json === undefined)
    return { status: 400, words: 'this is not JSON, or it is nested too deeply; was it cut off?' };
  if (json === 'too many')
    return { status: 413, words: `more than ${mostParts} values: send fewer alerts at once` };
  const read = readPayload(source.format, json);
  if ('problem' in read) return { status: 400, words: read.problem };
  const now = deps.clock.now();
  await storePosted(deps.store, { source: name, posted: read.posted, now }, storeWithinMs);
  return { status: 202, words: 'accepted', key: keyOf(read.posted) };
}

/** Parses "/alerts/<source>" or "/alerts/<source>/<token>". Clients of the Events API may append "/v2/enqueue". */
function findSource(path: string, sources: Config['sources']): Target | undefined {
  if (!path.startsWith(alertsPath)) return undefined;
  const [name = '', ...rest] = path
    .slice(alertsPath.length)
    .replace(/\/v2\/enqueue\/?$/, '')
    .split('/');
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (source === undefined || rest.length > 1) return undefined;
  const [segment] = rest;
  return { name, source, inPath: segment === undefined || segment === '' ? undefined : decoded(segment) };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** A Bearer token, or the password of Basic authentication, which every tool can send. */
function tokenOf({ headers }: IncomingMessage): string | undefined {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(headers.authorization ?? '') ?? [];
  if (/^bearer$/i.test(scheme)) return value;
  if (/^basic$/i.test(scheme)) return Buffer.from(value, 'base64').toString().split(':').slice(1).join(':');
  return headers.authorization === undefined ? undefined : '';
}

/** Compares in constant time. A token that is not set equals nothing. */
function isSame(shown: string | undefined, token: string | undefined): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const same = timingSafeEqual(digest(shown ?? ''), digest(token ?? ''));
  return same && shown !== undefined && token !== undefined;
}

const routed = z.looseObject({ routing_key: z.string() });

function routingKey(json: unknown): string | undefined {
  return routed.safeParse(json).data?.routing_key;
}

/** Undefined if it is not JSON; `too many` if it has more values than a body of alerts. */
function parseBody(format: SourceFormat, contentType: string | undefined, text: string): unknown {
  const isForm =
    format === 'slack' && contentType?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true;
  const { payload } = isForm ? parseQuery(text) : {};
  try {
    // Tools on Windows write a byte order mark.
    const json = (typeof payload === 'string' ? payload : text).replace(/^\ufeff/, '');
    return parseForeignJson(json, { mostParts });
  } catch (error) {
    return error instanceof TooManyParts ? 'too many' : undefined;
  }
}

function keyOf([first]: Posted[]): string | undefined {
  return first?.kind === 'alert' ? first.key : undefined;
}

function answerAs(format: SourceFormat, response: ServerResponse, result: Answer): void {
  const { status, words, key, retryAfterS } = result;
  if (retryAfterS !== undefined) response.setHeader('retry-after', String(retryAfterS));
  if (format === 'slack') {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(status === 202 ? 'ok' : words);
    return;
  }
  if (format !== 'events') {
    answer(response, status, status === 202 ? { status: 'success' } : { status: 'error', error: words });
    return;
  }
  // https://developer.pagerduty.com/docs/send-alert-event
  if (status === 202)
    answer(response, status, { status: 'success', message: 'Event processed', dedup_key: key });
  else if (status === 400)
    answer(response, status, {
      status: 'invalid event',
      message: 'Event object is invalid',
      errors: [words],
    });
  else answer(response, status, { status: status === 429 ? 'throttle exceeded' : 'error', message: words });
}
