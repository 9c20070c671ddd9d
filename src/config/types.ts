import type { CountryCode } from 'libphonenumber-js';

/** The settings of the environment (.env); .env.example explains each. */
export interface Environment {
  slackBotToken: string;
  /** Set in HTTP mode. */
  slackSigningSecret: string | undefined;
  /** Set in Socket Mode. */
  slackAppToken: string | undefined;
  slackApiUrl: string;
  voiceApiUrl: string;
  /** Undefined: no balance is shown, and signed headers go to no other host. */
  voiceBalanceUrl: string | undefined;
  voiceApiKey: string;
  voiceApiSecret: string;
  voiceAppId: string;
  /** Set: reports are accepted under this path segment. */
  voiceReportToken: string | undefined;
  /** The token of each source, by variable: SOURCE_PROMETHEUS_TOKEN. */
  sourceTokens: Record<string, string>;
  configPath: string;
  /** Undefined: SQLite in `dataDir`. */
  databaseUrl: string | undefined;
  dataDir: string;
  port: number;
  host: string;
  metricsPort: number | undefined;
  metricsHost: string;
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
}

/** Options of a call, with the voice platform's names. Times are in seconds. */
export interface CallOptions {
  displayNum?: string;
  maxDuration?: number;
  maxRingingTime?: number;
  loopCount?: number;
}

/** The call options among other settings, without those that are not set. */
export function callOptions(given: { [K in keyof CallOptions]?: CallOptions[K] | undefined }): CallOptions {
  const { displayNum, maxDuration, maxRingingTime, loopCount } = given;
  return {
    ...(displayNum === undefined ? {} : { displayNum }),
    ...(maxDuration === undefined ? {} : { maxDuration }),
    ...(maxRingingTime === undefined ? {} : { maxRingingTime }),
    ...(loopCount === undefined ? {} : { loopCount }),
  };
}

/** At most this many calls within this time. */
export interface RateLimit {
  calls: number;
  perMs: number;
}

export interface ApprovalPolicy {
  /** More callees than this need approval; 0: always. Undefined: the number of callees does not matter. */
  calleesOver: number | undefined;
  /** Callees in any other country need approval. */
  outsideCountries: CountryCode[] | undefined;
  /**
   * Minutes after midnight in the callee's local time. If `from` is later than `to`, the window goes past midnight.
   */
  between: { fromMinute: number; toMinute: number } | undefined;
  /** Slack users (U…, W…) and user groups (S…). */
  approvers: string[];
  channel: string | undefined;
  quorum: number;
  allowSelfApproval: boolean;
  expiresAfterMs: number;
}

export type AlertStatus = 'firing' | 'resolved' | 'info';
export type AlertSeverity = 'critical' | 'warning' | 'info';

/** Text to find: a substring (in any case) or a regular expression. */
export type TextPattern = { substring: string } | { regex: string; flags: string };

/** Every field that is set must match. */
export interface AlertMatch {
  status: (AlertStatus | 'any')[] | undefined;
  /** `null` means that no severity is stated. */
  severity: (AlertSeverity | null)[] | undefined;
  title: TextPattern | undefined;
  text: TextPattern | undefined;
  /** bot_id or app_id. */
  from: string[] | undefined;
}

export type SourceFormat = 'alertmanager' | 'grafana' | 'events' | 'slack';

/** A tool that posts its alerts to us: POST /alerts/<name>. */
export interface Source {
  format: SourceFormat;
  /** The channel where its alerts are shown. Undefined: only where a rule says so. */
  channel: string | undefined;
  /** Channels to which the tool itself posts the same alerts. */
  also: string[];
}

/** What counts as reached: the call was answered, or the confirming key was pressed. */
export type Until = 'answered' | 'confirmed';

/** Defaults of the form and of rules. */
export interface ReachDefaults {
  until: Until;
  /** The most calls to each callee, 1 to 10. */
  attempts: number;
  /** The pause between a known end and the next attempt, ms. */
  everyMs: number;
  /** The key that confirms, as in a report's `feedbackValue`. Undefined: no key confirms. */
  confirmKey: string | undefined;
}

