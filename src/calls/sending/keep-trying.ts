import { usualExpireAfterMs } from '../../config/types.ts';
import type { Tx } from '../../store/types.ts';
import type { CallsDeps } from '../request/deps.ts';

/** True if the request was stopped while this POST was on its way: then what was not sent is not retried. */
export async function isStopped(tx: Tx, requestId: string): Promise<boolean> {
  const request = await tx
    .selectFrom('requests')
    .select('id')
    .where('id', '=', requestId)
    .where('cancelled_by', 'is not', null)
    .executeTakeFirst();
  return request !== undefined;
}

/**
 * True while the alert fires, is not acknowledged, and was seen within `expireAfter` (a resolve may never come). Then
 * retries continue.
 */
export async function alertStillFires(tx: Tx, deps: CallsDeps, requestId: string): Promise<boolean> {
  const alert = await tx
    .selectFrom('requests')
    .innerJoin('alerts', 'alerts.id', 'requests.alert_id')
    .select(['alerts.last_at', 'requests.rule_name'])
    .where('requests.id', '=', requestId)
    .where('alerts.status', '=', 'firing')
    .where('alerts.acked_by', 'is', null)
    .where('requests.acked_by', 'is', null)
    .executeTakeFirst();
  if (alert === undefined) return false;
  const rule = deps.config().rules.find((each) => each.name === alert.rule_name);
  return deps.clock.now() - alert.last_at <= (rule?.expireAfterMs ?? usualExpireAfterMs);
}
