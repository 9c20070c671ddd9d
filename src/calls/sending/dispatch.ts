import type { CallOptions } from '../../config/types.ts';
import { VoicecallError } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { changed } from '../../outbox/outbox.ts';
import { pace } from '../../queue/turns.ts';
import type { Lease, Task, TaskHandler, TaskResult } from '../../queue/types.ts';
import type { Tx } from '../../store/types.ts';
import type { RequestPriority } from '../../store/values.ts';
import type { SendResult } from '../../voice/types.ts';
import { advance } from '../request/advance.ts';
import type { CallsDeps } from '../request/deps.ts';
import { lockRequest, type RequestRow, type SubmissionRow } from '../request/rows.ts';
import { readOptions } from '../request/stored.ts';
import { calledInfoWith } from '../request/token.ts';
import {
  moveCalls,
  moveRequest,
  moveSubmission,
  moveSubmissions,
  sendingSince,
} from '../request/transitions.ts';
import type { Audio } from '../request/types.ts';
import { highestPriority } from './lanes.ts';
import { holdOverLimits } from './limits.ts';
import { anySending, recoverOrphans, type Sender } from './recover.ts';
import { applySendResult } from './result.ts';
import { audioOfStep } from './step-audio.ts';

interface Job {
  submissionId: string;
  requestId: string;
  callees: string[];
  audio: Audio;
  options: CallOptions;
  calledInfo: string;
}

type NextStep = { do: 'send'; job: Job } | { do: 'wait'; untilAt: number } | { do: 'next' } | { do: 'stop' };

/**
 * The handler of "dispatch" tasks. A task is a lane: a lane sends one submission at a time, and only one instance can
 * lease it, so the number of lanes limits the concurrency of all instances. A lane runs until nothing is ready.
 */
export function createDispatcher(deps: CallsDeps): TaskHandler {
  const sentNothing = new Set<string>();
  return async (task: Task, lease: Lease): Promise<TaskResult> => {
    const lane = Number(task.key);
    const sender = `${newId('')}:${deps.instance}`;
    if (await anySending(deps.store.read))
      await deps.store.transaction((tx) => recoverOrphans(tx, deps, { lane, sender }, sentNothing, lease));
    if (lane >= deps.config().voice.submit.concurrency) return undefined;
    while (mayGoOn(lease)) {
      const step = await deps.store
        .transaction((tx) => takeNext(tx, deps, { lane, sender }, highestPriority(deps, task.key)))
        .catch((error: unknown) => {
          // The commit may have succeeded although we got an error. Then the submission was not sent.
          sentNothing.add(sender);
          throw error;
        });
      if (step.do === 'stop') return undefined;
      if (step.do === 'wait') return { againAt: step.untilAt };
      if (step.do === 'send') await sendJob(deps, step.job, sender, lease);
    }
    return { againAt: deps.clock.now() };
  };
}

/** False if nothing more may be sent: the lease is lost, or the process stops. */
function mayGoOn(lease: Lease): boolean {
  return lease.valid() && !lease.signal.aborted;
}

/**
 * Takes the next ready submission, if the pace allows one now. `ready → sending` is committed before any byte is
 * sent.
 */
async function takeNext(
  tx: Tx,
  deps: CallsDeps,
  by: Sender,
  upToPriority: RequestPriority,
): Promise<NextStep> {
  const now = deps.clock.now();
  const next = await chooseReady(tx, upToPriority, now);
  if (next === undefined) return await whenLater(tx, upToPriority);
  const openAt = await takeTurn(tx, deps, now);
  if (openAt > now) return { do: 'wait', untilAt: openAt };
  const request = await lockRequest(tx, next.request_id);
  if (request === null || !['approved', 'sending'].includes(request.state)) return { do: 'next' };
  const { callees, later } = await holdOverLimits(tx, deps, { submissionId: next.id, request, now });
  if (callees.length > 0) return await win(tx, { next, request, callees, by, now });
  // It was chosen before the locks were held. Another lane may have taken it since, or a person may have stopped it.
  if (!(await stillReady(tx, next.id))) return { do: 'next' };
  if (!later) await moveSubmission(tx, { id: next.id, state: 'ready' }, 'held');
  await advance(tx, deps, request.id);
  return { do: 'next' };
}

type Ready = Pick<SubmissionRow, 'id' | 'request_id' | 'token' | 'step'>;

