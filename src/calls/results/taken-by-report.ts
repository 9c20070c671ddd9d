import type { Tx } from '../../store/types.ts';
import type { CallsDeps } from '../request/deps.ts';

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
  await tx
    .updateTable('submissions')
    .set({ state: 'accepted', answered_at: deps.clock.now() })
    .where('id', '=', submissionId)
    .where('state', 'in', ['unknown', 'settled'])
    .execute();
}