/** A further step of a rule's ladder. */
export interface Step {
  /** How long after the start of the previous step, ms. */
  afterMs: number;
  /** As in `Rule.call`. */
  call: string[];
  /** What to say or to play instead of the rule's own. Both undefined: the same as the rule. */
  say: string | undefined;
  recording: string | undefined;
}

/** How long an alert may be silent and still counts as firing, if no rule says it (ms). */
export const usualExpireAfterMs = 24 * 3_600_000;

export interface Rule extends CallOptions {
  name: string;
  channels: string[];
  /** Names from `sources`. */
  sources: string[];
  /** The channel where alerts of its sources are shown. Undefined: the source's channel. */
  channel: string | undefined;
  match: AlertMatch;
  not: AlertMatch | undefined;
  /** Names of lists, numbers, Slack users (U…) or user groups (S…). */
  call: string[];
  say: string | undefined;
  language: string | undefined;
  /** A name from `recordings`, or a fileId. */
  recording: string | undefined;
  cooldownMs: number;
  expireAfterMs: number;
  /** Set: the rule calls when no matching message has come for this long, and not when one comes. */
  silentForMs: number | undefined;
  /** A message that is older than this when it arrives is shown, and nobody is called. */
  maxAgeMs: number;
  between: { fromMinute: number; toMinute: number } | undefined;
  /** 0 is Sunday. */
  days: number[] | undefined;
  timeZone: string | undefined;
  approval: 'policy' | 'never';
  onUnknown: 'again' | 'hold';
  until: Until;
  attempts: number;
  everyMs: number;
  /** Stop when this many people are reached. Undefined: when all are. */
  enough: number | undefined;
  /** Whom to call next, and when, while not enough people are reached. */
  furtherSteps: Step[];
  /** How often all steps are repeated. */
  repeat: number;
  mode: 'live' | 'shadow';
  stop: boolean;
  limits: RateLimit | undefined;
}

export type AudioFormat = 'mp3' | 'wav' | 'm4a';
/** A calendar that says who is on duty. */
export interface Roster {
  /** The calendar's address (https; http on this machine). A secret: anyone who has it can read the calendar. */
  ical: string;
  /** From a name in the title of events, or a mail address, to a number as typed or a Slack user (U…). */
  people: Record<string, string>;
  /** As in `Rule.call`, without rosters: who is called if the calendar names nobody. */
  fallback: string[];
}

/** voicecall.yaml, checked, with defaults filled in and durations in ms. */
export interface Config {
  country: CountryCode | undefined;
  voice: CallOptions & {
    /** The allowed caller numbers. Undefined: any. */
    displayNums: string[] | undefined;
    language: string;
    /** The audio formats that the platform accepts. */
    audioFormats: AudioFormat[];
    limits: { callees: number; loopCount: number; textLength: number };
    submit: { concurrency: number; perSecond: number };
  };
  /** From name to fileId. */
  recordings: Record<string, string>;
  /** From a list's name to its entries: numbers as typed, Slack users (U…), user groups (S…). */
  lists: Record<string, string[]>;
  /** By name. A roster's name can be used wherever a list's name can. */
  rosters: Record<string, Roster>;
  /** Users and user groups who may call. Undefined: everybody in the workspace except guests. */
  callers: string[] | undefined;
  limits: {
    calleesPerRequest: number;
    perCallee: RateLimit | undefined;
    countries: CountryCode[] | undefined;
    /** Prefixes in digits, without "+". */
    deny: string[];
    callsPerHour: number | undefined;
    /** The share of perCallee and callsPerHour that only rules may use, 0 to 1. */
    reserveForRules: number;
  };
  approval: ApprovalPolicy | undefined;
  /** When people's requests may call, in the callee's local time. Undefined: at any hour. */
  hours: { fromMinute: number; toMinute: number } | undefined;
  /** By name. */
  sources: Record<string, Source>;
  reach: ReachDefaults;
  rules: Rule[];
  retentionMs: number | undefined;
}
