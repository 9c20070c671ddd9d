import { countCountries } from '../../callees/countries.ts';
import type { Callee } from '../../callees/types.ts';
import type { Tx } from '../../store/types.ts';
import { toJson } from '../../store/values.ts';
import { approvalFor } from '../approval/policy.ts';
import { type Apart, becauseOfThem, overLimit } from '../request/apart.ts';
import type { CallsDeps } from '../request/deps.ts';
import { insertCalls } from '../request/new-calls.ts';
import type { RequestRow } from '../request/rows.ts';
import { readPlan } from '../request/stored.ts';
import { moveCalls } from '../request/transitions.ts';
import type { ApprovalAsk, RosterNote } from '../request/types.ts';
import { holdForbidden } from '../sending/forbidden.ts';

/** The callees that a request's lists and rosters name now. */
export interface Listed {
  callees: Callee[];
  /** Those whom a roster names. An approval binds to the roster's name, not to the people who were on duty then. */
  onDuty: string[];
  rosters: RosterNote[];
  /** False: a look-up failed, so nobody is known to have left. */
  complete: boolean;
}

export interface Followed {
  /** Whom the request named before and calls now. */
  waiting: number;
  left: number;
  joined: number;
  apart: Apart[];
  /** Not null: these calls need an approval first, which the request does not have. */
  approval: ApprovalAsk | null;
}

/**
 * People may have left or joined a list since the request was made. Those who left are not called. Those who joined:
 * - With an approval, only people on duty are called, because it binds to the roster's name.
 * - Without one, all are called, unless the policy would now ask for an approval because of them.
 * - If the policy asks in any case, or if nobody else is left to call, the approvers are asked about all of them.
 */
export async function followLists(
  tx: Tx,
  deps: CallsDeps,
  request: RequestRow,
  listed: Listed,
): Promise<Followed> {
  const config = deps.config();
  const left = await holdLeft(tx, request, listed);
  // Those who are held need no approval.
  await holdForbidden(tx, config, request);
  const calls = await callsOf(tx, request.id);
  const waiting = calls.filter(({ state }) => state === 'ready');
  const of = { left, waiting: waiting.length };
  const known = new Set(calls.map(({ callee }) => callee));
  const onDuty = new Set(listed.onDuty);
  const fresh = request.lists === null ? [] : listed.callees.filter(({ callee }) => !known.has(callee));
  const [duty, others] = [true, false].map((is) => fresh.filter(({ callee }) => onDuty.has(callee) === is));
  const covered = request.approval === null ? [...(duty ?? []), ...(others ?? [])] : (duty ?? []);
  const { calleesPerRequest } = config.limits;
  const room = Math.max(0, calleesPerRequest - calls.length);
  const joining = covered.slice(0, room);
  const apart: Apart[] = [
    {
      people: request.approval === null ? [] : (others ?? []),
      why: 'the approval does not cover them',
    },
    {
      people: covered.slice(room),
      why: overLimit(calleesPerRequest),
    },
  ].filter(({ people }) => people.length > 0);
  const approval = await policyNow(tx, deps, request, [...waiting, ...joining]);
  const onlyThem =
    approval !== null && waiting.length > 0 && (await policyNow(tx, deps, request, waiting)) === null;
  if (onlyThem) {
    const why = becauseOfThem(approval.reasons);
    return { ...of, joined: 0, apart: [...apart, { people: joining, why }], approval: null };
  }
  await join(tx, request.id, calls, joining);
  return { ...of, joined: joining.length, apart, approval };
}

async function callsOf(tx: Tx, requestId: string) {
  return await tx
    .selectFrom('calls')
    .select(['callee', 'name', 'state', 'list_only'])
    .where('request_id', '=', requestId)
    .execute();
}

/** Holds the calls of people whom only a list named and who have left it. Returns how many. */
async function holdLeft(tx: Tx, request: RequestRow, listed: Listed): Promise<number> {
  if (request.lists === null || !listed.complete) return 0;
  const now = new Set(listed.callees.map(({ callee }) => callee));
  const calls = await callsOf(tx, request.id);
  const gone = calls.filter((call) => call.list_only === 1 && !now.has(call.callee));
  const which = { requestId: request.id, callees: gone.map(({ callee }) => callee) };
  return await moveCalls(tx, which, ['ready'], 'held', { cause: 'left_list' });
}

/** The approval that the policy asks for now. Null: none, or the request has one. */
async function policyNow(
  tx: Tx,
  deps: CallsDeps,
  request: RequestRow,
  callees: readonly Callee[],
): Promise<ApprovalAsk | null> {
  if (request.approval !== null) return null;
  const now = deps.clock.now();
  const { attempts, everyMs } = readPlan(request.plan);
  return await approvalFor(tx, deps.config(), {
    // What this person asked for in the last hour may include this request.
    requestedBy: null,
    callees,
    attempts,
    everyMs,
    now,
    wallAt: deps.clock.wallOf(now),
  });
}

async function join(
  tx: Tx,
  requestId: string,
  calls: readonly Callee[],
  joining: readonly Callee[],
): Promise<void> {
  if (joining.length === 0) return;
  const fresh = joining.map(({ callee, name, timeZone = null }) => ({
    ...{ callee, name, time_zone: timeZone },
    list_only: 1,
  }));
  await insertCalls(tx, requestId, calls.length, fresh);
  const all = [...calls, ...joining];
  await tx
    .updateTable('requests')
    .set({ callees: all.length, countries: toJson(countCountries(all)) })
    .where('id', '=', requestId)
    .execute();
}