/** The next submission to send. Locks nothing. */
async function chooseReady(tx: Tx, upToPriority: RequestPriority, now: number): Promise<Ready | undefined> {
  return await tx
    .selectFrom('submissions')
    .innerJoin('requests', 'requests.id', 'submissions.request_id')
    .select(['submissions.id', 'submissions.request_id', 'submissions.token', 'submissions.step'])
    .where('submissions.state', '=', 'ready')
    .where('requests.state', 'in', ['approved', 'sending'])
    .where('submissions.next_try_at', '<=', now)
    .where('submissions.priority', '<=', upToPriority)
    .orderBy('submissions.priority')
    .orderBy('submissions.ready_at')
    .orderBy('submissions.ordinal')
    .limit(1)
    .executeTakeFirst();
}

/** Held until this transaction ends, so that lanes of all instances choose one after the other. */
async function takeTurn(tx: Tx, deps: CallsDeps, now: number): Promise<number> {
  return await pace(tx, 'submit', now, 1000 / deps.config().voice.submit.perSecond);
}

/** `ready → sending`. Only the transaction that makes this change may POST. */
async function win(
  tx: Tx,
  ready: { next: Ready; request: RequestRow; callees: string[]; by: Sender; now: number },
): Promise<NextStep> {
  const { next, request, callees, by, now } = ready;
  const won = await moveSubmissions(tx, { id: next.id }, ['ready'], 'sending', {
    ...sendingSince(now),
    ...by,
  });
  if (won === 0) return { do: 'next' };
  await moveCalls(tx, { submissionId: next.id }, ['ready'], 'sending', { dialled_at: now });
  if (request.state === 'approved') await moveRequest(tx, request, 'sending', now);
  await changed(tx, now, request.id, { progress: true });
  return {
    do: 'send',
    job: {
      submissionId: next.id,
      requestId: request.id,
      callees,
      audio: await audioOfStep(tx, request, next.step),
      options: readOptions(request.options),
      calledInfo: calledInfoWith(request.note, next.token),
    },
  };
}

async function stillReady(tx: Tx, submissionId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('submissions')
    .select('id')
    .where('id', '=', submissionId)
    .where('state', '=', 'ready')
    .executeTakeFirst();
  return row !== undefined;
}

async function whenLater(tx: Tx, upToPriority: RequestPriority): Promise<NextStep> {
  const later = await tx
    .selectFrom('submissions')
    .select((eb) => eb.fn.min('next_try_at').as('at'))
    .where('state', '=', 'ready')
    .where('priority', '<=', upToPriority)
    .executeTakeFirst();
  const at = later?.at ?? null;
  return at === null ? { do: 'stop' } : { do: 'wait', untilAt: Number(at) };
}

/** Sends one POST, once, and stores its result. */
async function sendJob(deps: CallsDeps, job: Job, sender: string, lease: Lease): Promise<void> {
  const { audio } = job;
  const shared = { ...job.options, calledInfo: job.calledInfo };
  // Not the lease's signal: once the request is on the wire we need its result, even if the lease is lost.
  const control = { mayWrite: () => mayGoOn(lease) };
  const [first = ''] = job.callees;
  const result: SendResult = !mayGoOn(lease)
    ? { outcome: 'not_sent', why: 'stopped', detail: 'the lease had ended' }
    : audio.kind === 'recording'
      ? await deps.voice.sendGroup({ callees: job.callees, fileId: audio.fileId, ...shared }, control)
      : await deps.voice.sendCode(
          { callee: first, text: audio.text, language: audio.language, ...shared },
          control,
        );
  deps.log.info(
    {
      requestId: job.requestId,
      submissionId: job.submissionId,
      callees: job.callees.length,
      outcome: result.outcome,
      code: 'code' in result ? result.code : result.why,
    },
    'submission sent',
  );
  await keepResult(deps, job, sender, result);
}

/** How long a result is kept in memory while the database cannot store it, ms. */
const keepForMs = 10 * 60_000;

/**
 * Stores a result, and retries while the database is away, because a submission left as `sending` becomes unknown.
 * Throws the store's error after ten minutes.
 */
async function keepResult(deps: CallsDeps, job: Job, sender: string, result: SendResult): Promise<void> {
  const giveUpAt = deps.clock.monotonic() + keepForMs;
  for (;;) {
    try {
      await deps.store.transaction((tx) => applySendResult(tx, deps, job.submissionId, sender, result));
      return;
    } catch (error) {
      const away = error instanceof VoicecallError && error.code === 'store_unavailable';
      if (!away || deps.clock.monotonic() > giveUpAt) throw error;
      const facts = { requestId: job.requestId, submissionId: job.submissionId, err: error };
      deps.log.warn(facts, 'the result of a submission could not be stored; it is kept and retried');
      await new Promise<void>((resolve) => deps.clock.after(500, resolve));
    }
  }
}
