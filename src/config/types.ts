import type { CountryCode } from 'libphonenumber-js';

/** What the environment (.env) says; see the table in the README. */
export interface Environment {
  slackBotToken: string;
  /** Set in HTTP mode. */
  slackSigningSecret: string | undefined;
  /** Set: Socket Mode. */
  slackAppToken: string | undefined;
  slackApiUrl: string;
  voiceApiUrl: string;
  /** Undefined: no balance is shown, and signed headers go to no other host. */
  voiceBalanceUrl: string | undefined;
  voiceApiKey: string;
  voiceApiSecret: string;
  voiceAppId: string;
  /** Set: delivery reports are accepted under this path segment. */
  voiceReportToken: string | undefined;
  /** By variable, such as SOURCE_PROMETHEUS_TOKEN: what a tool that posts to us must show. */
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

/** Options of a call as the voice platform names them; seconds where they are times. */
export interface CallOptions {
  displayNum?: string;
  maxDuration?: number;
  maxRingingTime?: number;
  loopCount?: number;
}

/** At most this many calls within this time. */
export interface RateLimit {
  calls: number;
  perMs: number;
}

export interface ApprovalPolicy {
  /** Approval is needed for more callees than this; 0: always. Undefined: the number alone asks for none. */
  calleesOver: number | undefined;
  /** Callees in any other country ask for approval. */
  outsideCountries: CountryCode[] | undefined;
  /** Minutes after midnight in the callee's own local time; `from` may be later than `to` (over midnight). */
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

/** Text to look for: a substring (case does not matter) or a regular expression. */
export type TextPattern = { substring: string } | { regex: string; flags: string };

/** All fields that are there must match. */
export interface AlertMatch {
  status: (AlertStatus | 'any')[] | undefined;
  /** `null` stands for "none stated". */
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
  /** Where its alerts are shown; undefined: nowhere but where a rule says. */
  channel: string | undefined;
  /** Channels in which the tool posts the same alerts itself. */
  also: string[];
}

/** What counts as reached: the call was answered, or the confirming key was pressed. */
export type Until = 'answered' | 'confirmed';

/** Defaults of the form and of rules. */
export interface ReachDefaults {
  until: Until;
  /** Calls to each callee at most, 1 to 10. */
  attempts: number;
  /** The pause after a call with a known end. */
  everyMs: number;
  /** The key that confirms, as `feedbackValue` tells it; undefined: no key confirms. */
  confirmKey: string | undefined;
}

/** A further step of a rule's ladder. */
export interface Step {
  /** After the start of the step before. */
  afterMs: number;
  /** As `Rule.call`. */
  call: string[];
  /** What is said or played instead of the rule's own; both undefined: the same. */
  say: string | undefined;
  recording: string | undefined;
}

export interface Rule extends CallOptions {
  name: string;
  channels: string[];
  /** Names from `sources`. */
  sources: string[];
  /** Where alerts of its sources are shown; undefined: as the source says. */
  channel: string | undefined;
  match: AlertMatch;
  not: AlertMatch | undefined;
  /** Names of lists, numbers, Slack users (U…) or user groups (S…). */
  call: string[];
  say: string | undefined;
  language: string | undefined;
  /** Name from `recordings`, or a fileId. */
  recording: string | undefined;
  cooldownMs: number;
  expireAfterMs: number;
  /** Calls when no matching message has come for so long, instead of when one comes. */
  silentForMs: number | undefined;
  /** A message older than this when it arrives is shown, and nobody is called for it. */
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
  /** Stop when so many are reached; undefined: all. */
  enough: number | undefined;
  /** Whom to call next while not enough are reached, and when. */
  furtherSteps: Step[];
  /** How often the whole ladder starts again. */
  repeat: number;
  mode: 'live' | 'shadow';
  stop: boolean;
  limits: RateLimit | undefined;
}

export type AudioFormat = 'mp3' | 'wav' | 'm4a';

/** voicecall.yaml, checked, with defaults filled in and durations in ms. */
export interface Config {
  country: CountryCode | undefined;
  voice: CallOptions & {
    /** The caller numbers that may be shown; undefined: any. */
    displayNums: string[] | undefined;
    language: string;
    /** What the platform takes as a recording. */
    audioFormats: AudioFormat[];
    limits: { callees: number; loopCount: number; textLength: number };
    submit: { concurrency: number; perSecond: number };
  };
  /** Name to fileId. */
  recordings: Record<string, string>;
  /** Name to numbers as typed, Slack users (U…) and user groups (S…). */
  lists: Record<string, string[]>;
  /** Users and user groups who may call; undefined: everyone in the workspace who is no guest. */
  callers: string[] | undefined;
  limits: {
    calleesPerRequest: number;
    perCallee: RateLimit | undefined;
    countries: CountryCode[] | undefined;
    /** Prefixes in digits, without "+". */
    deny: string[];
    callsPerHour: number | undefined;
    /** The share of perCallee and callsPerHour that people's requests leave to rules, 0 to 1. */
    reserveForRules: number;
  };
  approval: ApprovalPolicy | undefined;
  /** By name. */
  sources: Record<string, Source>;
  reach: ReachDefaults;
  rules: Rule[];
  retentionMs: number | undefined;
}
