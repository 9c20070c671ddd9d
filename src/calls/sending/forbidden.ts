import { type Forbidden, forbiddenCall } from '../../callees/forbidden.ts';
import type { Config } from '../../config/types.ts';
import type { Queryable, Tx } from '../../store/types.ts';
import type { RequestRow } from '../request/rows.ts';
import { readOptions } from '../request/stored.ts';
import { moveCalls } from '../request/transitions.ts';

type OfRequest = Pick<RequestRow, 'id' | 'callees' | 'options'>;

/** Which of a request's callees the current configuration forbids to call. */
export async function findForbidden(
  from: Queryable,
  config: Config,
  request: OfRequest,
  callees: readonly string[],
): Promise<Map<string, Forbidden>> {
  const options = readOptions(request.options);
  const places =
    request.callees > config.limits.calleesPerRequest ? await placesOf(from, request.id) : undefined;
  const found = new Map<string, Forbidden>();
  for (const callee of callees) {
    const forbidden = forbiddenCall({ callee, place: places?.get(callee) ?? 1, options }, config);
    if (forbidden !== null) found.set(callee, forbidden);
  }
  return found;
}

/** The position of each callee in its request. A further attempt keeps the position. */
async function placesOf(from: Queryable, requestId: string): Promise<Map<string, number>> {
  const rows = await from
    .selectFrom('calls')
    .select((eb) => ['callee', eb.fn.min<number>('position').as('place')])
    .where('request_id', '=', requestId)
    .groupBy('callee')
    .execute();
  return new Map(rows.map((row) => [row.callee, Number(row.place)]));
}

/**
 * Holds the ready calls of a request that the current configuration forbids, because it may have changed since the
 * request. Dispatch checks again; this check tells people at once.
 */
export async function holdForbidden(tx: Tx, config: Config, request: OfRequest): Promise<void> {
  if (!forbidsAnything(config, request)) return;
  const rows = await tx
    .selectFrom('calls')
    .select('callee')
    .where('request_id', '=', request.id)
    .where('state', '=', 'ready')
    .execute();
  const callees = rows.map((row) => row.callee);
  const forbidden = await findForbidden(tx, config, request, callees);
  await holdCalls(tx, { requestId: request.id }, forbidden);
}

/** Saves most requests the check of up to ten thousand callees. */
function forbidsAnything(config: Config, request: OfRequest): boolean {
  const { deny, countries, calleesPerRequest } = config.limits;
  if (deny.length > 0 || countries !== undefined || request.callees > calleesPerRequest) return true;
  return config.voice.displayNums !== undefined;
}

/** Changes ready calls to held, each with its cause and reason. */
export async function holdCalls(
  tx: Tx,
  of: { requestId: string } | { submissionId: string },
  forbidden: ReadonlyMap<string, Forbidden>,
): Promise<void> {
  for (const alike of Map.groupBy(forbidden, ([, { cause, why }]) => `${cause} ${why}`).values()) {
    const [first] = alike;
    if (first === undefined) continue;
    const [, { cause, why }] = first;
    const callees = alike.map(([callee]) => callee);
    await moveCalls(tx, { ...of, callees }, ['ready'], 'held', { cause, submit_reason: why });
  }
}
