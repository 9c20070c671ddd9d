import { cleanText } from '../clean-text.ts';
import { isLoopback, readUrl } from './env-url.ts';
import type { Fault } from './faults.ts';
import type { Environment } from './types.ts';

export const DEFAULT_VOICE_API_URL = 'https://api.itniotech.com/voice';
export const DEFAULT_BALANCE_URL = 'https://api.itniotech.com/sms/getBalance';
export const DEFAULT_SLACK_API_URL = 'https://slack.com/api/';
export const DEFAULT_CONFIG_PATH = './voicecall.yaml';

// Printed in the platform's public documentation, so it is no secret.
const SAMPLE_KEY = 'bDqJFiq9';
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

type Variables = Record<string, string | undefined>;
type Report = (place: string, found: string, expected: string, hint?: string) => undefined;

/**
 * Reads the environment (with `.env`, which dotenv has loaded). Returns `environment` or all faults; no fault
 * contains a secret. An empty variable counts as not set.
 */
export function readEnvironment(env: Variables): { environment?: Environment; faults: Fault[] } {
  const faults: Fault[] = [];
  const report: Report = (place, found, expected, hint) => {
    faults.push({ place, found, expected, ...(hint === undefined ? {} : { hint }) });
    return undefined;
  };
  const value = (name: string) => cleanText(env[name] ?? '').trim() || undefined;
  const environment = {
    ...readSlack(value, report),
    ...readVoice(value, report),
    ...readProgram(value, report),
    sourceTokens: readSourceTokens(env, report),
  };
  return isComplete(environment, faults) ? { environment, faults } : { faults };
}

type Lookup = (name: string) => string | undefined;

/** The result if a required variable may be missing; then there is a fault too. */
type Partly<T> = { [K in keyof T]: T[K] | undefined };

function isComplete(environment: Partly<Environment>, faults: Fault[]): environment is Environment {
  return faults.length === 0 && environment.slackBotToken !== undefined;
}

function readSlack(value: Lookup, report: Report) {
  const botHint = 'Slack shows it under "OAuth & Permissions" once the app is installed.';
  const appHint = 'Slack shows it under "Basic Information", App-Level Tokens; it needs connections:write.';
  const slackAppToken = readToken(value, 'SLACK_APP_TOKEN', 'xapp-', appHint, report);
  const slackSigningSecret = readSecret(value, 'SLACK_SIGNING_SECRET', report);
  if (slackSigningSecret === undefined && value('SLACK_APP_TOKEN') === undefined) {
    report(
      'SLACK_APP_TOKEN',
      'nothing',
      'the app-level token (xapp-…) for Socket Mode, or SLACK_SIGNING_SECRET for HTTP',
      'Slack shows both under "Basic Information": App-Level Tokens (scope connections:write), App Credentials.',
    );
  }
  if (value('SLACK_BOT_TOKEN') === undefined) {
    report('SLACK_BOT_TOKEN', 'nothing', 'the bot token of the Slack app, xoxb-…', botHint);
  }
  const slackApiUrl = readUrl(value('SLACK_API_URL'), 'SLACK_API_URL', DEFAULT_SLACK_API_URL, report);
  return {
    slackBotToken: readToken(value, 'SLACK_BOT_TOKEN', 'xoxb-', botHint, report),
    slackSigningSecret,
    slackAppToken,
    slackApiUrl: `${slackApiUrl.replace(/\/+$/, '')}/`,
  };
}

function readVoice(value: Lookup, report: Report) {
  const voiceApiUrl = readUrl(value('VOICE_API_URL'), 'VOICE_API_URL', DEFAULT_VOICE_API_URL, report).replace(
    /\/+$/,
    '',
  );
  // A signed header is valid for any request for half an hour, so it only goes to a host that somebody configured.
  const balanceDefault = voiceApiUrl === DEFAULT_VOICE_API_URL ? DEFAULT_BALANCE_URL : undefined;
  const balance = value('VOICE_BALANCE_URL');
  const required = (name: string, what: string) => {
    if (value(name) === undefined) report(name, 'nothing', `${what}, from the voice platform's console`);
    return readSecret(value, name, report);
  };
  const voiceApiKey = required('VOICE_API_KEY', 'the API key');
  if (voiceApiKey === SAMPLE_KEY && !isLoopback(voiceApiUrl)) {
    report(
      'VOICE_API_KEY',
      'the sample key of the documentation',
      'the API key of your own account',
      'The sample works only where VOICE_API_URL is on this machine, as in the sandbox.',
    );
  }
  const token = value('VOICE_REPORT_TOKEN');
  if (token !== undefined && !/^[A-Za-z0-9._~-]{16,}$/.test(token)) {
    report(
      'VOICE_REPORT_TOKEN',
      describeSecret(token),
      '16 characters or more, of letters, digits and . _ ~ -',
      'Make one with: openssl rand -hex 24',
    );
  }
  return {
    voiceApiUrl,
    voiceBalanceUrl:
      balance === undefined ? balanceDefault : readUrl(balance, 'VOICE_BALANCE_URL', balance, report),
    voiceApiKey,
    voiceApiSecret: required('VOICE_API_SECRET', 'the API secret'),
    voiceAppId: required('VOICE_APP_ID', 'the id of the voice application'),
    voiceReportToken: token,
  };
}

