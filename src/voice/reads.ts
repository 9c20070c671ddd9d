import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { VoicecallError } from '../errors.ts';
import type { Log } from '../log.ts';
import { codeInfo, describeCode } from './codes.ts';
import type { Envelope } from './envelope.ts';
import { type Exchange, exchange, type HttpRequest, type Network } from './exchange.ts';
import type { PlatformClock } from './platform-clock.ts';
import { readEnvelope } from './send.ts';

/** After "too often" (-15) the platform wants a minute; the extra second covers different delays on the way. */
export const restMs = 61_000;

/** True if a read failed because the platform was asked too often. */
export function askedTooOften(error: unknown): boolean {
  return error instanceof VoicecallError && error.facts.code === '-15';
}

/** One pause before each retry of a read. */
const pausesMs = [200, 800];

export interface ReadDeps {
  agent: Dispatcher;
  network: Network;
  platformClock: PlatformClock;
  /** New headers for each attempt. */
  headers(): Record<string, string>;
  log: Log;
}

type ReadRequest = Pick<HttpRequest, 'method' | 'origin' | 'path' | 'body'>;

/** A failed try, with the platform's code or one of ours. */
interface Failure {
  code: string;
  detail: string;
  /** Asking again now would give the same answer. */
  final: boolean;
}

/**
 * Reads until the answer has code "0" or a code in `accept`: at most two retries, at most `totalMs`. Throws
 * VoicecallError voice_refused (a definite code) or voice_unavailable, with the facts `code` and `remedy`.
 */
export async function read(
  request: ReadRequest,
  deps: ReadDeps,
  options: { totalMs: number; accept?: readonly string[] },
): Promise<Envelope> {
  const signal = AbortSignal.timeout(options.totalMs);
  let retries = 0;
  let corrected = false;
  while (true) {
    const sent: HttpRequest = { ...request, headers: deps.headers(), signal };
    const answer = await exchange(deps.agent, sent, deps.network);
    if (answer.outcome === 'answer') deps.platformClock.observe(answer.date);
    const result = judge(answer, options.accept ?? []);
    if (!('final' in result)) return result;
    if (result.code === '-16' && !corrected) {
      corrected = true;
      deps.platformClock.refused();
      continue;
    }
    const pauseMs = pausesMs[retries];
    if (result.final || pauseMs === undefined || signal.aborted) throw failureError(result, signal.aborted);
    deps.log.debug({ path: request.path, code: result.code, detail: result.detail }, 'retrying a read');
    retries++;
    await sleep(pauseMs, undefined, { signal }).catch(() => {
      throw failureError(result, true);
    });
  }
}

function judge(answer: Exchange, accept: readonly string[]): Envelope | Failure {
  if (answer.outcome !== 'answer') return { code: answer.why, detail: answer.detail, final: false };
  if (answer.status !== 200) {
    const passing = answer.status >= 500 || answer.status === 429 || answer.status === 408;
    return { code: 'http_status', detail: `HTTP ${answer.status}`, final: !passing };
  }
  const envelope = readEnvelope(answer.text);
  if (envelope === null) return { code: 'not_json', detail: 'no JSON object', final: false };
  const { code, reason } = envelope;
  if (code === null) return { code: 'no_code', detail: 'the answer has no status', final: false };
  if (code === '0' || accept.includes(code)) return envelope;
  return { code, detail: reason, final: codeInfo(code).submitted === 'no' };
}

function failureError(failure: Failure, timedOut: boolean): VoicecallError {
  const refused = codeInfo(failure.code).submitted === 'no';
  // A read is only stopped by its own time limit.
  const code = timedOut && !refused ? 'timeout' : failure.code;
  return readError(code, failure.detail);
}

/** The error for a read that failed with this code of the platform or of ours. */
export function readError(code: string, detail: string): VoicecallError {
  const refused = codeInfo(code).submitted === 'no';
  const { meaning, remedy, submitted } = describeCode(code);
  // A read calls nobody, so the remedy for an ambiguous send does not apply.
  const words = submitted === 'unknown' ? 'Try again in a while; if it stays, check VOICE_API_URL.' : remedy;
  return new VoicecallError(
    refused ? 'voice_refused' : 'voice_unavailable',
    `${meaning} (${code}: ${detail})`,
    {
      facts: { code, remedy: words, meaning },
    },
  );
}
