import assert from 'node:assert/strict';
import type { Button } from '@slack/types';
import fc from 'fast-check';
import type {
  CallCause,
  CallState,
  CallView,
  Counts,
  ReachView,
  RequestState,
  RequestView,
  SubmissionState,
  SubmissionView,
} from '../../src/calls/request/types.ts';
import { assertMessageShape, assertViewShape } from '../support/slack-schema/check.ts';

export const now = Date.UTC(2026, 0, 5, 9, 30);

/** A name that tries everything: notifying the channel, mark-up, entities, emoji, right-to-left, line breaks. */
export const evilName = `<!channel> <@U0EVIL> & *bold* \`code\` :fire: 👩‍👩‍👧‍👦 \u202egnp.exe\r\n> `
  .repeat(10)
  .padEnd(500, '😀<&>');

export function counts(some: Partial<Counts> = {}): Counts {
  const none = { callees: 0, accepted: 0, refused: 0, unknown: 0, held: 0, cancelled: 0, failed: 0 };
  const reached = some.reached ?? some.answered ?? 0;
  return { ...none, answered: 0, not_answered: 0, confirmed: 0, waiting: 0, ...some, reached };
}

/** How far a request with a plan is. */
export function reach(
  some: Partial<ReachView> = {},
  until: 'answered' | 'confirmed' = 'answered',
): ReachView {
  return {
    plan: { until, attempts: 3, everyMs: 60_000, enough: null, confirmKey: '1' },
    ...{ ladder: null, running: false, step: 1, attempt: 1, nextAttemptAt: null, nextStepAt: null },
    ...{ endedBy: null, endedAt: null, steps: [], calling: [], reachedBy: [] },
    ...some,
  };
}

export function submission(some: Partial<SubmissionView> = {}): SubmissionView {
  return {
    id: 's7k2m9x0q4ab',
    ordinal: 1,
    state: 'accepted',
    callees: 1,
    unknown: 0,
    code: '0',
    reason: 'success',
    sendingAt: now,
    answeredAt: now,
    checkedAt: null,
    settledBy: null,
    settledAsCalled: false,
    settledCalls: 0,
    again: false,
    nextTryAt: null,
    heldUntil: null,
    opensAt: null,
    ...some,
  };
}

export function request(some: Partial<RequestView> = {}): RequestView {
  return {
    id: 'r7k2m9x0q4ab',
    teamId: 'T0',
    origin: 'person',
    state: 'sent',
    requestedBy: 'U0ANN',
    ruleName: null,
    alertTitle: null,
    channelId: 'C0OPS',
    askedIn: null,
    threadTs: null,
    threadPost: null,
    hash: 'abc',
    audio: { kind: 'recording', fileId: '12.mp3', name: 'fire-drill' },
    options: { loopCount: 2 },
    note: '',
    duplicates: 0,
    countries: [{ country: 'SG', callees: 1 }],
    counts: counts({ callees: 1, accepted: 1 }),
    submissions: [submission()],
    approval: null,
    decisions: [],
    expiresAt: null,
    whenAt: null,
    createdAt: now,
    changedAt: now,
    finishedAt: null,
    cancelledBy: null,
    ackedBy: null,
    resolvedAt: null,
    repeats: null,
    repeatedBy: null,
    outcome: null,
    reach: null,
    ...some,
  };
}

export function call(some: Partial<CallView> = {}): CallView {
  return {
    position: 1,
    callee: '6591110001',
    name: null,
    state: 'accepted',
    submissionId: 's7k2m9x0q4ab',
    voiceId: '2601050930110000001',
    submitCode: '0',
    submitReason: 'success',
    cause: null,
    heldUntil: null,
    terminationCode: null,
    terminationReason: null,
    sipCode: null,
    callStatus: null,
    answerTimeAt: null,
    hangupTimeAt: null,
    callDuration: null,
    feedbackValue: null,
    attempt: 1,
    step: 1,
    confirmed: false,
    superseded: false,
    ...some,
  };
}

export function manyCalls(n: number, some: (i: number) => Partial<CallView> = () => ({})): CallView[] {
  return Array.from({ length: n }, (_, i) =>
    call({ position: i + 1, callee: String(6_591_110_000 + i), ...some(i) }),
  );
}

