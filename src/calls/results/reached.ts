import { sql } from 'kysely';
import { enqueue } from '../../queue/enqueue.ts';
import { inChunks } from '../../store/chunks.ts';
import type { Tx } from '../../store/types.ts';
import { isConfirmed } from '../request/plan.ts';
import type { RequestRow } from '../request/rows.ts';
import { planIn } from '../request/stored.ts';
import type { CallChange } from '../request/transitions.ts';

/**
 * What reports mean for a request's plan: when the first callee was reached, what is known of a callee whose call was
 * superseded, and that the key that confirms was pressed, which acknowledges the alert (paging/confirmed.ts). The
 * request is locked.
 */
export async function noteReached(
  tx: Tx,
  request: RequestRow,
  changed: readonly CallChange[],
  now: number,
): Promise<void> {
  const plan = planIn(request);
  const calls = changed.map((each) => each.call).filter((call) => call.request_id === request.id);
  const replaced = calls.filter((call) => call.superseded !== 0).map((call) => call.callee);
  if (replaced.length > 0) await updateEarlierEnds(tx, request, replaced);
  const { until, confirmKey } = plan ?? { until: 'answered', confirmKey: null };
  const confirmed = calls.filter((call) => isConfirmed(call, { confirmKey }));
  const reached = until === 'confirmed' ? confirmed : calls.filter((call) => call.state === 'answered');
  if (reached.length > 0 && request.first_reached_at === null) {
    await tx.updateTable('requests').set({ first_reached_at: now }).where('id', '=', request.id).execute();
  }
  // A request that repeats an alert's request has no alert itself.
  const ofAlert = request.alert_id !== null || request.previous_id !== null;
  if (confirmed.length > 0 && request.acked_by === null && ofAlert) {
    await enqueue(tx, { kind: 'confirmed', key: request.id, runAt: now });
  }
}

/** A superseded call has a report: the newer call to the same callee stores the best of all earlier ones. */
async function updateEarlierEnds(tx: Tx, request: RequestRow, callees: readonly string[]): Promise<void> {
  const { confirmKey } = planIn(request) ?? { confirmKey: null };
  const rank = sql`case when old.state = 'answered' and old.feedback_value = ${confirmKey} then 4
    when old.state = 'answered' then 3 when old.state = 'not_answered' then 2 when old.state = 'accepted' then 1 else 0 end`;
  await inChunks(callees, (some) =>
    tx
      .updateTable('calls')
      .set({
        earlier: sql`(select case max(${rank}) when 4 then 'confirmed' when 3 then 'answered' when 2 then 'not_answered'
          when 1 then 'accepted' end from calls old where old.request_id = calls.request_id
          and old.callee = calls.callee and old.superseded = 1)`,
      })
      .where('request_id', '=', request.id)
      .where('superseded', '=', 0)
      .where('callee', 'in', some)
      .execute(),
  );
}
