import type { Behaviour, Call, LoggedRequest, Outcome, PhonePlan, World } from './types.ts';

/** Numbers with these endings behave specially by default. Every other phone rings and waits. */
export const DEFAULT_PHONES: Record<string, PhonePlan> = {
  '0001': 'busy',
  '0002': 'no-answer',
  '0003': 'rejected',
  '0004': 'not-valid',
  '0005': 'voicemail',
};

const VOICEMAIL_SECONDS = 3;

interface Dialled {
  callee: string;
  calledInfo?: string | undefined;
  endpoint: 'sendGroup' | 'sendCode';
  displayNum?: string | undefined;
  fileId?: string | undefined;
  text?: string | undefined;
  language?: string | undefined;
  maxDuration?: number | undefined;
  maxRingingTime?: number | undefined;
  loopCount?: number | undefined;
  report: Call['report'];
}

/** Calls a number: the call is queued, rings later, and ends by its plan or by what a person does with the phone. */
export function dial(world: World, request: LoggedRequest, dialled: Dialled): Call {
  const calledInfo = dialled.calledInfo ?? '';
  const once = `${dialled.callee} ${calledInfo}`;
  if (calledInfo !== '' && world.called.has(once)) {
    world.violate(
      `request ${request.id}: ${dialled.callee} is called a second time for calledInfo "${calledInfo}"`,
    );
  }
  world.called.add(once);
  const call: Call = {
    voiceId: nextVoiceId(world),
    callee: dialled.callee,
    calledInfo,
    endpoint: dialled.endpoint,
    requestId: request.id,
    displayNum: dialled.displayNum ?? '',
    fileId: dialled.fileId ?? null,
    text: dialled.text ?? null,
    language: dialled.language ?? null,
    maxDuration: dialled.maxDuration ?? 120,
    maxRingingTime: dialled.maxRingingTime ?? 60,
    loopCount: dialled.loopCount ?? 1,
    state: 'queued',
    outcome: null,
    submitTimeAt: world.now(),
    callTimeAt: null,
    ringingTimeAt: null,
    answerTimeAt: null,
    hangupTimeAt: null,
    callDuration: 0,
    key: null,
    report: dialled.report,
  };
  world.calls.push(call);
  world.callsById.set(call.voiceId, call);
  request.dialled += 1;
  world.changed({ kind: 'call', call });
  schedule(world, call, world.behaviour.queueMs, () => {
    call.callTimeAt = world.now();
    schedule(world, call, world.behaviour.ringAfterMs, () => reach(world, call));
  });
  return call;
}

/** The plan of the phone with this number: that of the longest matching ending. */
export function planFor(world: World, callee: string): PhonePlan {
  for (let start = 0; start < callee.length; start += 1) {
    const plan = world.behaviour.phones[callee.slice(start)];
    if (plan !== undefined) return plan;
  }
  return 'wait';
}

/** The call reaches the phone, which rings, is busy, or does not exist. */
function reach(world: World, call: Call): void {
  const { behaviour } = world;
  const plan = planFor(world, call.callee);
  if (plan === 'not-valid' || plan === 'failed') {
    schedule(world, call, behaviour.outcomeAfterMs, () => void end(world, call, plan));
    return;
  }
  ring(world, call);
  if (plan === 'busy' || plan === 'rejected') {
    schedule(world, call, behaviour.outcomeAfterMs, () => void end(world, call, plan));
  } else if (plan === 'voicemail') {
    schedule(world, call, behaviour.outcomeAfterMs, () => talk(world, call, VOICEMAIL_SECONDS, 'voicemail'));
  } else if (typeof plan === 'object' && 'answer' in plan) {
    const { afterMs, seconds, key } = plan.answer;
    schedule(world, call, afterMs ?? behaviour.autoAnswerMs ?? 0, () => {
      call.key = key ?? null;
      talk(world, call, seconds ?? behaviour.talkSeconds, 'answered');
    });
  } else {
    const ringingMs = call.maxRingingTime * behaviour.secondMs;
    if (plan === 'wait' && behaviour.autoAnswerMs !== null && behaviour.autoAnswerMs < ringingMs) {
      schedule(world, call, behaviour.autoAnswerMs, () => {
        call.key = behaviour.autoKey;
        talk(world, call, behaviour.talkSeconds, 'answered');
      });
    } else {
      schedule(world, call, ringingMs, () => void end(world, call, 'no-answer'));
    }
  }
}

function ring(world: World, call: Call): void {
  call.callTimeAt ??= world.now();
  call.ringingTimeAt = world.now();
  call.state = 'ringing';
  world.changed({ kind: 'call', call });
}

function talk(world: World, call: Call, seconds: number, outcome: 'answered' | 'voicemail'): void {
  const lasts = Math.max(1, Math.min(Math.round(seconds), call.maxDuration));
  call.state = 'talking';
  call.answerTimeAt = world.now();
  world.changed({ kind: 'call', call });
  schedule(world, call, lasts * world.behaviour.secondMs, () => {
    call.callDuration = lasts;
    void end(world, call, outcome);
  });
}

