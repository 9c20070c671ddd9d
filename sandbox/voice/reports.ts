import { z } from 'zod';
import type { ReportBehaviour } from './report-behaviour.ts';
import type { Call, Outcome, PushedReport, World } from './types.ts';

const PUSHES_AT_ONCE = 8;
const MOST_IN_ONE_PUSH = 100;
const PUSH_TIMEOUT_MS = 10_000;

/** Status codes and words of SIP (RFC 3261, section 21), and the callStatus of newer accounts. */
const ENDINGS: Record<Outcome, { sip: string; reason: string; callStatus: number }> = {
  answered: { sip: '200', reason: 'success', callStatus: 50 },
  busy: { sip: '486', reason: 'Busy Here', callStatus: 10 },
  'no-answer': { sip: '480', reason: 'Temporarily Unavailable', callStatus: 20 },
  rejected: { sip: '603', reason: 'Decline', callStatus: 30 },
  'not-valid': { sip: '404', reason: 'Not Found', callStatus: 60 },
  voicemail: { sip: '200', reason: 'success', callStatus: 40 },
  failed: { sip: '503', reason: 'Service Unavailable', callStatus: 60 },
};

/** The fields about the end of a call that records and reports share. */
export function terminationFields(call: Call, how: ReportBehaviour): Record<string, unknown> {
  const ending = call.outcome === null ? null : ENDINGS[call.outcome];
  const charged = Math.ceil(call.callDuration / 20) * 20;
  const terminationCode = ending?.sip === '200' && how.codes === 'zero' ? '0' : (ending?.sip ?? null);
  return {
    callDuration: integer(call.callDuration, how),
    chargedDuration: integer(charged, how),
    terminationCode,
    terminationReason: ending?.reason ?? null,
    ...(how.codes === 'zero' ? { sipCode: ending?.sip ?? null } : {}),
    ...(ending && (how.callStatus || call.outcome === 'voicemail')
      ? { callStatus: integer(ending.callStatus, how) }
      : {}),
    cost: ((charged * 0.0236) / 60).toFixed(4),
    billPeriod: '20+20',
    rate: '0.0236',
    baseCost: '0',
    feedbackValue: call.key ?? '-1',
  };
}

function integer(value: number, how: ReportBehaviour): number | string {
  return how.intsAsStrings ? String(value) : value;
}

function reportBody(call: Call, how: ReportBehaviour): Record<string, unknown> {
  const times = {
    submitTime: call.submitTimeAt,
    callTime: call.callTimeAt,
    ringingTime: call.ringingTimeAt,
    answerTime: call.answerTimeAt,
    hangupTime: call.hangupTimeAt,
  };
  const shownTimes = Object.entries(times)
    .filter(([, at]) => at !== null || how.notReached !== 'absent')
    .map(([name, at]) => [name, at ?? (how.notReached === 'zero' ? 0 : null)]);
  const rang =
    call.ringingTimeAt === null ? 0 : (call.answerTimeAt ?? call.hangupTimeAt ?? 0) - call.ringingTimeAt;
  const fields = terminationFields(call, how);
  return {
    voiceId: call.voiceId,
    type: integer(call.endpoint === 'sendGroup' ? 1 : 2, how),
    callee: call.callee,
    displayNum: call.displayNum,
    ...Object.fromEntries(shownTimes),
    code: 'Sandbox(X)',
    ...(call.fileId === null ? {} : { voiceFileId: call.fileId }),
    sipCode: call.outcome === null ? null : ENDINGS[call.outcome].sip,
    ...fields,
    calledInfo: call.calledInfo,
    ringDuration: integer(Math.round(rang / 1000), how),
    outRecallCount: integer(how.recalled ? 1 : 0, how),
  };
}

/** The first attempt of a call that was made twice: a result that is no longer true. */
function firstAttempt(call: Call, how: ReportBehaviour): Record<string, unknown> {
  const hangupTimeAt = (call.callTimeAt ?? call.submitTimeAt) - 1;
  const missed: Call = {
    ...call,
    outcome: 'no-answer',
    answerTimeAt: null,
    hangupTimeAt,
    callDuration: 0,
    key: null,
  };
  return { ...reportBody(missed, how), outRecallCount: integer(0, how) };
}

export interface ReportSender {
  /** A call has ended: reports it in the given form, at the given time. Resolves after the attempt. */
  ended: (call: Call) => Promise<void>;
  /** Resolves when no report waits or is being sent. */
  settled: () => Promise<void>;
  stop: () => void;
}

/** Reports of one form that are sent together. */
interface Gathering {
  bodies: Record<string, unknown>[];
  sent: Promise<void>;
  send: () => void;
}