function readProgram(value: Lookup, report: Report) {
  const databaseUrl = value('DATABASE_URL');
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\/./i.test(databaseUrl)) {
    report(
      'DATABASE_URL',
      `an address that does not begin with postgres:// (${databaseUrl.length} characters)`,
      'postgres://user:password@host:5432/database, or nothing for SQLite in DATA_DIR',
    );
  }
  const port = readPort(value('PORT'), 'PORT', report) ?? 3000;
  const host = value('HOST') ?? '0.0.0.0';
  const metricsPort = readPort(value('METRICS_PORT'), 'METRICS_PORT', report);
  if (metricsPort !== undefined && metricsPort !== 0 && metricsPort === port) {
    report('METRICS_PORT', String(metricsPort), 'another port than PORT');
  }
  const level = value('LOG_LEVEL')?.toLowerCase() ?? 'info';
  const logLevel = LOG_LEVELS.find((known) => known === level);
  if (logLevel === undefined)
    report('LOG_LEVEL', JSON.stringify(level.slice(0, 20)), `one of ${LOG_LEVELS.join(', ')}`);
  return {
    configPath: value('VOICECALL_CONFIG') ?? DEFAULT_CONFIG_PATH,
    databaseUrl,
    dataDir: value('DATA_DIR') ?? './data',
    port,
    host,
    metricsPort,
    metricsHost: value('METRICS_HOST') ?? '127.0.0.1',
    logLevel: logLevel ?? ('info' as const),
  };
}

/** Reads the tokens of all sources. voicecall.yaml says which of them are needed. */
function readSourceTokens(env: Variables, report: Report): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const name of Object.keys(env).filter((each) => /^SOURCE_[A-Z0-9_]+_TOKEN$/.test(each))) {
    const token = env[name]?.trim() || undefined;
    if (token === undefined) continue;
    if (/^[\x21-\x7e]{16,1000}$/.test(token)) tokens[name] = token;
    else
      report(
        name,
        describeSecret(token),
        '16 characters or more, without blanks',
        'Make one with: openssl rand -hex 24',
      );
  }
  return tokens;
}

/** The variable that holds a source's token. */
export function sourceTokenName(source: string): string {
  return `SOURCE_${source.toUpperCase().replaceAll('-', '_')}_TOKEN`;
}

function readToken(
  value: Lookup,
  name: string,
  prefix: string,
  hint: string,
  report: Report,
): string | undefined {
  const token = readSecret(value, name, report);
  if (token === undefined || (token.startsWith(prefix) && token.length > prefix.length)) return token;
  const kind = /^(xox[a-z]|xapp)-/.exec(token)?.[0];
  const found = kind === undefined ? describeSecret(token) : `a token that begins with ${kind}`;
  return report(name, found, `a token that begins with ${prefix}`, hint);
}

/** Secrets are sent in headers, which allow printable ASCII only. */
function readSecret(value: Lookup, name: string, report: Report): string | undefined {
  const secret = value(name);
  if (secret === undefined || /^[\x21-\x7e]+$/.test(secret)) return secret;
  return report(
    name,
    `${describeSecret(secret)}, with a space or another character that cannot be in it`,
    'the value alone, without spaces',
  );
}

function describeSecret(secret: string): string {
  return `a value of ${secret.length} ${secret.length === 1 ? 'character' : 'characters'}`;
}

function readPort(text: string | undefined, name: string, report: Report): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^[0-9]{1,5}$/.test(text) && port <= 65535) return port;
  return report(name, JSON.stringify(text.slice(0, 20)), 'a port from 0 to 65535');
}