/** Resolves after the attempt to send the report. */
function end(world: World, call: Call, outcome: Outcome): Promise<void> {
  world.timers.get(call.voiceId)?.();
  world.timers.delete(call.voiceId);
  call.callTimeAt ??= world.now();
  call.hangupTimeAt = world.now();
  call.state = 'ended';
  call.outcome = outcome;
  world.changed({ kind: 'call', call });
  return world.reportEnd(call);
}

function schedule(world: World, call: Call, delayMs: number, run: () => void): void {
  world.timers.get(call.voiceId)?.();
  world.timers.set(call.voiceId, world.later(delayMs, run));
}

/** What a person can do with a phone. */
export type PhoneAction = 'answer' | 'decline' | 'ignore' | 'busy' | 'hangup' | 'key';

/**
 * Acts on a phone. A call that does not ring yet rings at once. `seconds`: how long the call lasts (at most its
 * maxDuration). `key` is pressed after the answer. Throws Error for an unknown voiceId or a call that is over.
 */
export function act(
  world: World,
  voiceId: string,
  action: PhoneAction,
  how: { seconds?: number | undefined; key?: string | undefined } = {},
): void {
  const call = world.callsById.get(voiceId);
  if (!call) throw new Error(`no call has the voiceId ${voiceId}`);
  if (call.state === 'ended') throw new Error(`the call ${voiceId} is over`);
  if (how.key !== undefined && !/^[0-9*#]$/.test(how.key))
    throw new Error(`"${how.key}" is no key of a phone`);

  if (action === 'hangup') {
    hangUp(world, call);
    return;
  }
  if (action === 'key') {
    if (how.key === undefined) throw new Error('which key?');
    if (call.state !== 'talking') pickUp(world, call, world.behaviour.talkSeconds);
    call.key = how.key;
    world.changed({ kind: 'call', call });
    return;
  }
  if (call.state === 'talking') throw new Error(`the call ${voiceId} is answered already`);
  if (call.state === 'queued') ring(world, call);
  if (action === 'answer') {
    call.key = how.key ?? null;
    talk(world, call, how.seconds ?? world.behaviour.talkSeconds, 'answered');
  } else if (action === 'ignore') {
    const ringingMs = call.maxRingingTime * world.behaviour.secondMs;
    schedule(world, call, ringingMs, () => void end(world, call, 'no-answer'));
  } else {
    void end(world, call, action === 'busy' ? 'busy' : 'rejected');
  }
}

function pickUp(world: World, call: Call, seconds: number): void {
  if (call.state === 'queued') ring(world, call);
  talk(world, call, seconds, 'answered');
}

function hangUp(world: World, call: Call): void {
  if (call.state !== 'talking' || call.answerTimeAt === null) {
    void end(world, call, 'rejected');
    return;
  }
  const talkedMs = world.now() - call.answerTimeAt;
  const seconds = Math.ceil(talkedMs / Math.max(1, world.behaviour.secondMs));
  call.callDuration = Math.max(1, Math.min(seconds, call.maxDuration));
  void end(world, call, 'answered');
}

/** Ends a call at once, by its plan (a phone that would wait is answered). Resolves when it is reported. */
export async function endAtOnce(world: World, call: Call): Promise<void> {
  if (call.state === 'ended') return;
  const plan = planFor(world, call.callee);
  if (typeof plan === 'string' && plan !== 'wait' && plan !== 'voicemail') {
    if (plan !== 'not-valid' && plan !== 'failed' && call.state === 'queued') ring(world, call);
    await end(world, call, plan);
    return;
  }
  const answer = typeof plan === 'object' && 'answer' in plan ? plan.answer : {};
  if (call.state === 'queued') ring(world, call);
  call.answerTimeAt = world.now();
  call.key = answer.key ?? null;
  call.callDuration =
    plan === 'voicemail' ? VOICEMAIL_SECONDS : (answer.seconds ?? world.behaviour.talkSeconds);
  await end(world, call, plan === 'voicemail' ? 'voicemail' : 'answered');
}

const counters = new WeakMap<World, number>();

/**
 * A new voiceId: 19 or 20 digits (both occur), with the time of submission at UTC+8, larger than a JavaScript number
 * can hold.
 */
export function nextVoiceId(world: World): string {
  const count = (counters.get(world) ?? 0) + 1;
  counters.set(world, count);
  const time = platformTime(world.now())
    .slice(2, 19)
    .replaceAll(/[^0-9]/g, '');
  return `${count % 2 === 0 ? '1' : ''}${time}${String(count).padStart(7, '0')}`;
}

/** ISO 8601 at UTC+8, the platform's format for times. */
export function platformTime(at: number): string {
  return `${new Date(at + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
}

/** How phones behave by default. */
export const DEFAULT_BEHAVIOUR: Behaviour = {
  queueMs: 0,
  ringAfterMs: 100,
  outcomeAfterMs: 200,
  autoAnswerMs: null,
  autoKey: null,
  talkSeconds: 8,
  secondMs: 1000,
  phones: DEFAULT_PHONES,
  recordVisibleAfterMs: 0,
  recordsFrom: 'termination',
  recordOrder: 'newest-first',
  unknownRecord: 'null',
  unknownFileCode: '-22',
  queryIntervalMs: 0,
  clockOffsetMs: 0,
  balance: '99.900',
  report: {},
};
