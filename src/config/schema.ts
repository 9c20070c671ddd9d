import { z } from 'zod';
import * as is from './values.ts';

const callerNumber = is.digitsText(/^[0-9]{7,15}$/, 'a caller number of 7 to 15 digits, without "+"');

const callOptions = {
  displayNum: callerNumber.optional(),
  maxDuration: is.wholeNumber(1, 120).optional(),
  maxRingingTime: is.wholeNumber(20, 120).optional(),
  loopCount: is.wholeNumber(1, 9).optional(),
};

const rateLimit = z
  .strictObject({ calls: is.wholeNumber(1, 1_000_000), per: is.duration })
  .transform(({ calls, per }) => ({ calls, perMs: per }));

/** A list, or its only entry without brackets. */
const oneOrMore = <T extends z.ZodType>(entry: T) =>
  z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(entry).min(1),
  );

const severity = is.leaf('critical, warning, info or null (none stated)', (value) =>
  value === null
    ? { severity: null }
    : (['critical', 'warning', 'info'] as const).find((each) => each === value),
);

const match = z.strictObject({
  status: oneOrMore(is.oneOf('firing', 'resolved', 'info', 'any')).optional(),
  severity: oneOrMore(severity)
    .transform((list) => list.map((each) => (typeof each === 'object' ? null : each)))
    .optional(),
  title: is.pattern.optional(),
  text: is.pattern.optional(),
  from: oneOrMore(is.senderId).optional(),
});

/** An entry of `lists` or `call`. cross-checks.ts checks what it refers to. */
const calleeEntry = is.digitsText(/\S/, 'a number, a Slack user (U…) or a user group (S…)');

/** Bounds of a plan. They keep a typing mistake from calling all night. */
const reach = {
  until: is.oneOf('answered', 'confirmed').optional(),
  attempts: is.wholeNumber(1, 10).optional(),
  every: is.duration.optional(),
};

const step = z.strictObject({
  after: is.duration,
  call: oneOrMore(calleeEntry),
  say: is.spoken.optional(),
  recording: is.textLike(/\S/, 'the name of a recording, or a fileId').optional(),
});

const rule = z.strictObject({
  name: is.textLike(/^\S(.{0,78}\S)?$/, 'a name of 1 to 80 characters'),
  channels: oneOrMore(is.channelId).optional(),
  sources: oneOrMore(is.sourceName).optional(),
  channel: is.channelId.optional(),
  match: match.optional(),
  not: match.optional(),
  call: oneOrMore(calleeEntry),
  say: is.spoken.optional(),
  language: is.language.optional(),
  recording: is.textLike(/\S/, 'the name of a recording, or a fileId').optional(),
  ...callOptions,
  cooldown: is.durationOrNone.optional(),
  expireAfter: is.duration.optional(),
  maxAge: is.duration.optional(),
  silentFor: is.duration.optional(),
  between: is.timeWindow.optional(),
  days: is.days.optional(),
  timeZone: is.timeZone.optional(),
  approval: is.oneOf('policy', 'never').optional(),
  onUnknown: is.oneOf('again', 'hold').optional(),
  ...reach,
  enough: is.wholeNumber(1, 100_000).optional(),
  // biome-ignore lint/suspicious/noThenProperty: the key of the file; nothing awaits this object.
  then: z.array(step).max(20).optional(),
  repeat: is.wholeNumber(0, 10).optional(),
  mode: is.oneOf('live', 'shadow').optional(),
  stop: is.yesOrNo.optional(),
  limits: rateLimit.optional(),
});

const source = z.strictObject({
  format: is.oneOf('alertmanager', 'grafana', 'events', 'slack'),
  channel: is.channelId.optional(),
  also: oneOrMore(is.channelId).optional(),
});

const approval = z.strictObject({
  calleesOver: is.wholeNumber(0, 100_000).optional(),
  outsideCountries: z.array(is.country).optional(),
  between: is.timeWindow.optional(),
  approvers: z.array(is.memberId).min(1),
  channel: is.channelId.optional(),
  quorum: is.wholeNumber(1, 100).optional(),
  allowSelfApproval: is.yesOrNo.optional(),
  expiresAfter: is.duration.optional(),
});

const denied = is.leaf('the beginning of numbers, like "+1900"', (value) => {
  const digits = String(value)
    .replace(/[\s+()-]/g, '')
    .replace(/^00/, '');
  return /^[1-9][0-9]{0,14}$/.test(digits) ? digits : undefined;
});

const roster = z.strictObject({
  ical: is.feed,
  people: z.record(is.personKey, calleeEntry),
  fallback: oneOrMore(calleeEntry),
});

/**
 * The keys of voicecall.yaml. Bounds are from the voice platform's documentation; if its pages disagree, the wider
 * one.
 */
export const configSchema = z.strictObject({
  country: is.country.optional(),
  voice: z
    .strictObject({
      ...callOptions,
      displayNums: z.array(callerNumber).optional(),
      language: is.language.optional(),
      audioFormats: z
        .array(is.oneOf('mp3', 'wav', 'm4a'))
        .min(1)
        .optional(),
      limits: z
        .strictObject({
          callees: is.wholeNumber(1, 1_000).optional(),
          loopCount: is.wholeNumber(1, 9).optional(),
          textLength: is.wholeNumber(1, 1_000).optional(),
        })
        .optional(),
      submit: z
        .strictObject({
          concurrency: is.wholeNumber(1, 100).optional(),
          perSecond: is.numberBetween(0.01, 1_000).optional(),
        })
        .optional(),
    })
    .optional(),
  recordings: z.record(is.nameKey, is.textLike(/^[^\s,]+$/, 'a fileId, like 1202…b1e.mp3')).optional(),
  lists: z.record(is.nameKey, z.array(calleeEntry).min(1)).optional(),
  rosters: z.record(is.nameKey, roster).optional(),
  callers: z.array(is.memberId).optional(),
  limits: z
    .strictObject({
      calleesPerRequest: is.wholeNumber(1, 100_000).optional(),
      perCallee: rateLimit.optional(),
      countries: z.array(is.country).min(1).optional(),
      deny: z.array(denied).optional(),
      callsPerHour: is.wholeNumber(1, 10_000_000).optional(),
      reserveForRules: is.numberBetween(0, 1).optional(),
    })
    .optional(),
  approval: approval.optional(),
  hours: z.strictObject({ between: is.timeWindow }).optional(),
  sources: z.record(is.sourceKey, source).optional(),
  reach: z
    .strictObject({ ...reach, confirmKey: is.digitsText(/^[0-9*#]$/, 'one key, like "1"').optional() })
    .optional(),
  rules: z.array(rule).optional(),
  retention: is.duration.optional(),
});

export type ParsedConfig = z.output<typeof configSchema>;
