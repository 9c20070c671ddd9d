import { withCountriesOf } from '../../callees/countries.ts';
import type { Callee } from '../../callees/types.ts';
import { changed } from '../../outbox/outbox.ts';
import { inChunks } from '../../store/chunks.ts';
import type { Tx } from '../../store/types.ts';
import { toJson } from '../../store/values.ts';
import { approvalFor } from '../approval/policy.ts';
import { type Apart, apartWords, becauseOfThem, overLimit } from '../request/apart.ts';
import { audit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import type { RequestRow } from '../request/rows.ts';
import { isRetryable } from '../request/standing.ts';
import { readCountries, readRosters } from '../request/stored.ts';
import type { Plan, RosterNote } from '../request/types.ts';
import { appendCalls } from './attempts.ts';

/** Who is on duty now in the rosters of a step. */
export interface OnDutyNow {
  /** The people on duty. */
  onDuty: Callee[];
  /** All callees of the step's lists and rosters. A callee who is not among them has left. */
  listed: Callee[];
  rosters: RosterNote[];
}

/** Looks up who is on duty in the rosters of a step. Null: not known now, so the same people are called. */
export type LookUpDuty = (request: RequestRow, step: number) => Promise<OnDutyNow | null>;

/**
 * The steps with rosters in which a callee is due for a further attempt. Who is on duty may have changed since the
 * last attempt.
 */
export async function stepsOnDuty(
  tx: Tx,
  request: RequestRow,
  plan: Plan,
  { endedBy }: { endedBy: number },
): Promise<number[]> {
  const withRoster = new Set(readRosters(request.rosters).map(({ step }) => step));
  if (withRoster.size === 0) return [];
  const rows = await tx
    .selectFrom('calls')
    .select('step')
    .distinct()
    .where('request_id', '=', request.id)
    .where('superseded', '=', 0)
    .where('list_only', '=', 1)
    .where('ended_at', '<=', endedBy)
    .where(isRetryable(plan))
    .execute();
  return rows.map(({ step }) => step).filter((step) => withRoster.has(step));
}

/**
 * Gives the further attempts of a step to the people on duty now. Those who left are not called again while they are
 * off duty. Those who came are called for the first time, also under an approval, which covers the roster. Returns
 * false if nobody left or joined.
 */
export async function handOver(
  tx: Tx,
  deps: CallsDeps,
  request: RequestRow,
  { plan, step, duty }: { plan: Plan; step: number; duty: OnDutyNow },
): Promise<boolean> {
  const now = deps.clock.now();
  const rows = await tx
    .selectFrom('calls')
    .select(['position', 'callee', 'name', 'step', 'list_only', 'cause'])
    .select(isRetryable(plan).as('retryable'))
    .where('request_id', '=', request.id)
    .where('superseded', '=', 0)
    .execute();
  const listed = new Set(duty.listed.map(({ callee }) => callee));
  const ofRoster = rows.filter((row) => row.step === step && row.list_only === 1);
  const left = ofRoster.filter((row) => Boolean(row.retryable) && !listed.has(row.callee));
  const back = ofRoster.filter((row) => row.cause === 'left_list' && listed.has(row.callee));
  await setCause(tx, request.id, left, 'left_list');
  await setCause(tx, request.id, back, null);
  const known = new Set(rows.map(({ callee }) => callee));
  const came = duty.onDuty.filter(({ callee }) => !known.has(callee));
  const staying = rows.filter((row) => back.includes(row) || (row.retryable && !left.includes(row)));
  const { joined, apart } = await whoJoins(tx, deps, request, { plan, staying, came, callees: rows.length });
  if (apart !== null) await sayApart(tx, request, apart, now);
  if (left.length + back.length + joined.length === 0) return false;
  await appendCalls(
    tx,
    { requestId: request.id, step },
    joined.map(({ callee, name, timeZone = null }) => ({ callee, name, list_only: 1, time_zone: timeZone })),
  );
  const others = readRosters(request.rosters).filter((note) => note.step !== step);
  await tx
    .updateTable('requests')
    .set((eb) => ({
      callees: eb('callees', '+', joined.length),
      countries: toJson(withCountriesOf(readCountries(request.countries), joined)),
      rosters: toJson([...others, ...duty.rosters.map((note) => ({ ...note, step }))]),
      changed_at: now,
    }))
    .where('id', '=', request.id)
    .execute();
  await audit(tx, request.id, {
    at: now,
    actor: 'voicecall',
    action: 'found other people on duty',
    detail: { left: left.length, came: joined.length + back.length },
  });
  return true;
}

/**
 * Those who may join: as many as one request may call, and nobody if the approval policy would ask because of them and
 * this request of a person has no approval. A rule's policy was judged when its alert fired: it goes on.
 */
async function whoJoins(
  tx: Tx,
  deps: CallsDeps,
  request: RequestRow,
  of: { plan: Plan; staying: readonly Callee[]; came: readonly Callee[]; callees: number },
): Promise<{ joined: readonly Callee[]; apart: Apart | null }> {
  const config = deps.config();
  const { calleesPerRequest } = config.limits;
  const joined = of.came.slice(0, Math.max(0, calleesPerRequest - of.callees));
  const over = of.came.slice(joined.length);
  const apart = over.length === 0 ? null : { people: over, why: overLimit(calleesPerRequest) };
  if (joined.length === 0 || request.requested_by === null || request.approval !== null)
    return { joined, apart };
  const now = deps.clock.now();
  const { attempts, everyMs } = of.plan;
  const approval = await approvalFor(tx, config, {
    ...{ requestedBy: null, callees: [...of.staying, ...joined], attempts, everyMs },
    ...{ now, wallAt: deps.clock.wallOf(now) },
  });
  if (approval === null) return { joined, apart };
  return { joined: [], apart: { people: [...of.came], why: becauseOfThem(approval.reasons) } };
}

async function sayApart(tx: Tx, request: RequestRow, apart: Apart, now: number): Promise<void> {
  const words = apartWords(apart, 'came on duty since');
  const outcome = request.outcome ?? '';
  if (outcome.includes(words)) return;
  await tx
    .updateTable('requests')
    .set({ outcome: `${outcome} ${words}`.trim() })
    .where('id', '=', request.id)
    .execute();
  await changed(tx, now, request.id);
}

async function setCause(
  tx: Tx,
  requestId: string,
  calls: readonly { position: number }[],
  cause: 'left_list' | null,
): Promise<void> {
  const positions = calls.map(({ position }) => position);
  await inChunks(positions, (some) =>
    tx
      .updateTable('calls')
      .set({ cause })
      .where('request_id', '=', requestId)
      .where('position', 'in', some)
      .execute(),
  );
}
