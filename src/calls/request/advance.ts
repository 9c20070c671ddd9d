import { changed } from '../../outbox/outbox.ts';
import type { Tx } from '../../store/types.ts';
import { record } from './audit.ts';
import type { CallsDeps } from './deps.ts';
import { countCalls, lockRequest, type RequestRow } from './rows.ts';
import { moveRequest } from './transitions.ts';
import type { Counts } from './types.ts';

/**
 * Moves a request on after something of it changed: to `sent` once nothing is left to send (then the thread gets its
 * results), to `done` once nothing is left to learn, to `failed` where nothing at all could be sent. `step`: one of many
 * like it, which the board may show later together with the next.
 */
export async function advance(
  tx: Tx,
  deps: CallsDeps,
  requestId: string,
  { step = false } = {},
): Promise<void> {
  const now = deps.clock.now();
  const request = await lockRequest(tx, requestId);
  if (request === null) return;
  if (request.state === 'sending' || request.state === 'approved') {
    const counts = await countCalls(tx, requestId);
    const all = counts.waiting === 0 && !(counts.unknown > 0 && (await willBeSentAgain(tx, requestId)));
    if (all) await finishSending(tx, request, counts, now);
  } else if (request.state === 'sent') {
    const counts = await countCalls(tx, requestId);
    if (isSettled(counts)) await finish(tx, request, 'done', now);
  }
  await changed(tx, now, requestId, { progress: step });
}

/** True while a submission of the request waits to go out once more because its answer was lost. */
async function willBeSentAgain(tx: Tx, requestId: string): Promise<boolean> {
  const waiting = await tx
    .selectFrom('tasks')
    .innerJoin('submissions', 'submissions.id', 'tasks.key')
    .select('tasks.key')
    .where('tasks.kind', '=', 'again')
    .where('submissions.request_id', '=', requestId)
    .where('submissions.again_of', 'is', null)
    .executeTakeFirst();
  return waiting !== undefined;
}

function isSettled(counts: Counts): boolean {
  return counts.unknown === 0 && counts.accepted === counts.answered + counts.not_answered;
}

async function finishSending(tx: Tx, request: RequestRow, counts: Counts, now: number): Promise<void> {
  const nothingSent = counts.accepted + counts.refused + counts.unknown === 0;
  if (nothingSent && counts.failed > 0) await finish(tx, request, 'failed', now);
  else if (nothingSent && counts.cancelled > 0) await finish(tx, request, 'cancelled', now);
  else if (request.state === 'approved') await finish(tx, request, 'done', now);
  else {
    await moveRequest(tx, request, 'sent', now);
    await record(tx, request.id, { at: now, actor: 'voicecall', action: 'sent', detail: { ...counts } });
    if (isSettled(counts)) await finish(tx, { ...request, state: 'sent' }, 'done', now);
  }
}

async function finish(
  tx: Tx,
  request: Pick<RequestRow, 'id' | 'state'>,
  to: 'done' | 'failed' | 'cancelled',
  now: number,
): Promise<void> {
  await moveRequest(tx, request, to, now, { finished_at: now });
  await record(tx, request.id, { at: now, actor: 'voicecall', action: to });
}
