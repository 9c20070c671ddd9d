import type { TaskHandler } from '../../queue/types.ts';
import type { Tx } from '../../store/types.ts';
import { advance } from '../request/advance.ts';
import { type AuditAction, audit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { endOfReaching, nextOf } from '../request/next.ts';
import { hasReadySubmission, lockRequest, type RequestRow } from '../request/rows.ts';
import { readStanding } from '../request/standing.ts';
import { readLadder, readPlan } from '../request/stored.ts';
import { moveRequest } from '../request/transitions.ts';
import type { EndOfReaching, Plan } from '../request/types.ts';
import { audioOfStep } from '../sending/step-audio.ts';
import { stopUnsent } from '../sending/stop.ts';
import { cutIntoSubmissions } from '../sending/submissions.ts';
import { addAttempts } from './attempts.ts';
import { handOver, type LookUpDuty, type OnDutyNow, stepsOnDuty } from './hand-over.ts';
import { askBefore } from './records.ts';
import { type LookUpStep, type ReadyStep, startStep } from './steps.ts';

/**
 * What is due: nothing, a step whose callees must be looked up first, steps whose rosters must be looked up first, or
 * another look at a later time.
 */
type Look =
  | { do: 'nothing' }
  | { do: 'step'; step: number; request: RequestRow }
  | { do: 'duty'; steps: number[]; request: RequestRow }
  | { do: 'wait'; at: number | null };

/**
 * The handler of "reach" tasks (key: request): makes further attempts and steps until people are reached. Each run
 * locks the request, counts its calls and does what is due in one transaction, so that a task that runs twice, or on
 * two instances, takes effect once. `lookUp` finds the callees of a step before the transaction, because Slack may
 * have to be asked; so does `lookUpDuty` for the people on duty before a further attempt.
 */
export function createReacher(
  deps: CallsDeps,
  lookUp: LookUpStep,
  lookUpDuty: LookUpDuty = async () => null,
): TaskHandler {
  return async (task, lease) => {
    while (lease.valid()) {
      const look = await deps.store.transaction((tx) => lookAt(tx, deps, task.key));
      if (look.do === 'nothing') return undefined;
      if (look.do === 'wait') return look.at === null ? undefined : { againAt: look.at };
      if (look.do === 'duty') {
        const duties: Duties = new Map();
        for (const step of look.steps) duties.set(step, await lookUpDuty(look.request, step));
        await deps.store.transaction((tx) => lookAt(tx, deps, task.key, { duties }));
        continue;
      }
      const ready = await lookUp(look.request, look.step);
      await deps.store.transaction((tx) => lookAt(tx, deps, task.key, { step: look.step, ready }));
    }
    return { againAt: deps.clock.now() };
  };
}

/** Who is on duty, by step. Null: not known now. */
type Duties = Map<number, OnDutyNow | null>;

/** What was looked up before the transaction: the callees of a step, or who is on duty. */
type LookedUp = { step: number; ready: ReadyStep | null } | { duties: Duties };

/** The most moves in one run: a step that can call nobody is followed by the next one. */
const movesAtOnce = 100;

/**
 * Does what is due now for a request. `found`: the step whose callees were looked up, which is started if it is still
 * the next one; or who is on duty in the rosters of people who are due for a further attempt.
 */
export async function lookAt(
  tx: Tx,
  deps: CallsDeps,
  requestId: string,
  found: LookedUp = { duties: new Map() },
): Promise<Look> {
  for (let moves = 0; moves < movesAtOnce; moves++) {
    const request = await lockRequest(tx, requestId);
    if (request === null || !['approved', 'sending', 'sent'].includes(request.state))
      return { do: 'nothing' };
    if (request.reaching === 0) {
      // The command `restored` ended it without a look at what the request still waits for and who was not called yet.
      if (request.reach_ended_by === 'restored') await stopUnsent(tx, requestId);
      await advance(tx, deps, requestId);
      return { do: 'nothing' };
    }
    const look = await makeMove(tx, deps, request, found);
    if (look !== 'moved') {
      if (moves > 0 && look.do !== 'nothing') await advance(tx, deps, requestId);
      return look;
    }
    if (request.state === 'sent' && (await hasReadySubmission(tx, requestId)))
      await moveRequest(tx, request, 'sending', deps.clock.now());
  }
  return { do: 'wait', at: deps.clock.now() };
}

/** Makes the next move of a request. Returns 'moved', or what must happen before the next move. */
async function makeMove(
  tx: Tx,
  deps: CallsDeps,
  request: RequestRow,
  found: LookedUp,
): Promise<Look | 'moved'> {
  if (isRuleGone(deps, request)) return await end(tx, deps, request, 'rule_removed');
  const now = deps.clock.now();
  const plan = readPlan(request.plan);
  const ladder = readLadder(request.ladder);
  const standing = await readStanding(tx, request, plan, now);
  const next = nextOf(request, { plan, ladder, standing }, now);
  switch (next.do) {
    case 'end':
      return await end(tx, deps, request, next.because);
    case 'wait': {
      if (next.stepAt !== null) await askBefore(tx, request.id, next.stepAt, now);
      const times = [next.attemptAt, next.stepAt].filter((at) => at !== null);
      return { do: 'wait', at: times.length === 0 ? null : Math.min(...times) };
    }
    case 'release':
      await releaseMore(tx, deps, request, next.callees);
      return 'moved';
    case 'attempt': {
      const steps = await stepsOnDuty(tx, request, plan, next);
      const duties: Duties = 'duties' in found ? found.duties : new Map();
      if (steps.some((step) => !duties.has(step))) return { do: 'duty', steps, request };
      // If people left or came, looks again before anybody is called: those who were due may be off duty.
      if (!(await handOverAll(tx, deps, request, { plan, steps, duties })))
        await addAttempts(tx, deps, request, plan, next);
      return 'moved';
    }
    case 'step':
      if (!('step' in found) || found.step !== next.step) return { do: 'step', step: next.step, request };
      await startStep(tx, deps, request, { ...found, plan, reached: standing.reached });
      return 'moved';
  }
}

/** Returns true if somebody left or came in one of the steps. */
async function handOverAll(
  tx: Tx,
  deps: CallsDeps,
  request: RequestRow,
  { plan, steps, duties }: { plan: Plan; steps: readonly number[]; duties: Duties },
): Promise<boolean> {
  let different = false;
  for (const step of steps) {
    const duty = duties.get(step) ?? null;
    // Read again, because the step before has changed the request's rosters.
    const row = (await lockRequest(tx, request.id)) ?? request;
    if (duty !== null && (await handOver(tx, deps, row, { plan, step, duty }))) different = true;
  }
  return different;
}

/** Calls the next of those who wait in case more people are needed; those of an earlier step first. */
async function releaseMore(tx: Tx, deps: CallsDeps, request: RequestRow, callees: number): Promise<void> {
  const steps = await tx
    .selectFrom('calls')
    .select('step')
    .distinct()
    .where('request_id', '=', request.id)
    .where('superseded', '=', 0)
    .where('state', '=', 'ready')
    .where('submission_id', 'is', null)
    .orderBy('step')
    .execute();
  let left = callees;
  for (const { step } of steps) {
    if (left === 0) return;
    const audio = await audioOfStep(tx, request, step);
    left -= await cutIntoSubmissions(tx, deps, request, { audio, step, calls: left });
  }
}

/** A rule that is no longer in the configuration calls nobody. */
function isRuleGone(deps: CallsDeps, request: RequestRow): boolean {
  return request.rule_name !== null && !deps.config().rules.some((rule) => rule.name === request.rule_name);
}

/**
 * Ends the plan and the ladder. Nothing more is sent; the request ends when the end of every running call is known.
 */
async function end(tx: Tx, deps: CallsDeps, request: RequestRow, because: EndOfReaching): Promise<Look> {
  const now = deps.clock.now();
  const stopped =
    because === 'exhausted'
      ? 0
      : await stopUnsent(tx, request.id, because === 'enough' ? 'enough_reached' : null);
  await tx
    .updateTable('requests')
    .set({ ...endOfReaching(request, because, now), changed_at: now })
    .where('id', '=', request.id)
    .execute();
  await audit(tx, request.id, {
    at: now,
    actor: 'voicecall',
    action: endWords[because],
    detail: { stopped },
  });
  await advance(tx, deps, request.id);
  return { do: 'nothing' };
}

const endWords: Record<EndOfReaching, AuditAction> = {
  enough: 'stopped calling: enough were reached',
  all: 'stopped calling: everybody was reached',
  exhausted: 'stopped calling: nobody is left to call',
  acknowledged: 'stopped calling: somebody has got it',
  resolved: 'stopped calling: the alert is over',
  stopped: 'stopped calling: somebody stopped it',
  rule_removed: 'stopped calling: the rule is not in the configuration any more',
  restored: 'stopped calling: restored from a backup',
};