const requestStates: RequestState[] = [
  'awaiting_approval',
  'scheduled',
  'approved',
  'rejected',
  'expired',
  'cancelled',
  'sending',
  'sent',
  'done',
  'failed',
];
const submissionStates: SubmissionState[] = [
  'ready',
  'sending',
  'accepted',
  'refused',
  'unknown',
  'settled',
  'held',
  'cancelled',
  'failed',
];
const callStates: CallState[] = [
  'ready',
  'sending',
  'accepted',
  'refused',
  'unknown',
  'held',
  'cancelled',
  'failed',
  'answered',
  'not_answered',
];

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.repeat(60)),
  fc.constantFrom('', evilName, '<!channel>', '&'.repeat(5_000), 'x'.repeat(10_000)),
);
const anyCode = fc.oneof(fc.constantFrom('-1', '-10', '-18', 'timeout', 'dns', '0'), anyText);
const anyTime = fc.integer({ min: 0, max: 4_000_000_000_000 });
const anyId = fc.integer({ min: 0, max: 99_999 }).map((n) => `U0${n}`);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const crowd = fc.integer({ min: 0, max: 10_000 });

const anySubmission: fc.Arbitrary<SubmissionView> = fc.record({
  id: fc.uuid(),
  ordinal: fc.integer({ min: 1, max: 60 }),
  state: fc.constantFrom(...submissionStates),
  callees: fc.integer({ min: 1, max: 200 }),
  unknown: fc.integer({ min: 0, max: 200 }),
  code: maybe(anyCode),
  reason: maybe(anyText),
  sendingAt: maybe(anyTime),
  answeredAt: maybe(anyTime),
  checkedAt: maybe(anyTime),
  settledBy: maybe(anyId),
  settledAsCalled: fc.boolean(),
  settledCalls: fc.integer({ min: 0, max: 200 }),
  again: fc.boolean(),
  nextTryAt: maybe(anyTime),
  heldUntil: maybe(anyTime),
  opensAt: maybe(anyTime),
});

const anyCallee = fc.constantFrom('6591110001', '91856321412', '');
const anyStep = fc.record({
  afterMs: crowd,
  call: fc.array(anyText, { maxLength: 8 }),
  say: maybe(anyText),
  recording: maybe(anyText),
});

const anyReach: fc.Arbitrary<ReachView> = fc.record({
  plan: fc.record({
    until: fc.constantFrom('answered', 'confirmed'),
    attempts: fc.integer({ min: 1, max: 10 }),
    everyMs: crowd,
    enough: maybe(crowd),
    confirmKey: maybe(fc.constantFrom('1', '*')),
  }),
  ladder: maybe(
    fc.record({
      firstCall: fc.array(anyText, { maxLength: 8 }),
      source: maybe(anyText),
      furtherSteps: fc.array(anyStep, { maxLength: 20 }),
      repeat: fc.integer({ min: 0, max: 10 }),
    }),
  ),
  running: fc.boolean(),
  step: fc.integer({ min: 1, max: 40 }),
  attempt: fc.integer({ min: 1, max: 10 }),
  nextAttemptAt: maybe(anyTime),
  nextStepAt: maybe(anyTime),
  endedBy: maybe(fc.constantFrom('enough', 'all', 'exhausted', 'rule_removed')),
  endedAt: maybe(anyTime),
  steps: fc.array(
    fc.record({
      step: fc.integer({ min: 2, max: 40 }),
      startedAt: anyTime,
      callees: crowd,
      problem: maybe(anyText),
    }),
    { maxLength: 40 },
  ),
  calling: fc.array(fc.record({ callee: anyCallee, name: maybe(anyText) }), { maxLength: 6 }),
  reachedBy: fc.array(
    fc.record({ callee: anyCallee, name: maybe(anyText), key: maybe(anyText), at: anyTime }),
    { maxLength: 5 },
  ),
});

