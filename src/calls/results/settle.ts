import { sql } from 'kysely';
import { VoicecallError } from '../../errors.ts';
import { transactionReadBack } from '../../store/read-back.ts';
import type { Tx } from '../../store/types.ts';
import { advance } from '../request/advance.ts';
import { audit, readAudit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { lockRequest } from '../request/rows.ts';
import { moveCalls, moveSubmissions } from '../request/transitions.ts';
import { giveUpAfterMs } from './poll.ts';

/**
 * A person says what happened to an unknown submission. If it rang, its unknown calls count as accepted; if not, as
 * failed, and a new request may be offered. A later report still corrects this. Returns the request's id. Throws
 * VoicecallError not_found, or already_decided if none of its calls is unknown any more.
 */
export async function settle(
  deps: CallsDeps,
  submissionId: string,
  userId: string,
  called: boolean,
): Promise<{ requestId: string; calls: number }> {
  const now = deps.clock.now();
  const action = called ? 'settled: it rang' : 'settled: it did not ring';
  const run = async (tx: Tx) => {
    const known = await tx
      .selectFrom('submissions')
      .select('request_id')
      .where('id', '=', submissionId)
      .executeTakeFirst();
    if (known === undefined) throw new VoicecallError('not_found', `no submission ${submissionId}`);
    const requestId = known.request_id;
    await lockRequest(tx, requestId);
    const settled = called
      ? await moveCalls(tx, { submissionId }, ['unknown'], 'accepted', {
          cause: 'settled_called',
          asked: 2,
          // Without a voiceId its record cannot be asked for; it is given up after a day like the others.
          ask_at: sql<number>`dialled_at + ${giveUpAfterMs}`,
        })
      : await moveCalls(tx, { submissionId }, ['unknown'], 'failed', {
          cause: 'settled_not_called',
          dialled_at: null,
        });
    if (settled === 0) {
      const by = await tx
        .selectFrom('submissions')
        .select(['settled_by', 'settled_at', 'state'])
        .where('id', '=', submissionId)
        .executeTakeFirstOrThrow();
      throw new VoicecallError('already_decided', `submission ${submissionId} is ${by.state}`, {
        facts: { state: by.state, by: by.settled_by ?? '', at: String(by.settled_at ?? now) },
      });
    }
    await tx
      .updateTable('submissions')
      .set({ settled_by: userId, settled_at: now })
      .where('id', '=', submissionId)
      .execute();
    await moveSubmissions(tx, { id: submissionId }, ['unknown'], 'settled');
    await audit(tx, requestId, {
      at: now,
      actor: userId,
      action,
      detail: { submission: submissionId, calls: settled },
    });
    await advance(tx, deps, requestId);
    return { requestId, calls: settled };
  };
  return await transactionReadBack(deps.store, run, (tx) =>
    storedSettlement(tx, { submissionId, userId, action, at: now }),
  );
}

/** What this press settled, if it is stored already. Null if not. */
async function storedSettlement(
  tx: Tx,
  press: { submissionId: string; userId: string; action: string; at: number },
): Promise<{ requestId: string; calls: number } | null> {
  const submission = await tx
    .selectFrom('submissions')
    .select('request_id')
    .where('id', '=', press.submissionId)
    .executeTakeFirst();
  if (submission === undefined) return null;
  const requestId = submission.request_id;
  await lockRequest(tx, requestId);
  const stored = (await readAudit(tx, requestId)).find(
    (each) =>
      each.action === press.action &&
      each.actor === press.userId &&
      each.at === press.at &&
      each.detail.submission === press.submissionId,
  );
  return stored === undefined ? null : { requestId, calls: Number(stored.detail.calls) };
}
