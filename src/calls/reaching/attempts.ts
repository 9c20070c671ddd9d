import { sql } from 'kysely';
import type { Tx } from '../../store/types.ts';
import { audit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { insertCalls, type NewCall } from '../request/new-calls.ts';
import { lastPosition, type RequestRow } from '../request/rows.ts';
import { isRetryable } from '../request/standing.ts';
import type { Plan } from '../request/types.ts';
import { audioOfStep } from '../sending/step-audio.ts';
import { cutIntoSubmissions } from '../sending/submissions.ts';

/**
 * Makes a further attempt for callees whose call ended at `endedBy` or before without reaching them, the earliest
 * `callees` of them. Each gets a new call, which replaces the old one, in as few submissions as possible. Uses
 * statements over sets, because there may be thousands.
 */
export async function addAttempts(
  tx: Tx,
  deps: CallsDeps,
  request: RequestRow,
  plan: Plan,
  { endedBy, callees }: { endedBy: number; callees: number },
): Promise<void> {
  const last = await lastPosition(tx, request.id);
  const due = tx
    .selectFrom('calls')
    .where('request_id', '=', request.id)
    .where('superseded', '=', 0)
    .where('position', '<=', last)
    .where('ended_at', '<=', endedBy)
    .where(isRetryable(plan))
    .orderBy('ended_at')
    .orderBy('position')
    .limit(callees);
  const steps = await tx.selectFrom(due.select('step').as('due')).select('step').distinct().execute();
  await tx
    .insertInto('calls')
    .columns([
      ...(['request_id', 'position', 'callee', 'name', 'state', 'attempt', 'step', 'earlier'] as const),
      ...(['time_zone', 'list_only'] as const),
    ])
    .expression((eb) =>
      eb
        .selectFrom(due.selectAll().as('due'))
        .select([
          'request_id',
          sql<number>`${sql.lit(last)} + row_number() over (order by step, position)`.as('position'),
          'callee',
          'name',
          sql.lit('ready').as('state'),
          sql<number>`attempt + 1`.as('attempt'),
          'step',
          bestSoFar.as('earlier'),
          'time_zone',
          'list_only',
        ]),
    )
    .execute();
  // A later call to the same callee replaces the earlier one.
  await replaceOlder(tx, request.id, last);
  for (const { step } of steps.toSorted((a, b) => a.step - b.step)) {
    const audio = await audioOfStep(tx, request, step);
    await cutIntoSubmissions(tx, deps, request, { audio, step, from: last + 1, calls: callees });
  }
  const added = (await lastPosition(tx, request.id)) - last;
  await audit(tx, request.id, {
    at: deps.clock.now(),
    actor: 'voicecall',
    action: 'called again',
    detail: { callees: added },
  });
}

/** SQL: the best end of this call and those before it, except confirmed, after which nobody is called again. */
const bestSoFar = sql<
  'answered' | 'not_answered'
>`case when state = 'answered' or earlier = 'answered' then 'answered' else 'not_answered' end`;

/** Adds first calls of a step, not sent yet, after the request's last call. Returns that call's position. */
export async function appendCalls(
  tx: Tx,
  { requestId, step }: { requestId: string; step: number },
  calls: readonly Omit<NewCall, 'step'>[],
): Promise<number> {
  const last = await lastPosition(tx, requestId);
  await insertCalls(
    tx,
    requestId,
    last,
    calls.map((call) => ({ ...call, step })),
  );
  return last;
}

/** Marks as superseded the calls up to position `last` whose callee has a later one. */
export async function replaceOlder(tx: Tx, requestId: string, last: number): Promise<void> {
  await tx
    .updateTable('calls')
    .set({ superseded: 1 })
    .where('request_id', '=', requestId)
    .where('superseded', '=', 0)
    .where('position', '<=', last)
    .where('callee', 'in', (eb) =>
      eb
        .selectFrom('calls as later')
        .select('later.callee')
        .where('later.request_id', '=', requestId)
        .where('later.position', '>', last),
    )
    .execute();
}
