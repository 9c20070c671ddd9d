import { clockTime, createOpening } from '../../callees/hours.ts';
import type { Callee } from '../../callees/types.ts';
import type { Config } from '../../config/types.ts';
import { inChunks } from '../../store/chunks.ts';
import type { Tx } from '../../store/types.ts';
import type { CallsDeps } from '../request/deps.ts';
import type { RequestRow } from '../request/rows.ts';
import { outsideHours } from '../request/types.ts';
import { wakeLanes } from './lanes.ts';

type OfRequest = Pick<RequestRow, 'id' | 'rule_name' | 'any_hour'>;

/** The hours that apply to a request. Undefined: none. Rules call at any hour. */
export function hoursOf(config: Pick<Config, 'hours'>, request: Omit<OfRequest, 'id'>): Config['hours'] {
  return request.rule_name !== null || request.any_hour !== 0 ? undefined : config.hours;
}

/** Callees outside their hours, by the time at which their window opens, in the time of tasks. */
export type Outside = Map<number, string[]>;

/** Those callees that a request may not call now because of the hour. */
export async function findOutside(
  tx: Tx,
  deps: CallsDeps,
  request: OfRequest,
  submissionId: string,
  callees: readonly string[],
): Promise<Outside> {
  const hours = hoursOf(deps.config(), request);
  if (hours === undefined || callees.length === 0) return new Map();
  const rows = await tx
    .selectFrom('calls')
    .select(['callee', 'time_zone'])
    .where('submission_id', '=', submissionId)
    .execute();
  const asked = new Set(callees);
  const outside: Outside = new Map();
  const opening = openingNow(deps, hours);
  for (const row of rows) {
    const at = asked.has(row.callee) ? opening(row) : null;
    if (at !== null) outside.set(at, [...(outside.get(at) ?? []), row.callee]);
  }
  return outside;
}

/** When a call may be made, in the time of tasks. Null: now. */
function openingNow({ clock }: CallsDeps, hours: NonNullable<Config['hours']>) {
  const now = clock.now();
  const wallAt = clock.wallOf(now);
  const opening = createOpening(hours, wallAt);
  return ({ callee, time_zone: timeZone }: { callee: string; time_zone: string | null }): number | null => {
    const at = opening({ callee, ...(timeZone === null ? {} : { timeZone }) });
    return at === wallAt ? null : now + at - wallAt;
  };
}

/** Makes a ready submission wait until `at`, when its callees may be called. */
export async function waitForHours(
  tx: Tx,
  deps: CallsDeps,
  submissionIds: readonly string[],
  at: number,
): Promise<void> {
  const from = deps.config().hours?.fromMinute ?? 0;
  await inChunks(submissionIds, (some) =>
    tx
      .updateTable('submissions')
      .set({ next_try_at: at, code: outsideHours, reason: clockTime(from) })
      .where('id', 'in', some)
      .where('state', '=', 'ready')
      .execute(),
  );
  await wakeLanes(tx, deps, at);
}

/**
 * New submissions with nobody to call now wait at once. Otherwise each of ten thousand would take a turn of the lanes
 * first. A submission with other callees too is divided when it is its turn.
 */
export async function delayOutside(tx: Tx, deps: CallsDeps, request: OfRequest): Promise<void> {
  const hours = hoursOf(deps.config(), request);
  if (hours === undefined) return;
  const rows = await tx
    .selectFrom('calls')
    .innerJoin('submissions', 'submissions.id', 'calls.submission_id')
    .select(['calls.callee', 'calls.time_zone', 'submissions.id'])
    .where('calls.request_id', '=', request.id)
    .where('calls.state', '=', 'ready')
    .where('submissions.state', '=', 'ready')
    .execute();
  const opening = openingNow(deps, hours);
  const openingOf = new Map<string, number | null>();
  for (const row of rows) {
    const at = opening(row);
    const known = openingOf.get(row.id);
    openingOf.set(row.id, known === undefined || known === at ? at : null);
  }
  const waiting = [...openingOf].filter((each): each is [string, number] => each[1] !== null);
  for (const [at, those] of Map.groupBy(waiting, ([, time]) => time)) {
    const ids = those.map(([id]) => id);
    await waitForHours(tx, deps, ids, at);
  }
}

/** How many of these callees would be called at `wallAt`, and when the others would be. */
export function partedByHours(
  callees: readonly Callee[],
  hours: NonNullable<Config['hours']>,
  wallAt: number,
): { now: number; later: { at: number; callees: number }[] } {
  const opening = createOpening(hours, wallAt);
  const groups = Map.groupBy(callees, (callee) => opening(callee));
  const later = [...groups]
    .filter(([at]) => at !== wallAt)
    .map(([at, those]) => ({ at, callees: those.length }))
    .sort((one, other) => one.at - other.at);
  return { now: groups.get(wallAt)?.length ?? 0, later };
}
