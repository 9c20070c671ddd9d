import { countCountries } from '../../callees/countries.ts';
import type { Callee } from '../../callees/types.ts';
import { changed } from '../../outbox/outbox.ts';
import type { TaskHandler } from '../../queue/types.ts';
import type { Tx } from '../../store/types.ts';
import { toJson } from '../../store/values.ts';
import { approvalFor } from '../approval/policy.ts';
import { audit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { lockRequest, type RequestRow } from '../request/rows.ts';
import { readPlan } from '../request/stored.ts';
import { moveCalls, moveRequest } from '../request/transitions.ts';
import type { RosterNote } from '../request/types.ts';
import { nextLookAt } from '../sending/scheduled.ts';
import { release, rowsAtOnce } from '../sending/submissions.ts';

/** The callees that a request's lists and rosters name now. */
export interface Listed {
  callees: Callee[];
  /** Those whom a roster names. An approval binds to the roster's name, not to the people who were on duty then. */
  onDuty: string[];
  rosters: RosterNote[];
  /** False: a look-up failed, so nobody is known to have left. */
  complete: boolean;
}

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

async function start(tx: Tx, deps: CallsDeps, request: RequestRow, listed: Listed): Promise<void> {
  const now = deps.clock.now();
  const lists = await followLists(tx, deps, request, listed);
  const dueAt = Math.max(request.when_at ?? 0, deps.clock.wallOf(request.changed_at));
  const lateBy = deps.clock.wallOf(now) - dueAt;
  const words = [
    ...(lateBy > lateMs
      ? [
          `Started ${Math.round(lateBy / 60_000)} minutes late: Voicecall did not run, or Slack did not answer.`,
        ]
      : []),
    ...(lists.notCalled > 0
      ? [
          `${lists.notCalled === 1 ? '1 person' : `${lists.notCalled} people`} joined its lists since and will not be called: ${
            request.approval === null
              ? 'calls to that many people need an approval'
              : 'the approval does not cover them'
          }.`,
        ]
      : []),
  ];
  await tx
    .updateTable('requests')
    .set({
      outcome: words.length === 0 ? null : words.join(' '),
      ...(listed.rosters.length === 0 ? {} : { rosters: toJson(listed.rosters) }),
    })
    .where('id', '=', request.id)
    .execute();
  await audit(tx, request.id, {
    at: now,
    actor: 'voicecall',
    action: 'the time has come',
    detail: { ...lists },
  });
  const fresh = (await lockRequest(tx, request.id)) ?? request;
  await release(tx, deps, fresh);
  await changed(tx, now, request.id);
}

/**
 * People may have left or joined a list. Those who left are not called. Those who joined are called only if no
 * approval was needed, because an approval binds to the people whom the approver saw.
 */
async function followLists(
  tx: Tx,
  deps: CallsDeps,
  request: RequestRow,
  listed: Listed,
): Promise<{ left: number; joined: number; notCalled: number }> {
  if (request.lists === null) return { left: 0, joined: 0, notCalled: 0 };
  const calls = await tx
    .selectFrom('calls')
    .select(['callee', 'name', 'state', 'list_only'])
    .where('request_id', '=', request.id)
    .execute();
  const now = new Set(listed.callees.map(({ callee }) => callee));
  const gone = listed.complete ? calls.filter((call) => call.list_only === 1 && !now.has(call.callee)) : [];
  const which = { requestId: request.id, callees: gone.map(({ callee }) => callee) };
  const left = await moveCalls(tx, which, ['ready'], 'held', { cause: 'left_list' });
  const known = new Set(calls.map(({ callee }) => callee));
  const fresh = listed.callees.filter(({ callee }) => !known.has(callee));
  if (fresh.length === 0) return { left, joined: 0, notCalled: 0 };
  const before = calls.map(({ callee, name }) => ({ callee, name }));
  const onDuty = new Set(listed.onDuty);
  const joined = (await mayJoin(tx, deps, request, [...before, ...fresh]))
    ? fresh
    : fresh.filter(({ callee }) => onDuty.has(callee));
  const notCalled = fresh.length - joined.length;
  if (joined.length === 0) return { left, joined: 0, notCalled };
  const all = [...before, ...joined];
  for (let first = 0; first < joined.length; first += rowsAtOnce) {
    const rows = joined.slice(first, first + rowsAtOnce).map(({ callee, name, timeZone = null }, index) => ({
      request_id: request.id,
      position: calls.length + first + index + 1,
      submission_id: null,
      callee,
      name,
      state: 'ready' as const,
      list_only: 1,
      time_zone: timeZone,
    }));
    await tx.insertInto('calls').values(rows).execute();
  }
  await tx
    .updateTable('requests')
    .set({ callees: all.length, countries: toJson(countCountries(all)) })
    .where('id', '=', request.id)
    .execute();
  return { left, joined: joined.length, notCalled };
}

async function mayJoin(tx: Tx, deps: CallsDeps, request: RequestRow, all: Callee[]): Promise<boolean> {
  if (request.approval !== null || all.length > deps.config().limits.calleesPerRequest) return false;
  const now = deps.clock.now();
  const approval = await approvalFor(tx, deps.config(), {
    // What this person asked for in the last hour includes this request.
    requestedBy: null,
    callees: all,
    attempts: readPlan(request.plan).attempts,
    now,
    wallAt: deps.clock.wallOf(now),
  });
  return approval === null;
}

/** Does not start the request: nobody is called. */
async function giveUp(tx: Tx, deps: CallsDeps, request: RequestRow, why: string): Promise<void> {
  const now = deps.clock.now();
  await moveCalls(tx, { requestId: request.id }, ['ready'], 'failed');
  await moveRequest(tx, request, 'failed', now, { outcome: why, finished_at: now });
  await audit(tx, request.id, { at: now, actor: 'voicecall', action: 'not started', detail: { why } });
  await changed(tx, now, request.id);
}
