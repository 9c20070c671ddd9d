import { timeZonesOf } from '../callees/local-time.ts';
import type { ParsedConfig } from './schema.ts';
import {
  type ApprovalPolicy,
  type AudioFormat,
  type Config,
  callOptions,
  type ReachDefaults,
  type Rule,
  usualExpireAfterMs,
} from './types.ts';

const MINUTE_MS = 60_000;

/** Values that every page of the voice platform allows; voicecall.example.yaml says how to raise them. */
export const VOICE_DEFAULTS = {
  language: 'EN',
  audioFormats: ['mp3', 'wav'] as AudioFormat[],
  limits: { callees: 200, loopCount: 3, textLength: 299 },
  submit: { concurrency: 1, perSecond: 1 },
};
export const CALLEES_PER_REQUEST = 10_000;
const RESERVE_FOR_RULES = 0.25;
const COOLDOWN_MS = 15 * MINUTE_MS;
const MAX_AGE_MS = 15 * MINUTE_MS;
const EVERY_MS = 5 * MINUTE_MS;
const APPROVAL_EXPIRES_AFTER_MS = 30 * MINUTE_MS;

/**
 * Without a configuration nobody has decided who may call how many people: enough for a trial, too little for harm.
 */
export const UNCONFIGURED = { calleesPerRequest: 20, callsPerHour: 100 };

/** Fills in the defaults of voicecall.yaml. */
export function withDefaults(parsed: ParsedConfig): Config {
  const { voice = {}, limits = {} } = parsed;
  const reach = reachDefaults(parsed.reach ?? {});
  return {
    country: parsed.country,
    voice: {
      ...callOptions(voice),
      displayNums: voice.displayNums,
      language: voice.language ?? VOICE_DEFAULTS.language,
      audioFormats: [...new Set(voice.audioFormats ?? VOICE_DEFAULTS.audioFormats)],
      limits: {
        callees: voice.limits?.callees ?? VOICE_DEFAULTS.limits.callees,
        loopCount: voice.limits?.loopCount ?? VOICE_DEFAULTS.limits.loopCount,
        textLength: voice.limits?.textLength ?? VOICE_DEFAULTS.limits.textLength,
      },
      submit: {
        concurrency: voice.submit?.concurrency ?? VOICE_DEFAULTS.submit.concurrency,
        perSecond: voice.submit?.perSecond ?? VOICE_DEFAULTS.submit.perSecond,
      },
    },
    recordings: parsed.recordings ?? {},
    lists: parsed.lists ?? {},
    rosters: parsed.rosters ?? {},
    callers: parsed.callers,
    limits: {
      calleesPerRequest: limits.calleesPerRequest ?? CALLEES_PER_REQUEST,
      perCallee: limits.perCallee,
      countries: limits.countries,
      deny: limits.deny ?? [],
      callsPerHour: limits.callsPerHour,
      reserveForRules: limits.reserveForRules ?? RESERVE_FOR_RULES,
    },
    approval: parsed.approval === undefined ? undefined : approvalPolicy(parsed.approval),
    hours: parsed.hours?.between,
    sources: Object.fromEntries(
      Object.entries(parsed.sources ?? {}).map(([name, { format, channel, also }]) => [
        name,
        { format, channel, also: also ?? [] },
      ]),
    ),
    reach,
    rules: (parsed.rules ?? []).map((rule) => filledRule(rule, parsed.country, reach)),
    retentionMs: parsed.retention,
  };
}

function approvalPolicy(given: NonNullable<ParsedConfig['approval']>): ApprovalPolicy {
  return {
    calleesOver: given.calleesOver,
    outsideCountries: given.outsideCountries,
    between: given.between,
    approvers: [...new Set(given.approvers)],
    channel: given.channel,
    quorum: given.quorum ?? 1,
    allowSelfApproval: given.allowSelfApproval ?? false,
    expiresAfterMs: given.expiresAfter ?? APPROVAL_EXPIRES_AFTER_MS,
  };
}

function reachDefaults(given: NonNullable<ParsedConfig['reach']>): ReachDefaults {
  return {
    until: given.until ?? 'answered',
    attempts: given.attempts ?? 1,
    everyMs: given.every ?? EVERY_MS,
    confirmKey: given.confirmKey,
  };
}

function filledRule(
  given: NonNullable<ParsedConfig['rules']>[number],
  country: Config['country'],
  reach: ReachDefaults,
): Rule {
  return {
    ...callOptions(given),
    name: given.name,
    channels: given.channels ?? [],
    sources: given.sources ?? [],
    channel: given.channel,
    match: filledMatch(given.match ?? {}, ['firing']),
    not: given.not === undefined ? undefined : filledMatch(given.not, undefined),
    call: given.call,
    say: given.say,
    language: given.language,
    recording: given.recording,
    cooldownMs: given.cooldown ?? COOLDOWN_MS,
    expireAfterMs: given.expireAfter ?? usualExpireAfterMs,
    silentForMs: given.silentFor,
    maxAgeMs: given.maxAge ?? MAX_AGE_MS,
    between: given.between,
    days: given.days,
    timeZone: given.timeZone ?? onlyTimeZone(country),
    approval: given.approval ?? 'never',
    onUnknown: given.onUnknown ?? 'again',
    until: given.until ?? reach.until,
    attempts: given.attempts ?? reach.attempts,
    everyMs: given.every ?? reach.everyMs,
    enough: given.enough,
    furtherSteps: (given.then ?? []).map(({ after, call, say, recording }) => ({
      afterMs: after,
      call,
      say,
      recording,
    })),
    repeat: given.repeat ?? 0,
    mode: given.mode ?? 'live',
    stop: given.stop ?? false,
    limits: given.limits,
  };
}

type GivenMatch = NonNullable<NonNullable<ParsedConfig['rules']>[number]['match']>;

function filledMatch(given: GivenMatch, status: Rule['match']['status']): Rule['match'] {
  return {
    status: given.status ?? status,
    severity: given.severity,
    title: given.title,
    text: given.text,
    from: given.from,
  };
}

/** The time zone of a country that has only one. Undefined for other countries. */
export function onlyTimeZone(country: Config['country']): string | undefined {
  const zones = country === undefined ? [] : timeZonesOf(country);
  return zones.length === 1 ? zones[0] : undefined;
}