/** Pushes reports to `world.reportUrl`, in no order among pushes and, by default, without repeats. */
export function createReportSender(world: World): ReportSender {
  const aborted = new AbortController();
  const gatherings = new Map<string, Gathering>();
  const open = new Set<Promise<void>>();
  const queue = createQueue(PUSHES_AT_ONCE);

  function gather(how: ReportBehaviour, bodies: Record<string, unknown>[]): Promise<void> {
    const isGathered = (how.form ?? 'single') !== 'single' || how.order === 'reversed';
    const key = JSON.stringify(how);
    const gathering = gatherings.get(key) ?? newGathering(how);
    gathering.bodies.push(...bodies);
    if (!isGathered) {
      gathering.send();
    } else if (!gatherings.has(key)) {
      gatherings.set(key, gathering);
      world.later(how.gatherMs ?? 20, () => {
        gatherings.delete(key);
        gathering.send();
      });
    }
    return gathering.sent;
  }

  function newGathering(how: ReportBehaviour): Gathering {
    const { promise, resolve } = Promise.withResolvers<void>();
    const bodies: Record<string, unknown>[] = [];
    const send = () => {
      if (how.order === 'reversed') bodies.reverse();
      queue.add(() => pushAll(world, bodies, how, aborted.signal).finally(resolve));
    };
    return { bodies, sent: promise, send };
  }

  return {
    ended(call) {
      const how = { ...world.behaviour.report, ...call.report };
      if (world.reportUrl === null || how.copies === 0 || aborted.signal.aborted) return Promise.resolve();
      // The body describes the call as it ended, however late it is sent.
      const bodies = bodiesOf(call, how);
      const done = new Promise<void>((resolve) => {
        world.later(how.delayMs ?? 0, () => gather(how, bodies).then(resolve));
      });
      open.add(done);
      return done.finally(() => open.delete(done));
    },
    settled: async () => {
      while (open.size > 0 && !aborted.signal.aborted) await Promise.all(open);
    },
    stop: () => {
      aborted.abort();
      queue.clear();
    },
  };
}

/** Every report of a call, in the order in which the platform would send them. */
function bodiesOf(call: Call, how: ReportBehaviour): Record<string, unknown>[] {
  const attempts = how.recalled ? [firstAttempt(call, how), reportBody(call, how)] : [reportBody(call, how)];
  return Array.from({ length: how.copies ?? 1 }, () => attempts).flat();
}

/** Runs jobs in their order, at most `atOnce` at the same time. */
function createQueue(atOnce: number): { add(job: () => Promise<void>): void; clear(): void } {
  const waiting: (() => Promise<void>)[] = [];
  let running = 0;

  function pump(): void {
    while (running < atOnce) {
      const next = waiting.shift();
      if (!next) return;
      running += 1;
      next().finally(() => {
        running -= 1;
        pump();
      });
    }
  }

  return {
    add(job) {
      waiting.push(job);
      pump();
    },
    clear() {
      waiting.length = 0;
    },
  };
}

/** One after the other: within one group the order matters. */
async function pushAll(
  world: World,
  bodies: Record<string, unknown>[],
  how: ReportBehaviour,
  aborted: AbortSignal,
): Promise<void> {
  const form = how.form ?? 'single';
  const size = form === 'single' ? 1 : MOST_IN_ONE_PUSH;
  for (let start = 0; start < bodies.length; start += size) {
    const part = bodies.slice(start, start + size);
    const body = form === 'single' ? part[0] : form === 'bare' ? part : { array: part };
    const voiceIds = part.map((one) => String(one.voiceId));
    for (let left = how.retries ?? 0; !(await push(world, body, voiceIds, aborted)) && left > 0; left -= 1) {
      await new Promise<void>((resolve) => world.later(how.retryAfterMs ?? 1000, resolve));
    }
  }
}

/** True if the receiver accepted it (or if there is no receiver any more). */
async function push(world: World, body: unknown, voiceIds: string[], aborted: AbortSignal): Promise<boolean> {
  const url = world.reportUrl;
  if (url === null || aborted.aborted) return true;
  const report: PushedReport = { at: world.now(), body, voiceIds, status: null, error: null };
  world.reports.push(report);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      // As in samples of such pushes. They are not signed.
      headers: { 'Content-Type': 'application/json;charset=UTF-8', 'User-Agent': 'Java/1.8.0_232' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.any([aborted, AbortSignal.timeout(PUSH_TIMEOUT_MS)]),
    });
    report.status = answer.status;
    await answer.body?.cancel();
  } catch (error) {
    report.error =
      error instanceof Error ? `${error.message} ${String(error.cause ?? '')}`.trim() : String(error);
  }
  world.changed({ kind: 'report', report });
  return report.status !== null && report.status < 300;
}

/** The URL for reports. Throws Error for a URL outside this machine: the sandbox connects to no other. */
export function parseReportUrl(url: string | null): string | null {
  if (url === null) return null;
  const parsed = z.url().parse(url);
  const host = new URL(parsed).hostname;
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(host)) {
    throw new Error(`reports go to this machine alone, not to ${host}`);
  }
  return parsed;
}
