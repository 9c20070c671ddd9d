import { labelOf } from '../callees/label.ts';
import type { CallsDeps } from '../calls/request/deps.ts';
import { firstOfRepeats } from '../calls/request/read.ts';
import { lockRequest } from '../calls/request/rows.ts';
import { planIn, readAudio } from '../calls/request/stored.ts';
import type { Audio } from '../calls/request/types.ts';
import type { TaskHandler } from '../queue/types.ts';
import type { Tx } from '../store/types.ts';
import { acknowledgeAlert, acknowledgeRequest } from './acknowledge.ts';
import { lockAlert } from './known-alerts.ts';

/**
 * The handler of "confirmed" tasks (key: request): a callee pressed the key that confirms, which acknowledges the
 * alert like *I've got it*, also in a request that repeats the alert's. Also works after the request is done. A second
 * run changes nothing.
 */
export function createConfirmer(deps: CallsDeps): TaskHandler {
  return async (task) => {
    await deps.store.transaction((tx) => takeForCallee(tx, deps, task.key));
    return undefined;
  };
}

async function takeForCallee(tx: Tx, deps: CallsDeps, pressedIn: string): Promise<void> {
  const requestId = await askedForAlert(tx, pressedIn);
  if (requestId === null) return;
  const known = await tx
    .selectFrom('requests')
    .leftJoin('alerts', 'alerts.id', 'requests.alert_id')
    .select(['requests.alert_id', 'requests.created_at', 'alerts.episode_at'])
    .where('requests.id', '=', requestId)
    .executeTakeFirst();
  const alertId = known?.alert_id ?? null;
  if (known === undefined || alertId === null) return;
  const by = await whoPressed(tx, pressedIn);
  if (by === null) return;
  if (known.created_at >= (known.episode_at ?? 0)) {
    await acknowledgeAlert(tx, deps, alertId, by);
    return;
  }
  // A new episode has begun and other people are called for it, so only this request is acknowledged.
  await lockAlert(tx, alertId);
  const request = await lockRequest(tx, requestId);
  if (request?.acked_by === null) await acknowledgeRequest(tx, deps, request, by);
}

/**
 * The alert's request that `requestId` is or repeats. Null: it belongs to no alert, or its people hear something else
 * than what the alert's rule says, so the key they press may mean something else.
 */
async function askedForAlert(tx: Tx, requestId: string): Promise<string | null> {
  const first = await firstOfRepeats(tx, requestId);
  if (first === requestId) return first;
  const rows = await tx
    .selectFrom('requests')
    .select('audio')
    .where('id', 'in', [first, requestId])
    .execute();
  const [one, other] = rows.map(({ audio }) => readAudio(audio));
  return one !== undefined && other !== undefined && heardIn(one) === heardIn(other) ? first : null;
}

function heardIn(audio: Audio): string {
  return audio.kind === 'text' ? `text ${audio.text}` : `recording ${audio.fileId}`;
}

/** The first callee who pressed the key, in the form that boards show. Null: nobody pressed it. */
async function whoPressed(tx: Tx, requestId: string): Promise<string | null> {
  const request = await tx
    .selectFrom('requests')
    .select('plan')
    .where('id', '=', requestId)
    .executeTakeFirst();
  const confirmKey = request === undefined ? null : (planIn(request)?.confirmKey ?? null);
  if (confirmKey === null) return null;
  const call = await tx
    .selectFrom('calls')
    .select(['callee', 'name'])
    .where('request_id', '=', requestId)
    .where('state', '=', 'answered')
    .where('feedback_value', '=', confirmKey)
    .orderBy('ended_at')
    .limit(1)
    .executeTakeFirst();
  return call === undefined ? null : `callee:${labelOf(call).slice(0, 80)}`;
}
