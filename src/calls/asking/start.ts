import { changed } from '../../outbox/outbox.ts';
import type { TaskHandler } from '../../queue/types.ts';
import type { Tx } from '../../store/types.ts';
import { toJson } from '../../store/values.ts';
import { hashNow } from '../approval/decide.ts';
import { apartWords } from '../request/apart.ts';
import { audit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { lockRequest, type RequestRow } from '../request/rows.ts';
import { readPlan } from '../request/stored.ts';
import { moveCalls, moveRequest } from '../request/transitions.ts';
import type { ApprovalAsk } from '../request/types.ts';
import { nextLookAt } from '../sending/scheduled.ts';
import { release } from '../sending/submissions.ts';
import { followLists, type Listed } from './follow-lists.ts';

export type { Listed } from './follow-lists.ts';

/** The result of checking a due request again. */
export type CheckedAgain =
  | { may: 'start'; listed: Listed }
  /** It may no longer be started; `why` is a sentence. */
  | { may: 'not_start'; why: string }
  /** Slack did not answer. `why` is shown on the board if that does not change. */
  | { may: 'unclear'; why: string };

/** Checks whether a due request may still start: rights, channel and lists, for which Slack must be asked. */
export type CheckAgain = (request: RequestRow) => Promise<CheckedAgain>;

const askAgainAfterMs = 30_000;
/** Slack may be down when a request is due. After this time (ms) it is not started: it would be too late. */
const unclearForMs = 3_600_000;
/** If the start is later than this, the board says so. In ms. */
const lateMs = 5 * 60_000;

/**
 * The handler of "scheduled" tasks (key: request): starts a request when it is due by the wall clock. Look-ups happen
 * before the transaction. The row's state lets only one start succeed, on any instance.
 */
export function createStarter(deps: CallsDeps, checkAgain: CheckAgain): TaskHandler {
  return async (task) => {
    const request = await deps.store.read
      .selectFrom('requests')
      .selectAll()
      .where('id', '=', task.key)
      .executeTakeFirst();
    if (request === undefined || request.state !== 'scheduled') return undefined;
    // Without a time: it was approved, and the people on duty are looked up now.
    const whenAt = request.when_at ?? 0;
    if (!isDue(deps, whenAt)) return { againAt: nextLookAt(deps, whenAt) };
    const checked = await checkAgain(request);
    const now = deps.clock.now();
    // It may have been approved after that time.
    const since = Math.max(whenAt, deps.clock.wallOf(request.changed_at));
    if (checked.may === 'unclear' && deps.clock.wallOf(now) - since < unclearForMs)
      return { againAt: now + askAgainAfterMs };
    await deps.store.transaction(async (tx) => {
      const locked = await lockRequest(tx, request.id);
      if (locked === null || locked.state !== 'scheduled') return;
      if (checked.may === 'start') await start(tx, deps, locked, checked.listed);
      else await giveUp(tx, deps, locked, checked.why);
    });
    return undefined;
  };
}

function isDue({ clock }: CallsDeps, whenAt: number): boolean {
  return clock.wallOf(clock.now()) >= whenAt;
}

/**
 * Starts a due request. If the policy of this moment asks for an approval that the request does not have, the
 * approvers are asked first: the configuration may have changed, or it is night because the start is late.
 */
async function start(tx: Tx, deps: CallsDeps, request: RequestRow, listed: Listed): Promise<void> {
  const now = deps.clock.now();
  const lists = await followLists(tx, deps, request, listed);
  const starts =
    lists.approval === null
      ? [...lateWords(deps, request, now), ...tooFewWords(request, lists.waiting + lists.joined)]
      : [];
  const words = [...starts, ...lists.apart.map((each) => apartWords(each))];
  await tx
    .updateTable('requests')
    .set({
      outcome: words.length === 0 ? null : words.join(' '),
      ...(listed.rosters.length === 0 ? {} : { rosters: toJson(listed.rosters) }),
    })
    .where('id', '=', request.id)
    .execute();
  const fresh = (await lockRequest(tx, request.id)) ?? request;
  if (lists.approval !== null) return await askFirst(tx, deps, fresh, lists.approval);
  const { left, joined } = lists;
  const notCalled = lists.apart.reduce((sum, { people }) => sum + people.length, 0);
  await audit(tx, request.id, {
    at: now,
    actor: 'voicecall',
    action: 'the time has come',
    detail: { left, joined, notCalled },
  });
  await release(tx, deps, fresh);
  await changed(tx, now, request.id);
}

function lateWords({ clock }: CallsDeps, request: RequestRow, now: number): string[] {
  const dueAt = Math.max(request.when_at ?? 0, clock.wallOf(request.changed_at));
  const lateBy = clock.wallOf(now) - dueAt;
  return lateBy > lateMs
    ? [`Started ${Math.round(lateBy / 60_000)} minutes late: Voicecall did not run, or Slack did not answer.`]
    : [];
}

/** The form could not know how many people the lists name now. A ladder may still call others. */
function tooFewWords({ plan, ladder }: RequestRow, callees: number): string[] {
  const { enough } = readPlan(plan);
  if (enough === null || ladder !== null || callees === 0 || enough <= callees) return [];
  const these = callees === 1 ? 'Only 1 person is called' : `Only ${callees} people are called`;
  return [`${these}, so ${enough} cannot be reached.`];
}

/** Asks the approvers before anybody is called. */
async function askFirst(tx: Tx, deps: CallsDeps, request: RequestRow, approval: ApprovalAsk): Promise<void> {
  const now = deps.clock.now();
  const { reasons } = approval;
  const because = `Its time has come, but it needs an approval now: ${reasons.join('; ')}. Nobody is called before that.`;
  await moveRequest(tx, request, 'awaiting_approval', now, {
    approval: toJson(approval),
    hash: await hashNow(tx, deps.tokenSecret, request),
    outcome: request.outcome === null ? because : `${because} ${request.outcome}`,
  });
  await audit(tx, request.id, {
    at: now,
    actor: 'voicecall',
    action: 'asked for an approval',
    detail: { reasons },
  });
  await changed(tx, now, request.id);
}

/** Does not start the request: nobody is called. */
async function giveUp(tx: Tx, deps: CallsDeps, request: RequestRow, why: string): Promise<void> {
  const now = deps.clock.now();
  await moveCalls(tx, { requestId: request.id }, ['ready'], 'failed');
  await moveRequest(tx, request, 'failed', now, { outcome: why, finished_at: now });
  await audit(tx, request.id, { at: now, actor: 'voicecall', action: 'not started', detail: { why } });
  await changed(tx, now, request.id);
}
