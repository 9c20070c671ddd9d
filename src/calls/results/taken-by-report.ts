import type { Tx } from '../../store/types.ts';
import type { CallsDeps } from '../request/deps.ts';
import { moveSubmissions } from '../request/transitions.ts';

/** An unknown submission of which the platform has told a single call was taken by it. */
export async function settleByReports(tx: Tx, deps: CallsDeps, submissionId: string): Promise<void> {
  const known = await tx
    .selectFrom('calls')
    .select('position')
    .where('submission_id', '=', submissionId)
    .where('state', 'in', ['accepted', 'answered', 'not_answered'])
    .limit(1)
    .executeTakeFirst();
  if (known === undefined) return;
  await moveSubmissions(tx, { id: submissionId }, ['unknown', 'settled'], 'accepted', {
    answered_at: deps.clock.now(),
  });
}
