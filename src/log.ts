import { createRequire } from 'node:module';
import pino from 'pino';
import type pretty from 'pino-pretty';
import { maskNumbers } from './mask-numbers.ts';

/** The log for the whole program. A test passes its own. */
export interface Log {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  /** A log that adds these facts to every line. */
  child(facts: Record<string, unknown>): Log;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Where lines go: to standard output, or to a test's collector. */
export interface LogSink {
  write(line: string): void;
}

const secretNames = [
  ...['Api-Key', 'api-key', 'Sign', 'sign', 'Timestamp', 'timestamp', 'Authorization', 'authorization'],
  ...['apiKey', 'apiSecret', 'secret', 'token', 'botToken', 'appToken', 'signingSecret', 'reportToken'],
  ...['password', 'Cookie', 'cookie', 'x-slack-signature'],
];

// Three levels deep, which reaches `err.request.headers.<name>` of an HTTP error. A wildcard covers one level only.
const secretPaths = ['', '*', '*.*', '*.*.*'].flatMap((prefix) =>
  secretNames.map((name) => `${prefix}["${name}"]`),
);

/**
 * A log that writes one JSON object in each line (with `pretty`: lines for people). Removes secrets by name, and
 * masks phone numbers and Slack tokens in every text.
 */
export function createLog(level: LogLevel, options: { pretty?: boolean; sink?: LogSink } = {}): Log {
  const sink = options.pretty
    ? loadPretty()({ colorize: true, sync: true })
    : (options.sink ?? process.stdout);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => errorFacts(error) },
      redact: { paths: secretPaths, censor: '[removed]' },
      hooks: { streamWrite: maskLine },
    },
    sink,
  );
}

/**
 * The parts of an error that may be logged. Everything else (a request with its headers, a body) is left out, because
 * it may be foreign.
 */
function errorFacts(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : typeof error;
  const { name, message, stack } = error;
  const code = 'code' in error ? { code: String(error.code) } : {};
  const cause = error.cause === undefined || depth === 3 ? {} : { cause: errorFacts(error.cause, depth + 1) };
  return { name, message, ...code, stack, ...cause };
}

/** Loaded on a terminal only; a server does not need it. */
function loadPretty(): typeof pretty {
  return createRequire(import.meta.url)('pino-pretty');
}

/** Masks a line of JSON, only inside its texts, so that times (bare numbers) stay. */
function maskLine(line: string): string {
  return line.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/g, (quoted) => {
    if (!mayHide.test(quoted)) return quoted;
    const text: unknown = JSON.parse(quoted);
    return typeof text === 'string' ? JSON.stringify(redactNumbers(text)) : quoted;
  });
}

const mayHide = /(?:\p{Nd}\P{Nd}*){7}|xox|xapp/u;
const slackToken = /\b(?:xox[a-z]|xapp)-[\w-]+/g;

/** The text with possible phone numbers cut to their last digits, and without Slack tokens. */
export function redactNumbers(text: string): string {
  return maskNumbers(text.replace(slackToken, '[removed]'));
}