/** Any request, including its foreign words. */
export const anyRequest: fc.Arbitrary<RequestView> = fc.record({
  id: fc.uuid(),
  teamId: fc.constant('T0'),
  origin: fc.constantFrom('person', 'alert', 'redial'),
  state: fc.constantFrom(...requestStates),
  requestedBy: maybe(anyId),
  ruleName: maybe(anyText),
  alertTitle: maybe(anyText),
  channelId: fc.constant('C0OPS'),
  askedIn: fc.constant(null),
  threadTs: fc.constant(null),
  threadPost: fc.constant(null),
  hash: fc.constant('abc'),
  audio: fc.oneof(
    fc.record({ kind: fc.constant('recording' as const), fileId: anyText, name: maybe(anyText) }),
    fc.record({ kind: fc.constant('text' as const), text: anyText, language: anyText }),
  ),
  options: fc.record(
    { displayNum: anyText, maxDuration: crowd, maxRingingTime: crowd, loopCount: crowd },
    { requiredKeys: [] },
  ),
  note: anyText,
  duplicates: crowd,
  countries: fc.array(fc.record({ country: fc.constantFrom('IN', 'SG', '??', 'US'), callees: crowd }), {
    maxLength: 240,
  }),
  counts: fc.record({
    callees: crowd,
    accepted: crowd,
    refused: crowd,
    unknown: crowd,
    held: crowd,
    cancelled: crowd,
    failed: crowd,
    answered: crowd,
    not_answered: crowd,
    confirmed: crowd,
    reached: crowd,
    waiting: crowd,
  }),
  submissions: fc.array(anySubmission, { maxLength: 60 }),
  approval: maybe(
    fc.record({
      reasons: fc.array(anyText, { maxLength: 8 }),
      approvers: fc.array(anyId, { maxLength: 60 }),
      quorum: fc.integer({ min: 1, max: 5 }),
      allowSelfApproval: fc.boolean(),
      channelId: fc.constant(null),
      expiresAfterMs: crowd,
    }),
  ),
  decisions: fc.array(
    fc.record({
      userId: anyId,
      decision: fc.constantFrom('approve', 'reject'),
      reason: maybe(anyText),
      at: anyTime,
    }),
    { maxLength: 20 },
  ),
  expiresAt: maybe(anyTime),
  whenAt: maybe(anyTime),
  createdAt: anyTime,
  changedAt: anyTime,
  finishedAt: maybe(anyTime),
  cancelledBy: maybe(fc.oneof(anyId, anyText)),
  ackedBy: maybe(fc.oneof(anyId, anyText)),
  resolvedAt: maybe(anyTime),
  repeats: maybe(fc.uuid()),
  repeatedBy: maybe(fc.uuid()),
  namedLists: fc.array(anyText, { maxLength: 20 }),
  outcome: maybe(anyText),
  reach: maybe(anyReach),
});

// Mostly none: a request's outcome is most visible if there is little else.
const someCalls = fc.oneof(
  { arbitrary: fc.constant(0), weight: 7 },
  { arbitrary: fc.integer({ min: 1, max: 3 }), weight: 3 },
  { arbitrary: fc.integer({ min: 0, max: 2_000 }), weight: 1 },
);

/** Any request whose numbers agree with each other, its state and its submissions, like stored ones. */
export const anyTrueRequest: fc.Arbitrary<RequestView> = fc
  .record({
    any: anyRequest,
    calls: fc.record({
      notAnswered: someCalls,
      answered: someCalls,
      confirmed: someCalls,
      open: someCalls,
      rang: someCalls,
      silent: someCalls,
      unknown: someCalls,
      refused: someCalls,
      failed: someCalls,
      held: someCalls,
      cancelled: someCalls,
      waiting: someCalls,
    }),
    code: anyCode,
    settler: anyId,
  })
  .map(({ any, calls, code, settler }) => {
    const { state } = any;
    const untouched = ['awaiting_approval', 'scheduled', 'rejected', 'expired'].includes(state);
    const none = {
      notAnswered: 0,
      answered: 0,
      open: 0,
      rang: 0,
      silent: 0,
      unknown: 0,
      refused: 0,
      held: 0,
    };
    if (untouched) Object.assign(calls, none, { failed: 0, cancelled: 0 });
    if (state === 'failed') Object.assign(calls, none);
    const { notAnswered, answered, open, rang, silent, unknown, refused, held, failed, cancelled } = calls;
    const waiting = ['awaiting_approval', 'scheduled', 'approved', 'sending'].includes(state)
      ? calls.waiting
      : 0;
    const confirmed = Math.min(answered, calls.confirmed);
    const accepted = notAnswered + answered + open + rang;
    const part = (state: SubmissionState, callees: number, some: Partial<SubmissionView> = {}) =>
      callees === 0 ? [] : [submission({ id: `${state}${some.settledAsCalled}`, state, callees, ...some })];
    const settled = (n: number, settledAsCalled: boolean) =>
      part('settled', n, { settledCalls: n, settledAsCalled, settledBy: settler });
    const told = counts({
      ...{ callees: accepted + unknown + refused + held + failed + silent + cancelled + waiting, accepted },
      ...{ answered, not_answered: notAnswered, confirmed, unknown, refused, held, cancelled, waiting },
      failed: failed + silent,
      reached: any.reach?.plan.until === 'confirmed' ? confirmed : answered,
    });
    return {
      ...any,
      counts: told,
      submissions: untouched
        ? []
        : [
            ...part('accepted', notAnswered + answered + open),
            ...settled(rang, true),
            ...settled(silent, false),
            ...part('unknown', unknown, { unknown, code }),
            ...part('refused', refused, { code }),
            ...part('failed', failed, { code: 'dns' }),
            ...part('held', held, { code: 'denied' }),
            ...part('cancelled', cancelled),
            ...part('ready', waiting),
          ],
    };
  });

export const anyCalls: fc.Arbitrary<CallView[]> = fc.array(
  fc.record({
    position: crowd,
    callee: fc.constantFrom('6591110001', '91856321412', '', '1234567'),
    name: maybe(anyText),
    state: fc.constantFrom(...callStates),
    submissionId: maybe(fc.uuid()),
    voiceId: maybe(anyText),
    submitCode: maybe(anyCode),
    submitReason: maybe(anyText),
    cause: maybe(fc.constantFrom<CallCause>('per_callee', 'settled_called', 'timeout', 'stopped')),
    heldUntil: maybe(fc.integer({ min: 0, max: 2 ** 42 })),
    terminationCode: maybe(anyText),
    terminationReason: maybe(anyText),
    sipCode: maybe(anyText),
    callStatus: maybe(anyText),
    answerTimeAt: maybe(anyTime),
    hangupTimeAt: maybe(anyTime),
    callDuration: maybe(crowd),
    feedbackValue: maybe(anyText),
    attempt: fc.integer({ min: 1, max: 10 }),
    step: fc.integer({ min: 1, max: 40 }),
    confirmed: fc.boolean(),
    superseded: fc.boolean(),
  }),
  { maxLength: 120 },
);

/**
 * The mentions in it that notify a channel or people whom nobody configured. There must be none, in mrkdwn or plain
 * text.
 */
export function pages(rendered: unknown): string[] {
  const found = JSON.stringify(rendered).match(/<!(?!date\^|subteam\^)[^>]*>|<@U0EVIL>/g);
  return found ?? [];
}

export function assertMessage(message: { text: string; blocks: unknown[] }): void {
  assertMessageShape(message);
  assert.ok(message.text.length <= 4_000);
  assertMarkup([message.text, ...mrkdwnOf(message.blocks)]);
}

export function assertView(view: { blocks: unknown[] }): void {
  assertViewShape(view);
  assertMarkup(mrkdwnOf(view.blocks));
}

/** Nobody is notified, and no cut split an entity, a mention or a date. */
function assertMarkup(texts: string[]): void {
  assert.deepEqual(pages(texts), []);
  for (const text of texts) {
    assert.ok(text.isWellFormed());
    assert.doesNotMatch(text.replace(/<[@#!][^<>]*>/g, ''), /[<>]|&(?!amp;|lt;|gt;)/);
  }
}

function mrkdwnOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(mrkdwnOf);
  if (typeof value !== 'object' || value === null) return [];
  if ('type' in value && value.type === 'mrkdwn' && 'text' in value) return [String(value.text)];
  return Object.values(value).flatMap(mrkdwnOf);
}

/** All text that a person sees in it. */
export function seen(value: unknown): string {
  if (Array.isArray(value)) return value.map(seen).join('\n');
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([key, each]) => (key === 'text' && typeof each === 'string' ? each : seen(each)))
    .filter((text) => text !== '')
    .join('\n');
}

/** All buttons in it, in order. */
export function everyButton(value: unknown): Button[] {
  if (Array.isArray(value)) return value.flatMap(everyButton);
  if (typeof value !== 'object' || value === null) return [];
  if ('type' in value && value.type === 'button') return [value as Button];
  return Object.values(value).flatMap(everyButton);
}

/** All action_ids with their values, as "call_cancel r7k2…". */
export function buttons(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(buttons);
  if (typeof value !== 'object' || value === null) return [];
  if ('type' in value && value.type === 'button' && 'action_id' in value && 'value' in value) {
    return [`${String(value.action_id)} ${String(value.value)}`];
  }
  return Object.values(value).flatMap(buttons);
}
